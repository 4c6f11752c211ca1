import Glibc

/// Cuts a source into lines.
final class LineReader {
  /// One line, without its line feed.
  struct Line {
    /// The line's bytes, a carriage return at their end included; the beginning only where the line is too long.
    var bytes: [UInt8]
    /// From 1.
    let number: Int
    /// Where it begins, from 0.
    let offset: Int
    /// Whether it is longer than the limit; it has been skipped to its end.
    var isTooLong = false
    /// Whether a line feed ended it.
    var isEnded = false
  }

  private let source: any ByteSource
  private let limit: Int
  private var piece: [UInt8]
  private var position = 0
  private var end = 0
  private var number = 0
  private var offset = 0
  private var isOver = false

  private static let pieceBytes = 256 * 1024

  /// - Parameter limit: bytes of one line.
  init(_ source: any ByteSource, limit: Int) {
    self.source = source
    self.limit = limit
    piece = [UInt8](repeating: 0, count: Self.pieceBytes)
  }

  /// Whether nothing follows.
  func isAtEnd() throws(DecodeFailure) -> Bool { try !fill() }

  /// The next line, empty ones too; nil at the end. A byte order mark before the first is left out.
  func next() throws(DecodeFailure) -> Line? {
    guard try fill() else { return nil }
    number += 1
    var line = Line(bytes: [], number: number, offset: offset)
    while !line.isEnded, try fill() { take(&line) }
    if number == 1, line.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { line.bytes.removeFirst(3) }
    return line
  }

  /// Moves what the piece holds of the line.
  private func take(_ line: inout Line) {
    let length = piece.withUnsafeBytes { bytes -> Int? in
      guard let start = bytes.baseAddress.map({ $0 + position }) else { return nil }
      return memchr(start, 0x0A, end - position).map { start.distance(to: UnsafeRawPointer($0)) }
    }
    let part = piece[position..<(length.map { position + $0 } ?? end)]
    let room = limit - line.bytes.count
    if part.count > room { line.isTooLong = true }
    line.bytes.append(contentsOf: part.prefix(room))
    line.isEnded = length != nil
    let used = part.count + (line.isEnded ? 1 : 0)
    position += used
    offset += used
  }

  /// Sees to it that the piece holds something; false at the end.
  private func fill() throws(DecodeFailure) -> Bool {
    if position < end { return true }
    if isOver { return false }
    position = 0
    end = 0
    // The failure leaves through a value: the closure that lends the buffer cannot throw it with its type.
    let outcome = piece.withUnsafeMutableBytes { buffer in
      Result { () throws(DecodeFailure) in try source.read(into: buffer) }
    }
    end = try outcome.get()
    isOver = end == 0
    return !isOver
  }
}
