package import Events
package import Revenue

/// What a finding is about.
package enum Subject: Hashable, Comparable, Sendable, CustomStringConvertible {
  case account(AccountKey)
  /// The nth expansion case of an account, from 1.
  case expansionCase(AccountKey, Int)
  /// A stream or a system that brings records, by name.
  case feed(String)
  /// All accounts, or those of a segment, an owner and so on.
  case cut(Cut)

  /// `AccountKey.none` for what concerns no account.
  package var account: AccountKey {
    switch self {
    case .account(let key), .expansionCase(let key, _): key
    case .feed, .cut: .none
    }
  }

  /// `account:12`, `case:12/1`, `feed:stripe.events`, `cut:segment/SMB`.
  package var description: String {
    switch self {
    case .account(let key): "account:\(key.number)"
    case .expansionCase(let key, let number): "case:\(key.number)/\(number)"
    case .feed(let name): "feed:\(name)"
    case .cut(let cut): "cut:\(cut.dimension.rawValue)/\(cut.value)"
    }
  }

  package static func < (a: Subject, b: Subject) -> Bool { a.order < b.order }
  private var order: (Int64, Int, String) {
    switch self {
    case .account(let key): (key.number, 0, "")
    case .expansionCase(let key, let number): (key.number, number, "")
    case .feed(let name): (AccountKey.none.number, 0, name)
    case .cut(let cut): (AccountKey.none.number, 1, cut.dimension.rawValue + "/" + cut.value)
    }
  }
}

extension AccountKey {
  /// Stands where a finding or a notice concerns no account; no account has this number.
  package static let none = AccountKey(0)
}

/// A finding: a rule that speaks of a subject, for the nth time (from 1).
package struct FindingID: Hashable, Sendable {
  package let rule: String
  package let subject: Subject
  package let episode: Int

  package init(rule: String, subject: Subject, episode: Int) {
    self.rule = rule
    self.subject = subject
    self.episode = episode
  }
}

/// Where a finding stands in its life.
package enum FindingState: String, Sendable {
  case pending, firing, resolved
}

/// A change in a finding's life, written once and never rewritten.
package struct Transition: Hashable, Sendable {
  package let finding: FindingID
  /// The step that caused it and its place among that step's transitions: the key of the row.
  package let step: Int64
  package let ordinal: Int
  /// Business time.
  package let at: Instant
  package let from: FindingState?
  package let to: FindingState
  /// context, low, medium, high, critical.
  package let level: String
  /// `pending`, `not_held`, `opened`, `escalated`, `cleared`, `new_normal`, `rule_removed`, `case_closed`, `churned`,
  /// `unlinked`; of a feed
  /// `recovered`, `accepted`, `taken_as_real`.
  package let reason: String
  /// The values the condition stood on.
  package let evidence: JSON

  package init(
    finding: FindingID, step: Int64, ordinal: Int, at: Instant, from: FindingState?, to: FindingState, level: String, reason: String,
    evidence: JSON
  ) {
    self.finding = finding
    self.step = step
    self.ordinal = ordinal
    self.at = at
    self.from = from
    self.to = to
    self.level = level
    self.reason = reason
    self.evidence = evidence
  }
}

/// Something a person should hear of; the dispatcher freezes one or more into a delivery.
package struct Notice: Hashable, Sendable {
  package let step: Int64
  package let ordinal: Int
  package let account: AccountKey
  package let at: Instant
  /// `finding`, `case`, `tier`; `ops` for what concerns those who run the feeds, and no account.
  package let topic: String
  /// Everything the alert says, frozen when it was written.
  package let content: JSON

  package init(step: Int64, ordinal: Int, account: AccountKey, at: Instant, topic: String, content: JSON) {
    self.step = step
    self.ordinal = ordinal
    self.account = account
    self.at = at
    self.topic = topic
    self.content = content
  }
}

/// An account's scores after a change, one row per account, company day and change.
package struct ScoreRow: Hashable, Sendable {
  package let account: AccountKey
  package let step: Int64
  package let at: Instant
  /// risk points, band, contributions, cap lines, coverage; expansion points and tier.
  package let content: JSON

  package init(account: AccountKey, step: Int64, at: Instant, content: JSON) {
    self.account = account
    self.step = step
    self.at = at
    self.content = content
  }
}

/// What folding a run of steps changed: all of transaction 2.
package struct FoldOutcome: Sendable {
  /// The last step folded.
  package var position: Int64
  package var portfolio: JSON
  package var accounts: [(key: AccountKey, state: JSON)]
  package var transitions: [Transition]
  package var notices: [Notice]
  package var scores: [ScoreRow]

  package init(
    position: Int64, portfolio: JSON, accounts: [(key: AccountKey, state: JSON)] = [], transitions: [Transition] = [],
    notices: [Notice] = [], scores: [ScoreRow] = []
  ) {
    self.position = position
    self.portfolio = portfolio
    self.accounts = accounts
    self.transitions = transitions
    self.notices = notices
    self.scores = scores
  }
}
