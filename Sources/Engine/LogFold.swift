package import Events
import Features
import Revenue
import Rules

/// Folds the log: (state, step) → (state′, transitions, notices). Pure, so that the same log gives the same findings, byte for byte.
///
/// Timers due before a step run first, at their own instant: every company midnight, all accounts are evaluated. A record other than usage
/// is followed by an evaluation of its account; a day of usage that becomes complete, by one of all accounts.
package struct LogFold: Sendable {
  /// Gives the configuration of a digest that an activation step names.
  package typealias ConfigurationSource = @Sendable (_ digest: String) throws -> CompiledConfiguration

  package internal(set) var portfolio: PortfolioState
  package internal(set) var accounts: [AccountKey: AccountState] = [:]
  package internal(set) var configuration: CompiledConfiguration?
  private let source: ConfigurationSource

  /// Whether rules are passed over that would decide as they did. Off, every rule is evaluated each time: for tests, and to find a fault.
  package var isIncremental = true
  /// What the last evaluation of each account says of the next ones; derived, never stored.
  var memories: [AccountKey: EvaluationMemory] = [:]
  /// Counts the changes after which every rule of every account is evaluated.
  var epoch = 0
  /// Measures kept in memories, at least; those dropped with late usage are not taken off.
  var measureCount = 0
  /// More than this many of all accounts are dropped as a whole: about 64 bytes each.
  static let measureLimit = 1_000_000
  private var company: CompanyFacts?
  private var companyRevision = -1
  private var basis: [Kind: KnownRange] = [:]
  private var heldBack: [VanishedFeatures.Feature] = []
  private var heldEdits: [BulkEdits.Edit] = []
  /// Who of the CRM is no customer, where people who left went, and how many contacts were edited on each day; follows from the accounts.
  var directory = Directory()
  package internal(set) var decisions = DecisionCount()

  /// What the steps being folded have brought so far.
  var changed: Set<AccountKey> = []
  var transitions: [Transition] = []
  var notices: [Notice] = []
  var scores: [ScoreRow] = []
  /// What the evaluation of one account has brought so far.
  var announcements: [Announcement] = []
  var openedCases: [ExpansionCase] = []
  var judgedCases: [VerdictChange] = []
  /// The step being folded, and how many rows it has brought.
  var step: Int64 = 0
  var ordinal = 0

  /// An engine that has folded nothing yet.
  package init(source: @escaping ConfigurationSource) {
    portfolio = PortfolioState()
    self.source = source
  }

  /// An engine as the store remembers it.
  ///
  /// - Throws: `DamagedState` if a blob was not written by this engine; whatever `source` throws.
  package init(portfolio: JSON, accounts: [(key: AccountKey, state: JSON)], source: @escaping ConfigurationSource) throws {
    guard let portfolio = PortfolioState(json: portfolio) else { throw DamagedState(what: "portfolio") }
    self.portfolio = portfolio
    self.source = source
    configuration = try portfolio.digest.map(source)
    for (key, blob) in accounts {
      let makeLedger = { [configuration] entities in Self.ledger(of: entities, configuration) }
      guard let state = AccountState(key: key, json: blob, ledger: makeLedger) else { throw DamagedState(what: "account \(key.number)") }
      self.accounts[key] = state
    }
    rebuildDirectory()
  }

  /// Folds steps in order and gives everything transaction 2 must write.
  ///
  /// - Parameter writesStates: false where nobody stores the states, whose text grows with what an account has seen.
  package mutating func fold(_ steps: [Step], writesStates: Bool = true) throws -> FoldOutcome {
    for step in steps { try fold(step) }
    defer {
      changed = []
      transitions = []
      notices = []
      scores = []
    }
    let states = writesStates ? changed.sorted().compactMap { key in accounts[key].map { (key: key, state: $0.json) } } : []
    return FoldOutcome(
      position: portfolio.position, portfolio: writesStates ? portfolio.json : .null, accounts: states, transitions: transitions,
      notices: notices, scores: scores)
  }

  private mutating func fold(_ next: Step) throws {
    step = next.sequence
    ordinal = 0
    runTimers(before: next.at)
    portfolio.position = next.sequence
    portfolio.now = next.at
    switch next.content {
    case .records(let records):
      for record in records { take(record, now: next.at) }
    case .rebuild(let rebuild):
      take(rebuild, now: next.at)
    case .watermark(let watermark):
      advance(watermark, now: next.at)
    case .activation(let digest):
      let loaded = try source(digest)
      configuration = loaded
      portfolio.digest = digest
      companyRevision = -1
      epoch += 1
      rebuildLedgers()
      rebuildDirectory()
      closeRemovedRules(now: next.at)
      updateCohorts(now: next.at)
      evaluateAll(now: next.at)
    case .staleness(let staleness): take(staleness, now: next.at)
    case .outageAccepted(let system): acceptOutage(of: system, now: next.at)
    case .tick: break
    }
  }

  /// Lets time pass without a step: what a question about a later moment needs.
  package mutating func passTime(until instant: Instant) {
    runTimers(before: instant)
    portfolio.now = max(portfolio.now ?? instant, instant)
  }

  /// Evaluates all accounts at each company midnight that has passed since the last step.
  private mutating func runTimers(before instant: Instant) {
    guard let calendar = configuration?.calendar, let last = portfolio.now else { return }
    var day = calendar.day(of: last) + 1
    while calendar.start(of: day) <= instant {
      let midnight = calendar.start(of: day)
      portfolio.now = midnight
      endLongOutages(now: midnight)
      updateCohorts(now: midnight)
      evaluateAll(now: midnight)
      judgeFlags(now: midnight)
      day = day + 1
    }
  }

  /// Usage stamped further ahead than this is a wrong clock: it stays in the log and counts nowhere.
  static let futureDays = 1

  private mutating func take(_ linked: LinkedRecord, now: Instant) {
    guard let calendar = configuration?.calendar else { return }
    if let old = linked.supersedes { takeBack(old, from: linked, now: now) }
    let record = linked.record
    let key = linked.account
    // Taken out of the table and put back, so that what it holds is changed in place and not copied.
    var state = accounts.removeValue(forKey: key) ?? AccountState(key: key, ledger: Self.ledger(of: EntityHistory(), configuration))
    changed.insert(key)
    let counts = add(linked, to: &state, calendar, now: now)
    if record.kind == .subscription { state.ledger = Self.ledger(of: state.entities, configuration) }
    accounts[key] = state
    guard record.kind == .usage else {
      reviewDirectory(record.kind, of: key, now: now)
      return evaluate(key, now: now)
    }
    if counts, linked.supersedes == nil { portfolio.outages.count(record.system, at: record.at, now: now) }
  }

  /// Gives whether the record counts: all but usage from a wrong clock does.
  @discardableResult
  private mutating func add(_ linked: LinkedRecord, to state: inout AccountState, _ calendar: CompanyCalendar, now: Instant) -> Bool {
    let record = linked.record
    guard record.kind == .usage else {
      memories[state.key]?.news.insert(KindSet(record.kind))
      directory.changing(record, in: &state, calendar) {
        $0.add(record, person: linked.person, observedAt: linked.observedAt)
      }
      return true
    }
    let day = calendar.day(of: record.at)
    guard day - calendar.day(of: now) <= Self.futureDays else { return false }
    let isFirst = state.usage.isEmpty
    let forgets = state.usage.add(
      name: record.usageName, person: linked.person, quantity: record.usageQuantity, on: day, team: record.usageTeam)
    memories[state.key]?.noteUsage(on: day, changesOthers: isFirst || forgets)
    return true
  }

  /// Gives an account its records anew. Its cases, findings and score go on; only the last part is followed by an evaluation.
  private mutating func take(_ rebuild: Rebuild, now: Instant) {
    guard let calendar = configuration?.calendar else { return }
    let key = rebuild.account
    var state = accounts[key] ?? AccountState(key: key, ledger: Self.ledger(of: EntityHistory(), configuration))
    changed.insert(key)
    memories[key] = nil
    if rebuild.begins {
      state.usage = UsageHistory()
      directory.forget(state, calendar)
      state.entities = EntityHistory()
    }
    // Usage from a wrong clock counts as little now as when it was told.
    for linked in rebuild.records { add(linked, to: &state, calendar, now: linked.observedAt) }
    if rebuild.ends { state.ledger = Self.ledger(of: state.entities, configuration) }
    accounts[key] = state
    guard rebuild.ends else { return }
    reviewDirectory(nil, of: key, now: now)
    evaluate(key, now: now)
  }

  /// An occurrence told otherwise: what its account counted of it before is counted no more.
  private mutating func takeBack(_ old: Superseded, from linked: LinkedRecord, now: Instant) {
    guard let calendar = configuration?.calendar, var state = accounts.removeValue(forKey: old.account) else { return }
    memories[old.account]?.news.insert(KindSet(old.record.kind))
    if old.record.kind == .usage { memories[old.account]?.measures = [:] }
    if old.record.kind == .usage {
      let day = calendar.day(of: old.record.at)
      state.usage.remove(
        name: old.record.usageName, person: old.person, quantity: old.record.usageQuantity, on: day, team: old.record.usageTeam)
    } else {
      directory.changing(old.record, in: &state, calendar) { $0.remove(old.record) }
      if old.record.kind == .subscription { state.ledger = Self.ledger(of: state.entities, configuration) }
    }
    accounts[old.account] = state
    changed.insert(old.account)
    if old.record.kind != .usage { reviewDirectory(old.record.kind, of: old.account, now: now) }
    if old.account != linked.account, old.record.kind != .usage { evaluate(old.account, now: now) }
  }

  private mutating func advance(_ watermark: Watermark, now: Instant) {
    changingUsageDays(now: now) { fold in
      fold.portfolio.known.advance(
        stream: watermark.stream, kinds: watermark.kinds, from: watermark.knownFrom, through: watermark.completeThrough,
        holes: watermark.holes, coversCustomers: watermark.coversCustomers)
      fold.reviewOutages(of: watermark, now: now)
    }
  }

  /// Makes a change, and evaluates all accounts if other days of usage can be looked at after it.
  mutating func changingUsageDays(now: Instant, _ change: (inout LogFold) -> Void) {
    guard let calendar = configuration?.calendar else { return }
    let before = portfolio.known.days(of: .usage, calendar)
    change(&self)
    guard let after = portfolio.known.days(of: .usage, calendar), after != before else { return }
    reviewFeatures(through: after.upperBound, now: now)
    updateCohorts(now: now)
    evaluateAll(now: now)
  }

  mutating func evaluateAll(now: Instant) {
    guard let configuration, let company = currentCompany() else { return }
    var due: [AccountKey] = []
    for key in accounts.keys {
      if isIncremental, let memory = memories[key], memory.isQuiet(epoch: epoch, usageDays: company.usageDays, now: now) {
        decisions.skipped += configuration.rules.rules.count
      } else {
        due.append(key)
      }
    }
    for key in due.sorted() { evaluate(key, now: now) }
  }

  /// The account's revenue as its subscriptions tell it.
  static func ledger(of entities: EntityHistory, _ configuration: CompiledConfiguration?) -> Ledger {
    let catalog = configuration?.catalog ?? ProductCatalog()
    let terms = configuration?.revenueTerms ?? RevenueTerms(calendar: .utc)
    return Ledger(entities.subscriptions, terms, countsSeats: { catalog.countsSeats($0) })
  }

  private mutating func rebuildLedgers() {
    accounts = accounts.mapValues { state in
      var state = state
      state.ledger = Self.ledger(of: state.entities, configuration)
      return state
    }
  }

  /// The company's side of the facts, kept until it changes.
  mutating func currentCompany() -> CompanyFacts? {
    if let company, companyRevision == portfolio.revision { return company }
    company = companyFacts()
    companyRevision = portfolio.revision
    let basis = portfolio.known.basis
    let held = portfolio.vanished.held
    let edits = portfolio.bulkEdits.held
    if basis != self.basis || held != heldBack || edits != heldEdits { epoch += 1 }
    self.basis = basis
    heldBack = held
    heldEdits = edits
    return company
  }

  /// The company's side of the facts, as of now.
  func companyFacts() -> CompanyFacts? {
    let held = portfolio.vanished.held
    return configuration.map { configuration in
      CompanyFacts(
        calendar: configuration.calendar, catalog: configuration.catalog.without(held), known: portfolio.known, cohort: portfolio.cohort,
        heldBack: Dictionary(uniqueKeysWithValues: held.map { ($0.name, configuration.catalog.meaning(of: $0.name)) }),
        lexicons: configuration.rules.lexicons, prospects: directory.prospects,
        heldEdits: HeldEdits(portfolio.bulkEdits.held, configuration.calendar))
    }
  }

  /// Lets go of the company's side, so that what it holds can be changed in place.
  mutating func forgetCompany() { company = nil }

  mutating func nextOrdinal() -> Int {
    defer { ordinal += 1 }
    return ordinal
  }
}

extension Record {
  fileprivate var usageName: String { fields["name"]?.text ?? "" }
  /// Nil where the source tells none, or an empty one.
  fileprivate var usageTeam: String? { fields["team"]?.text.flatMap { $0.isEmpty ? nil : $0 } }
  fileprivate var usageQuantity: Fixed { fields["quantity"]?.number ?? Fixed(1) }
}

/// A state in the store that this engine did not write.
package struct DamagedState: Error, CustomStringConvertible {
  package let what: String

  package var description: String {
    "the stored state of \(what) cannot be read; restore a backup, or remove the derived tables so that the log is folded again"
  }
}
