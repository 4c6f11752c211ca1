internal import Yams

extension Diagnostic.Code {
  package static let yamlSyntax: Self = "BW0101"
  package static let duplicateKey: Self = "BW0102"
  package static let yamlAnchor: Self = "BW0103"
  package static let fileTooLarge: Self = "BW0104"
  package static let unknownKey: Self = "BW0105"
  package static let missingKey: Self = "BW0106"
  package static let wrongType: Self = "BW0107"
  package static let badDuration: Self = "BW0108"
  package static let badChoice: Self = "BW0109"
  package static let missingVariable: Self = "BW0110"
  package static let missingSecret: Self = "BW0111"
}

/// Reads the one YAML document of a file; nil where it has faults that leave nothing to read, or holds nothing.
///
/// Anchors and aliases are refused: a configuration file should say what it means where it means it, and a few nested aliases stand
/// for billions of nodes.
package func parse(_ file: SourceFile, into diagnostics: inout Diagnostics) -> Node? {
  guard file.text.utf8.count <= SourceFile.byteLimit else {
    diagnostics.report(
      .fileTooLarge, "the file has \(file.text.utf8.count) bytes; at most \(SourceFile.byteLimit) are read",
      at: SourceRange(file: file, offset: 0, length: 1), hint: "split it into several files")
    return nil
  }
  var converter = NodeConverter(file: file)
  do {
    // The parser owns the anchors' names: the nodes hold them weakly.
    let parser = try Parser(yaml: file.text, encoding: .utf8)
    return try withExtendedLifetime(parser) {
      guard let root = try parser.singleRoot() else { return nil }
      let node = converter.node(root)
      for range in converter.anchors {
        diagnostics.report(.yamlAnchor, "anchors and aliases are not used here", at: range, hint: "write the value out at each place")
      }
      return converter.anchors.isEmpty ? node : nil
    }
  } catch let error as YamlError {
    converter.report(error, into: &diagnostics)
  } catch {
    diagnostics.report(.yamlSyntax, "not readable as YAML: \(error)", at: SourceRange(file: file, offset: 0, length: 1))
  }
  return nil
}

/// Turns Yams' nodes, which know line and column in Unicode scalars, into nodes that know their bytes.
private struct NodeConverter {
  private let file: SourceFile
  private let bytes: [UInt8]
  private let lineStarts: [Int]
  private(set) var anchors: [SourceRange] = []

  /// How deep lists and mappings may nest; libYAML itself stops at 1,000.
  private static let depthLimit = 1000

  init(file: SourceFile) {
    self.file = file
    bytes = Array(file.text.utf8)
    var starts = [0]
    for (index, byte) in bytes.enumerated() {
      let isLineEnd = byte == UInt8(ascii: "\n") || (byte == UInt8(ascii: "\r") && !(index + 1 < bytes.count && bytes[index + 1] == 10))
      if isLineEnd { starts.append(index + 1) }
    }
    lineStarts = starts
  }

  mutating func node(_ node: Yams.Node) -> Node {
    let start = offset(of: node.mark)
    if node.anchor != nil { anchors.append(SourceRange(file: file, offset: start, length: 1)) }
    switch node {
    case .scalar(let scalar): return convert(scalar, at: start)
    case .sequence(let sequence): return Node(.sequence(sequence.map { self.node($0) }), range: range(start, 1))
    case .mapping(let mapping):
      let entries = mapping.map { Node.Entry(key: self.node($0.key), value: self.node($0.value)) }
      let length = entries.first.map { $0.key.range.offset == start ? $0.key.range.length : 1 } ?? 1
      return Node(.mapping(entries), range: range(start, length))
    case .alias:
      anchors.append(range(start, 1))
      return Node(.null, range: range(start, 1))
    }
  }

  private func convert(_ scalar: Yams.Node.Scalar, at start: Int) -> Node {
    let value = Array(scalar.string.utf8)
    switch scalar.style {
    case .singleQuoted, .doubleQuoted:
      return Node(.scalar(scalar.string, quoted: true), range: quotedContent(from: start))
    case .literal, .folded:
      return Node(.scalar(scalar.string, quoted: true), range: range(start, alignedLength(of: value, from: start)))
    case .plain, .any:
      if ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return Node(.null, range: range(start, max(1, value.count))) }
      return Node(.scalar(scalar.string, quoted: false), range: range(start, alignedLength(of: value, from: start)))
    }
  }

  private func alignedLength(of value: [UInt8], from start: Int) -> Int {
    var alignment = TextAlignment(value: value, source: bytes, from: start)
    return alignment.advance(to: value.count).map { $0 - start } ?? 1
  }

  private func quotedContent(from start: Int) -> SourceRange {
    guard start < bytes.count else { return range(start, 0) }
    let quote = bytes[start]
    guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return range(start, 1) }
    var end = start + 1
    while end < bytes.count {
      if bytes[end] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        end += 2
      } else if bytes[end] != quote {
        end += 1
      } else if quote == UInt8(ascii: "'"), end + 1 < bytes.count, bytes[end + 1] == quote {
        end += 2
      } else {
        break
      }
    }
    return range(start + 1, end - start - 1)
  }

  private func range(_ offset: Int, _ length: Int) -> SourceRange { SourceRange(file: file, offset: offset, length: length) }

  /// The byte of a mark; past the end of a line, the line's end.
  private func offset(of mark: Mark?) -> Int {
    guard let mark, mark.line >= 1 else { return 0 }
    guard mark.line <= lineStarts.count else { return bytes.count }
    var index = lineStarts[mark.line - 1]
    var scalars = mark.column - 1
    while scalars > 0, index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
      index += 1
      while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
      scalars -= 1
    }
    return index
  }
}

