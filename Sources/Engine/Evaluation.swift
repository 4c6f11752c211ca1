import Events
import Features
import Revenue
import Rules

extension LogFold {
  /// Decides every rule for one account and moves its findings on.
  mutating func evaluate(_ key: AccountKey, now: Instant) {
    guard let configuration, let company = companyFacts(), var state = accounts[key] else { return }
    let before = state
    var facts = Facts(account: state.facts, company: company, now: now)
    if state.isEmpty {
      closeUnlinked(&state, facts)
      write(state, since: before)
      return
    }
    if freezeIfChurned(&state, facts) {
      write(state, since: before)
      return
    }
    facts.ruleStates = state.ruleStates
    facts.risk = state.lastRisk
    var reading = ScoreReading()
    announcements = []
    openedCases = []
    openCases(&state, facts)
    for rule in configuration.rules.rules {
      for expansion in Self.subjects(of: rule, state, today: facts.today) {
        var own = facts
        own.expansionCase = expansion
        reading.note(rule, isKnown: decide(rule, expansion, own, &state))
      }
      facts.ruleStates[rule.id] = state.standing(of: rule.id)
    }
    closeFinishedCases(&state, facts)
    score(&state, facts, reading)
    writeNotices(&state, now: now)
    write(state, since: before)
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
    announcements.append(Announcement(rule: rule, episode: episode, change: .opened, facts: opened(facts, episode)))
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
      announcements.append(Announcement(rule: rule, episode: episode, change: .escalated, facts: own))
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
        continue
      }
      let expansion = ExpansionCase(
        number: state.cases.count + 1, openedOn: found.openedOn, mrrBefore: found.mrrBefore, mrrAfter: found.mrrAfter,
        seatsBefore: found.seatsBefore, seatsAfter: found.seatsAfter, plansAdded: found.plansAdded)
      state.cases.append(expansion)
      openedCases.append(expansion)
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
  fileprivate var endsByReference: Bool { !(clear ?? when).references.isEmpty }
}
