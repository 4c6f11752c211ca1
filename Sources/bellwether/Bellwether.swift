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
      RunCommand.self, DemoCommand.self, CheckCommand.self, TestCommand.self, QueueCommand.self, AccountCommand.self, ExplainCommand.self,
      NrrCommand.self, RenewalsCommand.self, ReconcileCommand.self, AuditCommand.self, DiffCommand.self,
      FeedsCommand.self, ImportCommand.self, DeliveriesCommand.self, AccountsCommand.self,
      PersonCommand.self,
    ])

  static func main() async {
    CoreFiles.forbid()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand { try await asynchronous.run() } else { try command.run() }
    } catch let error as WrongArgument {
      StandardError.print("Error: \(error)")
      exit(withError: ExitCode.validationFailure)
    } catch {
      exit(withError: error)
    }
  }
}

/// An argument of the right form that names nothing there is, or not the one thing. The message alone is shown: how the command is to
/// be written is not what was wrong.
struct WrongArgument: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
