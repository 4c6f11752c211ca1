import ArgumentParser

/// The command line.
@main
struct Bellwether: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bellwether", abstract: "Early warning for a subscription company's existing customers.",
    discussion: """
      Polls billing, CRM, support and product usage, scores every account for churn risk and expansion readiness, and posts findings \
      with their evidence to webhooks.

      Exit status: 0 done; 1 it failed, and the message says why; 64 the command line is wrong.
      """,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, DemoCommand.self, CheckCommand.self, QueueCommand.self, AccountCommand.self, ExplainCommand.self,
      FeedsCommand.self, ImportCommand.self, DeliveriesCommand.self, AccountsCommand.self,
      PersonCommand.self,
    ])

  static func main() async {
    CoreFiles.forbid()
    await main(nil)
  }
}
