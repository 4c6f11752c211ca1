package import Events

/// Evaluates checked expressions and rules over an account's facts.
package enum Evaluator {
  package static func evaluate(_ expression: CompiledExpression, _ facts: Facts) -> Outcome { evaluate(expression.root, facts) }

  static func evaluate(_ node: TypedNode, _ facts: Facts) -> Outcome {
    var evaluation = Evaluation(facts)
    return evaluation.value(of: node)
  }

  /// The value with the value of each part.
  package static func explain(_ expression: CompiledExpression, _ facts: Facts) -> Explanation {
    var evaluation = Evaluation(facts, isTraced: true)
    let outcome = evaluation.value(of: expression.root)
    return evaluation.frames?.first?.first
      ?? Explanation(source: expression.text, outcome: outcome, type: expression.type, note: nil, records: [], children: [])
  }

  /// Every condition of a rule with the value of each part: why it fires, and why not.
  package static func explain(_ rule: Rule, _ facts: Facts) -> RuleExplanation {
    var parts: [(name: String, explanation: Explanation)] = []
    if let only = rule.only { parts.append(("only", explain(only, facts))) }
    if let needs = rule.needs { parts.append(("needs", explain(needs, facts))) }
    parts.append(("when", explain(rule.when, facts)))
    for escalation in rule.escalations { parts.append((escalation.level.rawValue, explain(escalation.condition, facts))) }
    if let clear = rule.clear { parts.append(("clear", explain(clear, facts))) }
    return RuleExplanation(parts: parts)
  }

  /// How a rule stands for an account without an open episode.
  package static func reading(of rule: Rule, _ facts: Facts) -> RuleReading {
    var evaluation = Evaluation(facts, bindings: rule.bindings.count)
    for condition in [rule.only, rule.needs].compactMap({ $0 }) {
      let outcome = evaluation.value(of: condition.root)
      if let reason = outcome.missing { return .unknown(reason) }
      guard outcome.isTrue else { return .notApplicable }
    }
    let outcome = evaluation.value(of: rule.when.root)
    if let reason = outcome.missing { return .unknown(reason) }
    return outcome.isTrue ? .met(level(of: rule, &evaluation)) : .quiet
  }

  /// The level of a rule that fires: the gravest escalation whose condition holds, or the rule's own.
  package static func level(of rule: Rule, _ facts: Facts) -> Level {
    var evaluation = Evaluation(facts, bindings: rule.bindings.count)
    return level(of: rule, &evaluation)
  }

  private static func level(of rule: Rule, _ evaluation: inout Evaluation) -> Level {
    for escalation in rule.escalations where evaluation.value(of: escalation.condition.root).isTrue { return escalation.level }
    return rule.level
  }

  /// Whether a rule is about an account at all, as `only` says.
  package static func concerns(_ rule: Rule, _ facts: Facts) -> Outcome { rule.only.map { evaluate($0, facts) } ?? .flag(true) }

  /// Whether an open episode ends: `clear`, or else that `when` no longer holds. Missing ends nothing.
  package static func clears(_ rule: Rule, _ facts: Facts) -> Outcome {
    var evaluation = Evaluation(facts, bindings: rule.bindings.count)
    if let clear = rule.clear { return evaluation.value(of: clear.root) }
    return Evaluation.negated(evaluation.value(of: rule.when.root))
  }

  /// The reference values to freeze when an episode opens, by reference id; those missing now are left out and stay missing.
  ///
  /// - Precondition: `facts` has no open episode (`openedAt` nil, `frozen` empty).
  package static func references(of rule: Rule, _ facts: Facts) -> [String: Fixed] {
    var values: [String: Fixed] = [:]
    for (id, node) in rule.references {
      var evaluation = Evaluation(facts)
      if let value = evaluation.reference(node).fixed { values[id] = value }
    }
    return values
  }

  /// The account's tier: of the first condition that holds; nil if none does.
  ///
  /// Where it is not known whether the account is blocked, it is neither high nor medium: the unknown is never good news.
  package static func tier(among tiers: [TierRule], _ facts: Facts) -> TierRule? {
    var mayBeBlocked = false
    for tier in tiers where !(mayBeBlocked && tier.tier > .low) {
      let outcome = evaluate(tier.when, facts)
      if outcome.isTrue { return tier }
      if outcome.isMissing, tier.tier == .blocked { mayBeBlocked = true }
    }
    return nil
  }

  /// Which verdicts on a case hold, by precedence; nil where a feed that does not get on hides whether the case stands as it did.
  ///
  /// What is not known does not hold: neither good nor bad.
  package static func verdicts(among verdicts: [VerdictRule], _ facts: Facts) -> [VerdictRule]? {
    var holding: [VerdictRule] = []
    for verdict in verdicts {
      var evaluation = Evaluation(facts, bindings: verdict.rule.bindings.count)
      let outcome = evaluation.value(of: verdict.rule.when.root)
      if outcome.isTrue { holding.append(verdict) }
      if holding.isEmpty, outcome.missing?.isStale ?? false { return nil }
    }
    return holding
  }
}

/// How a rule stands for an account without an open episode.
package enum RuleReading: Hashable, Sendable {
  /// `only` or `needs` is false: the rule does not concern this account.
  case notApplicable
  /// A needed input is missing: the rule says nothing, good or bad.
  case unknown(Missing)
  /// `when` is false.
  case quiet
  /// `when` is true, at this level.
  case met(Level)

  /// Whether the inputs were known, for a score's coverage.
  package var isKnown: Bool { if case .unknown = self { false } else { true } }
}

extension Evaluation {
  /// A reference value itself, as it would be frozen now.
  mutating func reference(_ node: TypedNode) -> Outcome {
    switch node.operation {
    case .belowOwnLevel(let aggregate, let days, let reference): ownLevel(aggregate, days, reference, aggregate.type)
    default: value(of: node)
    }
  }
}
