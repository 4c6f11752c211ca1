package import Events

/// Something a person should change in a file: what, where, and how.
package struct Diagnostic: Error, Hashable, Sendable {
  /// How bad it is: an error keeps the configuration from being used, a warning does not.
  package enum Severity: String, Sendable {
    case error
    case warning
  }

  /// The stable name of a kind of fault, such as `BW0101`; a plain literal is an error.
  package struct Code: Hashable, Sendable, ExpressibleByStringLiteral {
    package let id: String
    package let severity: Severity

    package init(_ id: String, _ severity: Severity) {
      self.id = id
      self.severity = severity
    }

    package init(stringLiteral id: String) { self.init(id, .error) }

    package static func warning(_ id: String) -> Code { Code(id, .warning) }
  }

  package let code: String
  package let severity: Severity
  /// What is wrong, as a clause without a full stop.
  package let message: String
  package let range: SourceRange
  /// What to do about it.
  package let hint: String?

  package init(_ code: Code, _ message: String, at range: SourceRange, hint: String? = nil) {
    self.code = code.id
    self.severity = code.severity
    self.message = message
    self.range = range
    self.hint = hint
  }

  /// The fault as a person reads it: place, message, their own line, a caret under the spot, the hint.
  package func rendered() -> String {
    let (line, column, lineText) = range.position
    let number = String(line)
    let gutter = String(repeating: " ", count: number.count)
    let before = lineText.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
    let covered = range.text.prefix { !$0.isNewline }.count
    let caret = String(repeating: "^", count: max(1, min(covered, lineText.count - column + 1)))
    var text = """
      \(range.file.path):\(line):\(column): \(severity.rawValue)[\(code)]: \(message)
       \(number) | \(lineText)
       \(gutter) | \(before)\(caret)
      """
    if let hint { text += "\n \(gutter) = hint: \(hint)" }
    return text
  }

  /// Where the code is explained, from the project's root.
  package var documentation: String { "docs/rules/errors.md#\(code.lowercased())" }

  /// The fault for machines: `code severity message file line column length source hint docs`; columns count characters from 1, lengths
  /// are UTF-8 bytes.
  package var json: JSON {
    let (line, column, lineText) = range.position
    return [
      "code": .text(code), "severity": .text(severity.rawValue), "message": .text(message), "file": .text(range.file.path),
      "line": JSON(line), "column": JSON(column), "length": JSON(range.length), "source": .text(lineText), "hint": JSON(hint),
      "docs": .text(documentation),
    ]
  }
}

/// The faults found in one run over any number of files, sorted by file and place, each once.
package struct Diagnostics: Sendable {
  package private(set) var all: [Diagnostic] = []

  package init() {}

  package mutating func report(_ code: Diagnostic.Code, _ message: String, at range: SourceRange, hint: String? = nil) {
    add(Diagnostic(code, message, at: range, hint: hint))
  }

  package mutating func add(_ diagnostic: Diagnostic) {
    let index = all.firstIndex { Self.inOrder(diagnostic, $0) } ?? all.endIndex
    if !all.contains(diagnostic) { all.insert(diagnostic, at: index) }
  }

  package mutating func add(contentsOf others: Diagnostics) {
    for diagnostic in others.all { add(diagnostic) }
  }

  package var hasErrors: Bool { all.contains { $0.severity == .error } }
  package var errorCount: Int { all.count { $0.severity == .error } }
  package var isEmpty: Bool { all.isEmpty }

  /// Every fault as a person reads it, an empty line between them.
  package func rendered() -> String { all.map { $0.rendered() }.joined(separator: "\n\n") }

  private static func inOrder(_ a: Diagnostic, _ b: Diagnostic) -> Bool {
    if a.range.file.path != b.range.file.path { return a.range.file.path < b.range.file.path }
    if a.range.offset != b.range.offset { return a.range.offset < b.range.offset }
    return a.code < b.code
  }
}
