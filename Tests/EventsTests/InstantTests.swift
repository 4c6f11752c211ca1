import Events
import Testing

@Suite struct InstantTests {
  /// 2026-01-31T08:05:00Z.
  private static let morning: Int64 = 1_769_846_700_000_000

  @Test(
    arguments: [
      ("2026-01-31T08:05:00Z", 0), ("2026-01-31T08:05Z", 0), ("2026-01-31T08:05:00", 0), ("2026-01-31 08:05:00", 0),
      ("2026-01-31T08:05:00+0000", 0), ("2026-01-31T08:05:00-00:00", 0), ("2026-01-31T13:35:00+05:30", 0), ("2026-01-31T13:35:00+0530", 0),
      ("2026-01-31 03:05:00-05:00", 0), ("2026-01-31T00:05:00.000-0800", 0), ("2026-02-01T07:05:00+23:00", 0),
      ("2026-01-31T08:05:00.5Z", 500_000), ("2026-01-31T08:05:00,25Z", 250_000), ("2026-01-31T08:05:00.000001Z", 1),
      ("2026-01-31T08:05:00.123456Z", 123_456), ("2026-01-31T08:05:00.1234569Z", 123_456), ("2026-01-31T08:05:00.123456789Z", 123_456),
      ("2026-01-31T08:04:60Z", 0), ("2026-01-31", -29_100_000_000),
    ] as [(String, Int64)])
  func readsWhatVendorsWrite(text: String, microsecondsAfterMorning: Int64) {
    #expect(Instant(iso8601: text) == Instant(microseconds: Self.morning + microsecondsAfterMorning))
  }

  @Test(
    arguments: [
      ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T00:00:00Z", 951_782_400_000_000),
      ("0000-01-01", -62_167_219_200_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ] as [(String, Int64)])
  func knowsTheEpoch(text: String, microseconds: Int64) {
    #expect(Instant(iso8601: text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "Z", "2026", "2026-01", "26-01-31", "2026-1-31", "2026-01-31T", "2026-01-31Z", "2026-01-31T08", "2026-01-31T08:5:00Z",
    "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z",
    "2026-01-31T08:05:61Z", "2026-01-31T08:05:00.Z", "2026-01-31T08:05:00.1234567890Z", "2026-01-31T08:05:00ZZ", "2026-01-31T08:05:00 Z",
    "2026-01-31T08:05:00+", "2026-01-31T08:05:00+5", "2026-01-31T08:05:00+05", "2026-01-31T08:05:00+05:3", "2026-01-31T08:05:00+24:00",
    "2026-01-31T08:05:00+05:60", "2026-01-31T08:05:00 UTC", "2026/01/31", " 2026-01-31", "2026-01-31 ", "20260131T080500Z",
    "+026-01-31", "2026-+1-31", "２０２６-01-31", "1769846700", "Sat, 31 Jan 2026 08:05:00 GMT", "yesterday",
  ])
  func refusesEverythingElse(text: String) {
    #expect(Instant(iso8601: text) == nil)
  }

  /// A four-digit year is all the canonical form can write, so an offset may not carry an instant out of 0000 to 9999.
  @Test(arguments: ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01", "9999-12-31T23:59:60Z"])
  func refusesWhatItCouldNotWriteAgain(text: String) {
    #expect(Instant(iso8601: text) == nil)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1_769_846_700_000_000, "2026-01-31T08:05:00Z"),
      (1_769_846_700_500_000, "2026-01-31T08:05:00.500000Z"), (1_769_846_700_000_001, "2026-01-31T08:05:00.000001Z"),
    ] as [(Int64, String)])
  func writesOneForm(microseconds: Int64, text: String) {
    #expect(Instant(microseconds: microseconds).iso8601 == text)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func readsBackWhatItWrites(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let instant = Instant(microseconds: .random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &random))
      #expect(Instant(iso8601: instant.iso8601) == instant)
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func anOffsetNamesTheSameInstant(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let instant = Instant(seconds: .random(in: -2_000_000_000...4_000_000_000, using: &random))
      let minutes = Int64.random(in: -14 * 60...14 * 60, using: &random)
      let local = (instant + .minutes(minutes)).iso8601.dropLast()
      let digits = [abs(minutes) / 60, abs(minutes) % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
      #expect(Instant(iso8601: local + (minutes < 0 ? "-" : "+") + digits) == instant)
    }
  }

  @Test func roundsSecondsAndDaysDown() {
    #expect(Instant(microseconds: -1).seconds == -1)
    #expect(Instant(microseconds: 1_999_999).seconds == 1)
    #expect(Span(microseconds: -1).wholeDays == -1)
    #expect((Span.days(3) - .hours(1)).wholeDays == 2)
    #expect(Span.days(2) == .hours(48) && Span.hours(1) == .minutes(60) && Span.minutes(1) == .seconds(60))
  }
}

extension Span {
  fileprivate static func - (a: Span, b: Span) -> Span { Span(microseconds: a.microseconds - b.microseconds) }
}
