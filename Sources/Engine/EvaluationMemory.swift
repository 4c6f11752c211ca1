import Events
import Features
import Rules

/// What the last evaluation of an account says of the next ones: which rules need not be looked at again before when.
///
/// It follows from the state and is never stored. An account without one, after a restart say, is evaluated as a whole, which changes
/// nothing else: a rule is skipped only where it would decide as it did.
struct EvaluationMemory: Sendable {
  /// What was known of the company when it was written.
  var epoch = -1
  var usageDays: ClosedRange<Day>?
  /// The latest day of usage any evaluation has looked at.
  var lookedThrough = Day(number: .min / 2)
  /// The kinds of which something new came since.
  var news: KindSet = .all
  /// By place of the rule in the order of evaluation; empty where the account must be evaluated as a whole.
  var decisions: [Decision] = []
  var risk: RiskStanding?
  /// What the score was last reckoned with.
  var scoredOn: Day?
  var tierStands = Instant.distantPast
  /// Before this instant nothing changes by the passing of time.
  var quietUntil = Instant.distantPast
  /// Statistics over days of usage that have not changed since.
  var measures: [Notebook.Measure: Outcome] = [:]

  /// More than this many of one account's are dropped: first those that ended long ago, then all.
  static let measureLimit = 512
  /// The oldest windows that rules ask for again day by day end so many days back.
  static let measureDays = 90

  /// How one rule stood.
  struct Decision: Sendable {
    /// Whether its inputs were known.
    var isKnown = false
    /// Before this instant it decides the same if nothing it reads changes.
    var until = Instant.distantPast
    var standing: RuleStanding?
  }

  /// Whether anything a score is made of moved in this evaluation.
  var hasMoved = false
  private var readsOtherDays = true
  private var readsOtherRisk = true

  /// Takes up what was known; forgets all of it where the company's side has changed.
  mutating func begin(epoch: Int, _ days: ClosedRange<Day>?, risk: RiskStanding?, rules: Int, until: Instant) {
    if self.epoch != epoch || decisions.count != rules {
      decisions = Array(repeating: Decision(), count: rules)
      news = .all
      tierStands = .distantPast
    }
    readsOtherDays = usageDays != days
    readsOtherRisk = self.risk != risk
    hasMoved = false
    self.epoch = epoch
    usageDays = days
    self.risk = risk
    if let days { lookedThrough = max(lookedThrough, days.upperBound) }
    quietUntil = until
  }

  mutating func finish() { news = [] }

  /// Another verdict stands, which no kind of record told: every rule is evaluated the next time.
  mutating func lookAgain() {
    for place in decisions.indices { decisions[place].until = .distantPast }
    hasMoved = true
  }

  /// An account that is not looked at for now: its rules are all evaluated when it is again.
  mutating func rest(epoch: Int, _ days: ClosedRange<Day>?, until: Instant) {
    self.epoch = epoch
    usageDays = days
    decisions = []
    news = []
    quietUntil = until
  }

  /// Whether a rule would decide as it did.
  func mayPassOver(_ rule: Rule, at place: Int, now: Instant, moved: Set<String>) -> Bool {
    now < decisions[place].until && rule.subject == .account && !touches(rule.inputs)
      && (moved.isEmpty || !rule.inputs.readsRules || moved.isDisjoint(with: rule.dependencies))
  }

  /// Whether something that is read has changed since the last evaluation, time and other rules aside.
  func touches(_ inputs: NodeInputs) -> Bool {
    !inputs.kinds.isDisjoint(with: news) || (inputs.readsUsageDays && readsOtherDays) || (inputs.readsRisk && readsOtherRisk)
  }

  /// Whether nothing an evaluation reads has changed since the last one, time included.
  func isQuiet(epoch: Int, usageDays: ClosedRange<Day>?, now: Instant) -> Bool {
    self.epoch == epoch && news.isEmpty && now < quietUntil && self.usageDays == usageDays
  }

  /// Notes usage on a day; with it more may change than windows that hold the day.
  mutating func noteUsage(on day: Day, changesOthers: Bool) {
    guard day <= lookedThrough || changesOthers else { return }
    news.insert(KindSet(.usage))
    measures = [:]
  }
}

/// How many rules were evaluated for an account, and how many needed not be, since the engine started.
package struct DecisionCount: Hashable, Sendable {
  package var evaluated = 0
  package var skipped = 0
}
