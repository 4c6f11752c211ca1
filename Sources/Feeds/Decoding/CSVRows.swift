internal import Events

/// Comma-separated rows after RFC 4180, each an object of texts named by the header line.
///
/// Line ends may be LF or CRLF, and quoted fields may hold them; blank lines are left out. A column without a name is called by its
/// place: `column 3`.
final class CSVRows: EntryParser {
  private let lines: LineReader
  private let limit: Int
  private var columns: [String]?

  /// - Parameter limit: bytes of one row, the line ends inside it included.
  init(_ lines: LineReader, limit: Int) {
    self.lines = lines
    self.limit = limit
  }

  func next() throws(DecodeFailure) -> ParsedLine? {
    if columns == nil { try readHeader() }
    guard let columns, let row = try row() else { return nil }
    return ParsedLine(content: content(row, columns), line: row.line, raw: row.raw)
  }

  private func content(_ row: Row, _ columns: [String]) -> DecodedRecord.Content {
    if let fault = row.fault { return .fault(fault) }
    guard row.fields.count == columns.count else {
      return .fault("the row has \(row.fields.count) fields, and the header \(columns.count)")
    }
    var members: [String: JSON] = [:]
    for (column, field) in zip(columns, row.fields) {
      guard let text = String(validating: field, as: UTF8.self) else { return .fault("the field \(column) is not UTF-8") }
      members[column] = .text(text)
    }
    return .record(.object(members))
  }

  private func readHeader() throws(DecodeFailure) {
    guard let row = try row() else { return }
    func refusal(_ message: String) -> DecodeFailure { DecodeFailure(.malformed, "the header line \(message)", line: row.line) }
    guard !row.raw.contains(0) else { throw refusal("holds zero bytes: the file is not UTF-8 (UTF-16, perhaps)") }
    if let fault = row.fault { throw refusal("cannot be read: \(fault)") }
    var names: [String] = []
    for field in row.fields {
      guard let text = String(validating: field, as: UTF8.self) else { throw refusal("is not UTF-8") }
      let name = text.isEmpty ? "column \(names.count + 1)" : text
      guard !names.contains(name) else { throw refusal("names \(name) twice") }
      names.append(name)
    }
    columns = names
  }

  private struct Row {
    var fields: [[UInt8]] = []
    var raw: [UInt8] = []
    var fault: String?
    let line: Int
  }

  /// The next row that is not blank, made of as many lines as its quotes hold together.
  private func row() throws(DecodeFailure) -> Row? {
    while let first = try lines.next() {
      if first.bytes.isEmpty || first.bytes == [0x0D] { continue }
      var row = Row(line: first.number)
      var splitter = CSVSplitter()
      var line = first
      while true {
        row.raw.append(contentsOf: line.bytes)
        if line.isTooLong || row.raw.count > limit {
          row.raw.removeLast(max(0, row.raw.count - limit))
          row.fault = "the row has more than \(limit) bytes; if a quote is not closed, rows after it are part of it"
          return row
        }
        splitter.take(line.bytes)
        guard splitter.isOpen else { break }
        guard line.isEnded, let next = try lines.next() else {
          row.fault = "a quote is opened and not closed before the file ends"
          return row
        }
        row.raw.append(0x0A)
        splitter.takeLineFeed()
        line = next
      }
      if row.raw.last == 0x0D { row.raw.removeLast() }
      row.fields = splitter.finish()
      row.fault = splitter.fault
      return row
    }
    return nil
  }
}

/// Splits one row into fields, line by line, as a value.
struct CSVSplitter {
  private enum State { case begin, plain, quoted, closed }

  private var state = State.begin
  private var field: [UInt8] = []
  private var fields: [[UInt8]] = []
  /// What is wrong with the row, as a clause.
  private(set) var fault: String?

  /// Whether the row goes on after a line feed.
  var isOpen: Bool { state == .quoted }

  /// Takes a line without its line feed.
  mutating func take(_ line: [UInt8]) {
    for (index, byte) in line.enumerated() {
      switch (state, byte) {
      case (.begin, UInt8(ascii: "\"")): state = .quoted
      case (.quoted, UInt8(ascii: "\"")): state = .closed
      case (.quoted, _): field.append(byte)
      case (.closed, UInt8(ascii: "\"")):
        field.append(byte)
        state = .quoted
      case (_, UInt8(ascii: ",")): endField()
      case (_, 0x0D) where index == line.count - 1: break
      case (.closed, _): fault = fault ?? "something follows a closing quote in field \(fields.count + 1)"
      default:
        field.append(byte)
        state = .plain
      }
    }
  }

  /// Takes the line feed between two lines of a quoted field.
  mutating func takeLineFeed() { field.append(0x0A) }

  /// The fields, after the last line.
  mutating func finish() -> [[UInt8]] {
    endField()
    return fields
  }

  private mutating func endField() {
    fields.append(field)
    field = []
    state = .begin
  }
}
