/// Why a text is no JSON we accept, and at which byte.
package struct JSONError: Error, Hashable, CustomStringConvertible {
  package let message: String
  package let offset: Int

  package var description: String { "not valid JSON at byte \(offset): \(message)" }
}

extension JSON {
  /// How deep lists and objects may nest.
  package static let depthLimit = 128

  /// Reads one JSON value and nothing after it (RFC 8259); of repeated names the last wins.
  package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    var parser = JSONParser(Array(bytes))
    self = try parser.document()
  }

  package init(parsing text: String) throws(JSONError) {
    try self.init(parsing: text.utf8)
  }
}

private struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  /// How many members the object before had: in a list of records the next has as many. It makes room once, so that no text can
  /// ask for more than it fills.
  private var likelyMembers = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    skipSpace()
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("text after the end of the value") }
    return value
  }

  private func failure(_ message: String) -> JSONError { JSONError(message: message, offset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] == 32 || bytes[position] == 10 || bytes[position] == 13 || bytes[position] == 9 {
      position += 1
    }
  }

  private mutating func value() throws(JSONError) -> JSON {
    switch next {
    case UInt8(ascii: "{"): try nested { parser throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): try nested { parser throws(JSONError) in try parser.list() }
    case UInt8(ascii: "\""): .text(try string())
    case UInt8(ascii: "t"): try word("true", .flag(true))
    case UInt8(ascii: "f"): try word("false", .flag(false))
    case UInt8(ascii: "n"): try word("null", .null)
    case UInt8(ascii: "-"), .some(48...57): try number()
    case nil: throw failure("the text ends where a value should stand")
    default: throw failure("a value should stand here")
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError) -> JSON {
    guard depth < JSON.depthLimit else { throw failure("nested deeper than \(JSON.depthLimit) levels") }
    depth += 1
    position += 1
    let result = try body(&self)
    depth -= 1
    return result
  }

  private mutating func object() throws(JSONError) -> JSON {
    skipSpace()
    if take("}") { return .object([:]) }
    var members = [String: JSON](minimumCapacity: likelyMembers)
    likelyMembers = 0
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member name in quotes should stand here") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw failure("a colon should stand here") }
      skipSpace()
      members[name] = try value()
      skipSpace()
      if take("}") {
        likelyMembers = members.count
        return .object(members)
      }
      guard take(",") else { throw failure("a comma or closing brace should stand here") }
    }
  }

  private mutating func list() throws(JSONError) -> JSON {
    var elements: [JSON] = []
    skipSpace()
    if take("]") { return .list(elements) }
    while true {
      skipSpace()
      elements.append(try value())
      skipSpace()
      if take("]") { return .list(elements) }
      guard take(",") else { throw failure("a comma or closing bracket should stand here") }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let length = text.utf8CodeUnitCount
    guard position + length <= bytes.count else { throw failure("the text ends inside a word") }
    for index in 0..<length where bytes[position + index] != text.utf8Start[index] { throw failure("a value should stand here") }
    position += length
    return value
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    var isWhole = true
    _ = take("-")
    let digitsStart = position
    skipDigits()
    guard position > digitsStart, bytes[digitsStart] != 48 || position == digitsStart + 1 else { throw failure("a malformed number") }
    if take(".") {
      isWhole = false
      let fraction = position
      skipDigits()
      guard position > fraction else { throw failure("digits should follow the point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      let exponent = position
      skipDigits()
      guard position > exponent else { throw failure("digits should follow the exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int64(text) { return .integer(integer) }
    return .decimal(text)
  }

  private mutating func skipDigits() {
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 32 {
      position += 1
    }
    if next == UInt8(ascii: "\"") {
      defer { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    }
    return try escapedString(from: start)
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var content = Array(bytes[start..<position])
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): content.append(contentsOf: Array(String(try escape()).utf8))
      case 0..<32: throw failure("a control character inside a string")
      default: content.append(byte)
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard let byte = next else { throw failure("the text ends inside an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("an unknown escape")
    }
  }

  /// A lone surrogate becomes U+FFFD: vendors cut texts in the middle of a pair.
  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try hexUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    let mark = position
    position += 2
    let second = try hexUnit()
    guard (0xDC00...0xDFFF).contains(second) else {
      position = mark
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func hexUnit() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw failure("the text ends inside an escape") }
    var unit: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw failure("four hexadecimal digits should follow \\u") }
      unit = unit << 4 | UInt16(digit)
    }
    position += 4
    return unit
  }
}
