package import Events

/// What would have to change for a condition to come out otherwise.
package indirect enum Outlook: Hashable, Sendable {
  /// All of these.
  case all([Outlook])
  /// Any one of these.
  case any([Outlook])
  /// One thing: `drop reaches 60% (now 41%)`.
  case change(String)

  /// The tree as lines, parts indented below what joins them.
  package var lines: [String] {
    switch self {
    case .change(let text): return [text]
    case .all(let parts): return ["all of"] + parts.flatMap { $0.lines.map { "  \($0)" } }
    case .any(let parts): return ["any of"] + parts.flatMap { $0.lines.map { "  \($0)" } }
    }
  }

  /// A text, or `{all: […]}`, `{any: […]}`.
  package var json: JSON {
    switch self {
    case .change(let text): .text(text)
    case .all(let parts): ["all": .list(parts.map(\.json))]
    case .any(let parts): ["any": .list(parts.map(\.json))]
    }
  }

  /// The parts under one heading; a lone part needs none, and the same is not said twice.
  fileprivate static func joined(_ parts: [Outlook], all: Bool) -> Outlook? {
    var flat: [Outlook] = []
    for part in parts {
      let inner: [Outlook]
      switch part {
      case .all(let parts) where all: inner = parts
      case .any(let parts) where !all: inner = parts
      default: inner = [part]
      }
      for part in inner where !flat.contains(part) { flat.append(part) }
    }
    if flat.count <= 1 { return flat.first }
    return all ? .all(flat) : .any(flat)
  }
}

/// What would change how a rule stands.
package struct RuleOutlook: Sendable {
  /// `to fire`, `to become critical`, `to end`, with what it takes; those that are not so yet.
  package let ways: [(name: String, outlook: Outlook)]

  package var rendered: String {
    ways.map { way in "\(way.name):\n" + way.outlook.lines.map { "  \($0)" }.joined(separator: "\n") }.joined(separator: "\n")
  }

  package var json: JSON { .object(Dictionary(ways.map { ($0.name, $0.outlook.json) }) { first, _ in first }) }
}

extension Evaluator {
  /// What it would take for a rule to fire, or while it fires to become graver or to end.
  package static func outlook(of rule: Rule, _ facts: Facts) -> RuleOutlook {
    let writer = OutlookWriter(facts: facts)
    var ways: [(name: String, outlook: Outlook)] = []
    func add(_ name: String, _ outlook: Outlook?) { outlook.map { ways.append((name, $0)) } }
    guard facts.openedAt != nil else {
      let conditions = rule.conditionsToFire.compactMap { writer.outlook($0.root, to: true) }
      add("to fire", Outlook.joined(conditions, all: true))
      return RuleOutlook(ways: ways)
    }
    let level = level(of: rule, facts)
    for escalation in rule.escalations.reversed() where escalation.level > level {
      add("to become \(escalation.level.rawValue)", writer.outlook(escalation.condition.root, to: true))
    }
    add("to end", rule.clear.map { writer.outlook($0.root, to: true) } ?? writer.outlook(rule.when.root, to: false))
    return RuleOutlook(ways: ways)
  }
}

extension Rule {
  fileprivate var conditionsToFire: [CompiledExpression] { [needs, when].compactMap { $0 } }
}

/// Walks down a condition to the comparisons that decide.
private struct OutlookWriter {
  let facts: Facts

  /// Nil where the node comes out as wanted already.
  func outlook(_ node: TypedNode, to wanted: Bool) -> Outlook? {
    let outcome = Evaluator.evaluate(node, facts)
    if outcome == .flag(wanted) { return nil }
    switch node.operation {
    case .binding(_, let body): return outlook(body, to: wanted)
    case .not(let inner): return outlook(inner, to: !wanted)
    case .both(let a, let b): return joined(a, b, to: wanted, all: wanted)
    case .either(let a, let b): return joined(a, b, to: wanted, all: !wanted)
    case .compare(let sign, let a, let b): return .change(comparison(sign, a, b, wanted))
    case .compareRank(let sign, _, let a, let b): return .change(comparison(sign, a, b, wanted))
    case .lasting(let condition, let days): return lasting(condition, days, wanted)
    case .occurring(let condition, let days): return occurring(condition, days, wanted)
    case .presence(let inner, let isKnown):
      return .change("\(oneLine(inner.source)) \(isKnown == wanted ? "becomes known" : "is not known any more")")
    case .firing(let rule): return .change("\(rule) \(wanted ? "fires" : "ends")")
    case .membership(let inner, _):
      return .change("\(oneLine(node.source)) \(wanted ? "holds" : "no longer holds") (\(oneLine(inner.source)) is \(text(inner)))")
    default: return .change(plain(node, outcome, wanted))
    }
  }

