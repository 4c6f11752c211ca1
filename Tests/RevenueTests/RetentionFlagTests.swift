import Events
import Revenue
import Testing

@Suite struct RetentionFlagTests {
  private static let period = Period(from: day("2025-12-31"), to: day("2026-12-31"))

  /// So many accounts of 1000 each, what some of them change to, and a segment of its own.
  private static func accounts(_ count: Int64, _ ends: [Int64], segment: String, from key: Int64 = 1) -> [Portfolio.Member] {
    (0..<count).map { index in
      let end = index < ends.count ? ends[Int(index)] : 1000
      let levels = end == 1000 ? [("2025-01-01", 1000)] : [("2025-01-01", 1000), ("2026-06-01", end)]
      return member(key + index, levels) { $0.segment = segment }
    }
  }

  private func flags(_ members: [Portfolio.Member]) -> [String] {
    RetentionFlag.ofYear(Portfolio(members, currency: "usd").retention(Self.period, by: [.total, .segment])).map {
      "\($0.cut.value) \($0.id.rawValue)"
    }
  }

  @Test(
    arguments: [
      // One of ten is lost and more is won: GRR 90 %, NRR 100.1 %; just not at 100 % and at 90.1 %.
      ([0, 2001], ["leak_behind_growth"]), ([0, 2000], []), ([1, 2001], []),
      // GRR 70 % and NRR 130 %.
      ([0, 0, 0, 7000], ["leak_behind_growth", "growth_on_few_shoulders", "logos_leaving"]),
      ([0, 0, 0, 6999], ["leak_behind_growth", "logos_leaving"]), ([1, 1, 1, 7000], ["leak_behind_growth"]),
      // NRR below 90 %, and at 90 %.
      ([0, 999], ["low_retention"]), ([0], []),
      // NRR above 150 %, and at 150 %.
      ([6001], ["underpriced"]), ([6000], []),
      // Two of ten lost, NRR above 100 %; one of ten is not 15 %.
      ([0, 0, 3001], ["leak_behind_growth", "logos_leaving"]), ([0, 0, 3000], []),
    ] as [([Int64], [String])])
  func eachBoundRaisesAndJustNot(ends: [Int64], ids: [String]) {
    #expect(flags(Self.accounts(10, ends, segment: "")).filter { $0.hasPrefix("total ") } == ids.map { "total " + $0 })
  }

  @Test func fewerThanTenAccountsRaiseNothing() {
    #expect(flags(Self.accounts(9, [0, 0, 0], segment: "")).isEmpty)
  }

  @Test func exactlyFifteenPointsBelowIsBehind() {
    // 70 % against 85 %.
    let members = Self.accounts(10, [0, 0, 0], segment: "SMB") + Self.accounts(10, [], segment: "Mid", from: 100)
    #expect(flags(members).contains("SMB segment_behind") && !flags(members).contains("Mid segment_behind"))
    let nearer = Self.accounts(10, [0, 0, 1], segment: "SMB") + Self.accounts(10, [], segment: "Mid", from: 100)
    #expect(!flags(nearer).contains("SMB segment_behind"))
  }

  @Test func concentrationRisesByFivePoints() {
    #expect(RetentionFlag.ofConcentration(now: 450_000, yearAgo: 400_000, accounts: 30).map(\.id) == [.concentrationRising])
    #expect(RetentionFlag.ofConcentration(now: 449_999, yearAgo: 400_000, accounts: 30).isEmpty)
    #expect(RetentionFlag.ofConcentration(now: 900_000, yearAgo: nil, accounts: 30).isEmpty)
    let portfolio = Portfolio(Self.accounts(20, [11_000], segment: ""), currency: "usd")
    #expect(portfolio.shareOfGreatest(10, on: day("2025-12-31")) == 500_000)
    #expect(portfolio.shareOfGreatest(10, on: day("2026-12-31")) == 666_667)
    #expect(portfolio.shareOfGreatest(10, on: day("2024-12-31")) == nil)
  }

  @Test(arguments: [([900, 900], 20, true), ([900], 20, false), ([900, 2000], 20, false), ([900], 9, false)] as [([Int64], Int64, Bool)])
  func manyContractionsInAQuarter(ends: [Int64], count: Int64, isRaised: Bool) {
    let quarter = Period(from: day("2026-03-31"), to: day("2026-06-30"))
    let table = Portfolio(Self.accounts(count, ends, segment: "SMB"), currency: "usd").retention(quarter, by: [.total, .segment])
    #expect(RetentionFlag.ofQuarter(table).map(\.cut.value) == (isRaised ? ["total", "SMB"] : []))
  }

  @Test func halfThePipelineInOneLine() {
    #expect(RetentionFlag.ofPipeline(["core": 50, "flow": 30, "data": 20]).map(\.cut.value) == ["core"])
    #expect(RetentionFlag.ofPipeline(["core": 49, "flow": 30, "data": 21]).isEmpty)
    #expect(RetentionFlag.ofPipeline(["core": 50]).isEmpty && RetentionFlag.ofPipeline([:]).isEmpty)
  }

  @Test(
    arguments: [
      ([102, 102, 98, 98], true), ([102, 102, 100, 100], true), ([102, 102, 100, 101], false), ([102, 98, 98], false),
      ([90, 90, 90, 90, 102, 102, 100, 100], false), ([90, 90, 90, 90, 90, 102, 102, 102, 102, 102, 100, 100], true),
      ([100, 104, 100, 100], true), ([102, 102, 98, nil], false), ([102, nil, 102, 98, 98], true),
    ] as [([Int64?], Bool)])
  func twoMonthsBelowTheMedianBefore(months: [Int64?], isRaised: Bool) {
    let rates = months.map { $0.map { $0 * 10_000 } }
    #expect((RetentionFlag.ofMonths(rates, cut: .total, accounts: 10) != nil) == isRaised)
    #expect(RetentionFlag.ofMonths(rates, cut: .total, accounts: 9) == nil)
  }

  @Test func aFlagSaysItsNumbers() {
    let table = Portfolio(Self.accounts(10, [0, 2001], segment: ""), currency: "usd").retention(Self.period)
    #expect(RetentionFlag.ofYear(table).map(\.words) == ["NRR 100 %, GRR 90 %, n 10"])
    #expect(
      RetentionFlag.ofMonths([1_020_000, 1_020_000, 980_000, 975_500], cut: .total, accounts: 10)?.words
        == "NRR 98 % and 97.6 % in two months, 102 % before")
  }
}
