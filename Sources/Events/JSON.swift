/// A JSON value with exact numbers and members in a canonical order.
///
/// The one JSON of the product: vendors' answers, event bodies, state blobs and envelopes. `serialized()` of equal values gives equal
/// bytes, which is what byte-for-byte replay stands on.
package enum JSON: Hashable, Sendable {
  case null
  case flag(Bool)
  case integer(Int64)
  /// A number that is no 64-bit integer, as it was written (`12.50`, `1e3`).
  case decimal(String)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  package subscript(key: String) -> JSON {
    guard case .object(let members) = self else { return .null }
    return members[key] ?? .null
  }

  package subscript(index: Int) -> JSON {
    guard case .list(let elements) = self, elements.indices.contains(index) else { return .null }
    return elements[index]
  }

  package var isNull: Bool { if case .null = self { true } else { false } }
  package var isEmptyText: Bool { if case .text(let text) = self { text.isEmpty } else { false } }
  package var text: String? { if case .text(let text) = self { text } else { nil } }
  package var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }
  package var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
  package var list: [JSON]? { if case .list(let elements) = self { elements } else { nil } }
  package var object: [String: JSON]? { if case .object(let members) = self { members } else { nil } }

  /// Text of a scalar: the text itself, or a number or flag as it is written; nil for null, lists and objects.
  package var scalarText: String? {
    switch self {
    case .text(let text), .decimal(let text): text
    case .integer(let integer): String(integer)
    case .flag(let flag): flag ? "true" : "false"
    case .null, .list, .object: nil
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(arrayLiteral elements: JSON...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(Dictionary(elements) { $1 }) }
  package init(nilLiteral: ()) { self = .null }
}

extension JSON {
  /// Text or null.
  package init(_ text: String?) { self = text.map(JSON.text) ?? .null }
  package init(_ integer: some BinaryInteger) { self = .integer(Int64(clamping: integer)) }
  /// ISO 8601 or null.
  package init(_ instant: Instant?) { self = instant.map { .text($0.iso8601) } ?? .null }
  /// `YYYY-MM-DD` or null.
  package init(_ day: Day?) { self = day.map { .text($0.description) } ?? .null }
  package init(_ number: Fixed) {
    self = number.millionths % 1_000_000 == 0 ? .integer(number.millionths / 1_000_000) : .decimal(number.description)
  }

  /// Compact JSON, members sorted by the bytes of their names.
  package func serialized() -> String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  package func serializedBytes() -> [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  private func append(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .integer(let integer): bytes.append(contentsOf: String(integer).utf8)
    case .decimal(let digits): bytes.append(contentsOf: digits.utf8)
    case .text(let text): Self.append(text, to: &bytes)
    case .list(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.append(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
      case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
      case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
      case 0..<0x20:
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
