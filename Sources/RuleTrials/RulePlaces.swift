package import ConfigFiles

/// Where the parts of rules stand in their files.
package struct RulePlaces: Sendable {
  private let files: [SourceFile]

  package init(_ files: [SourceFile]) { self.files = files }

  /// `config/rules/usage.yaml:33` of a part of a rule's conditions, however its lines are broken; else of the rule; nil for no such rule.
  package func place(of part: String, in rule: String) -> String? {
    for file in files {
      let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
      let isHead = { (line: Substring) in line.split(separator: " ").elementsEqual(["-", "id:", rule[...]]) }
      guard let head = lines.firstIndex(where: isHead) else { continue }
      let end = lines[(head + 1)...].firstIndex { $0.hasPrefix("  - id:") } ?? lines.endIndex
      let line = Self.line(of: part, in: lines[head..<end]) ?? head
      return "\(file.path):\(line + 1)"
    }
    return nil
  }

  /// The line on which a text begins, comments and the blanks between words aside.
  private static func line(of part: String, in lines: ArraySlice<Substring>) -> Int? {
    let wanted = Array(part.utf8.filter { !isBlank($0) })
    guard !wanted.isEmpty else { return nil }
    var text: [UInt8] = []
    var numbers: [Int] = []
    for number in lines.indices where !(lines[number].first { $0 != " " } == "#") {
      for byte in lines[number].utf8 where !isBlank(byte) {
        text.append(byte)
        numbers.append(number)
      }
    }
    guard text.count >= wanted.count else { return nil }
    for start in 0...(text.count - wanted.count) where text[start..<start + wanted.count].elementsEqual(wanted) { return numbers[start] }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }
}
