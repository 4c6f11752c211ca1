import Events
import Revenue
import Testing

@Suite struct RetentionLeverTests {
  private let year = Period(from: day("2025-12-31"), to: day("2026-12-31"))
  private let benchmark = RetentionBenchmarks.Segment(
    name: "SMB", matches: ["SMB", "Small"], nrr: 900_000...1_000_000, top: 1_000_000...1_100_000, churn: 150_000, contraction: 50_000,
    expansion: 130_000)

  @Test func theThreeRatesMakeNRR() throws {
    // 1000: 200 churned, 100 contracted, 140 won from the 700 retained.
    let members = [
      member(1, [("2025-01-01", 200), ("2026-02-01", 0)]), member(2, [("2025-01-01", 300), ("2026-02-01", 200)]),
      member(3, [("2025-01-01", 500), ("2026-02-01", 640)]),
    ]
    let figures = Portfolio(members, currency: "usd").total(year)
    let levers = RetentionLever.all(figures, benchmark)
    let value = Dictionary(uniqueKeysWithValues: levers.map { ($0.rate, $0.value) })
    #expect(value == [.churn: 200_000, .contraction: 100_000, .expansion: 200_000])
    #expect(figures.nrrMillionths == 840_000)
    // Five points of churn less keep 50, and those grow by a fifth; contraction the same; expansion is above its benchmark.
    #expect(levers.map(\.rate) == [.churn, .contraction, .expansion] && levers.map(\.room) == [60, 60, 0])
  }

  @Test func theOneWithMostRoomComesFirst() {
    let members = [member(1, [("2025-01-01", 900)]), member(2, [("2025-01-01", 100), ("2026-02-01", 0)])]
    let levers = RetentionLever.all(Portfolio(members, currency: "usd").total(year), benchmark)
    #expect(levers.map(\.rate) == [.expansion, .churn, .contraction] && levers.map(\.room) == [117, 0, 0])
    #expect(RetentionLever.all(RetentionFigures(), benchmark).isEmpty)
  }

  @Test func aBenchmarkIsFoundBySegmentElseTheOneForAll() {
    let usage = RetentionBenchmarks.Segment(
      name: "usage-based", matches: ["usage"], nrr: 1_100_000...1_200_000, top: 1_300_000...1_500_000, churn: 1, contraction: 1,
      expansion: 1)
    let benchmarks = RetentionBenchmarks([benchmark, usage], fallback: "SMB")
    #expect(benchmarks.segment(for: Cut(dimension: .segment, value: "small"))?.name == "SMB")
    #expect(benchmarks.segment(for: Cut(dimension: .pricingModel, value: "usage"))?.name == "usage-based")
    #expect(benchmarks.segment(for: Cut(dimension: .region, value: "usage"))?.name == "SMB")
    #expect(benchmarks.segment(for: .total)?.name == "SMB")
    #expect(RetentionBenchmarks([usage]).segment(for: .total) == nil)
  }

  @Test(arguments: [
    (899_999, "red flag"), (900_000, "fair"), (999_999, "fair"), (1_000_000, "solid"), (1_099_999, "solid"), (1_100_000, "best in class"),
  ])
  func standsInABand(nrr: Int64, words: String) { #expect(RetentionStanding(nrr: nrr).rawValue == words) }
}
