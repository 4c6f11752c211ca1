package import Events

extension Span {
  /// What a literal such as `14D`, `14days` or `14dd` was meant as: the unit it begins with, and days for a slip of the finger, since
  /// rules speak of days. Nil where it does not begin with a whole number, and for months and years, which have no unit.
  package static func meant(by literal: String) -> String? {
    let digits = literal.prefix { $0.isASCII && $0.isNumber }
    let unit = literal.dropFirst(digits.count).lowercased()
    if digits.isEmpty || unit.isEmpty || unit.hasPrefix("mo") || unit.hasPrefix("y") && unit.utf8.count > 1 { return nil }
    guard unit.allSatisfy({ $0.isASCII && $0.isLetter }) else { return nil }
    let first = unit.prefix(1)
    return String(digits) + (["s", "m", "h", "d", "w"].contains(first) ? String(first) : "d")
  }

  /// Reads a duration as a person writes it: a whole number and one of `s m h d w`, such as `90s 5m 12h 28d 2w`.
  ///
  /// Nil for anything else and beyond 36,500 days.
  package init?(literal text: String) {
    guard let unit = text.utf8.last.flatMap(Self.secondsPerUnit), let number = Int64(text.dropLast()), number >= 0,
      text.utf8.first != UInt8(ascii: "+"), number <= Self.literalLimit.microseconds / 1_000_000 / unit
    else { return nil }
    self = .seconds(number * unit)
  }

  /// The shortest literal for it, in the largest unit that divides it: `90s`, `2w`; microseconds past whole seconds are dropped.
  package var literal: String {
    let seconds = microseconds / 1_000_000
    for (letter, unit) in Self.units where seconds % unit == 0 && seconds != 0 { return "\(seconds / unit)\(letter)" }
    return "\(seconds)s"
  }

  /// The longest duration a file may name.
  package static let literalLimit = Span.days(36_500)

  private static let units: KeyValuePairs<String, Int64> = ["w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1]

  private static func secondsPerUnit(_ letter: UInt8) -> Int64? { units.first { $0.key.utf8.first == letter }?.value }
}
