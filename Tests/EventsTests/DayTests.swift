import Events
import Foundation
import Testing

@Suite struct DayTests {
  /// The ISO 8601 calendar is proleptic, as `Day` is.
  private static let foundation: Calendar = {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    return calendar
  }()

  /// 1600 to 2400; the stride is prime, so all weekdays and days of month come by.
  @Test func agreesWithFoundation() {
    for number in stride(from: Int32(-135_140), through: 157_054, by: 11) {
      let day = Day(number: number)
      let parts = Self.foundation.dateComponents(
        [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(number) * 86_400))
      #expect(day.civil.year == parts.year && day.civil.month == parts.month && day.civil.day == parts.day, "\(number)")
      #expect(Weekday.allCases.firstIndex(of: day.weekday).map { ($0 + 1) % 7 + 1 } == parts.weekday, "\(number)")
    }
  }

  /// Every day of some centuries: the next day is the next date, and the date gives the day back.
  @Test(arguments: [(-101, 101, 203 * 365 + 49), (1895, 2105, 211 * 365 + 51)])
  func datesFollowOneAnother(from: Int, through: Int, days: Int) throws {
    let first = try #require(Day(year: from, month: 1, day: 1))
    let last = try #require(Day(year: through, month: 12, day: 31))
    var expected = (year: from, month: 1, day: 1)
    var mismatches = 0
    for number in first.number...last.number {
      let day = Day(number: number)
      let civil = day.civil
      if civil != expected || Day(year: civil.year, month: civil.month, day: civil.day) != day { mismatches += 1 }
      expected.day += 1
      if Day(year: expected.year, month: expected.month, day: expected.day) == nil { expected = (expected.year, expected.month + 1, 1) }
      if expected.month > 12 { expected = (expected.year + 1, 1, 1) }
    }
    #expect(mismatches == 0)
    #expect(expected == (through + 1, 1, 1))
    #expect(last - first + 1 == days)
  }

  @Test(arguments: [
    (2024, 2, 29, true), (2023, 2, 29, false), (2000, 2, 29, true), (1900, 2, 29, false), (2100, 2, 29, false), (2026, 4, 31, false),
    (2026, 0, 1, false), (2026, 13, 1, false), (2026, 1, 0, false), (2026, 12, 31, true), (0, 2, 29, true), (-4, 2, 29, true),
  ])
  func knowsWhichDatesExist(year: Int, month: Int, day: Int, exists: Bool) {
    #expect((Day(year: year, month: month, day: day) != nil) == exists)
  }

  @Test(arguments: [("1970-01-01", 0), ("1969-12-31", -1), ("2026-01-31", 20_484), ("0000-03-01", -719_468), ("9999-12-31", 2_932_896)])
  func readsAndWritesDates(text: String, number: Int32) {
    #expect(Day(text) == Day(number: number))
    #expect(Day(number: number).description == text)
  }

  @Test(arguments: [
    "", "2026-02-30", "2026-1-031", "02026-1-1", "2026-+1-31", "+026-01-31", "2026-01-+1", "-026-01-31", "2026-01-3", "2026-01-311",
    "2026/01/31", "20260131--", "2026-01-31T", "２026-01-3", "٢-01-00001",
  ])
  func refusesWhatIsNoDate(text: String) {
    #expect(Day(text) == nil)
  }

  @Test func writesShortDates() {
    #expect(Day(year: 2026, month: 3, day: 5)?.short == "5 Mar")
    #expect(Day(year: 2026, month: 12, day: 31)?.short == "31 Dec")
  }

  @Test func countsDays() throws {
    let leap = try #require(Day("2024-02-28"))
    #expect((leap + 2).description == "2024-03-01")
    #expect((leap - 59).description == "2023-12-31")
    #expect(leap + 2 - leap == 2)
    #expect(leap < leap + 1)
    #expect(Day(number: 0).weekday == .thursday)
    #expect(Day(number: -4).weekday == .sunday && Day(number: -4).weekday.isWeekend)
    #expect(Weekday.allCases.filter(\.isWeekend) == [.saturday, .sunday])
  }
}
