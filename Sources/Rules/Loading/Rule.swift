package import Events
package import Revenue

/// What a rule's findings speak of.
package enum RuleSubjectMatter: String, CaseIterable, Sendable {
  case risk, expansion, quality, revenue
  /// Why an account does not grow: no points in any score, no alert of its own.
  case flat
}

/// The group a rule's points are capped in.
package enum RuleCategory: String, CaseIterable, Sendable {
  case usage, people, billing, support, market
}

/// What a rule is evaluated for, one finding each.
package enum RuleSubject: String, CaseIterable, Sendable {
  case account
  case expansionCase = "expansion_case"
}

/// A checked rule.
package final class Rule: Sendable {
  package let id: String
  package let about: RuleSubjectMatter
  package let category: RuleCategory
  package let subject: RuleSubject
  package let title: Template
  /// The accounts the rule is about; where it is false the rule does not apply, and an open episode ends without a word. Nil: all.
  package let only: CompiledExpression?
  /// Read when an episode opens, never while it is open; nil where the rule always applies.
  package let needs: CompiledExpression?
  package let bindings: [RuleBinding]
  package let when: CompiledExpression
  /// Conditions that raise the level, gravest first.
  package let escalations: [Escalation]
  /// When an open episode ends; nil: as soon as `when` is false.
  package let clear: CompiledExpression?
  /// How long `when` must hold before the rule fires.
  package let hold: Span
  package let level: Level
  /// The level's points, or the file's own; negative for good news.
  package let points: Int
  /// The play: what to do next.
  package let action: Template
  /// Two lines a customer success manager could send.
  package let opener: Template?
  /// The strongest facts, strongest first.
  package let evidence: [EvidenceLine]
  /// The rules whose states it reads, sorted.
  package let dependencies: [String]
  /// The kinds of records it reads, sorted.
  package let kinds: [Kind]

  /// The points at a level: the rule's own for its base level, the level's for an escalation.
  package func points(at level: Level) -> Int { level == self.level ? points : level.points }

  /// The nodes of the reference values to freeze, by reference id, in order of id.
  let references: [(id: String, node: TypedNode)]

  init(
    id: String, about: RuleSubjectMatter, category: RuleCategory, subject: RuleSubject, title: Template, only: CompiledExpression?,
    needs: CompiledExpression?,
    bindings: [RuleBinding], when: CompiledExpression, escalations: [Escalation], clear: CompiledExpression?, hold: Span, level: Level,
    points: Int, action: Template, opener: Template?, evidence: [EvidenceLine]
  ) {
    self.id = id
    self.about = about
    self.category = category
    self.subject = subject
    self.title = title
    self.only = only
    self.needs = needs
    self.bindings = bindings
    self.when = when
    self.escalations = escalations
    self.clear = clear
    self.hold = hold
    self.level = level
    self.points = points
    self.action = action
    self.opener = opener
    self.evidence = evidence
    expressions = [only, needs, when, clear].compactMap { $0 } + bindings.map(\.expression) + escalations.map(\.condition)
    dependencies = Set(expressions.flatMap(\.rules)).sorted()
    kinds = Set(expressions.flatMap(\.kinds)).sorted()
    scalars = expressions.reduce(into: []) { $0.formUnion($1.scalars) }
    inputs = expressions.reduce(NodeInputs()) { $0.union($1.root.inputs) }
    var nodes: [String: TypedNode] = [:]
    for expression in expressions { nodes.merge(expression.referenceNodes) { first, _ in first } }
    references = nodes.sorted { $0.key < $1.key }.map { (id: $0.key, node: $0.value) }
  }

  /// What its conditions can change with beside the passing of time.
  package let inputs: NodeInputs

  /// The values of the account that its conditions read by name.
  let scalars: Set<Scalar>

  /// Every expression that is evaluated while an episode is open or opens.
  let expressions: [CompiledExpression]
}

/// A named value of a rule.
package struct RuleBinding: Sendable {
  package let name: String
  package let expression: CompiledExpression
}

/// A condition that raises a rule's level.
package struct Escalation: Sendable {
  package let level: Level
  package let condition: CompiledExpression
}

/// A fact that proves a finding: a binding, and how to say it.
package struct EvidenceLine: Sendable {
  package let name: String
  /// A label before the value, or a whole sentence where it has placeholders.
  package let label: Template?
}

/// What is said of an expansion case; the first whose condition holds is its verdict, the others that hold are its tags.
package struct VerdictRule: Sendable {
  package let verdict: CaseVerdict
  /// The condition, its named values and its words: a rule about an expansion case, of which the verdict's own life stands in the case.
  package let rule: Rule
}

/// A tier of expansion readiness; the first whose condition holds is the account's.
package struct TierRule: Sendable {
  package let tier: ExpansionTier
  package let when: CompiledExpression
}

/// How ready an account is to expand.
package enum ExpansionTier: String, CaseIterable, Comparable, Sendable {
  case blocked, low, medium, high

  package static func < (a: ExpansionTier, b: ExpansionTier) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}
