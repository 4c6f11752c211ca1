internal import Events

/// How a vendor wants times written in requests.
enum TimeFormat: String, CaseIterable, Sendable {
  case seconds
  case milliseconds
  case iso8601
  /// `2026-01-31 08:05:00.000000`, as SQL dialects read it.
  case sql

  /// The latest instant that can be written and is not after the given one.
  func floor(_ instant: Instant) -> Instant {
    let unit = unit.microseconds
    return Instant(microseconds: Int64(floorDividing: instant.microseconds, by: unit) * unit)
  }

  /// The smallest step between two instants that can be written.
  var unit: Span {
    switch self {
    case .seconds: .seconds(1)
    case .milliseconds: Span(microseconds: 1000)
    case .iso8601, .sql: Span(microseconds: 1)
    }
  }

  func write(_ instant: Instant) -> String {
    switch self {
    case .seconds: return String(instant.seconds)
    case .milliseconds: return String(Int64(floorDividing: instant.microseconds, by: 1000))
    case .iso8601: return instant.iso8601
    case .sql:
      let whole = Instant(seconds: instant.seconds).iso8601
      let fraction = String(instant.microseconds - instant.seconds * 1_000_000)
      return whole.dropLast().map { $0 == "T" ? " " : String($0) }.joined() + "." + String(repeating: "0", count: 6 - fraction.count)
        + fraction
    }
  }
}

/// The times in HTTP's header fields (RFC 9110 §5.6.7, the one form that servers may still send).
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func parse(_ text: String) -> Instant? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let month = months.firstIndex(of: String(parts[2])),
      let year = Int(parts[3]), let date = Day(year: year, month: month + 1, day: day)
    else { return nil }
    let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
    return Instant(seconds: Int64(date.number) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
  }
}
