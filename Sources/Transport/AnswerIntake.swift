/// Collects an answer as libcurl hands it over, line by line and piece by piece, and holds it to its caps.
///
/// Interim answers (1xx) are dropped when the next status line comes; trailers are counted and dropped.
package struct AnswerIntake {
  private enum Part { case status, fields, body }

  /// Why no more is taken.
  package enum Overflow: Sendable { case headers, body }

  let headerCap: Int
  let bodyCap: Int
  private var part = Part.status
  private var headerBytes = 0

  /// The fields of the last answer begun.
  package private(set) var headers: [HTTPHeader] = []
  /// The status of the last answer begun; 0 where its status line cannot be read.
  package private(set) var status = 0
  /// The body so far.
  package private(set) var body: [UInt8] = []
  /// The cap that was passed, if any.
  package private(set) var overflow: Overflow?

  /// Both caps are in bytes.
  package init(headerCap: Int, bodyCap: Int) {
    self.headerCap = headerCap
    self.bodyCap = bodyCap
  }

  /// Whether a whole header block has come.
  package var hasBegunBody: Bool { part == .body }

  /// Whether anything of an answer has come.
  package var hasBegun: Bool { headerBytes > 0 }

  /// Takes one line of a header with its line end; `false` means the cap is passed and the transfer must end.
  package mutating func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= headerCap else {
      overflow = .headers
      return false
    }
    let content = Self.withoutEnd(line)
    if part == .fields {
      takeField(content)
    } else if content.starts(with: "HTTP/".utf8) {
      headers = []
      headers.reserveCapacity(Self.usualFields)
      status = content.split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first.flatMap { Int(Self.text($0)) } ?? 0
      part = .fields
    }
    return true
  }

  private mutating func takeField(_ line: Slice<UnsafeRawBufferPointer>) {
    guard let first = line.first else {
      part = .body
      return
    }
    if Self.isBlank(first) {
      // A folded line (RFC 9112 §5.2) continues the field before it.
      guard let last = headers.popLast() else { return }
      headers.append(HTTPHeader(last.name, last.value + " " + Self.text(Self.trimmed(line))))
      return
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
    headers.append(HTTPHeader(Self.text(line[..<colon]), Self.text(Self.trimmed(line[(colon + 1)...]))))
  }

  /// Room for the fields of most answers.
  private static let usualFields = 16

  /// The first value of the named field so far.
  package func header(_ name: String) -> String? { headers.first { HTTPHeader.sameName($0.name, name) }?.value }

  /// Takes what still fits of a piece of decompressed body; `false` means the cap is passed and the transfer must end.
  package mutating func takeBeginning(_ piece: UnsafeRawBufferPointer) -> Bool {
    let room = bodyCap - body.count
    body.append(contentsOf: piece.prefix(room))
    if piece.count > room { overflow = .body }
    return piece.count <= room
  }

  /// Takes a piece of decompressed body; `false` means the cap is passed and the transfer must end.
  package mutating func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard piece.count <= bodyCap - body.count else {
      overflow = .body
      return false
    }
    body.append(contentsOf: piece)
    return true
  }

  private static func withoutEnd(_ line: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
    var end = line.count
    while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
    return line[..<end]
  }

  /// A name or value. Bytes that are not UTF-8 are read as Latin-1, which HTTP once was.
  private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    var (start, end) = (bytes.startIndex, bytes.endIndex)
    while start < end, isBlank(bytes[start]) { start += 1 }
    while start < end, isBlank(bytes[end - 1]) { end -= 1 }
    return bytes[start..<end]
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
