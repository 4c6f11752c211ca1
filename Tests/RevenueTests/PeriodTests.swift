import Events
import Revenue
import Testing

@Suite struct PeriodTests {
  @Test(
    arguments: [
      // 15 July 2026 is a Wednesday.
      (.week, "2026-07-15", ["2026-06-28 2026-07-05", "2026-07-05 2026-07-12"]),
      (.week, "2026-07-19", ["2026-07-05 2026-07-12", "2026-07-12 2026-07-19"]),
      (.month, "2026-07-15", ["2026-04-30 2026-05-31", "2026-05-31 2026-06-30"]),
      (.month, "2026-07-31", ["2026-05-31 2026-06-30", "2026-06-30 2026-07-31"]),
      (.month, "2026-03-01", ["2025-12-31 2026-01-31", "2026-01-31 2026-02-28"]),
      (.quarter, "2026-07-15", ["2025-12-31 2026-03-31", "2026-03-31 2026-06-30"]),
      (.quarter, "2026-12-31", ["2026-06-30 2026-09-30", "2026-09-30 2026-12-31"]),
      (.trailingYear, "2026-07-15", ["2025-06-15 2026-06-15", "2025-07-15 2026-07-15"]),
      (.trailingYear, "2024-02-29", ["2023-01-29 2024-01-29", "2023-02-28 2024-02-29"]),
    ] as [(Period.Cadence, String, [String])])
  func theLastTwoThatAreOver(cadence: Period.Cadence, through: String, periods: [String]) {
    #expect(Period.last(2, cadence, through: day(through)).map { "\($0.from) \($0.to)" } == periods)
  }

  @Test func nothingIsLeftOutBetweenPeriods() {
    for cadence in [Period.Cadence.week, .month, .quarter] {
      let periods = Period.last(60, cadence, through: day("2026-07-15"))
      #expect(zip(periods, periods.dropFirst()).allSatisfy { $0.to == $1.from })
    }
    #expect(Period.last(0, .month, through: day("2026-07-15")).isEmpty)
  }
}
