internal import Foundation

/// Which instants belong to which day in the company's time zone, and which days are business days.
///
/// Built once from the zone's rules; look-ups need no date arithmetic of Foundation. Covers 1990 to 2069; days outside take the
/// offset of the nearest end.
package struct CompanyCalendar: Sendable {
  package let timeZone: String
  private let zone: TimeZone
  private let starts: [Int64]
  private let holidays: Set<Day>
  private let businessDaysBefore: [Int32]

  private static let firstDay = Day(number: 7305)
  private static let dayCount = 29_220

  /// Nil if the system knows no such time zone.
  package init?(timeZone identifier: String, holidays: some Sequence<Day> = []) {
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    timeZone = identifier
    self.zone = zone
    let off = Set(holidays)
    self.holidays = off
    var starts: [Int64] = []
    var business: [Int32] = [0]
    starts.reserveCapacity(Self.dayCount)
    business.reserveCapacity(Self.dayCount + 1)
    for index in 0..<Self.dayCount {
      let day = Self.firstDay + index
      starts.append(Self.startOfDay(day, in: zone))
      let isOpen = !day.weekday.isWeekend && !off.contains(day)
      business.append((business.last ?? 0) + (isOpen ? 1 : 0))
    }
    self.starts = starts
    businessDaysBefore = business
  }

  /// UTC, Monday to Friday, no holidays.
  package static let utc: CompanyCalendar = {
    guard let calendar = CompanyCalendar(timeZone: "UTC") else { preconditionFailure("the system has no UTC time zone") }
    return calendar
  }()

  /// The company day that holds an instant.
  package func day(of instant: Instant) -> Day {
    let guess = Int(Int64(floorDividing: instant.microseconds, by: 86_400_000_000)) - Int(Self.firstDay.number)
    guard guess > 0, guess < Self.dayCount - 1 else {
      let end = guess > 0 ? Self.dayCount - 1 : 0
      return Self.firstDay + end + Int((instant - Instant(microseconds: starts[end])).wholeDays)
    }
    if instant.microseconds < starts[guess] { return Self.firstDay + (guess - 1) }
    return Self.firstDay + (instant.microseconds >= starts[guess + 1] ? guess + 1 : guess)
  }

  /// The first instant of a day; where a clock change skips midnight, the first instant after it.
  package func start(of day: Day) -> Instant {
    let index = min(max(day - Self.firstDay, 0), Self.dayCount - 1)
    return Instant(microseconds: starts[index]) + .days(Int64(day - Self.firstDay - index))
  }

  /// The first instant after a day.
  package func end(of day: Day) -> Instant { start(of: day + 1) }

  /// A moment as people write it, in the company's time zone: `2026-01-31 08:05`.
  package func text(of instant: Instant) -> String {
    let day = day(of: instant)
    let offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant.seconds))))
    let minutes = Int64(floorDividing: instant.seconds + offset, by: 60)
    let ofDay = minutes - Int64(floorDividing: minutes, by: 1_440) * 1_440
    return "\(day) \(padded(ofDay / 60, 2)):\(padded(ofDay % 60, 2))"
  }

  package func isBusinessDay(_ day: Day) -> Bool { !day.weekday.isWeekend && !holidays.contains(day) }

  package func isHoliday(_ day: Day) -> Bool { holidays.contains(day) }

  /// Business days in a closed range; none if it is empty.
  package func businessDays(from first: Day, through last: Day) -> Int {
    guard first <= last else { return 0 }
    let low = min(max(first - Self.firstDay, 0), Self.dayCount)
    let high = min(max(last + 1 - Self.firstDay, 0), Self.dayCount)
    return Int(businessDaysBefore[high] - businessDaysBefore[low])
  }

  /// The earliest instant whose local time is this midnight or later: of two midnights the first, of a skipped one what follows it.
  private static func startOfDay(_ day: Day, in zone: TimeZone) -> Int64 {
    let midnight = Int64(day.number) * 86_400
    let offset = { (instant: Int64) in Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))) }
    // Local midnight lies between these two instants in every zone on Earth.
    var low = midnight - 15 * 3600
    var high = midnight + 13 * 3600
    let (before, after) = (offset(low), offset(high))
    let candidates = [midnight - max(before, after), midnight - min(before, after)]
    if let start = candidates.first(where: { $0 + offset($0) == midnight }) { return start * 1_000_000 }
    while high - low > 1 {
      let middle = (low + high) / 2
      if offset(middle) == after { high = middle } else { low = middle }
    }
    return high * 1_000_000
  }
}
