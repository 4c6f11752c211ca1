import Events
import Features
import Revenue
import Rules

/// A case's new verdict, which its people may have to hear of.
struct VerdictChange {
  /// As it is judged now.
  let expansion: ExpansionCase
  let before: ExpansionCase.Judgement
  /// Nil where the case is proving again.
  let rule: VerdictRule?
  let facts: Facts
}

extension LogFold {
  /// Judges each case that is followed, once the rules are decided: the first verdict whose condition holds, the others as tags.
  ///
  /// A bad verdict stands as long as its condition; after that the case is healthy or proving again. A healthy one stands until a bad one
  /// holds. After 180 days the last verdict is final.
  mutating func judgeCases(_ state: inout AccountState, _ facts: inout Facts, _ memory: inout EvaluationMemory) {
    guard let rules = configuration?.rules, !rules.verdicts.isEmpty else { return }
    for index in state.cases.indices where state.cases[index].isOpen(on: facts.today) {
      // Tickets, people and use may all say something new of it at any time.
      memory.quietUntil = .distantPast
      guard let change = judge(state.cases[index], state, facts, rules.verdicts) else { continue }
      state.cases[index] = change.expansion
      guard change.expansion.verdict != change.before.verdict else { continue }
      memory.lookAgain()
      if change.isNews { judgedCases.append(change) }
    }
    facts.cases = state.cases
  }

  /// Judges the cases of an account that stops paying a last time, as it stood the day before: a verdict may get worse, never better.
  mutating func judgeAtChurn(_ state: inout AccountState, _ facts: Facts) {
    guard let rules = configuration?.rules else { return }
    var facts = facts.shifted(byDays: 1)
    facts.ruleStates = state.ruleStates
    facts.risk = state.lastRisk
    facts.cases = state.cases
    for index in state.cases.indices where state.cases[index].isOpen(on: facts.today) {
      guard let change = judge(state.cases[index], state, facts, rules.verdicts), let rule = change.rule, rule.verdict.isBad,
        rules.rank(of: rule.verdict) < rules.rank(of: change.before.verdict)
      else { continue }
      state.cases[index] = change.expansion
      judgedCases.append(change)
    }
  }

  /// Nil where the judgement stays as it is.
  private func judge(
    _ expansion: ExpansionCase, _ state: AccountState, _ facts: Facts, _ verdicts: [VerdictRule]
  ) -> VerdictChange? {
    let own = facts.seen(from: expansion, state, configuration?.rules.rules ?? [])
    guard let holding = Evaluator.verdicts(among: verdicts, own) else { return nil }
    let before = expansion.judgement
    var verdict = holding.first?.verdict ?? .proving
    if verdict == .proving, before.verdict == .healthy { verdict = .healthy }
    let tags = holding.dropFirst().map(\.verdict)
    guard verdict != before.verdict || tags != before.tags else { return nil }
    var judged = expansion
    let isSame = verdict == before.verdict
    judged.judgement = ExpansionCase.Judgement(
      verdict: verdict, tags: tags, since: isSame ? before.since : facts.today,
      evidence: isSame ? before.evidence : holding.first.map { Self.evidence(of: $0.rule, own) } ?? [],
      wasBad: before.wasBad || before.verdict.isBad)
    return VerdictChange(expansion: judged, before: before, rule: holding.first, facts: own)
  }

  private static func evidence(of rule: Rule, _ facts: Facts) -> [ExpansionCase.Judgement.Fact] {
    Evaluator.evidence(of: rule, facts).map { ExpansionCase.Judgement.Fact(text: $0.text, records: $0.records) }
  }
}

extension VerdictChange {
  /// What turns bad is told, and what recovers; a case that settles well does so quietly, and so does one that is proving again.
  var isNews: Bool { expansion.verdict.isBad || (expansion.verdict == .healthy && expansion.judgement.wasBad) }
}

extension CompiledRules {
  /// The place of a verdict in the precedence, gravest first; what the files do not define comes last.
  func rank(of verdict: CaseVerdict) -> Int { verdicts.firstIndex { $0.verdict == verdict } ?? verdicts.count }
}

extension Facts {
  /// The facts as a rule about the case sees them; rules about cases stand as they do for this one.
  func seen(from expansion: ExpansionCase, _ state: AccountState, _ rules: [Rule]) -> Facts {
    var own = self
    own.expansionCase = expansion
    for rule in rules where rule.subject == .expansionCase {
      let episode = state.episodes.first { $0.isOf(rule.id, expansion.number) && $0.state == .firing }
      own.ruleStates[rule.id] = episode.map { RuleStanding(isFiring: true, level: $0.level) }
    }
    return own
  }
}
