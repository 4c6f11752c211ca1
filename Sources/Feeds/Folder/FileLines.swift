internal import Foundation

/// Reads a file line by line in bounded memory. Owns the file's descriptor.
package struct FileLines: ~Copyable {
  /// A place between two lines.
  package struct Position: Hashable, Sendable {
    /// Bytes of text before it.
    package var offset: Int64
    /// Lines before it.
    package var line: Int64

    package init(offset: Int64 = 0, line: Int64 = 0) {
      self.offset = offset
      self.line = line
    }
  }

  /// A line without its end.
  package struct Line {
    /// From 1.
    package let number: Int64
    /// Where the line has more than the limit, its beginning.
    package let bytes: ArraySlice<UInt8>
    package let isTooLong: Bool
  }

  /// Bytes read at a time.
  static let chunkBytes = 64 << 10
  private static let newline = UInt8(ascii: "\n")
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private let path: String
  private let descriptor: Int32
  private let limit: Int
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  /// Where the next line begins.
  package private(set) var position: Position

  /// - Parameters:
  ///   - position: where a line begins.
  ///   - limit: bytes of a line that are kept.
  /// - Throws: `FileError` for what is no regular file or cannot be opened.
  package init(path: String, from position: Position = Position(), limit: Int) throws(FileError) {
    self.path = path
    self.limit = limit
    self.position = position
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    guard FileStatus(descriptor: descriptor) != nil else { throw FileError(path: path, message: "is no regular file") }
    guard lseek(descriptor, off_t(position.offset), SEEK_SET) >= 0 else { throw FileError(path: path, code: errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// What the system says about the open file now.
  var identity: FileIdentity? { FileStatus(descriptor: descriptor)?.identity }

  /// The next line; nil at the end.
  package mutating func next() throws(FileError) -> Line? {
    if position.offset == 0, start == 0, buffer.isEmpty {
      try fill()
      if buffer.starts(with: Self.byteOrderMark) { skip(Self.byteOrderMark.count) }
    }
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: Self.newline) { return take(upTo: end, isTooLong: end - start > limit) }
      if isAtEnd { return start == buffer.count ? nil : take(upTo: buffer.count, isTooLong: buffer.count - start > limit) }
      if buffer.count - start > limit { return try takeTooLong() }
      let unread = buffer.count - start
      try fill()
      searched = start + unread
    }
  }

  /// Goes back or on to a place where a line begins.
  mutating func move(to position: Position) throws(FileError) {
    guard lseek(descriptor, off_t(position.offset), SEEK_SET) >= 0 else { throw FileError(path: path, code: errno) }
    buffer = []
    start = 0
    isAtEnd = false
    self.position = position
  }

  private mutating func take(upTo end: Int, isTooLong: Bool) -> Line {
    var line = buffer[start..<end]
    if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
    skip(min(end + 1, buffer.count) - start)
    position.line += 1
    return Line(number: position.line, bytes: isTooLong ? line.prefix(limit) : line, isTooLong: isTooLong)
  }

  /// Drops the rest of a line that is longer than the limit.
  private mutating func takeTooLong() throws(FileError) -> Line {
    let kept = Array(buffer[start..<(start + limit)])
    while true {
      if let end = buffer[start...].firstIndex(of: Self.newline) {
        skip(end + 1 - start)
        break
      }
      skip(buffer.count - start)
      if isAtEnd { break }
      try fill()
    }
    position.line += 1
    return Line(number: position.line, bytes: kept[...], isTooLong: true)
  }

  private mutating func skip(_ count: Int) {
    start += count
    position.offset += Int64(count)
  }

  /// Appends a chunk of the file to what is unread.
  private mutating func fill() throws(FileError) {
    buffer.removeFirst(start)
    start = 0
    let kept = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.chunkBytes))
    let count = buffer.withUnsafeMutableBytes { [descriptor] bytes in
      read(descriptor, bytes.baseAddress.map { $0 + kept }, Self.chunkBytes)
    }
    buffer.removeLast(Self.chunkBytes - max(0, count))
    guard count >= 0 else { throw FileError(path: path, code: errno) }
    isAtEnd = count == 0
  }
}

/// Why a file cannot be read.
package struct FileError: Error, Hashable, CustomStringConvertible {
  package let path: String
  /// What is wrong, as a clause after the file's name.
  package let message: String

  init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  init(path: String, code: Int32) {
    self.init(path: path, message: "cannot be read (\(String(cString: strerror(code))))")
  }

  package var description: String { "\(path) \(message)" }
}
