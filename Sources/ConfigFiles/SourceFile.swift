/// A text that a person wrote, under the name they know it by.
package struct SourceFile: Hashable, Sendable {
  /// The path as shown to people; nothing is read from it here.
  package let path: String
  package let text: String

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// The most bytes a configuration file may have: 1 MiB.
  package static let byteLimit = 1 << 20

  /// The range of the whole text.
  package var range: SourceRange { SourceRange(file: self, offset: 0, length: text.utf8.count) }
}

/// A stretch of a file, in UTF-8 bytes.
package struct SourceRange: Sendable {
  package let file: SourceFile
  /// UTF-8 bytes before the first character.
  package let offset: Int
  /// UTF-8 bytes; may be zero.
  package let length: Int

  package init(file: SourceFile, offset: Int, length: Int) {
    self.file = file
    self.offset = min(max(offset, 0), file.text.utf8.count)
    self.length = max(0, min(length, file.text.utf8.count - self.offset))
  }

  /// A part of this range; what lies outside is cut off.
  package func subrange(offset: Int, length: Int) -> SourceRange {
    let start = min(max(offset, 0), self.length)
    return SourceRange(file: file, offset: self.offset + start, length: max(0, min(length, self.length - start)))
  }

  /// The text it covers.
  package var text: String {
    let bytes = file.text.utf8
    let start = bytes.index(bytes.startIndex, offsetBy: offset)
    return String(decoding: bytes[start..<bytes.index(start, offsetBy: length)], as: UTF8.self)
  }

  /// Lines before the first character, plus one.
  package var line: Int { position.line }

  /// Characters between the start of the line and the first character, plus one.
  package var column: Int { position.column }

  /// Line and column, both from 1, and the line itself without its end.
  package var position: (line: Int, column: Int, lineText: String) {
    let bytes = file.text.utf8
    var line = 1
    var lineStart = bytes.startIndex
    let target = bytes.index(bytes.startIndex, offsetBy: offset)
    var index = bytes.startIndex
    while index < target {
      let byte = bytes[index]
      index = bytes.index(after: index)
      if byte == UInt8(ascii: "\n") {
        line += 1
        lineStart = index
      }
    }
    var lineEnd = bytes[target...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    if lineEnd > lineStart, bytes[bytes.index(before: lineEnd)] == UInt8(ascii: "\r") { lineEnd = bytes.index(before: lineEnd) }
    let column = String(decoding: bytes[lineStart..<target], as: UTF8.self).count + 1
    return (line, column, String(decoding: bytes[lineStart..<max(lineStart, lineEnd)], as: UTF8.self))
  }
}

extension SourceRange: Hashable {
  package static func == (a: SourceRange, b: SourceRange) -> Bool {
    a.offset == b.offset && a.length == b.length && a.file == b.file
  }

  /// The text is left out: it is long, and paths tell files apart well enough.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(file.path)
    hasher.combine(offset)
    hasher.combine(length)
  }
}
