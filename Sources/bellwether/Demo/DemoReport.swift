import Delivery
import Engine
import Events
import Simulation
import Store

/// What the product made of the simulated year, beside what was planted.
struct DemoReport: Sendable {
  let truth: GroundTruth
  let receptions: [DemoReceiver.Reception]
  let refusals: [String]
  let calendar: CompanyCalendar
  private let story: StoryOutcome?
  private let catalogue: CatalogueOutcome?
  private let expansions: ExpansionOutcome?

  init(
    truth: GroundTruth, receptions: [DemoReceiver.Reception], refusals: [String], store: EventStore, calendar: CompanyCalendar,
    rules: [String]
  ) async throws {
    self.truth = truth
    self.receptions = receptions
    self.refusals = refusals
    self.calendar = calendar
    story = try await StoryOutcome(truth, receptions, store, calendar)
    expansions = try await ExpansionOutcome(truth, receptions, store)
    catalogue = try await CatalogueOutcome(truth, store, calendar, rules: rules)
  }

  /// Every signature verified, the story was caught in time, and it was never called healthy or ready to expand.
  var isGood: Bool { refusals.isEmpty && (story?.isCaught ?? true) && (catalogue?.isGood ?? true) && (expansions?.isGood ?? true) }

  /// When the cause first shows; nil if not within the simulated time.
  private func beginning(of account: GroundTruth.Account) -> Instant? { account.dates["upgrade_at"] ?? account.dates["signal_at"] }

  /// The alert of the expected rule that came after the cause had begun.
  private func catching(_ account: GroundTruth.Account) -> (alert: Alert, at: Instant)? {
    guard let rule = account.rule else { return nil }
    let beginning = beginning(of: account) ?? truth.end
    return alerts(account).first { $0.alert.rule == rule && $0.at >= beginning }
  }

  /// The alerts an account got, first to last.
  private func alerts(_ account: GroundTruth.Account) -> [(alert: Alert, at: Instant)] {
    receptions.flatMap { reception in reception.envelope.alerts.map { (alert: $0, at: reception.envelope.time) } }
      .filter { $0.alert.account.external["hubspot"] == account.external["hubspot"] }
  }
}

// MARK: - The table for people

extension DemoReport {
  var text: String {
    if let catalogue { return catalogue.text }
    if let expansions { return expansions.text }
    var table = TextTable([
      ("PLANTED", .left), ("ACCOUNT", .left), ("FIRST ALERT", .left), ("BY RULE", .left), ("LOST ON", .left), ("WARNING", .right),
      ("VERDICT", .left),
    ])
    for account in truth.accounts where !account.isDecoy { table.add(row(account)) }
    var decoys = TextTable([("DECOY", .left), ("ACCOUNT", .left), ("ALERTS", .left)])
    for account in truth.accounts where account.isDecoy { decoys.add(decoyRow(account)) }
    var sections = ["What was planted, and what was seen\n\n" + table.rendered()]
    if !decoys.isEmpty { sections.append("Decoys: nothing to see, and nothing should be said\n\n" + decoys.rendered()) }
    return (sections + [totals, story?.text ?? "The story does not play within this time."]).joined(separator: "\n\n")
  }

  private func row(_ account: GroundTruth.Account) -> [String] {
    let heard = alerts(account)
    let caught = catching(account)
    let first = caught ?? heard.first { $0.alert.about != .expansion }
    let lost = account.dates["churned_at"]
    let warning = first.flatMap { first in lost.map { "\(calendar.day(of: $0) - calendar.day(of: first.at)) d" } } ?? "–"
    let verdict =
      switch (account.rule, caught != nil) {
      case (nil, _): lost == nil ? "–" : heard.contains { $0.alert.about != .expansion } ? "warned" : "no sign in any feed"
      case (_, true): "caught"
      case (_, false): beginning(of: account) == nil ? "not begun" : "MISSED"
      }
    return [
      account.cause.rawValue, account.name, first.map { calendar.day(of: $0.at).description } ?? "–", first?.alert.rule ?? "–",
      lost.map { calendar.day(of: $0).description } ?? "–", warning, verdict,
    ]
  }

  private func decoyRow(_ account: GroundTruth.Account) -> [String] {
    let heard = alerts(account).filter { $0.alert.about != .expansion }
    let words = heard.map { "\($0.alert.rule) on \(calendar.day(of: $0.at))" }
    return [account.cause.rawValue, account.name, words.isEmpty ? "none" : "FALSE: " + words.joined(separator: ", ")]
  }

  /// Accounts with a risk alert although nothing was planted that could earn one.
  private var falseAlarms: Int {
    let guilty = Set(
      truth.accounts.filter { !$0.isDecoy && $0.cause != .healthyGrower && $0.cause != .nearCapacity }.compactMap { $0.external["hubspot"] }
    )
    let alarmed = receptions.flatMap(\.envelope.alerts).filter { $0.about != .expansion }.compactMap { $0.account.external["hubspot"] }
    return Set(alarmed).subtracting(guilty).count
  }

  private var totals: String {
    let expected = truth.accounts.filter { $0.rule != nil && beginning(of: $0) != nil }
    let caught = expected.filter { catching($0) != nil }
    let signatures = refusals.isEmpty ? "every signature verified" : "\(refusals.count) WEBHOOKS REFUSED: \(refusals[0])"
    return "\(caught.count) of \(expected.count) planted causes caught, \(falseAlarms) accounts with a false alarm, "
      + "\(receptions.count) webhooks, \(signatures)."
  }
}

// MARK: - The object for machines

extension DemoReport {
  var json: JSON {
    [
      "seed": JSON(truth.seed), "story": story?.json ?? .null, "catalogue": catalogue?.json ?? .null,
      "expansions": expansions?.json ?? .null,
      "deliveries": .list(
        receptions.map { reception in
          [
            "headers": .object(Dictionary(reception.headers.map { ($0.name.lowercased(), JSON.text($0.value)) }) { first, _ in first }),
            "body": .text(reception.body),
          ]
        }), "truth": truth.json["accounts"],
    ]
  }
}
