import Events
import Foundation
import Testing

@Suite struct CompanyCalendarTests {
  private static let zones = [
    "UTC", "America/New_York", "Europe/Berlin", "Pacific/Auckland", "America/Sao_Paulo", "Asia/Beirut", "Asia/Amman", "America/Havana",
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
  ]

  @Test func refusesAZoneNobodyKnows() {
    #expect(CompanyCalendar(timeZone: "Europe/Atlantis") == nil)
    #expect(CompanyCalendar(timeZone: "Europe/Berlin")?.timeZone == "Europe/Berlin")
  }

  @Test(arguments: [
    // Clocks go forward and back within the day: 23 and 25 hours.
    ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23), ("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25),
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23), ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25),
    ("Pacific/Auckland", "2026-04-05", "2026-04-04T11:00:00Z", 25), ("Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00Z", 23),
    ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23), ("UTC", "2026-03-29", "2026-03-29T00:00:00Z", 24),
    ("Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00Z", 24),
    // Midnight is skipped: the day begins at one o'clock.
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23), ("America/Sao_Paulo", "2018-11-05", "2018-11-05T02:00:00Z", 24),
    ("Asia/Beirut", "2018-03-25", "2018-03-24T22:00:00Z", 23), ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", 23),
    // Midnight comes twice, or the hour before it does.
    ("America/Havana", "2018-11-04", "2018-11-04T04:00:00Z", 25), ("Asia/Amman", "2018-10-26", "2018-10-25T21:00:00Z", 25),
    ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", 25), ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z", 24),
    // Samoa crossed the date line: 30 December 2011 never was.
    ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24), ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24),
  ])
  func daysBeginAndEnd(zone: String, date: String, start: String, wholeHours: Int64) throws {
    let calendar = try #require(CompanyCalendar(timeZone: zone))
    let day = try #require(Day(date))
    #expect(calendar.start(of: day).iso8601 == start)
    let length = calendar.end(of: day) - calendar.start(of: day)
    #expect(length.microseconds / 3_600_000_000 == wholeHours)
    guard wholeHours > 0 else { return }
    #expect(calendar.day(of: calendar.start(of: day)) == day)
    #expect(calendar.day(of: calendar.start(of: day) - Span(microseconds: 1)) < day)
    #expect(calendar.day(of: calendar.end(of: day) - Span(microseconds: 1)) == day)
    #expect(calendar.day(of: calendar.end(of: day)) > day)
  }

  @Test(arguments: zones) func daysHoldTheInstantsFoundationGivesThem(zone: String) throws {
    let calendar = try #require(CompanyCalendar(timeZone: zone))
    var foundation = Calendar(identifier: .iso8601)
    foundation.timeZone = try #require(TimeZone(identifier: zone))
    var random = SeededGenerator(seed: 7)
    for _ in 0..<1_000 {
      let instant = Instant(seconds: .random(in: 631_152_000..<3_155_760_000, using: &random))
      let parts = foundation.dateComponents([.year, .month, .day], from: Date(timeIntervalSince1970: Double(instant.seconds)))
      let day = calendar.day(of: instant)
      #expect(day.civil.year == parts.year && day.civil.month == parts.month && day.civil.day == parts.day, "\(instant)")
      #expect(calendar.start(of: day) <= instant && instant < calendar.end(of: day), "\(instant)")
    }
  }

  /// Well past both ends of the table (1990 and 2069), where the nearest end's offset holds.
  @Test(arguments: zones) func everyDayHoldsItsOwnStart(zone: String) throws {
    let calendar = try #require(CompanyCalendar(timeZone: zone))
    let missing = try #require(Day("2011-12-30"))
    var wrong: [Day] = []
    for number in Int32(7_000)...37_000 {
      let day = Day(number: number)
      let start = calendar.start(of: day)
      if zone == "Pacific/Apia", day == missing { continue }
      if calendar.day(of: start) != day || calendar.day(of: start - Span(microseconds: 1)) >= day || calendar.end(of: day) <= start {
        wrong.append(day)
      }
    }
    #expect(wrong == [])
  }

  @Test func reachesAnyInstant() throws {
    let calendar = try #require(CompanyCalendar(timeZone: "Pacific/Auckland"))
    for instant in [Instant.distantPast, Instant(seconds: -5_000_000_000), Instant(seconds: 9_000_000_000), Instant.distantFuture] {
      let day = calendar.day(of: instant)
      #expect(calendar.start(of: day) <= instant && instant < calendar.end(of: day))
    }
  }

  @Test func businessDaysLeaveOutWeekendsAndHolidays() throws {
    let holidays = try ["2026-01-01", "2026-01-03", "2026-01-06"].map { try #require(Day($0)) }
    let calendar = try #require(CompanyCalendar(timeZone: "Europe/Berlin", holidays: holidays))
    let newYear = try #require(Day("2026-01-01"))
    // Thursday a holiday, Friday, a weekend with a holiday in it, Monday, Tuesday a holiday, Wednesday.
    #expect((0..<7).map { calendar.isBusinessDay(newYear + $0) } == [false, true, false, false, true, false, true])
    #expect(calendar.businessDays(from: newYear, through: newYear + 6) == 3)
    #expect(calendar.businessDays(from: newYear, through: newYear) == 0)
    #expect(calendar.businessDays(from: newYear + 1, through: newYear + 1) == 1)
    #expect(calendar.businessDays(from: newYear + 1, through: newYear) == 0)
    #expect(CompanyCalendar.utc.isBusinessDay(newYear))
  }

  @Test(arguments: [1, 2] as [UInt64])
  func businessDaysAreCountedOneByOne(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let base = try #require(Day("2020-01-01"))
    let holidays = (0..<60).map { _ in base + Int.random(in: 0..<2_000, using: &random) }
    let calendar = try #require(CompanyCalendar(timeZone: "UTC", holidays: holidays))
    for _ in 0..<200 {
      let first = base + Int.random(in: 0..<1_900, using: &random)
      let last = first + Int.random(in: -3..<100, using: &random)
      let naive = last < first ? 0 : (0...(last - first)).count { calendar.isBusinessDay(first + $0) }
      #expect(calendar.businessDays(from: first, through: last) == naive)
    }
  }
}
