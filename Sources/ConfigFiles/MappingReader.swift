package import Events

/// Reads the keys of one mapping and notices those nobody asked for.
///
/// Every method reports what is wrong and returns nil (or the empty value); `finish` reports the keys never asked for, with a
/// did-you-mean among those that were.
package struct MappingReader {
  /// The mapping being read.
  package let node: Node
  private let entries: [Node.Entry]
  private let what: String
  private var asked: [String] = []
  /// Keys that must be there and are not, while another key looks like them: by that other key.
  private var standIns: [String: String] = [:]

  /// Nil, and a report, if the node is no mapping; an empty value counts as an empty mapping.
  ///
  /// - Parameter what: what the mapping describes, for messages: `feed`, `rule`.
  package init?(_ node: Node, what: String, into diagnostics: inout Diagnostics) {
    switch node.content {
    case .mapping(let entries): self.entries = entries
    case .null: entries = []
    case .scalar, .sequence:
      diagnostics.report(
        .wrongType, "a \(what) is a mapping of keys to values, not \(node.description)", at: node.range,
        hint: "write it as key: value lines")
      return nil
    }
    self.node = node
    self.what = what
    for entry in entries where entry.key.text == nil {
      diagnostics.report(.wrongType, "a key of a \(what) is a word, not \(entry.key.description)", at: entry.key.range)
    }
  }

  /// The value, or nil where the key is absent or has no value.
  package mutating func optional(_ key: String) -> Node? {
    asked.append(key)
    guard let value = entries.first(where: { $0.key.text == key })?.value, !value.isNull else { return nil }
    return value
  }

  /// The value; its absence is an error. A key that looks like it stands in for it, so that its value is checked too.
  package mutating func required(_ key: String, into diagnostics: inout Diagnostics) -> Node? {
    if let value = optional(key) { return value }
    if let entry = entries.first(where: { $0.key.text == key }) {
      diagnostics.report(.missingKey, "\(key) has no value", at: entry.key.range, hint: "every \(what) needs \(key)")
    } else {
      if let value = misspelt(key) { return value }
      diagnostics.report(.missingKey, "this \(what) has no \(key)", at: node.range, hint: "add a line \(key): …")
    }
    return nil
  }

  /// The value under a key that nobody asked for and that looks like a missing one; `finish` reports the key.
  ///
  /// Only for a key whose absence is an error in any case: a mapping without fault must never be read so.
  package mutating func misspelt(_ key: String) -> Node? {
    if entries.contains(where: { $0.key.text == key }) { return nil }
    guard let entry = entries.first(where: { !asked.contains($0.name) && nearest($0.name, among: [key]) != nil }) else { return nil }
    if !asked.contains(key) { asked.append(key) }
    standIns[entry.name] = key
    return entry.value.isNull ? nil : entry.value
  }

  /// Where a key stands, for messages about it; the whole mapping where it is absent.
  package func range(ofKey key: String) -> SourceRange { entries.first { $0.key.text == key }?.key.range ?? node.range }

  /// A text; null where the key is absent.
  package mutating func text(_ key: String, into diagnostics: inout Diagnostics) -> String? {
    optional(key).flatMap { $0.text(for: key, into: &diagnostics) }
  }

  package mutating func requiredText(_ key: String, into diagnostics: inout Diagnostics) -> String? {
    required(key, into: &diagnostics).flatMap { $0.text(for: key, into: &diagnostics) }
  }

  /// A whole number within bounds.
  package mutating func integer(_ key: String, in bounds: ClosedRange<Int64>, into diagnostics: inout Diagnostics) -> Int64? {
    optional(key).flatMap { $0.integer(for: key, in: bounds, into: &diagnostics) }
  }

  /// `true` or `false`.
  package mutating func flag(_ key: String, into diagnostics: inout Diagnostics) -> Bool? {
    optional(key).flatMap { $0.flag(for: key, into: &diagnostics) }
  }

  /// A duration such as `14d`.
  package mutating func duration(_ key: String, into diagnostics: inout Diagnostics) -> Span? {
    optional(key).flatMap { $0.duration(for: key, into: &diagnostics) }
  }

  /// One of some words.
  package mutating func choice(_ key: String, among words: [String], into diagnostics: inout Diagnostics) -> String? {
    optional(key).flatMap { $0.choice(for: key, among: words, into: &diagnostics) }
  }

  /// The case of an enumeration that a word names.
  package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, as type: Choice.Type, into diagnostics: inout Diagnostics
  ) -> Choice? {
    choice(key, among: Choice.allCases.map(\.rawValue), into: &diagnostics).flatMap(Choice.init(rawValue:))
  }

  /// The elements of a list; none where the key is absent.
  package mutating func list(_ key: String, into diagnostics: inout Diagnostics) -> [Node] {
    optional(key).map { $0.list(for: key, into: &diagnostics) } ?? []
  }

  /// The entries of a mapping with free keys; none where the key is absent.
  package mutating func mapping(_ key: String, into diagnostics: inout Diagnostics) -> [Node.Entry] {
    guard let value = optional(key), !value.isUnresolved else { return [] }
    guard let entries = value.entries else {
      diagnostics.report(.wrongType, "\(key) is a mapping of keys to values, not \(value.description)", at: value.range)
      return []
    }
    return entries
  }

  /// Reports each key that was never asked for.
  package func finish(into diagnostics: inout Diagnostics) {
    for entry in entries {
      guard let name = entry.key.text else { continue }
      if asked.contains(name) {
        guard let key = standIns[name] else { continue }
        diagnostics.report(.missingKey, "this \(what) has no \(key)", at: node.range, hint: "\(name) looks like a misspelt \(key)")
        continue
      }
      diagnostics.report(
        .unknownKey, "unknown key \(name) in this \(what)", at: entry.key.range,
        hint: standIns[name].map { "did you mean \($0)?" } ?? suggestion(for: name, among: asked))
    }
  }
}

