internal import Events
internal import Foundation

/// How a vendor wants times written in requests.
struct TimeFormat: Sendable {
  enum Form: String, CaseIterable, Sendable {
    case seconds
    case milliseconds
    case iso8601
    /// ISO 8601 without a fraction of the second.
    case iso8601Seconds = "iso8601_seconds"
    /// `2026-01-31 08:05:00.000000`, as SQL dialects read it.
    case sql
    /// `2026-01-31`.
    case date
    /// `20260131T08`.
    case hour
  }

  var form: Form
  /// Where days and hours begin, and what times without a zone mean.
  var zone = Zone.utc

  /// Whether what is written stands for a whole day or hour, and not for a moment.
  var isWholeUnit: Bool { form == .date || form == .hour }

  /// About how far apart two times are that can be written.
  var unit: Span {
    switch form {
    case .seconds, .iso8601Seconds: .seconds(1)
    case .milliseconds: Span(microseconds: 1000)
    case .iso8601, .sql: Span(microseconds: 1)
    case .date: .days(1)
    case .hour: .hours(1)
    }
  }

  /// The latest instant that can be written and is not after the given one.
  func floor(_ instant: Instant) -> Instant {
    switch form {
    case .date: zone.startOfDay(instant)
    case .hour: zone.startOfHour(instant)
    default: instant.floored(to: unit)
    }
  }

  /// The first instant that can be written and is after the given one.
  func next(after instant: Instant) -> Instant {
    // A day has 23 to 25 hours: 36 hours behind its start is always the day after it.
    form == .date ? zone.startOfDay(zone.startOfDay(instant) + .hours(36)) : floor(floor(instant) + unit)
  }

  /// The latest instant that can be written and is before the given one.
  func previous(before instant: Instant) -> Instant { floor(instant - Span(microseconds: 1)) }

  func write(_ instant: Instant) -> String {
    switch form {
    case .seconds: return String(instant.seconds)
    case .milliseconds: return String(Int64(floorDividing: instant.microseconds, by: 1000))
    case .iso8601: return instant.iso8601
    case .iso8601Seconds: return Instant(seconds: instant.seconds).iso8601
    case .date: return String(local(instant).prefix(10))
    case .hour: return local(instant).prefix(13).filter { $0 != "-" }
    case .sql:
      let fraction = String(instant.microseconds - instant.seconds * 1_000_000)
      return local(instant).prefix(19).map { $0 == "T" ? " " : String($0) }.joined() + "."
        + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
  }

  /// A record's time, as `EventSchema` casts it; one without a zone is in this format's.
  func read(_ value: JSON, at path: String) -> Instant? {
    guard let instant = try? EventSchema.FieldType.instant.cast(value, at: path)?.instant else { return nil }
    guard !zone.isUTC, let text = value.text, Instant(iso8601: text) != nil, Instant(iso8601: text + "Z") != nil || text.utf8.count == 10
    else { return instant }
    return zone.instant(local: instant)
  }

  /// The wall clock's time in ISO 8601.
  private func local(_ instant: Instant) -> String { (instant + zone.offset(at: instant)).iso8601 }
}

/// The zone in which a vendor's days begin.
struct Zone: Sendable {
  /// Nil for UTC, whose arithmetic needs no table.
  private let zone: TimeZone?

  static let utc = Zone(zone: nil)
  var isUTC: Bool { zone == nil }

  private init(zone: TimeZone?) { self.zone = zone }

  /// Nil if the system knows no such time zone.
  init?(_ identifier: String) {
    guard identifier != "UTC" else {
      self = .utc
      return
    }
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    self.zone = zone
  }

  func offset(at instant: Instant) -> Span {
    .seconds(Int64(zone?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant.seconds))) ?? 0))
  }

  /// The instant at which clocks here show what the given one shows in UTC.
  func instant(local: Instant) -> Instant {
    let guess = local - offset(at: local)
    return local - offset(at: guess)
  }

  /// The first instant of the day that holds the given one.
  func startOfDay(_ instant: Instant) -> Instant {
    let offset = offset(at: instant)
    let midnight = (instant + offset).floored(to: .days(1))
    let start = midnight - offset
    let offsetThen = self.offset(at: start)
    if offsetThen == offset { return start }
    // The clocks changed since midnight. Where they skipped it, the later candidate is the moment of the change.
    let other = midnight - offsetThen
    return self.offset(at: other) == offsetThen ? other : max(start, other)
  }

  func startOfHour(_ instant: Instant) -> Instant {
    let offset = offset(at: instant)
    return (instant + offset).floored(to: .hours(1)) - offset
  }
}

extension Instant {
  /// The latest whole multiple of the span since 1970 that is not after this instant.
  func floored(to span: Span) -> Instant {
    Instant(microseconds: Int64(floorDividing: microseconds, by: span.microseconds) * span.microseconds)
  }
}

/// The times in HTTP's header fields (RFC 9110 §5.6.7, the one form that servers may still send).
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func parse(_ text: String) -> Instant? {
    let parts = text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
    guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), let month = months.firstIndex(of: parts[2]),
      let year = Int(parts[3]), let date = Day(year: year, month: month + 1, day: day)
    else { return nil }
    let clock = parts[4].utf8.split(separator: UInt8(ascii: ":")).compactMap { Int64(Substring($0)) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
    return Instant(seconds: Int64(date.number) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
  }
}
