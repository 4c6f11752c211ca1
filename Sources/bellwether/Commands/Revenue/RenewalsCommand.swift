import ArgumentParser
import Engine
import Events
import Features
import Revenue
import Rules
import Store

/// `bellwether renewals`
struct RenewalsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renewals", abstract: "Paying accounts by the day until which they can say that they leave.",
    discussion: """
      The notice date, or the contract's end where none is on record; a contract that renews itself has its next one. A date that has \
      passed is shown with the days since. Accounts without a date come last.
      """)

  enum Grouping: String, CaseIterable, ExpressibleByArgument {
    case month, owner, segment, industry, region, band
  }

  @Option(help: ArgumentHelp("Only those within so many days.", valueName: "days")) var within: Int?
  @Option(help: "Sums by month, owner, segment, industry, region or band.") var by: Grouping?
  @Flag(help: "Print rows for a spreadsheet.") var csv = false
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func validate() throws {
    if csv, shared.json { throw ValidationError("--csv and --json exclude each other.") }
  }

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: asOf.day)
    var rows = snapshot.accounts.compactMap { Renewal($0, snapshot) }
    if let within { rows = rows.filter { $0.days.map { $0 <= within } ?? false } }
    let report = RenewalReport(rows: rows.sorted(by: Renewal.isBefore), today: snapshot.today)
    if csv { return StandardOutput.print(by.map(report.csv) ?? report.csv) }
    if shared.json { return StandardOutput.print(by.map(report.json)?.serialized() ?? JSON.list(report.rows.map(\.json)).serialized()) }
    guard !rows.isEmpty else { return StandardOutput.print("No account is up for renewal as of \(snapshot.today).") }
    StandardOutput.print("Renewals as of \(snapshot.today)\n\n" + (by.map(report.text) ?? report.text))
  }
}

/// A paying account and its next notice date.
struct Renewal {
  let entry: QueueEntry
  let notice: Day?
  let days: Int?
  let contractEnd: Day?
  let autoRenews: Bool?
  let term: String?
  let segment: String?
  let industry: String?
  let region: String?

  /// Nil for an account that pays nothing.
  init?(_ state: AccountState, _ snapshot: Snapshot) {
    let calendar = snapshot.configuration.calendar
    entry = QueueEntry(state, snapshot)
    guard state.churnedOn == nil, let mrr = entry.mrr, mrr > 0 else { return nil }
    let row = state.entities.rows(.account, asOf: snapshot.now).first
    notice = state.noticeDay(asOf: snapshot.now, calendar)
    days = notice.map { $0 - snapshot.today }
    contractEnd = (row?["contract"]?["end"]?.instant).map(calendar.day)
    autoRenews = row?["contract"]?["auto_renew"]?.flag
    term = row?["contract"]?["term"]?.text
    segment = row?["segment"]?.text
    industry = row?["industry"]?.text
    region = row?["region"]?.text
  }

  /// Dates ahead, soonest first, then those passed, latest first, then those without one; the greater MRR first.
  static func isBefore(_ a: Renewal, _ b: Renewal) -> Bool {
    let place = { (row: Renewal) in row.days.map { $0 >= 0 ? (0, $0) : (1, -$0) } ?? (2, 0) }
    let (x, y) = (place(a), place(b))
    return x == y ? ((b.entry.mrr ?? 0), a.entry.key.number) < ((a.entry.mrr ?? 0), b.entry.key.number) : x < y
  }

  var isAtRisk: Bool { entry.band != Band.none.rawValue }

  func value(of grouping: RenewalsCommand.Grouping) -> String {
    let value: String? =
      switch grouping {
      case .month: notice.map { String($0.description.prefix(7)) }
      case .owner: entry.owner
      case .segment: segment
      case .industry: industry
      case .region: region
      case .band: entry.band
      }
    return value.flatMap { $0.isEmpty ? nil : $0 } ?? Cut.unknown
  }

  var json: JSON {
    [
      "account": JSON(entry.key.number), "name": .text(entry.name), "owner": JSON(entry.owner), "notice_date": JSON(notice),
      "notice_in_days": days.map { JSON($0) } ?? .null, "contract_end": JSON(contractEnd),
      "auto_renew": autoRenews.map(JSON.flag) ?? .null, "term": JSON(term), "mrr": entry.mrr.map { JSON($0) } ?? .null,
      "currency": .text(entry.currency), "band": .text(entry.band), "milli_points": JSON(entry.milliPoints), "tier": .text(entry.tier),
      "findings": .list(entry.reasons.map(JSON.text)),
    ]
  }
}
