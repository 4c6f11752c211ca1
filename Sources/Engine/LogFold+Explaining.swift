package import Events
import Features
package import Revenue
package import Rules

/// One rule, one subject, one moment: what is needed to explain why it speaks or keeps silent.
package struct RuleCase: Sendable {
  package let rule: Rule
  package let expansionCase: ExpansionCase?
  package let episode: Episode?
  /// References frozen and other rules' states filled in, as the engine evaluates it.
  package let facts: Facts
}

extension LogFold {
  /// What rules see of an account at the engine's present; nil where no configuration is in force.
  package func facts(of state: AccountState) -> Facts? {
    guard let company = companyFacts(), let now = portfolio.now else { return nil }
    var facts = Facts(account: state.facts, company: company, now: now)
    facts.cases = state.cases
    return facts
  }

  /// What each rule sees of an account at the engine's present, in order of evaluation.
  package func ruleCases(of key: AccountKey) -> [RuleCase] {
    guard let configuration, let company = companyFacts(), let state = accounts[key], let now = portfolio.now else { return [] }
    var facts = Facts(account: state.facts, company: company, now: now)
    facts.ruleStates = state.ruleStates
    facts.risk = state.lastRisk
    facts.cases = state.cases
    let verdicts = Self.subjects(of: configuration.rules.verdicts, state, today: facts.today).map { verdict, expansion in
      let own = facts.seen(from: expansion, state, configuration.rules.rules)
      return RuleCase(rule: verdict.rule, expansionCase: expansion, episode: nil, facts: own)
    }
    return verdicts
      + configuration.rules.rules.flatMap { rule in
        Self.subjects(of: rule, state, today: facts.today).map { expansion in
          var own = facts
          own.expansionCase = expansion
          let episode = state.episodes.first { $0.isOf(rule.id, expansion?.number ?? 0) }
          if let episode, episode.state == .firing {
            own.frozen = episode.frozen
            own.openedAt = episode.firedAt
          }
          return RuleCase(rule: rule, expansionCase: expansion, episode: episode, facts: own)
        }
      }
  }

  /// Each verdict of each case that is followed.
  private static func subjects(
    of verdicts: [VerdictRule], _ state: AccountState, today: Day
  ) -> [(VerdictRule, ExpansionCase)] {
    state.cases.filter { $0.isOpen(on: today) }.flatMap { expansion in verdicts.map { ($0, expansion) } }
  }
}
