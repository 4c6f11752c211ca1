import Events
import Features
import Revenue
import Rules

extension LogFold {
  /// Decides every rule for one account and moves its findings on.
  ///
  /// A rule is passed over where it would decide as it did: nothing it reads has changed, and the time has not come at which it might.
  mutating func evaluate(_ key: AccountKey, now: Instant) {
    guard let configuration, let company = currentCompany(), var state = accounts[key] else { return }
    let before = state
    var memory = memories.removeValue(forKey: key) ?? EvaluationMemory()
    measureCount -= memory.measures.count
    // Under another catalogue the same name may count something else.
    let notebook = Notebook(measures: memory.epoch == epoch ? memory.measures : [:])
    memory.measures = [:]
    var facts = Facts(account: state.facts, company: company, now: now)
    facts.notebook = isIncremental ? notebook : nil
    if state.isEmpty {
      closeUnlinked(&state, facts)
      write(state, since: before)
      return
    }
    facts.standsUntilNextLevel()
    (announcements, openedCases, judgedCases) = ([], [], [])
    if freezeIfChurned(&state, facts) {
      writeNotices(&state, now: now)
      memory.rest(epoch: epoch, company.usageDays, until: notebook.until)
      if isIncremental { memories[key] = memory }
      write(state, since: before)
      return
    }
    facts.ruleStates = state.ruleStates
    facts.risk = state.lastRisk
    openCases(&state, facts)
    facts.cases = state.cases
    facts.standsWithCases()
    memory.begin(epoch: epoch, company.usageDays, risk: facts.risk, rules: configuration.rules.rules.count, until: notebook.until)
    let reading = decideAll(&state, &facts, &memory, casesChanged: state.cases != before.cases)
    judgeCases(&state, &facts, &memory)
    let decided = state.episodes
    closeFinishedCases(&state, facts)
    if state.episodes != decided { memory.quietUntil = .distantPast }
    memory.hasMoved = memory.hasMoved || state.episodes != before.episodes || state.cases != before.cases
    scoreIfNeeded(&state, facts, reading, &memory)
    writeNotices(&state, now: now)
    keep(&memory, notebook, of: key)
    write(state, since: before)
  }

  private mutating func decideAll(
    _ state: inout AccountState, _ facts: inout Facts, _ memory: inout EvaluationMemory, casesChanged: Bool
  ) -> ScoreReading {
    var reading = ScoreReading()
    var moved: Set<String> = []
    for (place, rule) in (configuration?.rules.rules ?? []).enumerated() {
      if isIncremental, memory.mayPassOver(rule, at: place, now: facts.now, moved: moved) {
        decisions.skipped += 1
        reading.note(rule, isKnown: memory.decisions[place].isKnown)
      } else {
        decisions.evaluated += 1
        decideAnew(rule, at: place, &state, facts, &memory, &reading)
      }
      let standing = state.standing(of: rule.id)
      if standing != memory.decisions[place].standing { moved.insert(rule.id) }
      memory.decisions[place].standing = standing
      facts.ruleStates[rule.id] = standing
      memory.quietUntil = min(memory.quietUntil, memory.decisions[place].until)
    }
    return reading
  }

  private mutating func decideAnew(
    _ rule: Rule, at place: Int, _ state: inout AccountState, _ facts: Facts, _ memory: inout EvaluationMemory,
    _ reading: inout ScoreReading
  ) {
    let episodes = state.episodes
    facts.notebook?.until = .distantFuture
    var isKnown = false
    let subjects = Self.subjects(of: rule, state, today: facts.today)
    for expansion in subjects {
      var own = facts
      own.expansionCase = expansion
      isKnown = decide(rule, expansion, own, &state)
      reading.note(rule, isKnown: isKnown)
    }
    if memory.decisions[place].isKnown != isKnown { memory.hasMoved = true }
    memory.decisions[place].isKnown = isKnown
    var until = facts.notebook?.until ?? .distantPast
    if rule.subject == .expansionCase {
      memory.hasMoved = memory.hasMoved || !state.cases.isEmpty
      until = subjects.isEmpty ? .distantFuture : .distantPast
    } else if rule.inputs == .unproven || state.episodes != episodes {
      until = .distantPast
    } else if let episode = state.episodes.first(where: { $0.isOf(rule.id, 0) }) {
      switch episode.state {
      case .pending: until = min(until, episode.since + rule.hold)
      case .firing: if rule.endsByReference, let firedAt = episode.firedAt { until = min(until, firedAt + Self.newNormal) }
      case .resolved: break
      }
    }
    memory.decisions[place].until = until
  }

