internal import ConfigFiles
internal import Events

/// Cuts an expression's text into tokens; faults are collected, and cutting goes on behind them.
struct Lexer {
  private let bytes: [UInt8]
  private var position = 0
  private(set) var tokens: [Token] = []
  private(set) var faults: [Fault] = []

  /// All tokens of a text, the last one being `end`.
  static func tokens(of text: String) -> (tokens: [Token], faults: [Fault]) {
    var lexer = Lexer(text)
    lexer.run()
    return (lexer.tokens, lexer.faults)
  }

  private init(_ text: String) { bytes = Array(text.utf8) }

  private mutating func run() {
    while let byte = peek {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number()
      case UInt8(ascii: "\""): text()
      case _ where Self.startsName(byte): name()
      default: sign()
      }
    }
    append(.end, from: position)
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func byte(after offset: Int) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

  private mutating func append(_ kind: Token.Kind, from start: Int) { tokens.append(Token(kind: kind, range: start..<position)) }

  private mutating func fault(_ code: RuleCode, _ message: String, from start: Int, hint: String? = nil) {
    faults.append(Fault(code, message, at: start..<position, hint: hint))
  }

  private func slice(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

  private static func startsName(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private mutating func skipName() {
    while let byte = peek, Self.startsName(byte) || Self.isDigit(byte) { position += 1 }
  }

  private mutating func name() {
    let start = position
    skipName()
    while peek == UInt8(ascii: "."), let next = byte(after: 1), Self.startsName(next) {
      position += 1
      skipName()
    }
    let word = slice(from: start)
    if let keyword = Token.Keyword(rawValue: word) { append(.keyword(keyword), from: start) } else { append(.name(word), from: start) }
  }

  /// A number, a percentage or a duration; a unit that is none of `s m h d w` is a fault, and a plausible value stands in.
  private mutating func number() {
    let start = position
    while let byte = peek, Self.isDigit(byte) { position += 1 }
    var isWhole = true
    if peek == UInt8(ascii: "."), let next = byte(after: 1), Self.isDigit(next) {
      isWhole = false
      position += 1
      while let byte = peek, Self.isDigit(byte) { position += 1 }
    }
    let digits = slice(from: start)
    let value = Fixed(digits)
    if value == nil || digits.utf8.count > 15 { fault(.badNumber, "the number \(digits) is too long", from: start) }
    if peek == UInt8(ascii: "%") {
      position += 1
      let ratio = (value ?? .zero).divided(by: Fixed(100)) ?? .zero
      return append(.number(ratio, isPercent: true), from: start)
    }
    guard let unit = peek, Self.startsName(unit) else { return append(.number(value ?? .zero, isPercent: false), from: start) }
    skipName()
    append(.duration(duration(digits, isWhole: isWhole, from: start)), from: start)
  }

  private mutating func duration(_ digits: String, isWhole: Bool, from start: Int) -> Span {
    let unit = slice(from: start + digits.utf8.count)
    guard isWhole, let length = Self.seconds[unit], let count = Int64(digits), count <= 10_000_000 else {
      fault(
        .badNumber, "\(slice(from: start)) is no duration", from: start,
        hint: (Span.meant(by: slice(from: start)).map { "did you mean \($0)? " } ?? "")
          + "durations are a whole number and one of s, m, h, d, w, such as 90s, 2h, 14d")
      return .days(1)
    }
    return .seconds(count * length)
  }

  private static let seconds: [String: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]

  private mutating func text() {
    let start = position
    position += 1
    while let byte = peek, byte != UInt8(ascii: "\"") { position += 1 }
    guard peek != nil else {
      fault(.unclosedText, "the text is not closed", from: start, hint: "end it with a double quote")
      return append(.text(slice(from: start + 1)), from: start)
    }
    let content = slice(from: start + 1)
    position += 1
    append(.text(content), from: start)
  }

  private mutating func sign() {
    let start = position
    let first = bytes[position]
    if let second = byte(after: 1), let sign = Token.Sign(rawValue: String(decoding: [first, second], as: UTF8.self)) {
      position += 2
      return append(.sign(sign), from: start)
    }
    position += 1
    if let sign = Token.Sign(rawValue: String(decoding: [first], as: UTF8.self)) {
      append(.sign(sign), from: start)
      if sign == .equal, peek == UInt8(ascii: "=") {
        position += 1
        fault(.unexpectedCharacter, "== is not part of the language", from: start, hint: "write a single =")
      }
      return
    }
    while let byte = peek, byte >= 128 || byte == first { position += 1 }
    fault(.unexpectedCharacter, "\(slice(from: start)) is not part of the language", from: start, hint: Self.hint(for: first))
  }

  private static func hint(for byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "&"): "write and"
    case UInt8(ascii: "|"): "write or"
    case UInt8(ascii: "!"): "write not, or != to compare"
    case UInt8(ascii: "'"): "texts stand in double quotes"
    case UInt8(ascii: "{"), UInt8(ascii: "["): "lists stand in round parentheses"
    default: nil
    }
  }
}
