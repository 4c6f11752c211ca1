import ArgumentParser
import Engine
import Events
import Revenue
import Store

extension Cut.Dimension: ExpressibleByArgument {}
extension Period.Cadence: ExpressibleByArgument {}

/// `bellwether nrr`
struct NrrCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nrr", abstract: "Net and gross revenue retention and logo churn, always together.",
    discussion: """
      Over the accounts with MRR at a period's start: NRR is their MRR at its end, GRR the same without anything gained, each over their MRR \
      at the start; logo churn counts those without MRR at the end. DURABLE leaves out expansions that did not take root. From billing \
      alone: tax, credits, one-time fees, trials and free plans never count. An account is filed where it stood at the start. Periods are \
      whole ones; twelve months end on the last whole day.
      """)

  @Option(help: "How to cut it, besides the total; may be given several times.") var by: [Cut.Dimension] = []
  @Option(help: "week, month, quarter, or the trailing twelve months.") var period: Period.Cadence = .trailingYear
  @Option(help: ArgumentHelp("So many periods; else 1 of twelve months, 8 quarters, 12 months or 13 weeks.", valueName: "n")) var last: Int?
  @Flag(help: "Count an account and all below it in the CRM as one customer.") var rollUp = false
  @Flag(help: "Levers, concentration, components and flags of the last twelve months, also as JSON.") var review = false
  @Flag(help: "Print rows for a spreadsheet.") var csv = false
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func validate() throws {
    if let last, !(1...520).contains(last) { throw ValidationError("--last takes a number from 1 to 520.") }
    if csv, shared.json { throw ValidationError("--csv and --json exclude each other.") }
  }

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let snapshot = try await RevenueSnapshot(store, asOf: asOf.day, rollsUp: rollUp)
    let book = snapshot.book
    let report = RetentionReport(book, period, last: last ?? period.usualCount, by: by)
    if csv { return StandardOutput.print(report.csv) }
    if shared.json, !review { return StandardOutput.print(JSON.list(report.rows.map(\.json)).serialized()) }
    let page = RetentionReviewPage(
      snapshot, by: by, transitions: try await store.transitions(), scores: try await store.scores())
    if shared.json { return StandardOutput.print(page.json.serialized()) }
    guard !report.isEmpty else { return StandardOutput.print("No account has paid anything by \(book.lastDay).") }
    StandardOutput.print(
      (review ? [page.text] : [report.text(snapshot.records.configuration.revenue.benchmarks), page.summary]).joined(separator: "\n\n"))
  }
}

extension Period.Cadence {
  fileprivate var usualCount: Int {
    switch self {
    case .week: 13
    case .month: 12
    case .quarter: 8
    case .trailingYear: 1
    }
  }
}
