import Events
import Features
import Testing

@Suite struct KnownRangesTests {
  private static let usage: [Kind] = [.usage]

  @Test func aKindNoStreamBringsIsUnknown() {
    var ranges = KnownRanges()
    #expect(ranges.range(of: .usage) == nil && ranges.days(of: .usage, .utc) == nil)
    ranges.advance(stream: "tickets", kinds: [.ticket], from: noon(0), through: noon(9))
    #expect(ranges.range(of: .usage) == nil)
    #expect(ranges.range(of: .ticket)?.from == noon(0) && ranges.range(of: .ticket)?.through == noon(9))
  }

  @Test func theYoungestAndTheSlowestStreamDecide() {
    var ranges = KnownRanges()
    ranges.advance(stream: "a", kinds: [.ticket, .survey], from: noon(0), through: noon(20))
    ranges.advance(stream: "b", kinds: [.ticket], from: noon(5), through: noon(30))
    #expect(ranges.range(of: .ticket)?.from == noon(5) && ranges.range(of: .ticket)?.through == noon(20))
    #expect(ranges.range(of: .survey)?.from == noon(0))
    ranges.advance(stream: "a", kinds: [.ticket, .survey], from: noon(0), through: noon(40))
    #expect(ranges.range(of: .ticket)?.through == noon(30))
  }

  @Test(arguments: [
    // Whole days only: from midnight to midnight is the day itself, a microsecond off at either end costs that day.
    ("2026-01-05T00:00:00Z", "2026-01-08T00:00:00Z", "2026-01-05", "2026-01-07"),
    ("2026-01-05T00:00:00.000001Z", "2026-01-08T00:00:00Z", "2026-01-06", "2026-01-07"),
    ("2026-01-05T00:00:00Z", "2026-01-07T23:59:59.999999Z", "2026-01-05", "2026-01-06"),
    ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", "2026-01-05", "2026-01-05"),
    ("2026-01-05T00:00:00Z", "2026-01-05T23:59:59Z", nil, nil), ("2026-01-05T09:00:00Z", "2026-01-06T23:00:00Z", nil, nil),
    ("2026-01-05T00:00:00Z", "2026-01-04T00:00:00Z", nil, nil),
  ])
  func holdsWholeCompanyDays(from: String, through: String, first: String?, last: String?) throws {
    var ranges = KnownRanges()
    ranges.advance(
      stream: "s", kinds: Self.usage, from: try #require(Instant(iso8601: from)), through: try #require(Instant(iso8601: through)))
    let days = ranges.days(of: .usage, .utc)
    #expect(days?.lowerBound.description == first && days?.upperBound.description == last)
  }

  @Test func daysAreTheCompanys() throws {
    var ranges = KnownRanges()
    let berlin = try #require(CompanyCalendar(timeZone: "Europe/Berlin"))
    ranges.advance(
      stream: "s", kinds: Self.usage, from: try #require(Instant(iso8601: "2026-01-04T23:00:00Z")),
      through: try #require(Instant(iso8601: "2026-01-07T23:00:00Z")))
    #expect(ranges.days(of: .usage, berlin)?.lowerBound.description == "2026-01-05")
    #expect(ranges.days(of: .usage, berlin)?.upperBound.description == "2026-01-07")
    #expect(ranges.days(of: .usage, .utc)?.upperBound.description == "2026-01-06")
  }

  @Test func aStaleStreamMakesTheKindsItBringsStale() {
    var ranges = KnownRanges()
    ranges.advance(stream: "a", kinds: [.ticket, .survey], from: noon(0), through: noon(20))
    ranges.advance(stream: "b", kinds: [.ticket], from: noon(5), through: noon(30))
    ranges.setStale("a", since: noon(22))
    ranges.setStale("b", since: noon(21))
    ranges.setStale("never seen", since: noon(1))
    #expect(ranges.range(of: .ticket)?.staleSince == noon(21) && ranges.range(of: .survey)?.staleSince == noon(22))
    ranges.advance(stream: "b", kinds: [.ticket], from: noon(5), through: noon(40))
    #expect(ranges.range(of: .ticket)?.staleSince == noon(21))
    ranges.setStale("b", since: nil)
    #expect(ranges.range(of: .ticket)?.staleSince == noon(22))
  }

  @Test func holesCoverageAndHoldsAreTheKinds() {
    var ranges = KnownRanges()
    let hole = Hole(from: noon(5), until: noon(7))
    ranges.advance(stream: "a", kinds: Self.usage, from: noon(0), through: noon(20), holes: [hole])
    ranges.advance(stream: "b", kinds: Self.usage, from: noon(0), through: noon(20), holes: [Hole(from: noon(2), until: noon(3))])
    #expect(ranges.range(of: .usage)?.holes.map(\.from) == [noon(2), noon(5)])
    #expect(ranges.range(of: .usage)?.coversCustomers == false)
    ranges.advance(stream: "b", kinds: Self.usage, from: noon(0), through: noon(20), coversCustomers: true)
    #expect(ranges.range(of: .usage)?.coversCustomers == true)
    #expect(ranges.range(of: .usage)?.hole(after: noon(7), through: noon(9)) == nil)
    #expect(ranges.range(of: .usage)?.hole(after: noon(0), through: noon(5)) == nil)
    #expect(ranges.range(of: .usage)?.hole(after: noon(6), through: noon(9)) == hole)
    #expect(ranges.range(of: .usage)?.holeDays(.utc).map(\.lowerBound.description) == ["2026-01-06"])
    ranges.hold(.usage, from: noon(10))
    #expect(ranges.range(of: .usage)?.through == noon(10) && ranges.reach(of: .usage)?.through == noon(20))
    ranges.hold(.usage, from: nil)
    #expect(ranges.range(of: .usage)?.through == noon(20))
  }

  @Test func comesBackFromJSON() throws {
    var ranges = KnownRanges()
    #expect(KnownRanges(json: ranges.json) == ranges)
    ranges.advance(stream: "a", kinds: [.ticket, .survey], from: noon(0) + Span(microseconds: 1), through: noon(20))
    ranges.advance(
      stream: "b", kinds: [], from: .distantPast, through: .distantFuture, holes: [Hole(from: noon(1), until: noon(2))],
      coversCustomers: true)
    ranges.setStale("a", since: noon(3))
    #expect(KnownRanges(json: try JSON(parsing: ranges.json.serialized())) == ranges)
  }

  @Test(
    arguments: [nil, [], ["a": [:]], ["a": ["kinds": ["tickets"], "from": 0, "through": 1]], ["a": ["kinds": [], "from": 0]]] as [JSON])
  func refusesWhatItNeverWrote(json: JSON) {
    #expect(KnownRanges(json: json) == nil)
  }
}

@Suite struct ProductCatalogTests {
  @Test func whatNobodyDescribedIsAFeatureAndASeatPlan() {
    let plan = Plan(id: "api", tier: "basic", productLine: "api", countsSeats: false, isElastic: true, premiumFeatures: [])
    let catalog = ProductCatalog(meanings: ["signed_in": .login], plans: ["api": plan])
    #expect(catalog.meaning(of: "signed_in") == .login && catalog.meaning(of: "other") == .feature)
    #expect(!catalog.countsSeats("api") && catalog.countsSeats("other"))
    #expect(catalog.isElastic("api") && !catalog.isElastic("other"))
  }
}
