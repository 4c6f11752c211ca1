/// Reads fixed-width digits from ASCII text, left to right.
struct DigitScanner {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(digits: Int) -> Int? {
    guard rest.count >= digits else { return nil }
    var value = 0
    for byte in rest.prefix(digits) {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    rest.removeFirst(digits)
    return value
  }

  /// `YYYY-MM-DD`.
  mutating func day() -> Day? {
    guard let year = number(digits: 4), skip("-"), let month = number(digits: 2), skip("-"), let day = number(digits: 2) else { return nil }
    return Day(year: year, month: month, day: day)
  }

  /// Microseconds since midnight.
  mutating func timeOfDay() -> Int64? {
    guard let hour = number(digits: 2), hour < 24, skip(":"), let minute = number(digits: 2), minute < 60 else { return nil }
    var microseconds = Int64(hour * 3600 + minute * 60) * 1_000_000
    guard skip(":") else { return microseconds }
    guard let second = number(digits: 2), second <= 60 else { return nil }
    microseconds += Int64(second) * 1_000_000
    guard skip(".") || skip(",") else { return microseconds }
    var scale: Int64 = 100_000
    var digits = 0
    while let digit = number(digits: 1) {
      microseconds += Int64(digit) * scale
      scale /= 10
      digits += 1
      if digits > 9 { return nil }
    }
    return digits == 0 ? nil : microseconds
  }

  /// Microseconds east of UTC.
  mutating func zoneOffset() -> Int64? {
    if isAtEnd || skip("Z") { return 0 }
    let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
    guard skip("+") || skip("-"), let hours = number(digits: 2), hours < 24 else { return nil }
    _ = skip(":")
    guard let minutes = number(digits: 2), minutes < 60 else { return nil }
    return sign * Int64(hours * 3600 + minutes * 60) * 1_000_000
  }
}