  /// Scores the account unless nothing its score is made of has changed.
  private mutating func scoreIfNeeded(
    _ state: inout AccountState, _ facts: Facts, _ reading: ScoreReading, _ memory: inout EvaluationMemory
  ) {
    guard let rules = configuration?.rules else { return }
    let today = facts.today
    let isFading = isFading(state, facts)
    let hasCase = state.cases.contains { $0.isOpen(on: today) }
    if isFading || hasCase { memory.quietUntil = min(memory.quietUntil, facts.company.calendar.start(of: today + 1)) }
    let tierStands = memory.tierStands > facts.now && !memory.touches(rules.tierInputs) && (state.cases.isEmpty || memory.scoredOn == today)
    if !isIncremental || memory.hasMoved || !tierStands || (isFading && memory.scoredOn != today) {
      facts.notebook?.until = .distantFuture
      score(&state, facts, reading)
      memory.scoredOn = today
      memory.tierStands =
        rules.tierInputs == .unproven ? .distantPast : facts.notebook?.until ?? .distantPast
    }
    memory.quietUntil = min(memory.quietUntil, memory.tierStands)
    // Rules that read the risk see what this evaluation made of it only in the next one.
    if state.lastRisk != memory.risk, rules.readRisk { memory.quietUntil = .distantPast }
  }

  /// Whether a resolved finding still counts, and so counts for less tomorrow.
  private func isFading(_ state: AccountState, _ facts: Facts) -> Bool {
    let end = facts.today - Scorecard().fadedAfterDays
    return state.episodes.contains {
      $0.state == .resolved && $0.fadingFrom != 0 && facts.company.calendar.day(of: $0.since) >= end
    }
  }

  private mutating func keep(_ memory: inout EvaluationMemory, _ notebook: Notebook, of key: AccountKey) {
    guard isIncremental else { return }
    if notebook.measures.count > EvaluationMemory.measureLimit {
      let oldest = memory.lookedThrough - EvaluationMemory.measureDays
      notebook.measures = notebook.measures.filter { $0.key.last >= oldest }
    }
    if notebook.measures.count <= EvaluationMemory.measureLimit, measureCount + notebook.measures.count <= Self.measureLimit {
      memory.measures = notebook.measures
      measureCount += notebook.measures.count
    } else if measureCount + notebook.measures.count > Self.measureLimit {
      for key in memories.keys { memories[key]?.measures = [:] }
      measureCount = 0
    }
    memory.finish()
    memories[key] = memory
  }

  /// What a rule can speak of: the account itself, or each open case.
  static func subjects(of rule: Rule, _ state: AccountState, today: Day) -> [ExpansionCase?] {
    switch rule.subject {
    case .account: [nil]
    case .expansionCase: state.cases.filter { $0.isOpen(on: today) }
    }
  }

  /// Moves one finding on. Gives whether the rule's inputs are known.
  private mutating func decide(_ rule: Rule, _ expansion: ExpansionCase?, _ facts: Facts, _ state: inout AccountState) -> Bool {
    let number = expansion?.number ?? 0
    let index = state.episodes.firstIndex { $0.isOf(rule.id, number) }
    if let index, state.episodes[index].state == .firing {
      return follow(rule, at: index, facts, &state)
    }
    let reading = Evaluator.reading(of: rule, facts)
    if let index, state.episodes[index].isSpent {
      if reading == .quiet || reading == .notApplicable { state.episodes[index].isSpent = false }
      return reading.isKnown
    }
    // What a stale feed would say is not known: what is pending stays so.
    if case .unknown(let reason) = reading, reason.isStale { return false }
    guard case .met = reading else {
      if let index, state.episodes[index].state == .pending { drop(rule, at: index, facts, &state) }
      return reading.isKnown
    }
    var episode = index.map { state.episodes[$0] } ?? Episode(rule: rule.id, caseNumber: number)
    if episode.state == .resolved {
      episode.number += 1
      episode.state = .pending
      episode.since = facts.now
      episode.level = rule.level.rawValue
      episode.firedAt = nil
      if rule.hold > Span(microseconds: 0) { note(episode, .pending, from: nil, "pending", facts, rule, state.key) }
    }
    if facts.now - episode.since >= rule.hold { fire(rule, &episode, facts) }
    if let index { state.episodes[index] = episode } else { state.insert(episode) }
    guard episode.state == .firing else { return true }
    note(episode, .firing, from: rule.hold > Span(microseconds: 0) ? .pending : nil, "opened", facts, rule, state.key)
    if rule.about != .flat {
      announcements.append(Announcement(rule: rule, episode: episode, change: .opened, facts: opened(facts, episode)))
    }
    return true
  }

