internal import ConfigFiles
internal import Events

/// An entry of `define:` in a rule file.
struct DefinitionEntry {
  let name: String
  let key: Node
  let value: Node
  /// What the expressions in it say, for the order in which definitions are checked.
  let words: Set<String>

  init(_ entry: Node.Entry) {
    name = entry.name
    key = entry.key
    value = entry.value
    let texts = entry.value.text.map { [$0] } ?? (entry.value.entries ?? []).compactMap(\.value.text)
    words = texts.reduce(into: []) { $0.formUnion(Parser.parse($1).syntax.words) }
  }
}

extension RuleReader {
  /// The scope that all rules share: the definitions of all files, each behind those it uses; reports names defined twice and circles.
  func definitions(_ entries: [Node.Entry], into diagnostics: inout Diagnostics) -> ExpressionScope {
    var scope = ExpressionScope(rules: catalogue)
    scope.lexicons = lexicons
    if entries.count > RuleLimits.definitions {
      diagnostics.report(
        .tooMany, "there are \(entries.count) definitions; at most \(RuleLimits.definitions) are read", at: entries[0].key.range)
      return scope
    }
    var waiting: [DefinitionEntry] = []
    for entry in entries.map(DefinitionEntry.init) {
      guard isFree(entry.name, entry.key, into: &diagnostics) else { continue }
      if let first = waiting.first(where: { $0.name == entry.name }) {
        diagnostics.report(
          .duplicateDefinition, "\(entry.name) is defined twice", at: entry.key.range,
          hint: "the other stands at \(first.key.range.file.path):\(first.key.range.line)")
        continue
      }
      waiting.append(entry)
    }
    while let index = waiting.firstIndex(where: { entry in !waiting.contains { entry.words.contains($0.name) } }) {
      let entry = waiting.remove(at: index)
      let (syntax, node) = value(entry.name, entry.value, scope, &diagnostics)
      scope.bindings[entry.name] = ExpressionScope.Binding(
        slot: ExpressionScope.Binding.shared, syntax: syntax, node: node, definedAt: "\(entry.key.range.file.path):\(entry.key.range.line)")
    }
    for entry in waiting {
      // A name that waits is known in its own faults only, so that one circle is one fault for each of its members.
      let node = TypedNode(.constant(.missing(.named("not checked"))), .unknown, source: entry.name)
      scope.bindings[entry.name] = ExpressionScope.Binding(
        slot: ExpressionScope.Binding.shared, syntax: Syntax(form: .fault, range: 0..<0), node: node,
        definedAt: "\(entry.key.range.file.path):\(entry.key.range.line)")
      guard isInCircle(entry, among: waiting) else { continue }
      diagnostics.report(
        .definitionCycle, "\(entry.name) is defined by way of itself", at: entry.key.range,
        hint: "a definition may use others only if none of them uses it")
    }
    return scope
  }

  private func isInCircle(_ entry: DefinitionEntry, among waiting: [DefinitionEntry]) -> Bool {
    var seen: Set<String> = []
    var reached = entry.words
    while let next = waiting.first(where: { reached.contains($0.name) && !seen.contains($0.name) }) {
      if next.name == entry.name { return true }
      seen.insert(next.name)
      reached.formUnion(next.words)
    }
    return false
  }

  /// Whether a name may be given to a value; reports why not.
  func isFree(_ name: String, _ key: Node, into diagnostics: inout Diagnostics) -> Bool {
    if !Self.isName(name) {
      diagnostics.report(
        .badName, "\(name) is no name for a value", at: key.range, hint: "names are lower-case words joined by underscores")
      return false
    }
    if Scalar(rawValue: name) != nil || RuleSchema.rowKind(name) != nil || name == "usage" || name == "opening" {
      diagnostics.report(
        .badName, "\(name) already means something in the rule language", at: key.range, hint: "choose another name")
      return false
    }
    return true
  }
}

extension Syntax {
  /// All names in it that may stand for values.
  fileprivate var words: Set<String> {
    switch form {
    case .name(let name): [name]
    case .call(_, _, let arguments): arguments.reduce(into: []) { $0.formUnion($1.value.words) }
    case .list(let items): items.reduce(into: []) { $0.formUnion($1.words) }
    case .negate(let inner), .not(let inner), .presence(let inner, _): inner.words
    case .membership(let inner, let items), .contains(let inner, let items): items.reduce(into: inner.words) { $0.formUnion($1.words) }
    case .binary(_, let a, let b), .lasting(let a, let b), .occurring(let a, let b): a.words.union(b.words)
    case .number, .duration, .text, .flag, .fault: []
    }
  }
}