extension Node {
  /// The text, reported where it is none. Numbers and flags are texts too: YAML needs no quotes around them.
  package func text(for name: String, into diagnostics: inout Diagnostics) -> String? {
    if isUnresolved { return nil }
    if let text { return text }
    diagnostics.report(
      .wrongType, "\(name) is a text, not \(description)", at: range,
      hint: placeholder.map { "in YAML, braces without quotes are a mapping: write \"{\($0)}\"" })
    return nil
  }

  /// The name in a `{name}` that was meant as a text and is a mapping to YAML, having no quotes.
  private var placeholder: String? {
    guard let entries, entries.count == 1, entries[0].value.isNull else { return nil }
    return entries[0].key.text
  }

  package func integer(for name: String, in bounds: ClosedRange<Int64>, into diagnostics: inout Diagnostics) -> Int64? {
    if isUnresolved { return nil }
    if let number = text.flatMap({ Int64($0) }), bounds.contains(number) { return number }
    diagnostics.report(
      .wrongType, "\(name) is a whole number from \(bounds.lowerBound) to \(bounds.upperBound), not \(text ?? description)", at: range)
    return nil
  }

  package func flag(for name: String, into diagnostics: inout Diagnostics) -> Bool? {
    if isUnresolved { return nil }
    switch text {
    case "true": return true
    case "false": return false
    default:
      diagnostics.report(.wrongType, "\(name) is true or false, not \(text ?? description)", at: range, hint: "write true or false")
      return nil
    }
  }

  package func duration(for name: String, into diagnostics: inout Diagnostics) -> Span? {
    if isUnresolved { return nil }
    if let span = text.flatMap(Span.init(literal:)) { return span }
    diagnostics.report(
      .badDuration, "\(name) is a duration, not \(text ?? description)", at: range,
      hint: (text.flatMap(Span.meant).map { "did you mean \($0)? " } ?? "")
        + "write a whole number and s, m, h, d or w, such as 90s, 12h or 28d")
    return nil
  }

  package func choice(for name: String, among words: [String], into diagnostics: inout Diagnostics) -> String? {
    if isUnresolved { return nil }
    if let text, words.contains(text) { return text }
    diagnostics.report(
      .badChoice, "\(name) cannot be \(text ?? description)", at: range,
      hint: text.flatMap { suggestion(for: $0, among: words) } ?? "known here: \(words.joined(separator: ", "))")
    return nil
  }

  package func list(for name: String, into diagnostics: inout Diagnostics) -> [Node] {
    if isUnresolved { return [] }
    if let elements { return elements }
    diagnostics.report(
      .wrongType, "\(name) is a list, not \(description)", at: range, hint: "write each entry on its own line after a dash, or [a, b]")
    return []
  }
}
