import ArgumentParser
import Engine
import Events
import Revenue
import Rules
import Store

/// `bellwether audit churns`
struct AuditChurnsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "churns", abstract: "Each account that left: the first warning, the alert, and the lead there was.",
    discussion: """
      Only what came within 270 days before the account gave notice counts as a warning; what states the decision itself (a scheduled \
      cancellation, fewer seats, a lower plan) is none. NOTICE is the day a cancellation was scheduled, else the first day without MRR. LEAD \
      is the days from the alert to it; missed is what had no alert. CLASS follows from the reasons in the CRM, and is unknown without one. \
      Below stand the accounts that stayed and pay less; --csv prints those that left alone.
      """)

  @OptionGroup var options: AuditOptions

  func run() async throws {
    let store = try EventStore(path: options.shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: options.asOf.day)
    var churns: [Churn] = []
    for state in snapshot.accounts where state.churnedOn != nil {
      if let churn = try await Churn(state, snapshot, store) { churns.append(churn) }
    }
    let audit = ChurnAudit(churns, snapshot, by: options.cut)
    if options.csv { return StandardOutput.print(audit.table.csv) }
    StandardOutput.print(options.shared.json ? audit.json.serialized() : audit.text)
  }
}

/// An account that left, and what was said of it before.
struct Churn {
  let state: AccountState
  let signs: ChurnSigns
  let lostMRR: Int64
  let noticeOn: Day
  /// The first rule about risk that fired.
  let warning: (rule: String, on: Day)?
  /// The first alert that was written.
  let alert: (title: String, on: Day)?

  var lead: Int? { alert.map { noticeOn - $0.on } }

  /// How long before the notice a warning may come.
  private static let horizon = 270
  /// What states the decision is no prediction of it.
  private static let decisions: Set<String> = ["cancel_scheduled", "seat_reduction", "downgrade"]

  /// Nil while the account pays.
  init?(_ state: AccountState, _ snapshot: Snapshot, _ store: EventStore) async throws {
    let calendar = snapshot.configuration.calendar
    let losses = AccountLosses(state, asOf: snapshot.now, calendar)
    guard let signs = losses.churn, let lostMRR = losses.lostMRR else { return nil }
    self.state = state
    self.signs = signs
    self.lostMRR = lostMRR
    let fired = try await store.transitions(of: state.key).filter { $0.to == .firing && $0.at <= snapshot.now }
      .map { (rule: $0.finding.rule, on: calendar.day(of: $0.at)) }
    let earliest = signs.endedOn - Self.horizon
    let scheduled = fired.first { $0.rule == "cancel_scheduled" && (earliest...signs.endedOn).contains($0.on) }?.on
    let noticeOn = scheduled ?? signs.endedOn
    self.noticeOn = noticeOn
    let window = noticeOn - Self.horizon...noticeOn - 1
    warning = fired.first { found in
      window.contains(found.on) && !Self.decisions.contains(found.rule)
        && (snapshot.configuration.rules.rule(found.rule)?.about).map { [.risk, .quality].contains($0) } ?? false
    }
    alert = try await store.notices(of: state.key).filter { $0.at <= snapshot.now }.compactMap { try? Alert(json: $0.content) }.first {
      alert in
      alert.level >= .medium && [.risk, .quality].contains(alert.about) && window.contains(alert.day)
        && !Self.decisions.contains(alert.rule)
    }.map { ($0.title, $0.day) }
  }
}

/// All accounts that left, latest first.
struct ChurnAudit {
  private(set) var table = AuditTable([
    .init("ACCOUNT"), .init("NUMBER", .right), .init("LEFT ON"), .init("LOST MRR", .right), .init("NOTICE"), .init("FIRST WARNING"),
    .init("WARNED ON"), .init("ALERTED ON"), .init("LEAD DAYS", .right), .init("CLASS"), .init("REASON"), .init("CRM"),
    .init("EXPANSION"),
  ])
  private var totals = AuditTotals(ChurnClass.allCases.map(\.rawValue))
  private var leads = AuditTotals([longLead, shortLead, noLead])
  private var cut: (name: String, totals: AuditTotals)?
  private let contractions: ContractionAudit
  private let today: Day
  private let currency: String

  private static let longLead = "60 days or more"
  private static let shortLead = "fewer than 60 days"
  private static let noLead = "missed"

  init(_ churns: [Churn], _ snapshot: Snapshot, by cut: AccountCut?) {
    today = snapshot.today
    contractions = ContractionAudit(snapshot)
    currency = churns.first?.state.ledger.currency ?? "usd"
    var sums = AuditTotals()
    for churn in churns.sorted(by: { ($1.signs.endedOn, $0.state.key) < ($0.signs.endedOn, $1.state.key) }) {
      table.add([
        .init(churn.state.name(asOf: snapshot.now)), .init(Int(churn.state.key.number)), .init(churn.signs.endedOn),
        .init(money: churn.lostMRR, churn.state.ledger.currency), .init(churn.noticeOn), .init(churn.warning?.rule),
        .init(churn.warning?.on), .init(churn.alert?.on), .init(churn.lead), .init(churn.signs.churn.rawValue),
        .init(churn.signs.reason), .init(churn.signs.record(asOf: snapshot.today).rawValue),
        .init(churn.state.cases.last?.verdict.rawValue),
      ])
      totals.add(churn.signs.churn.rawValue, churn.lostMRR)
      leads.add(churn.lead.map { $0 >= 60 ? Self.longLead : Self.shortLead } ?? Self.noLead, churn.lostMRR)
      if let cut {
        sums.add("\(cut.value(of: churn.state, asOf: snapshot.now)): \(churn.lead == nil ? "missed" : "warned")", churn.lostMRR)
      }
    }
    if let cut { self.cut = (cut.rawValue, sums) }
  }

  var text: String {
    guard !table.rows.isEmpty else { return "No account has left by \(today).\n\n\(contractions.text)" }
    var parts = [
      "Accounts that left, as of \(today)", table.text, leads.text("LEAD", "LOST MRR", currency: currency),
      totals.text("CLASS", "LOST MRR", currency: currency),
    ]
    if let cut { parts.append(cut.totals.text(cut.name.uppercased(), "LOST MRR", currency: currency)) }
    return (parts + [contractions.text]).joined(separator: "\n\n")
  }

  var json: JSON {
    var members: [String: JSON] = [
      "as_of": JSON(today), "currency": .text(currency), "churns": table.json, "by_lead": leads.json, "by_class": totals.json,
      "contractions": contractions.json,
    ]
    if let cut { members["by_\(cut.name)"] = cut.totals.json }
    return .object(members)
  }
}