  private func fire(_ rule: Rule, _ episode: inout Episode, _ facts: Facts) {
    episode.state = .firing
    episode.since = facts.now
    episode.firedAt = facts.now
    episode.frozen = Evaluator.references(of: rule, facts)
    episode.level = Evaluator.level(of: rule, opened(facts, episode)).rawValue
  }

  private func opened(_ facts: Facts, _ episode: Episode) -> Facts {
    var facts = facts
    facts.frozen = episode.frozen
    facts.openedAt = episode.firedAt
    return facts
  }

  /// Escalates, clears or keeps an open episode.
  private mutating func follow(_ rule: Rule, at index: Int, _ facts: Facts, _ state: inout AccountState) -> Bool {
    var episode = state.episodes[index]
    let own = opened(facts, episode)
    if Evaluator.concerns(rule, facts).isFalse {
      resolve(&episode, "not_applicable", own, rule, state.key)
      episode.fadingFrom = 0
      state.episodes[index] = episode
      return true
    }
    let isCleared = Evaluator.clears(rule, own)
    if isCleared.isTrue {
      resolve(&episode, "cleared", own, rule, state.key)
      state.episodes[index] = episode
      return true
    }
    if isCleared.missing?.isStale ?? false { return false }
    if rule.endsByReference, let firedAt = episode.firedAt, facts.now - firedAt >= Self.newNormal {
      resolve(&episode, "new_normal", own, rule, state.key)
      episode.isSpent = true
      state.episodes[index] = episode
      return true
    }
    let level = Evaluator.level(of: rule, own)
    if level > (Level(rawValue: episode.level) ?? .context) {
      episode.level = level.rawValue
      state.episodes[index] = episode
      note(episode, .firing, from: .firing, "escalated", own, rule, state.key)
      if rule.about != .flat { announcements.append(Announcement(rule: rule, episode: episode, change: .escalated, facts: own)) }
    }
    return !isCleared.isMissing
  }

  /// After so long at the new level, the new level is the normal one.
  static let newNormal = Span.days(90)

  private mutating func drop(_ rule: Rule, at index: Int, _ facts: Facts, _ state: inout AccountState) {
    var episode = state.episodes[index]
    episode.state = .resolved
    episode.since = facts.now
    episode.fadingFrom = 0
    state.episodes[index] = episode
    note(episode, .resolved, from: .pending, "not_held", facts, rule, state.key)
  }

  private mutating func resolve(_ episode: inout Episode, _ reason: String, _ facts: Facts, _ rule: Rule?, _ account: AccountKey) {
    episode.fadingFrom = rule.map { $0.points(at: Level(rawValue: episode.level) ?? .context) } ?? 0
    let from = episode.state
    episode.state = .resolved
    episode.since = facts.now
    note(episode, .resolved, from: from, reason, facts, rule, account)
    episode.frozen = [:]
    episode.firedAt = nil
  }

  private mutating func note(
    _ episode: Episode, _ to: FindingState, from: FindingState?, _ reason: String, _ facts: Facts, _ rule: Rule?, _ account: AccountKey
  ) {
    transitions.append(
      Transition(
        finding: episode.id(of: account), step: step, ordinal: nextOrdinal(), at: facts.now, from: from, to: to, level: episode.level,
        reason: reason, evidence: rule.map { .list(Evaluator.evidence(of: $0, facts).map { .text($0.text) }) } ?? .null))
  }
}

// MARK: - Cases, churn and configuration changes

extension LogFold {
  /// Opens a case for each expansion that ended before today: a day's MRR is its level at the day's end.
  private mutating func openCases(_ state: inout AccountState, _ facts: Facts) {
    for found in state.ledger.expansionCases(through: facts.today - 1) {
      if let index = state.cases.lastIndex(where: { abs(found.openedOn - $0.openedOn) <= ExpansionCase.mergeDays }) {
        state.cases[index].mrrAfter = found.mrrAfter
        state.cases[index].seatsAfter = found.seatsAfter
        state.cases[index].plansAdded = found.plansAdded
        state.cases[index].purchases = found.purchases
        continue
      }
      let expansion = ExpansionCase(
        number: state.cases.count + 1, openedOn: found.openedOn, mrrBefore: found.mrrBefore, mrrAfter: found.mrrAfter,
        seatsBefore: found.seatsBefore, seatsAfter: found.seatsAfter, plansAdded: found.plansAdded,
        purchases: found.purchases)
      state.cases.append(expansion)
      // Of one that was over before anybody could follow it there is nothing to tell.
      if expansion.isOpen(on: facts.today) { openedCases.append(expansion) }
    }
  }

