internal import Events

extension EventSchema.FieldType {
  /// The value that a vendor's spelling stands for, or nil for null and empty text.
  ///
  /// Wider than the import format: instants may be seconds, milliseconds or microseconds since 1970, told apart by size; flags may be
  /// texts or 0 and 1; words of a choice may be in capitals; whole numbers may end in `.0`.
  func cast(_ json: JSON, at path: @autoclosure () -> String) throws(FieldError) -> Value? {
    if json.isNull || json.isEmptyText { return nil }
    switch self {
    case .instant: return try Self.instant(json, at: path()).map(Value.instant)
    case .flag:
      switch json.scalarText?.lowercased() {
      case "true", "1": return .flag(true)
      case "false", "0": return .flag(false)
      default: throw FieldError(path: path(), message: "true or false expected, not \(Self.shown(json))")
      }
    case .integer, .money:
      guard let number = json.scalarText.flatMap({ Rational(decimal: $0) }), number.denominator == 1,
        let whole = Int64(exactly: number.numerator)
      else { throw FieldError(path: path(), message: "a whole number expected, not \(Self.shown(json))") }
      return .integer(whole)
    case .choice(let words):
      guard let word = json.text else { throw FieldError(path: path(), message: "a word expected, not \(Self.shown(json))") }
      if words.contains(word) { return .text(word) }
      let lowercased = word.lowercased()
      guard words.contains(lowercased) else {
        throw FieldError(path: path(), message: "one of \(words.joined(separator: ", ")) expected, not \(Self.shown(json))")
      }
      return .text(lowercased)
    case .text: return try Self.text(json, at: path()).map(Value.text)
    case .number:
      if let integer = json.integer { return .number(Fixed(integer)) }
      return try decode(json, at: path())
    case .price, .list, .object, .names:
      return try decode(json, at: path())
    }
  }

  /// The value of `.text` by itself.
  static func text(_ json: JSON, at path: @autoclosure () -> String) throws(FieldError) -> String? {
    if json.isNull || json.isEmptyText { return nil }
    guard let text = json.scalarText else { throw FieldError(path: path(), message: "text expected") }
    return text
  }

  /// The value of `.instant` by itself.
  static func instant(_ json: JSON, at path: @autoclosure () -> String) throws(FieldError) -> Instant? {
    if json.isNull || json.isEmptyText { return nil }
    guard let instant = instant(json) else {
      throw FieldError(path: path(), message: "a time expected, in ISO 8601 or since 1970, not \(shown(json))")
    }
    return instant
  }

  /// The years 1 to 9999, which ISO 8601 can write in four digits.
  private static let writable = Instant(seconds: -62_135_596_800)..<Instant(seconds: 253_402_300_800)

  private static func instant(_ json: JSON) -> Instant? { anyInstant(json).flatMap { writable.contains($0) ? $0 : nil } }

  private static func anyInstant(_ json: JSON) -> Instant? {
    if let number = json.integer { return instant(sinceEpoch: number) }
    guard let text = json.scalarText else { return nil }
    if let instant = Instant(iso8601: text) { return instant }
    return Int64(text).flatMap(instant(sinceEpoch:)) ?? Fixed(text).map { Instant(microseconds: $0.millionths) }
  }

  /// Seconds reach past the year 5000 below 10¹¹, milliseconds below 10¹⁴.
  private static func instant(sinceEpoch number: Int64) -> Instant? {
    switch number.magnitude {
    case ..<100_000_000_000: Instant(seconds: number)
    case ..<100_000_000_000_000: Instant(microseconds: number * 1000)
    case ..<100_000_000_000_000_000: Instant(microseconds: number)
    default: nil
    }
  }

  /// A value short enough for a message.
  private static func shown(_ json: JSON) -> String { String(json.serialized().prefix(60)) }
}
