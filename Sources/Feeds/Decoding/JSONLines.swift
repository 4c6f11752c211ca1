internal import Events

/// One JSON value a line; blank lines are left out.
final class JSONLines: EntryParser {
  private let lines: LineReader
  private let badLines: RecordReader.BadLines

  init(_ lines: LineReader, badLines: RecordReader.BadLines) {
    self.lines = lines
    self.badLines = badLines
  }

  func next() throws(DecodeFailure) -> ParsedLine? {
    while let line = try lines.next() {
      if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      return try parsed(line)
    }
    return nil
  }

  private func parsed(_ line: LineReader.Line) throws(DecodeFailure) -> ParsedLine {
    if line.isTooLong {
      let message = "the line has more than \(line.bytes.count) bytes"
      return try bad(line, DecodeFailure(.tooLarge, message, line: line.number, byte: line.offset))
    }
    do throws(JSONError) {
      return ParsedLine(content: .record(try JSON(parsing: line.bytes)), line: line.number, raw: line.bytes)
    } catch {
      // What stands last and cannot be read was cut, or is a vendor's word that it stopped early.
      let isLast = try lines.isAtEnd()
      let failure =
        isLast
        ? DecodeFailure(.incomplete, "the last line is \(error)", line: line.number, byte: line.offset)
        : DecodeFailure(.malformed, "the line is \(error)", line: line.number, byte: line.offset)
      return try bad(line, failure)
    }
  }

  private func bad(_ line: LineReader.Line, _ failure: DecodeFailure) throws(DecodeFailure) -> ParsedLine {
    guard badLines == .quarantined else { throw failure }
    return ParsedLine(content: .fault(failure.message), line: line.number, raw: line.bytes)
  }
}

/// One JSON document, as a whole.
final class JSONDocument: EntryParser {
  private let source: any ByteSource
  private let limit: Int
  private var isOver = false

  init(_ source: any ByteSource, limits: DecodingLimits) {
    self.source = source
    limit = limits.documentBytes
  }

  func next() throws(DecodeFailure) -> ParsedLine? {
    if isOver { return nil }
    isOver = true
    let bytes = try whole()
    do throws(JSONError) {
      return ParsedLine(content: .record(try JSON(parsing: bytes)), line: 1, raw: bytes)
    } catch {
      throw DecodeFailure(error.offset >= bytes.count ? .incomplete : .malformed, "the document is \(error)")
    }
  }

  private func whole() throws(DecodeFailure) -> [UInt8] {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    defer { piece.deallocate() }
    var bytes: [UInt8] = []
    while true {
      let got = try source.read(into: piece)
      if got == 0 { return bytes }
      guard got <= limit - bytes.count else { throw DecodeFailure(.tooLarge, "the document has more than \(limit) bytes") }
      bytes.append(contentsOf: piece[..<got])
    }
  }
}
