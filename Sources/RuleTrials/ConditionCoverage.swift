package import Rules

/// Which ways the conditions of a rule were seen to go: each part that is true or false counts two branches.
package struct ConditionCoverage: Sendable {
  private var seen: [Branch: Set<Bool>] = [:]

  /// A part of a condition, by its place: the condition, then the way down to the part.
  private struct Branch: Hashable, Sendable {
    let path: [Int]
    let condition: String
    let source: String
  }

  package init() {}

  /// Notes what each part of a rule's conditions came to; missing is neither way.
  package mutating func note(_ explanation: RuleExplanation) {
    for part in explanation.parts { note(part.explanation, part.name, []) }
  }

  private mutating func note(_ explanation: Explanation, _ condition: String, _ path: [Int]) {
    if explanation.type == .flag {
      let branch = Branch(
        path: path, condition: condition, source: explanation.source.split(whereSeparator: \.isWhitespace).joined(separator: " "))
      seen[branch, default: []].formUnion(explanation.outcome.isTrue ? [true] : explanation.outcome.isFalse ? [false] : [])
    }
    for (index, child) in explanation.children.enumerated() { note(child, condition, path + [index]) }
  }

  package mutating func merge(_ other: ConditionCoverage) { seen.merge(other.seen) { $0.union($1) } }

  /// Branches seen and branches there are.
  package var branches: (seen: Int, all: Int) { (seen.values.reduce(0) { $0 + $1.count }, seen.count * 2) }

  /// In per cent, rounded down.
  package var percent: Int { branches.all == 0 ? 0 : branches.seen * 100 / branches.all }

  /// `config/rules/usage.yaml:33 when: drop >= 60% was never false`, in the order of the rule.
  ///
  /// - Parameter place: where a part of the rule stands; nil where nobody knows.
  package func gaps(place: (String) -> String?) -> [String] {
    seen.filter { $0.value.count < 2 }.sorted { ($0.key.condition, $0.key.path) < ($1.key.condition, $1.key.path) }.map { branch, ways in
      let never = ways.isEmpty ? "never known" : ways.contains(true) ? "never false" : "never true"
      let place = place(branch.source).map { $0 + " " } ?? ""
      return "\(place)\(branch.condition): \(branch.source) was \(never)"
    }
  }
}

private func < (a: (String, [Int]), b: (String, [Int])) -> Bool {
  a.0 == b.0 ? a.1.lexicographicallyPrecedes(b.1) : a.0 < b.0
}
