import ArgumentParser

/// `bellwether audit`
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "What became of expansions, of accounts that stand still or left, and of alerts.",
    subcommands: [AuditExpansionsCommand.self, AuditFlatCommand.self, AuditChurnsCommand.self, AuditInterventionsCommand.self])
}

/// What every audit takes.
struct AuditOptions: ParsableArguments {
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption
  @Flag(help: "Print the rows as CSV, totals left out.") var csv = false
  @Option(
    name: .customLong("by"),
    help: ArgumentHelp("Totals by a field of the account: segment, industry, region, channel or owner.", valueName: "field"))
  var cut: AccountCut?

  func validate() throws {
    if csv, shared.json { throw ValidationError("--json and --csv are two answers; ask for one.") }
  }
}
