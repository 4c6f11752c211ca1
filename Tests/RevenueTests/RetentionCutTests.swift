import Events
import Revenue
import Testing

@Suite struct RetentionCutTests {
  private let year = Period(from: day("2025-12-31"), to: day("2026-12-31"))

  private func row(_ portfolio: Portfolio, _ dimension: Cut.Dimension) -> [String] {
    portfolio.retention(year, by: [dimension]).map { "\($0.cut.value) \($0.figures.start) \($0.figures.end)" }
  }

  @Test func anAccountStaysWhereItWasAtTheStart() {
    let versions = [version(noon("2025-01-01"), [item("core", at: "100")])]
    var (small, large) = (AccountProfile(day: day("2025-01-01")), AccountProfile(day: day("2026-01-01")))
    (small.segment, large.segment) = ("SMB", "Enterprise")
    let portfolio = Portfolio([Portfolio.Member(statement(versions), profiles: [small, large])], currency: "usd")
    #expect(row(portfolio, .segment) == ["SMB 100 100"])
    let next = portfolio.retention(Period(from: day("2026-01-01"), to: day("2026-02-01")), by: [.segment])
    #expect(next.map(\.cut.value) == ["Enterprise"])
  }

  @Test func aNewAccountIsFiledAsItWasWhenItBegan() {
    let versions = [version(noon("2026-03-01"), [item("core", at: "100")])]
    var (small, large) = (AccountProfile(day: day("2026-02-01")), AccountProfile(day: day("2026-06-01")))
    (small.segment, large.segment) = ("SMB", "Enterprise")
    #expect(row(Portfolio([Portfolio.Member(statement(versions), profiles: [small, large])], currency: "usd"), .segment) == ["SMB 0 100"])
  }

