import Events
import Features
import Revenue
import Rules

/// A finding whose subject is no account: a feed, or a cut of the portfolio.
struct CompanyFinding: Hashable, Sendable {
  let rule: String
  let subject: Subject
  /// Episodes so far.
  var number = 0
  var isOpen = false
  /// When the open episode, or the last one, began.
  var since = Instant.distantPast
}

/// The engine's own rules on feeds.
enum FeedFinding {
  static let staleFeed = "stale_feed"
  static let suspectedOutage = "suspected_outage"
  /// A feature that many accounts lost at once.
  static let vanishedFeature = "vanished_feature"
  /// A day on which many contacts were marked as gone at once.
  static let bulkEdit = "bulk_edit"
}

extension Alert {
  /// What an alert says where no account is concerned.
  struct Draft {
    /// What stands where other alerts have the account's name.
    let name: String
    let title: String
    let level: Level
    let about: About
    var facts: [String] = []
    var play: String?
    var values: [String: JSON] = [:]
    var mrr: Money?
  }
}

extension LogFold {
  mutating func open(_ rule: String, of subject: Subject, now: Instant, _ draft: () -> Alert.Draft) {
    let index = place(of: rule, subject)
    guard !portfolio.companyFindings[index].isOpen else { return }
    portfolio.companyFindings[index].isOpen = true
    portfolio.companyFindings[index].number += 1
    portfolio.companyFindings[index].since = now
    announce(portfolio.companyFindings[index], .opened, reason: "opened", draft(), now: now)
  }

  /// - Parameter draft: nil to end it without a word to anyone.
  mutating func close(_ rule: String, of subject: Subject, reason: String, now: Instant, _ draft: (() -> Alert.Draft)?) {
    let index = place(of: rule, subject)
    guard portfolio.companyFindings[index].isOpen else { return }
    portfolio.companyFindings[index].isOpen = false
    let finding = portfolio.companyFindings[index]
    if let draft { return announce(finding, .resolved, reason: reason, draft(), now: now) }
    note(finding, .resolved, reason: reason, level: .context, [], now: now)
  }

  private mutating func place(of rule: String, _ subject: Subject) -> Int {
    let findings = portfolio.companyFindings
    let place = findings.firstIndex { ($0.rule, $0.subject) >= (rule, subject) } ?? findings.endIndex
    if place < findings.endIndex, findings[place].rule == rule, findings[place].subject == subject { return place }
    portfolio.companyFindings.insert(CompanyFinding(rule: rule, subject: subject), at: place)
    return place
  }

  /// One transition and one notice for each change.
  private mutating func announce(
    _ finding: CompanyFinding, _ change: Alert.Change, reason: String, _ draft: Alert.Draft, now: Instant
  ) {
    note(finding, change, reason: reason, level: draft.level, [draft.title] + draft.facts, now: now)
    var alert = Alert(
      rule: finding.rule, title: draft.title, level: draft.level, about: draft.about, change: change, subject: finding.subject,
      episode: finding.number, day: (configuration?.calendar ?? .utc).day(of: now), account: Alert.Account(key: .none, name: draft.name),
      mrr: draft.mrr)
    alert.facts = draft.facts.map { Alert.Fact(text: $0) }
    alert.play = draft.play
    alert.values = draft.values
    notices.append(
      Notice(
        step: step, ordinal: nextOrdinal(), account: .none, at: now, topic: draft.about == .ops ? Notice.ops : Notice.revenue,
        content: alert.json))
  }
}

extension LogFold {
  private mutating func note(
    _ finding: CompanyFinding, _ change: Alert.Change, reason: String, level: Alert.Level, _ evidence: [String], now: Instant
  ) {
    let isOpening = change == .opened
    transitions.append(
      Transition(
        finding: FindingID(rule: finding.rule, subject: finding.subject, episode: finding.number), step: step, ordinal: nextOrdinal(),
        at: now, from: isOpening ? nil : .firing, to: isOpening ? .firing : .resolved, level: level.rawValue, reason: reason,
        evidence: .list(evidence.map(JSON.text))))
  }
}

extension Notice {
  /// The topic of what concerns those who run the feeds.
  package static let ops = "ops"
  /// The topic of flags on retention figures.
  package static let revenue = "revenue"
}

extension CompanyFinding {
  var json: JSON {
    [
      "rule": .text(rule), "subject": .text(subject.description), "number": JSON(number), "open": .flag(isOpen),
      "since": JSON(since.microseconds),
    ]
  }

  init?(json: JSON) {
    guard let rule = json["rule"].text, let subject = json["subject"].text.flatMap({ Subject($0) }), let number = json["number"].integer,
      let isOpen = json["open"].flag, let since = json["since"].integer
    else { return nil }
    self.init(rule: rule, subject: subject, number: Int(number), isOpen: isOpen, since: Instant(microseconds: since))
  }
}
