/// A piece of a YAML file that knows where it stands.
package struct Node: Sendable {
  package indirect enum Content: Sendable {
    /// A text; `quoted` where quotes or a block mark say that it is no number, flag or null.
    case scalar(String, quoted: Bool)
    case sequence([Node])
    case mapping([Entry])
    case null
  }

  /// A key and its value, in the order of the file.
  package struct Entry: Sendable {
    package let key: Node
    package let value: Node

    package init(key: Node, value: Node) {
      self.key = key
      self.value = value
    }

    /// The key's text; empty where the key is no scalar.
    package var name: String { key.text ?? "" }
  }

  package var content: Content
  /// A scalar's content without its quotes; a block scalar from its mark; a mapping's first key; a sequence's first mark.
  package var range: SourceRange
  /// Whether a `${NAME}` in it has no value; readers of typed values then stay silent, since the variable was reported or not asked for.
  package var isUnresolved = false

  package init(_ content: Content, range: SourceRange) {
    self.content = content
    self.range = range
  }

  package var text: String? { if case .scalar(let text, _) = content { text } else { nil } }
  package var elements: [Node]? { if case .sequence(let nodes) = content { nodes } else { nil } }
  package var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
  package var isNull: Bool { if case .null = content { true } else { false } }

  /// The value under a key of a mapping.
  package subscript(key: String) -> Node? { entries?.first { $0.key.text == key }?.value }

  /// What it is, in words for a message: `a text`, `a list`, `a mapping`, `nothing`.
  package var description: String {
    switch content {
    case .scalar: "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .null: "nothing"
    }
  }
}

extension Node {
  /// Where a part of a scalar's text stands in the file.
  ///
  /// Follows folded lines, indentation and quotes; where the text differs from the file in any other way (an escape, an interpolated
  /// variable), the whole scalar.
  ///
  /// - Parameters:
  ///   - offset: UTF-8 bytes into `text`.
  ///   - length: UTF-8 bytes.
  package func range(ofTextAt offset: Int, length: Int) -> SourceRange {
    guard case .scalar(let text, _) = content else { return range }
    let value = Array(text.utf8)
    let source = Array(range.text.utf8)
    var reader = TextAlignment(value: value, source: source)
    guard let start = reader.advance(to: offset), let end = reader.advance(to: offset + length) else { return range }
    return range.subrange(offset: start, length: max(0, end - start))
  }
}