  @Test func everyDimensionFilesAnAccount() {
    let plans = [
      item("core/pro/per_seat", 10, at: "240000", "year", currency: "usd", id: "a"),
      item("data/pro/usage", 1, at: "20000", "month", currency: "usd", id: "b"),
    ]
    var profile = AccountProfile(day: day("2025-01-01"))
    (profile.segment, profile.industry, profile.region, profile.channel, profile.owner) = ("SMB", "retail", "EMEA", "partner", "Ada")
    let account = Portfolio.Member(statement([version(noon("2025-05-05"), plans)]), profiles: [profile])
    let portfolio = Portfolio([account], currency: "usd")
    let values = Dictionary(grouping: portfolio.retention(year, by: Cut.Dimension.allCases), by: \.cut.dimension).mapValues {
      $0.map(\.cut.value)
    }
    #expect(
      values == [
        .total: ["total"], .segment: ["SMB"], .arrBand: ["10k-50k"], .industry: ["retail"], .region: ["EMEA"], .channel: ["partner"],
        .productLine: ["core", "data"], .term: ["annual"], .pricingModel: ["per_seat"], .owner: ["Ada"], .cohort: ["2025-Q2"],
      ])
  }

  @Test func theContractsTermGoesBeforeBillings() {
    var profile = AccountProfile(day: day("2025-01-01"))
    profile.term = "multi_year"
    let monthly = [version(noon("2025-05-05"), [item("core")])]
    #expect(row(Portfolio([Portfolio.Member(statement(monthly), profiles: [profile])], currency: "usd"), .term) == ["multi_year 1000 1000"])
    #expect(row(Portfolio([Portfolio.Member(statement(monthly))], currency: "usd"), .term) == ["monthly 1000 1000"])
    let longer = [version(noon("2025-05-05"), [item("core", 1, at: "36000", "year", count: 3)])]
    #expect(row(Portfolio([Portfolio.Member(statement(longer))], currency: "usd"), .term) == ["multi_year 1000 1000"])
  }

  @Test func whatNobodyDescribedIsUnknown() {
    let portfolio = Portfolio([Portfolio.Member(statement([version(noon("2025-05-05"), [item("core")])]))], currency: "usd")
    for dimension in [Cut.Dimension.segment, .industry, .region, .channel, .owner, .productLine, .pricingModel] {
      #expect(row(portfolio, dimension) == ["unknown 1000 1000"])
    }
  }

  @Test(arguments: [
    (0, "<10k"), (83_333, "<10k"), (83_334, "10k-50k"), (416_667, "50k-100k"), (2_083_334, "250k-1M"), (8_333_333, "250k-1M"),
    (8_333_334, ">=1M"),
  ])
  func bandsAreOfYearlyRevenue(mrr: Int64, band: String) { #expect(RevenueBands(currency: "usd").band(ofMRR: mrr) == band) }

  @Test func bandsHaveBoundsOfTheirOwn() {
    let bands = RevenueBands(bounds: [500, 12_000], currency: "jpy")
    #expect([41, 42, 999, 1000].map { bands.band(ofMRR: $0) } == ["<500", "500-12k", "500-12k", ">=12k"])
    #expect(RevenueBands(bounds: [], currency: "usd").band(ofMRR: 5) == "all")
  }

  // MARK: - Beside the three figures

  @Test func durableLeavesOutUnsoundExpansionsAsFarAsTheyAreLeft() {
    let grown = member(1, [("2025-01-01", 100), ("2026-03-01", 150), ("2026-06-01", 130)])
    let portfolio = Portfolio([grown], currency: "usd")
    let durable = { (unsound: [UnsoundExpansion]) in portfolio.total(year, unsound: [AccountKey(1): unsound]).durable }
    #expect(durable([]) == 130)
    // 20 of the 50 were lost after it.
    #expect(durable([UnsoundExpansion(openedOn: day("2026-03-01"), amount: 50)]) == 100)
    #expect(durable([UnsoundExpansion(openedOn: day("2026-07-01"), amount: 10)]) == 120)
    // Before the period and after it are other periods' matter.
    #expect(
      durable([UnsoundExpansion(openedOn: day("2025-12-31"), amount: 50), UnsoundExpansion(openedOn: day("2027-01-01"), amount: 50)]) == 130
    )
  }

  @Test func theThreeGreatestExpansions() {
    let members = (1...5).map { member($0, [("2025-01-01", 100), ("2026-03-01", 100 + $0 * 10)]) }
    let figures = Portfolio(members, currency: "usd").total(year)
    #expect(figures.greatestExpansions == [50, 40, 30] && figures.expansion == 150 && figures.top3ExpansionShare == 0.8)
  }

  @Test func whatBecameOfTheBase() {
    let members = [
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)]), member(2, [("2025-01-01", 200), ("2026-03-01", 250)]),
      member(3, [("2025-01-01", 400), ("2026-03-01", 361)]), member(4, [("2025-01-01", 500), ("2026-03-01", 450)]),
      member(5, [("2025-01-01", 700)]),
    ]
    let parts = Portfolio(members, currency: "usd").total(year).composition
    #expect(parts.churned.accounts == 1 && parts.churned.mrr == 100 && parts.expanding.accounts == 1 && parts.expanding.mrr == 200)
    #expect(parts.shrinking.accounts == 2 && parts.shrinking.mrr == 900 && parts.flat.accounts == 1 && parts.flat.mrr == 700)
    #expect(parts.smallContractions == 1)
  }

  @Test func withUsageAddsTheMeanOfTheLastThreeInvoicedMonths() {
    let metered = MeteredMonths([
      (day("2025-09-20"), 999), (day("2025-10-20"), 30), (day("2025-11-20"), 60), (day("2025-12-10"), 40), (day("2025-12-20"), 50),
      (day("2026-12-05"), 10),
    ])
    #expect(metered.mean(on: day("2025-12-31")) == 60 && metered.mean(on: day("2025-12-30")) == 363)
    #expect(metered.mean(on: day("2026-12-31")) == 10 && metered.mean(on: day("2025-09-29")) == 0)
    let account = Portfolio.Member(statement([version(noon("2025-01-01"), [item("core", at: "100")])]), metered: metered)
    let figures = Portfolio([account], currency: "usd").total(year)
    #expect(figures.nrr == 1 && figures.withUsage.nrr == Double(110) / 160 && figures.withUsage.grr == Double(110) / 160)
    #expect(figures.withUsage.logoChurn == 0 && figures.withUsage.n == 1)
  }

  @Test func churnedRevenueThatWasReadyToExpand() {
    let members = [member(1, [("2025-01-01", 100), ("2026-03-01", 0)]), member(2, [("2025-01-01", 70), ("2026-04-01", 0)])]
    let portfolio = Portfolio(members, currency: "usd")
    #expect(portfolio.churned(year) { key, churned in key == AccountKey(1) && churned == day("2026-03-01") } == 100)
    #expect(portfolio.mrr(of: [AccountKey(2), AccountKey(9)], on: day("2026-03-01")) == 70 && portfolio.mrr(on: day("2026-02-28")) == 170)
  }
}
