/// A point in time: whole microseconds since 1970-01-01T00:00:00Z.
package struct Instant: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }
  package init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

  package static func < (a: Instant, b: Instant) -> Bool { a.microseconds < b.microseconds }

  /// Whole seconds since the epoch, rounded down.
  package var seconds: Int64 { Int64(floorDividing: microseconds, by: 1_000_000) }

  package static func + (instant: Instant, span: Span) -> Instant { Instant(microseconds: instant.microseconds + span.microseconds) }
  package static func - (instant: Instant, span: Span) -> Instant { Instant(microseconds: instant.microseconds - span.microseconds) }
  package static func - (a: Instant, b: Instant) -> Span { Span(microseconds: a.microseconds - b.microseconds) }

  package static let distantPast = Instant(microseconds: .min / 4)
  package static let distantFuture = Instant(microseconds: .max / 4)
}

/// A length of time in whole microseconds; days count 24 hours.
package struct Span: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }
  package static func seconds(_ n: Int64) -> Span { Span(microseconds: n * 1_000_000) }
  package static func minutes(_ n: Int64) -> Span { seconds(n * 60) }
  package static func hours(_ n: Int64) -> Span { seconds(n * 3600) }
  package static func days(_ n: Int64) -> Span { seconds(n * 86_400) }
  package static func < (a: Span, b: Span) -> Bool { a.microseconds < b.microseconds }

  /// Whole days, rounded down.
  package var wholeDays: Int64 { Int64(floorDividing: microseconds, by: 86_400_000_000) }
}

extension Instant {
  /// Reads ISO 8601 as vendors write it: a date alone, `T` or a space, up to nine fractional digits, `Z`, `+0000`, `+00:00`,
  /// or no zone at all (then UTC). Anything else is nil.
  package init?(iso8601 text: String) {
    var scanner = DigitScanner(text)
    guard let date = scanner.day() else { return nil }
    var microseconds = Int64(date.number) * 86_400_000_000
    if !scanner.isAtEnd {
      guard scanner.skip("T") || scanner.skip(" "), let time = scanner.timeOfDay(), let offset = scanner.zoneOffset(), scanner.isAtEnd
      else { return nil }
      microseconds += time - offset
    }
    // An offset may carry it out of the four-digit years, which `iso8601` could not write.
    guard Self.writable.contains(microseconds) else { return nil }
    self.init(microseconds: microseconds)
  }

  /// The years 0000 to 9999.
  private static let writable: Range<Int64> = -62_167_219_200_000_000..<253_402_300_800_000_000

  /// `2026-01-31T08:05:00Z`, with six fractional digits where they are not zero.
  package var iso8601: String {
    let day = Day(number: Int32(Int64(floorDividing: microseconds, by: 86_400_000_000)))
    let rest = microseconds - Int64(day.number) * 86_400_000_000
    let seconds = rest / 1_000_000
    let fraction = rest % 1_000_000
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
    return day.description + "T" + clock + (fraction == 0 ? "" : "." + padded(fraction, 6)) + "Z"
  }
}

extension Instant: CustomStringConvertible {
  package var description: String { iso8601 }
}

func padded(_ number: some BinaryInteger, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension FixedWidthInteger {
  /// Division that rounds toward negative infinity, so that instants before 1970 fall on the right day.
  package init(floorDividing a: Self, by b: Self) {
    let quotient = a / b
    self = (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient
  }
}