  private mutating func closeFinishedCases(_ state: inout AccountState, _ facts: Facts) {
    for index in state.episodes.indices where state.episodes[index].state != .resolved {
      let number = state.episodes[index].caseNumber
      guard let expansion = state.cases.first(where: { $0.number == number }), !expansion.isOpen(on: facts.today) else { continue }
      var episode = state.episodes[index]
      resolve(&episode, "case_closed", facts, configuration?.rules.rule(episode.rule), state.key)
      state.episodes[index] = episode
    }
  }

  /// An account that stopped paying is frozen until it pays again. Gives whether it is.
  private mutating func freezeIfChurned(_ state: inout AccountState, _ facts: Facts) -> Bool {
    let hasPaid = state.ledger.levels.contains { ($0.mrr ?? 0) > 0 }
    let isPaying = state.ledger.level(at: facts.now, facts.company.calendar).map { ($0.mrr ?? 1) > 0 } ?? true
    guard hasPaid, !isPaying else {
      state.churnedOn = nil
      return false
    }
    guard state.churnedOn == nil else { return true }
    state.churnedOn = facts.today
    judgeAtChurn(&state, facts)
    for index in state.episodes.indices where state.episodes[index].state != .resolved {
      var episode = state.episodes[index]
      resolve(&episode, "churned", facts, configuration?.rules.rule(episode.rule), state.key)
      state.episodes[index] = episode
    }
    return true
  }

  /// An account whose every record turned out to be another's has nothing to be found in: its findings close, without a word to anyone.
  private mutating func closeUnlinked(_ state: inout AccountState, _ facts: Facts) {
    for index in state.episodes.indices {
      var episode = state.episodes[index]
      if episode.state != .resolved { resolve(&episode, "unlinked", facts, configuration?.rules.rule(episode.rule), state.key) }
      episode.fadingFrom = 0
      state.episodes[index] = episode
    }
    state.churnedOn = nil
    score(&state, facts, ScoreReading())
  }

  /// Closes, without a word to anyone, the findings of rules that are no more.
  mutating func closeRemovedRules(now: Instant) {
    guard let configuration, let company = companyFacts() else { return }
    for key in accounts.keys.sorted() {
      guard var state = accounts[key] else { continue }
      let facts = Facts(account: state.facts, company: company, now: now)
      for index in state.episodes.indices where state.episodes[index].state != .resolved {
        var episode = state.episodes[index]
        guard configuration.rules.rule(episode.rule) == nil else { continue }
        resolve(&episode, "rule_removed", facts, nil, key)
        state.episodes[index] = episode
        changed.insert(key)
      }
      accounts[key] = state
    }
  }

  private mutating func write(_ state: AccountState, since before: AccountState) {
    accounts[state.key] = state
    if state.differs(from: before) { changed.insert(state.key) }
  }
}

extension AccountState {
  /// Whether evaluation changed anything that is stored.
  fileprivate func differs(from other: AccountState) -> Bool {
    episodes != other.episodes || cases != other.cases || score != other.score || churnedOn != other.churnedOn
      || lastNotice != other.lastNotice
  }

  fileprivate mutating func insert(_ episode: Episode) {
    let place = episodes.firstIndex { ($0.rule, $0.caseNumber) > (episode.rule, episode.caseNumber) } ?? episodes.endIndex
    episodes.insert(episode, at: place)
  }

  /// How each rule that ever had an episode stands.
  var ruleStates: [String: RuleStanding] {
    var standings: [String: RuleStanding] = [:]
    for rule in Set(episodes.map(\.rule)) { standings[rule] = standing(of: rule) }
    return standings
  }

  /// The rule's highest firing level over its subjects.
  func standing(of rule: String) -> RuleStanding? {
    let levels = episodes.filter { $0.rule == rule && $0.state == .firing }.compactMap { Level(rawValue: $0.level) }
    guard let highest = levels.max() else { return nil }
    return RuleStanding(isFiring: true, level: highest.rawValue)
  }
}

extension Episode {
  /// A finding that has not begun: its first episode will be number 1.
  fileprivate init(rule: String, caseNumber: Int) {
    self.init(
      rule: rule, caseNumber: caseNumber, number: 0, state: .resolved, since: .distantPast, firedAt: nil, level: "none", frozen: [:],
      fadingFrom: 0, isSpent: false)
  }
}

extension Rule {
  /// Whether the end of an episode is read against a level frozen at its opening; such an episode cannot stay open for ever.
  ///
  /// What is said of a flat account is a description, which stays true as long as its condition says so.
  var endsByReference: Bool { about != .flat && !(clear ?? when).references.isEmpty }
}
