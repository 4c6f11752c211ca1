package import Events

/// Everything an alert says, as the engine knew it when it wrote the notice: the shape of `Notice.content`.
///
/// Texts are plain, without markup. They may name people; `people` lists every one of them, so that a sink in a shared channel can
/// show roles instead (`hidingPeople()`). Quantities are written into the texts already; nothing is computed after this point.
package struct Alert: Hashable, Sendable {
  /// The rule that speaks; `expansion_case` for a case's own notices and `expansion_tier` for the tier's.
  package var rule: String
  /// One line that stands alone: "API calls down 71 % in 14 days".
  package var title: String
  package var level: Level
  package var about: About
  package var change: Change
  /// The finding's subject and its episode, from 1.
  package var subject: Subject
  package var episode: Int
  /// The company day the change is dated to.
  package var day: Day
  package var account: Account
  /// Our own person for the account; nil if the CRM names none.
  package var owner: Owner?
  /// Whom to call at the customer; nil if nobody is on record.
  package var contactToCall: Contact?
  /// Net MRR; nil if billing does not know the account.
  package var mrr: Money?
  /// Days to the notice date, negative after it; nil if neither it nor the contract's end is known.
  package var noticeInDays: Int?
  /// The strongest facts, strongest first: absolute numbers, then per cent, with the records that prove them.
  package var facts: [Fact]
  /// What is new since the alert before on this account, a sentence each; empty on the first.
  package var changedSinceLast: [String]
  /// What to do, in one or two sentences.
  package var play: String?
  /// Two lines to begin the talk with.
  package var opener: String?
  /// The score the change led to, on the side that `about` names.
  package var score: Score?
  /// Everyone whom a text of this alert may name, and the words that stand for them where names are not shown.
  package var people: [Person]
  /// The rule's named values for machines: `{"last_use": "2026-03-02", "features": ["forecast_run"]}`.
  package var values: [String: JSON] = [:]
  /// The account's other open findings, a line each: what this one alone would not tell.
  package var context: [String] = []
  /// Whether names were taken out.
  package var peopleHidden: Bool
  /// The verdict an expansion case stands at, in notices of the case itself.
  package var caseVerdict: String?

  package init(
    rule: String, title: String, level: Level, about: About, change: Change, subject: Subject, episode: Int, day: Day, account: Account,
    owner: Owner? = nil, contactToCall: Contact? = nil, mrr: Money? = nil, noticeInDays: Int? = nil, facts: [Fact] = [],
    changedSinceLast: [String] = [], play: String? = nil, opener: String? = nil, score: Score? = nil, people: [Person] = [],
    peopleHidden: Bool = false, caseVerdict: String? = nil
  ) {
    self.rule = rule
    self.title = title
    self.level = level
    self.about = about
    self.change = change
    self.subject = subject
    self.episode = episode
    self.day = day
    self.account = account
    self.owner = owner
    self.contactToCall = contactToCall
    self.mrr = mrr
    self.noticeInDays = noticeInDays
    self.facts = facts
    self.changedSinceLast = changedSinceLast
    self.play = play
    self.opener = opener
    self.score = score
    self.people = people
    self.peopleHidden = peopleHidden
    self.caseVerdict = caseVerdict
  }

  package var finding: FindingID { FindingID(rule: rule, subject: subject, episode: episode) }
}

extension Alert {
  /// How much it weighs; `context` and `low` never alert alone.
  package enum Level: String, CaseIterable, Comparable, Sendable {
    case context, low, medium, high, critical

    package static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    private var rank: Int {
      switch self {
      case .context: 0
      case .low: 1
      case .medium: 2
      case .high: 3
      case .critical: 4
      }
    }
  }

  package enum About: String, CaseIterable, Sendable {
    case risk, expansion, quality, revenue
    /// For those who run the feeds; never about a customer.
    case ops
  }

  /// What happened to the finding, the case or the tier.
  package enum Change: String, CaseIterable, Sendable {
    case opened, escalated, resolved
    case caseOpened = "case_opened"
    case verdictChanged = "verdict_changed"
    case tierChanged = "tier_changed"
  }

  package struct Account: Hashable, Sendable {
    package var key: AccountKey
    package var name: String
    /// System → the account's id there: `["stripe": "cus_123"]`.
    package var external: [String: String]

    package init(key: AccountKey, name: String, external: [String: String] = [:]) {
      self.key = key
      self.name = name
      self.external = external
    }
  }

  package struct Owner: Hashable, Sendable {
    package var name: String
    package var email: String?

    package init(name: String, email: String? = nil) {
      self.name = name
      self.email = email
    }
  }

  package struct Contact: Hashable, Sendable {
    /// Nil where names are not shown.
    package var name: String?
    package var email: String?
    /// `champion`, `decision_maker`, `billing`, `user`.
    package var role: String
    /// The last day the person used the product; nil if never, or if the person is not linked to a user.
    package var lastActive: Day?

    package init(name: String?, email: String?, role: String, lastActive: Day? = nil) {
      self.name = name
      self.email = email
      self.role = role
      self.lastActive = lastActive
    }
  }

  package struct Money: Hashable, Sendable {
    /// In minor units of the currency.
    package var amount: Int64
    /// ISO 4217, in lower or upper case.
    package var currency: String

    package init(amount: Int64, currency: String) {
      self.amount = amount
      self.currency = currency
    }
  }

  package struct Fact: Hashable, Sendable {
    package var text: String
    /// The proof: `ticket:zendesk/1042`, `usage:posthog/…`; a named sample where there are many.
    package var records: [String]

    package init(text: String, records: [String] = []) {
      self.text = text
      self.records = records
    }
  }

  package struct Score: Hashable, Sendable {
    /// Log-odds points, +20 double the odds.
    package var points: Fixed
    /// The risk band (`none watch at_risk high`), or the expansion tier (`blocked low medium high`).
    package var band: String
    /// The share of the score's rule weight whose inputs are known and fresh, 0 to 1.
    package var coverage: Fixed

    package init(points: Fixed, band: String, coverage: Fixed) {
      self.points = points
      self.band = band
      self.coverage = coverage
    }
  }

  /// Someone a text may name.
  package struct Person: Hashable, Sendable {
    package var name: String
    package var email: String?
    /// What stands for the name where names are not shown, fit for the middle of a sentence: "the champion".
    package var shownAs: String

    package init(name: String, email: String? = nil, shownAs: String) {
      self.name = name
      self.email = email
      self.shownAs = shownAs
    }
  }
}
