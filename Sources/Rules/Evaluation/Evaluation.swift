internal import Events

/// One run over a checked expression for one account at one instant.
///
/// A value type on the stack: bindings are computed once, nothing else is remembered.
struct Evaluation {
  let facts: Facts
  /// Set inside a filter.
  var row: RowContext?
  private var slots: [Outcome?]
  /// Inside `ago` a reference is what it was then, not what an open episode froze.
  private let readsFrozen: Bool
  /// The explanations of the parts being evaluated, innermost last; nil when nobody asked.
  var frames: [[Explanation]]?
  /// The records looked at, as `kind:system/id`; nil when nobody asked.
  var citations: [String]?

  init(_ facts: Facts, bindings: Int = 0, readsFrozen: Bool = true, isTraced: Bool = false) {
    self.facts = facts
    slots = bindings == 0 ? [] : [Outcome?](repeating: nil, count: bindings)
    self.readsFrozen = readsFrozen
    frames = isTraced ? [[]] : nil
  }

  mutating func value(of node: TypedNode) -> Outcome {
    guard frames != nil else { return compute(node) }
    frames?.append([])
    if case .aggregate = node.operation { citations = [] }
    let outcome = compute(node)
    let records = Array((citations ?? []).prefix(Evaluator.citationLimit))
    citations = nil
    let children = frames?.removeLast() ?? []
    if case .constant = node.operation { return outcome }
    let explanation = Explanation(
      source: node.source, outcome: outcome, type: node.type, note: note(on: node), records: records, children: children)
    var outer = frames?.popLast() ?? []
    outer.append(explanation)
    frames?.append(outer)
    return outcome
  }

  private mutating func compute(_ node: TypedNode) -> Outcome {
    if node.isFleeting { facts.standsOnlyNow() }
    switch node.operation {
    case .constant(let outcome): return outcome
    case .binding(let slot, let body): return binding(slot, body)
    case .rowField(let field): return row?.value(of: field, facts) ?? .missing(.named("no row"))
    case .scalar(let scalar): return value(of: scalar)
    case .figure(let figure): return facts.figures?.value(of: figure) ?? .missing(.because(.noFigure))
    case .accountField(let path): return accountField(path, node.type)
    case .negate(let inner): return Arithmetic.negated(value(of: inner))
    case .not(let inner): return Self.negated(value(of: inner))
    case .both(let a, let b): return both(a, b)
    case .either(let a, let b): return either(a, b)
    case .arithmetic(let sign, let a, let b): return Arithmetic.combine(sign, value(of: a), value(of: b))
    case .compare(let sign, let a, let b):
      let (left, right) = (value(of: a), value(of: b))
      noteMeeting(a, left, b, right)
      return Arithmetic.compare(sign, left, right)
    case .compareRank(let sign, let words, let a, let b): return Arithmetic.compareRank(sign, words, value(of: a), value(of: b))
    case .membership(let inner, let members):
      let outcome = value(of: inner)
      return outcome.isMissing ? outcome : .flag(members.contains(outcome))
    case .contains(let inner, let phrases): return contains(value(of: inner), phrases)
    case .mentions(let lexicon): return mentions(lexicon)
    case .presence(let inner, let isKnown):
      let outcome = value(of: inner)
      // What a feed that does not get on would say is not known, and so neither is whether it would say anything.
      if outcome.missing?.isStale ?? false { return outcome }
      return .flag(outcome.isMissing != isKnown)
    case .lasting(let inner, let days): return lasting(inner, days)
    case .occurring(let inner, let days): return occurring(inner, days)
    case .conditional(let test, let then, let otherwise):
      let outcome = value(of: test)
      return outcome.isMissing ? outcome : value(of: outcome.isTrue ? then : otherwise)
    case .extreme(let isGreatest, let nodes): return extreme(nodes, isGreatest)
    case .absolute(let inner):
      let outcome = value(of: inner)
      let negated = Arithmetic.negated(outcome)
      return outcome.isLess(than: negated) == true ? negated : outcome
    case .since(let inner):
      let outcome = value(of: inner)
      guard case .instant(let instant) = outcome else { return outcome }
      return .duration(facts.now - instant)
    case .ago(let inner, let days):
      var past = Evaluation(facts.shifted(byDays: days), bindings: slots.count, readsFrozen: false)
      past.row = row
      return past.value(of: inner)
    case .aggregate(let aggregate): return self.aggregate(aggregate)
    case .change(let aggregate, let days, let before): return change(aggregate, days, before)
    case .ownLevel(let aggregate, let days, let reference): return ownLevel(aggregate, days, reference, node.type)
    case .belowOwnLevel(let aggregate, let days, let reference): return belowOwnLevel(aggregate, days, reference)
    case .peak(let scalar, let days, let reference): return peak(scalar, days, reference)
    case .adjusted(let inner, let feature): return adjusted(inner, feature)
    case .percentile(let inner, _, let feature): return percentile(inner, feature, node.type)
    case .rare(let aggregate, let days, _, let feature): return rare(aggregate, days, feature)
    case .dailyRate(let aggregate, let days): return dailyRate(aggregate, days)
    case .firing(let rule): return .flag(facts.ruleStates[rule]?.isFiring ?? false)
    case .levelOf(let rule):
      guard let standing = facts.ruleStates[rule], standing.isFiring else { return .text("none") }
      return .text(standing.level)
    case .anyFiring(let rules, let rank): return anyFiring(rules, atLeast: rank)
    }
  }

