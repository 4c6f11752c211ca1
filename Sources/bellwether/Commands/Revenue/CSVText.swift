/// Rows for a spreadsheet, as RFC 4180 has them.
struct CSVText {
  private var lines: [String]

  init(_ columns: [String]) { lines = [columns.map(Self.quoted).joined(separator: ",")] }

  /// Numbers as they are.
  mutating func add(_ cells: [String]) { lines.append(cells.map(Self.quoted).joined(separator: ",")) }

  func rendered() -> String { lines.joined(separator: "\n") }

  /// Somebody's words, which a spreadsheet must not take for a formula.
  static func text(_ words: String) -> String {
    guard let first = words.first, "=+-@\t\r".contains(first) else { return words }
    return "'" + words
  }

  private static func quoted(_ cell: String) -> String {
    let needsQuotes = cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
    return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }
}
