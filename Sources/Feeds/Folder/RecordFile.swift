internal import Events

/// Reads the records of one file in order, in bounded memory; what holds no record is told as a fault with its text.
struct RecordFile: ~Copyable {
  /// What stands on a line, or in a table on the lines of one row.
  struct Entry {
    enum Content {
      case record(JSON)
      case row([JSON])
      /// Why there is no record; `isRow` where the text is a row all the same, of another width.
      case fault(String, isRow: Bool)
    }
    /// Its first line, from 1.
    let line: Int64
    let text: [UInt8]
    let content: Content
  }

  /// The columns of a table, as its first line names them; nil for other files.
  let header: [String]?
  private var lines: FileLines

  /// The most columns of a table.
  static let columnLimit = 1_000

  /// - Parameter position: where an entry begins; the beginning at first.
  /// - Throws: `FileError`; also for a table whose header cannot be used.
  init(path: String, format: FileFormat, from position: FileLines.Position) throws(FileError) {
    lines = try FileLines(path: path, limit: FolderLimits.lineBytes)
    if format == .csv {
      header = try Self.header(&lines, path)
    } else {
      header = nil
    }
    if position.offset > 0 { try lines.move(to: position) }
  }

  /// Where the next entry begins.
  var position: FileLines.Position { lines.position }

  var identity: FileIdentity? { lines.identity }

  /// The next entry, empty lines left out; nil at the end.
  mutating func next() throws(FileError) -> Entry? {
    while let line = try lines.next() {
      if line.bytes.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) { continue }
      guard !line.isTooLong else { return Self.tooLong(line.number, Array(line.bytes)) }
      if let header { return try row(line, width: header.count) }
      do {
        let json = try JSON(parsing: line.bytes)
        guard json.object != nil else { return Self.fault(line, "not an object") }
        return Entry(line: line.number, text: Array(line.bytes), content: .record(json))
      } catch {
        return Self.fault(line, "\(error)")
      }
    }
    return nil
  }

  private mutating func row(_ first: FileLines.Line, width: Int) throws(FileError) -> Entry {
    let number = first.number
    let behindFirst = lines.position
    let onlyFirst = Array(first.bytes)
    var text = onlyFirst
    var isOpen = CSVText.isOpen(text)
    while isOpen {
      // A quote that is never closed must not swallow what follows: then its line alone is bad.
      guard let line = try lines.next(), !line.isTooLong, text.count + line.bytes.count < FolderLimits.lineBytes else {
        try lines.move(to: behindFirst)
        return Entry(line: number, text: onlyFirst, content: .fault("a quote is not closed", isRow: false))
      }
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: line.bytes)
      if CSVText.isOpen(line.bytes) { isOpen = false }
    }
    guard let fields = CSVText.fields(text) else {
      return Entry(line: number, text: text, content: .fault("a quote in the wrong place, or not UTF-8", isRow: false))
    }
    guard fields.count == width else {
      return Entry(line: number, text: text, content: .fault("\(fields.count) fields, where the header names \(width)", isRow: true))
    }
    return Entry(line: number, text: text, content: .row(fields.map { $0.isEmpty ? .null : .text($0) }))
  }

  private static func header(_ lines: inout FileLines, _ path: String) throws(FileError) -> [String] {
    guard let line = try lines.next() else { return [] }
    guard !line.isTooLong, let names = CSVText.fields(line.bytes), names.count <= columnLimit else {
      throw FileError(path: path, message: "has a first line that names no columns, or more than \(columnLimit)")
    }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw FileError(path: path, message: "has two columns named \(name.isEmpty ? "nothing" : name)")
    }
    return names
  }

  private static func fault(_ line: FileLines.Line, _ reason: String) -> Entry {
    Entry(line: line.number, text: Array(line.bytes), content: .fault(reason, isRow: false))
  }

  private static func tooLong(_ number: Int64, _ text: [UInt8]) -> Entry {
    Entry(line: number, text: text, content: .fault("longer than \(FolderLimits.lineBytes) bytes", isRow: false))
  }
}