  private mutating func binding(_ slot: Int, _ body: TypedNode) -> Outcome {
    guard frames == nil, slots.indices.contains(slot) else { return detachedValue(of: body) }
    if let known = slots[slot] { return known }
    let outcome = detachedValue(of: body)
    slots[slot] = outcome
    return outcome
  }

  // MARK: Kleene logic

  static func negated(_ outcome: Outcome) -> Outcome {
    guard case .flag(let flag) = outcome else { return outcome }
    return .flag(!flag)
  }

  private mutating func both(_ a: TypedNode, _ b: TypedNode) -> Outcome {
    let left = value(of: a)
    if left.isFalse, frames == nil { return left }
    let right = value(of: b)
    if left.isFalse || right.isFalse { return .flag(false) }
    return left.isMissing ? left : right
  }

  private mutating func either(_ a: TypedNode, _ b: TypedNode) -> Outcome {
    let left = value(of: a)
    if left.isTrue, frames == nil { return left }
    let right = value(of: b)
    if left.isTrue || right.isTrue { return .flag(true) }
    return left.isMissing ? left : right
  }

  /// Whether a condition holds as of each of the last days, the current one first.
  private mutating func lasting(_ condition: TypedNode, _ days: Int) -> Outcome {
    var missing: Outcome?
    let today = value(of: condition)
    if today.isFalse { return today }
    if today.isMissing { missing = today }
    for back in 1..<max(days, 1) {
      var past = Evaluation(facts.shifted(byDays: back), bindings: slots.count, readsFrozen: readsFrozen)
      past.row = row
      let outcome = past.value(of: condition)
      if outcome.isFalse { return outcome }
      if outcome.isMissing { missing = missing ?? outcome }
    }
    return missing ?? .flag(true)
  }

  /// Whether a condition held as of any of the last days, the current one first; missing where none is true and one is missing.
  private mutating func occurring(_ condition: TypedNode, _ days: Int) -> Outcome {
    let today = value(of: condition)
    if today.isTrue { return today }
    var missing = today.isMissing ? today : nil
    for back in 1..<max(days, 1) {
      var past = Evaluation(facts.shifted(byDays: back), bindings: slots.count, readsFrozen: readsFrozen)
      past.row = row
      let outcome = past.value(of: condition)
      if outcome.isTrue { return outcome }
      if outcome.isMissing { missing = missing ?? outcome }
    }
    return missing ?? .flag(false)
  }

  private func contains(_ outcome: Outcome, _ phrases: [Phrase]) -> Outcome {
    switch outcome {
    case .text(let text): .flag(Phrase.isAny(of: phrases, in: text))
    case .list(let texts): .flag(texts.contains { text in phrases.contains { $0.text == text.lowercased() } })
    default: outcome
    }
  }

  private mutating func extreme(_ nodes: [TypedNode], _ isGreatest: Bool) -> Outcome {
    var best: Outcome?
    for node in nodes {
      let outcome = value(of: node)
      if outcome.isMissing { return outcome }
      guard let current = best else {
        best = outcome
        continue
      }
      if (isGreatest ? current.isLess(than: outcome) : outcome.isLess(than: current)) == true { best = outcome }
    }
    return best ?? .missing(.named("nothing to compare"))
  }

  private func anyFiring(_ rules: [String], atLeast rank: Int) -> Outcome {
    .flag(
      rules.contains { id in
        guard let standing = facts.ruleStates[id], standing.isFiring else { return false }
        return (RuleSchema.levels.words.firstIndex(of: standing.level) ?? 0) >= rank
      })
  }

  // MARK: References

  /// The value an open episode froze; nil where none is open and the reference is computed.
  func frozen(_ reference: String, as type: ExpressionType) -> Outcome? {
    guard readsFrozen else { return nil }
    if let value = facts.frozen[reference] { return Outcome(value, as: type) }
    return facts.openedAt == nil ? nil : .missing(.because(.notFrozen))
  }
}

extension Phrase {
  /// Whether any phrase stands in a text, letter case aside, from the start of a word on: `invoice` finds `Invoices`, not `reinvoice`.
  static func isAny(of phrases: [Phrase], in text: String) -> Bool {
    let bytes = Array(text.lowercased().utf8)
    return phrases.contains { $0.stands(in: bytes) }
  }

  private func stands(in text: [UInt8]) -> Bool {
    guard let first = bytes.first, text.count >= bytes.count else { return false }
    for start in 0...(text.count - bytes.count) where text[start] == first && (start == 0 || !Self.isLetter(text[start - 1])) {
      if text[start..<start + bytes.count].elementsEqual(bytes) { return true }
    }
    return false
  }

  private static func isLetter(_ byte: UInt8) -> Bool { byte >= 128 || (97...122).contains(byte) || (48...57).contains(byte) }
}