  /// Where both parts must come out as wanted, both that do not; where one is enough, either.
  private func joined(_ a: TypedNode, _ b: TypedNode, to wanted: Bool, all: Bool) -> Outlook? {
    Outlook.joined([a, b].compactMap { outlook($0, to: wanted) }, all: all)
  }

  private func plain(_ node: TypedNode, _ outcome: Outcome, _ wanted: Bool) -> String {
    if let missing = outcome.missing { return "\(oneLine(node.source)) is known (now not: \(missing))" }
    return "\(oneLine(node.source)) \(wanted ? "becomes true" : "is true no longer")"
  }

  // MARK: Comparisons

  /// `drop reaches 60% (now 41%)`: the side that moves, the value at which it tips, and where it stands.
  private func comparison(_ sign: BinaryOperator, _ a: TypedNode, _ b: TypedNode, _ wanted: Bool) -> String {
    let sign = wanted ? sign : sign.opposite
    let turned = a.isFixed && !b.isFixed
    let (mover, limit) = turned ? (b, a) : (a, b)
    let value = Evaluator.evaluate(mover, facts)
    if let missing = value.missing { return "\(oneLine(mover.source)) is known (now not: \(missing))" }
    let threshold = Evaluator.evaluate(limit, facts)
    if let missing = threshold.missing { return "\(oneLine(limit.source)) is known (now not: \(missing))" }
    let words = Self.words(turned ? sign.mirrored : sign)
    let bound = limit.isFixed ? text(limit) : "\(oneLine(limit.source)), which is \(text(limit))"
    return "\(oneLine(mover.source)) \(words) \(bound) (now \(text(mover)))"
  }

  private static func words(_ sign: BinaryOperator) -> String {
    switch sign {
    case .greaterOrEqual: "reaches"
    case .greater: "exceeds"
    case .lessOrEqual: "falls to"
    case .less: "falls below"
    case .notEqual: "is other than"
    default: "is"
    }
  }

  /// The value as it is compared: of the same kind as what it is compared with.
  private func text(_ node: TypedNode) -> String {
    OutcomeFormat(facts).text(Evaluator.evaluate(node, facts), as: node.type)
  }

  // MARK: Days

  private func lasting(_ condition: TypedNode, _ days: Int, _ wanted: Bool) -> Outlook? {
    guard wanted else { return outlook(condition, to: false) }
    let stays = "and stays so for \(days) days"
    guard let inner = outlook(condition, to: true) else {
      var held = 1
      while held < days, Evaluator.evaluate(condition, facts.shifted(byDays: held)).isTrue { held += 1 }
      let rest = days - held
      return .change("\(oneLine(condition.source)) goes on holding for \(rest) more day\(rest == 1 ? "" : "s") (\(held) of \(days) so far)")
    }
    if case .change(let text) = inner { return .change("\(text) \(stays)") }
    return Outlook.joined([inner, .change("it \(stays.dropFirst(4))")], all: true)
  }

  private func occurring(_ condition: TypedNode, _ days: Int, _ wanted: Bool) -> Outlook? {
    if wanted { return outlook(condition, to: true) }
    return .change("\(oneLine(condition.source)) has held on none of \(days) days")
  }

  private func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension TypedNode {
  /// Whether it is the same for every account and at any time: a number in the rule itself.
  fileprivate var isFixed: Bool {
    switch operation {
    case .constant: true
    case .negate, .arithmetic: operation.children.allSatisfy(\.isFixed)
    default: false
    }
  }
}

extension BinaryOperator {
  /// The comparison that holds where this one does not.
  fileprivate var opposite: BinaryOperator {
    switch self {
    case .less: .greaterOrEqual
    case .lessOrEqual: .greater
    case .greater: .lessOrEqual
    case .greaterOrEqual: .less
    case .equal: .notEqual
    case .notEqual: .equal
    default: self
    }
  }

  /// The same comparison with its sides exchanged.
  fileprivate var mirrored: BinaryOperator {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }
}
