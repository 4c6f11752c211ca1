import ArgumentParser
import Engine
import Events
import Features
import Revenue
import Rules
import Store

/// `bellwether audit flat`
struct AuditFlatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flat", abstract: "The accounts that pay what they paid half a year ago: why, and what is at stake.",
    discussion: """
      At risk are those that evaluate competitors, decline, or lost their champion; missed are those that grow in use and were not asked. A flat \
      account that is ready for more and that nobody has reached out to for 60 days is marked in CONTACTED.
      """)

  @OptionGroup var options: AuditOptions

  func run() async throws {
    let store = try EventStore(path: options.shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: options.asOf.day)
    let audit = FlatAudit(snapshot, by: options.cut)
    if options.csv { return StandardOutput.print(audit.table.csv) }
    StandardOutput.print(options.shared.json ? audit.json.serialized() : audit.text)
  }
}

/// All flat accounts, the gravest reason first, then by what they pay.
struct FlatAudit {
  /// Gravest first, as the rules themselves rank them: one of them speaks.
  private static let atRisk = ["flat_evaluating", "flat_declining", "flat_champion_changed"]
  private static let missed = ["flat_growing"]
  private static let order = atRisk + missed + ["flat_quiet", "flat_unknown"]

  private(set) var table = AuditTable([
    .init("ACCOUNT"), .init("NUMBER", .right), .init("WHY FLAT"), .init("ARR", .right), .init("MONTHS FLAT", .right), .init("TIER"),
    .init("CONTACTED"), .init("OWNER"),
  ])
  private var totals = AuditTotals(order)
  private var cut: (name: String, totals: AuditTotals)?
  private var (atRisk, missed, untouched): (Int64, Int64, Int64) = (0, 0, 0)
  private let today: Day
  private let currency: String

  private struct Entry {
    let state: AccountState
    let rule: String
    let arr: Int64
    let months: Int?
  }

  init(_ snapshot: Snapshot, by cut: AccountCut?) {
    today = snapshot.today
    let entries = Self.entries(snapshot)
    currency = entries.first?.state.ledger.currency ?? "usd"
    var sums = AuditTotals()
    for entry in entries {
      let state = entry.state
      let isReady = Self.missed.contains(entry.rule) || ["medium", "high"].contains(state.score["expansion"]["tier"].text ?? "")
      let isUntouched = state.episodes.contains { $0.rule == "no_touch" && $0.state == .firing }
      table.add([
        .init(state.name(asOf: snapshot.now)), .init(Int(state.key.number)), .init(entry.rule),
        .init(money: entry.arr, state.ledger.currency), .init(entry.months), .init(state.score["expansion"]["tier"].text),
        .init(isUntouched ? (isReady ? "ready, and by nobody in 60 days" : "by nobody in 60 days") : "in the last 60 days"),
        .init(AccountCut.owner.value(of: state, asOf: snapshot.now)),
      ])
      totals.add(entry.rule, entry.arr)
      if Self.atRisk.contains(entry.rule) { atRisk += entry.arr }
      if Self.missed.contains(entry.rule) { missed += entry.arr }
      if isReady, isUntouched { untouched += entry.arr }
      if let cut { sums.add("\(cut.value(of: state, asOf: snapshot.now)): \(entry.rule)", entry.arr) }
    }
    if let cut { self.cut = (cut.rawValue, sums) }
  }

  private static func entries(_ snapshot: Snapshot) -> [Entry] {
    let rules = Set(snapshot.configuration.rules.rules.map(\.id).filter(snapshot.configuration.rules.isFlat))
    let flatFor = CompiledExpression.compile("flat_for", in: ExpressionScope()).expression
    return snapshot.accounts.compactMap { state -> Entry? in
      guard state.churnedOn == nil, let rule = state.episodes.first(where: { rules.contains($0.rule) && $0.state == .firing })?.rule,
        let mrr = state.ledger.level(at: snapshot.now, snapshot.configuration.calendar)?.mrr
      else { return nil }
      var months: Int?
      if let flatFor, let facts = snapshot.facts(of: state), case .duration(let span) = Evaluator.evaluate(flatFor, facts) {
        months = Int(span.wholeDays / 30)
      }
      return Entry(state: state, rule: rule, arr: 12 * mrr, months: months)
    }.sorted { a, b in
      let (rankA, rankB) = (order.firstIndex(of: a.rule) ?? order.count, order.firstIndex(of: b.rule) ?? order.count)
      return (rankA, b.arr, a.state.key) < (rankB, a.arr, b.state.key)
    }
  }

  private func money(_ amount: Int64) -> String { MoneyText.short(amount, currency: currency) }

  var text: String {
    guard !table.rows.isEmpty else { return "No account is flat on \(today)." }
    var parts = [
      "Flat accounts as of \(today)", table.text, totals.text("WHY FLAT", "ARR", currency: currency),
      "ARR at risk \(money(atRisk)) · ARR missed \(money(missed)) · ready and contacted by nobody in 60 days \(money(untouched))",
    ]
    if let cut { parts.append(cut.totals.text(cut.name.uppercased(), "ARR", currency: currency)) }
    return parts.joined(separator: "\n\n")
  }

  var json: JSON {
    var members: [String: JSON] = [
      "as_of": JSON(today), "currency": .text(currency), "accounts": table.json, "by_reason": totals.json, "at_risk_arr": JSON(atRisk),
      "missed_arr": JSON(missed), "ready_untouched_arr": JSON(untouched),
    ]
    if let cut { members["by_\(cut.name)"] = cut.totals.json }
    return .object(members)
  }
}
