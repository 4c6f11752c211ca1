import ArgumentParser
import Engine
import Events
import Revenue
import Rules
import Store

/// `bellwether audit expansions`
struct AuditExpansionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expansions", abstract: "Each expansion: its verdict and why, and the MRR that rests on it.",
    discussion: """
      VERDICT is the first that holds of last_resort, champion_bet, shelfware, unadopted, bought_ahead and healthy, else proving; TAGS are the \
      others that hold. A case is judged for 180 days; DAY says how far it is. An account that stops paying keeps the verdict it had.
      """)

  @OptionGroup var options: AuditOptions

  func run() async throws {
    let store = try EventStore(path: options.shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: options.asOf.day)
    let audit = ExpansionAudit(snapshot, by: options.cut)
    if options.csv { return StandardOutput.print(audit.table.csv) }
    StandardOutput.print(options.shared.json ? audit.json.serialized() : audit.text)
  }
}

/// All expansion cases, latest first.
struct ExpansionAudit {
  private(set) var table = AuditTable([
    .init("ACCOUNT"), .init("NUMBER", .right), .init("OPENED"), .init("DAY", .right), .init("MRR ADDED", .right), .init("SEATS"),
    .init("VERDICT"), .init("TAGS"), .init("SINCE"), .init("ORIGIN"), .init("STANDING"), .init("WHY"),
  ])
  private var totals = AuditTotals(CaseVerdict.allCases.map(\.rawValue))
  private var cut: (name: String, totals: AuditTotals)?
  private let today: Day
  private let currency: String

  init(_ snapshot: Snapshot, by cut: AccountCut?) {
    today = snapshot.today
    let found = snapshot.accounts.flatMap { state in state.cases.map { (state: state, expansion: $0) } }
      .filter { $0.expansion.openedOn <= snapshot.today }
      .sorted { ($1.expansion.openedOn, $0.state.key) < ($0.expansion.openedOn, $1.state.key) }
    currency = found.first?.state.ledger.currency ?? "usd"
    var sums = AuditTotals()
    for (state, expansion) in found {
      let added = expansion.mrrAfter - expansion.mrrBefore
      table.add([
        .init(state.name(asOf: snapshot.now)), .init(Int(state.key.number)), .init(expansion.openedOn),
        .init(min(snapshot.today - expansion.openedOn, ExpansionCase.followedDays)), .init(money: added, state.ledger.currency),
        .init("\(expansion.seatsBefore) → \(expansion.seatsAfter)"), .init(expansion.verdict.rawValue),
        .init(list: expansion.judgement.tags.map(\.rawValue)), .init(expansion.judgement.since),
        .init(snapshot.facts(of: state)?.origin(of: expansion)?.rawValue), .init(Self.standing(expansion, state, snapshot.today)),
        .init(list: expansion.judgement.evidence.prefix(2).map(\.text)),
      ])
      totals.add(expansion.verdict.rawValue, added)
      if let cut { sums.add("\(cut.value(of: state, asOf: snapshot.now)): \(expansion.verdict.rawValue)", added) }
    }
    if let cut { self.cut = (cut.rawValue, sums) }
  }

  /// `open`, `final` after 180 days, `churned`.
  private static func standing(_ expansion: ExpansionCase, _ state: AccountState, _ today: Day) -> String {
    if state.churnedOn != nil { return "churned" }
    return expansion.isFinal(on: today) ? "final" : "open"
  }

  var text: String {
    guard !table.rows.isEmpty else { return "No account has expanded by \(today)." }
    var parts = ["Expansions as of \(today)", table.text, totals.text("VERDICT", "MRR ADDED", currency: currency)]
    if let cut { parts.append(cut.totals.text(cut.name.uppercased(), "MRR ADDED", currency: currency)) }
    return parts.joined(separator: "\n\n")
  }

  var json: JSON {
    var members: [String: JSON] = [
      "as_of": JSON(today), "currency": .text(currency), "cases": table.json, "by_verdict": totals.json,
    ]
    if let cut { members["by_\(cut.name)"] = cut.totals.json }
    return .object(members)
  }
}