extension NodeConverter {
  func report(_ error: YamlError, into diagnostics: inout Diagnostics) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let advice = YAMLAdvice(problem: problem, context: context?.text)
      let place = advice.pointsAtContext ? context?.mark ?? mark : mark
      let hint = barePlaceholder(at: offset(of: mark)).map { "put a text that begins with \($0) in quotes" } ?? advice.hint
      diagnostics.report(.yamlSyntax, "YAML syntax: \(problem)", at: visible(offset(of: place)), hint: hint)
    case .duplicatedKeysInMapping(let names, let context):
      let first = offset(of: context.mark)
      diagnostics.report(
        .duplicateKey, "the key \(names.first ?? "") appears twice in this mapping", at: secondOccurrence(ofKeyAt: first),
        hint: "keep one of the two; the other would be ignored")
    case .reader(let problem, _, _, _):
      diagnostics.report(.yamlSyntax, "YAML syntax: \(problem)", at: range(0, 1), hint: "save the file as UTF-8 without control characters")
    default:
      diagnostics.report(.yamlSyntax, "not readable as YAML: \(error)", at: range(0, 1))
    }
  }

  /// A `{from}` on the line of a place that begins a longer text without quotes: to YAML its brace opens a mapping.
  private func barePlaceholder(at offset: Int) -> String? {
    range(offset, 0).position.lineText.firstMatch(of: /[:,\[] *(\{[a-z][A-Za-z.]*\})[^ ,}\]]/).map { String($0.1) }
  }

  /// A place at the very end of the file shows nothing: the last visible character instead.
  private func visible(_ offset: Int) -> SourceRange {
    var offset = min(offset, max(0, bytes.count - 1))
    if offset == max(0, bytes.count - 1) {
      while offset > 0, bytes[offset] == 10 || bytes[offset] == 13 || bytes[offset] == 32 { offset -= 1 }
    }
    return range(offset, 1)
  }

  /// The next line that begins, at the same indentation, with the same key; the key itself where there is none.
  private func secondOccurrence(ofKeyAt first: Int) -> SourceRange {
    guard let lineIndex = lineStarts.lastIndex(where: { $0 <= first }) else { return range(first, 1) }
    let key = bytes[first...].prefix { $0 != UInt8(ascii: ":") && $0 != 10 }
    let indent = first - lineStarts[lineIndex]
    for start in lineStarts.dropFirst(lineIndex + 1) where start + indent + key.count < bytes.count {
      let candidate = start + indent
      if bytes[start..<candidate].allSatisfy({ $0 == 32 }), bytes[candidate..<candidate + key.count] == key,
        bytes[candidate + key.count] == UInt8(ascii: ":")
      {
        return range(candidate, key.count)
      }
    }
    return range(first, key.count)
  }
}

/// What to do about libYAML's complaints, in the words of someone editing a file.
private struct YAMLAdvice {
  let hint: String
  let pointsAtContext: Bool

  init(problem: String, context: String?) {
    var pointsAtContext = false
    switch problem {
    case _ where problem.contains("mapping values are not allowed"):
      hint = "put the text in quotes if it holds a colon and a space, or check the indentation of this line"
    case _ where problem.contains("cannot start any token"):
      hint = "indent with spaces, not tabs; put texts that begin with @ ` % { [ * & ! | > in quotes"
    case _ where problem.contains("could not find expected ':'"):
      hint = "a key needs a colon and a space after it; check the indentation of the lines above"
      pointsAtContext = true
    case _ where problem.contains("did not find expected <block end>") || problem.contains("did not find expected key"):
      hint = "check the indentation: entries of one mapping or list begin in the same column"
    case _ where problem.contains("unexpected end of stream") || problem.contains("document indicator"):
      hint = "close the quote or bracket that opens here"
      pointsAtContext = true
    case _ where problem.contains("did not find expected ',' or"):
      hint = "separate the entries by commas and close the bracket that opens here"
      pointsAtContext = true
    case _ where problem.contains("another document"):
      hint = "one file holds one document: remove the line ---"
    default:
      hint = context.map { "it happened \($0)" } ?? "check quotes, brackets and indentation around this place"
    }
    self.pointsAtContext = pointsAtContext
  }
}
