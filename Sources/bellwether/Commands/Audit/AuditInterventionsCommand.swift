import ArgumentParser
import Engine
import Events
import Features
import Revenue
import Store

/// `bellwether audit interventions`
struct AuditInterventionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interventions", abstract: "What came of each alert: who reached out, what they said of it, and how the account went on.",
    discussion: """
      An intervention is a call, meeting or personal mail of ours within 14 days of an alert, as the CRM has it, or a pulse within 30 days. \
      Alerts that nobody followed stand beside them; the MRR of an account counts with each of its alerts. \
      What happened after an intervention need not have happened because of it.
      """)

  @OptionGroup var options: AuditOptions

  func run() async throws {
    let store = try EventStore(path: options.shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: options.asOf.day)
    var found: [Intervention] = []
    for state in snapshot.accounts {
      let alerts = try await store.notices(of: state.key).filter { $0.at <= snapshot.now }.compactMap { try? Alert(json: $0.content) }
        .filter { $0.level >= .medium && [.risk, .quality].contains($0.about) && [.opened, .verdictChanged].contains($0.change) }
        // What recovers calls for nobody.
        .filter { $0.caseVerdict != CaseVerdict.healthy.rawValue }
      if alerts.isEmpty { continue }
      let scores = try await store.scores(of: state.key)
      found += alerts.map { Intervention($0, state, scores, snapshot) }
    }
    let audit = InterventionAudit(found, snapshot, by: options.cut)
    if options.csv { return StandardOutput.print(audit.table.csv) }
    StandardOutput.print(options.shared.json ? audit.json.serialized() : audit.text)
  }
}

/// An alert, what our people did about it, and how the account went on.
struct Intervention {
  let state: AccountState
  let alert: Alert
  /// Days from the alert to our first personal word; nil where none came in time.
  let touchedAfter: Int?
  let wasAnswered: Bool
  /// What somebody said of the account after the alert: `watch (they renewed their budget)`.
  let pulse: String?
  /// Points of risk on the day of the alert, and 30 days later; nil while those have not passed.
  let riskThen: Int
  let riskLater: Int?
  let mrrThen: Int64
  let mrrNow: Int64

  private static let touchDays = 14
  private static let pulseDays = 30
  private static let laterDays = 30

  init(_ alert: Alert, _ state: AccountState, _ scores: [ScoreRow], _ snapshot: Snapshot) {
    let calendar = snapshot.configuration.calendar
    let within = { (row: EntityRow, days: Int) in
      (alert.day...alert.day + days).contains(calendar.day(of: row.timelineInstant))
    }
    self.state = state
    self.alert = alert
    let touches = state.entities.rows(.engagement, asOf: snapshot.now).filter { row in
      row["direction"]?.text == "outbound" && row["bulk"]?.flag != true && within(row, Self.touchDays)
    }.sorted { ($0.timelineInstant, $0.id) < ($1.timelineInstant, $1.id) }
    touchedAfter = touches.first.map { calendar.day(of: $0.timelineInstant) - alert.day }
    wasAnswered = touches.contains { state.entities.answeredAt($0) != nil }
    pulse = state.entities.rows(.pulse, asOf: snapshot.now).first { within($0, Self.pulseDays) }.map { row in
      (row["level"]?.text ?? "?") + (row["reason"]?.text.map { " (\($0))" } ?? "")
    }
    let risk = { (day: Day) in
      Int(((scores.last { $0.at < calendar.end(of: day) }?.content["risk"]["milli_points"].integer ?? 0) + 500) / 1_000)
    }
    riskThen = risk(alert.day)
    riskLater = snapshot.today - alert.day >= Self.laterDays ? risk(alert.day + Self.laterDays) : nil
    mrrThen = state.ledger.level(on: alert.day)?.mrr ?? 0
    mrrNow = state.churnedOn == nil ? state.ledger.level(at: snapshot.now, calendar)?.mrr ?? 0 : 0
  }

  var isFollowed: Bool { touchedAfter != nil || pulse != nil }

  var outcome: String {
    if state.churnedOn != nil { return "left" }
    return mrrNow < mrrThen ? "pays less" : mrrNow > mrrThen ? "pays more" : "pays the same"
  }
}

/// All alerts about risk, latest first.
struct InterventionAudit {
  private(set) var table = AuditTable([
    .init("ACCOUNT"), .init("NUMBER", .right), .init("ALERTED ON"), .init("ALERT"), .init("TOUCHED AFTER DAYS", .right),
    .init("ANSWERED"), .init("PULSE"), .init("RISK THEN", .right), .init("RISK 30 DAYS LATER", .right), .init("MRR THEN", .right),
    .init("MRR NOW", .right), .init("OUTCOME"),
  ])
  private var totals = AuditTotals([followed, left].flatMap { word in outcomes.map { "\(word), \($0)" } })
  private var cut: (name: String, totals: AuditTotals)?
  private let today: Day
  private let currency: String

  private static let followed = "followed"
  private static let left = "not followed"
  private static let outcomes = ["left", "pays less", "pays the same", "pays more"]

  init(_ interventions: [Intervention], _ snapshot: Snapshot, by cut: AccountCut?) {
    today = snapshot.today
    currency = interventions.first?.state.ledger.currency ?? "usd"
    var sums = AuditTotals()
    let ordered = interventions.enumerated().sorted { ($1.element.alert.day, $0.offset) < ($0.element.alert.day, $1.offset) }
    for (_, item) in ordered {
      table.add([
        .init(item.state.name(asOf: snapshot.now)), .init(Int(item.state.key.number)), .init(item.alert.day),
        .init(item.alert.caseVerdict ?? item.alert.rule), .init(item.touchedAfter),
        .init(item.touchedAfter == nil ? nil : item.wasAnswered ? "yes" : "no"), .init(item.pulse), .init(item.riskThen),
        .init(item.riskLater), .init(money: item.mrrThen, item.state.ledger.currency),
        .init(money: item.mrrNow, item.state.ledger.currency), .init(item.outcome),
      ])
      let word = item.isFollowed ? Self.followed : Self.left
      totals.add("\(word), \(item.outcome)", item.mrrThen)
      if let cut { sums.add("\(cut.value(of: item.state, asOf: snapshot.now)): \(word)", item.mrrThen) }
    }
    if let cut { self.cut = (cut.rawValue, sums) }
  }

  var text: String {
    guard !table.rows.isEmpty else { return "No alert about risk has been written by \(today)." }
    var parts = ["Alerts and what came of them, as of \(today)", table.text, totals.text("ALERTS", "MRR THEN", currency: currency)]
    if let cut { parts.append(cut.totals.text(cut.name.uppercased(), "MRR THEN", currency: currency)) }
    return parts.joined(separator: "\n\n")
  }

  var json: JSON {
    var members: [String: JSON] = [
      "as_of": JSON(today), "currency": .text(currency), "alerts": table.json, "by_outcome": totals.json,
    ]
    if let cut { members["by_\(cut.name)"] = cut.totals.json }
    return .object(members)
  }
}
