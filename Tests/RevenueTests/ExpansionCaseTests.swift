import Events
import Revenue
import Testing

@Suite struct ExpansionCaseTests {
  /// One subscription whose items change on the given days; all cases within a year.
  private func cases(_ changes: [(day: Int, items: [Value])], discounts: [Value] = []) -> [ExpansionCase] {
    ledger(changes.map { version(noon($0.day), $0.items, discounts: discounts) }).expansionCases(through: date(365))
  }

  @Test(
    arguments: [
      // From 100 seats: five per cent opens a case, and so do three seats.
      (100, 105, true), (100, 104, true), (100, 103, true), (100, 102, false), (100, 101, false), (100, 100, false), (100, 90, false),
      // From 20 seats: one seat is five per cent, from 21 it is less.
      (20, 21, true), (21, 22, false), (40, 42, true), (41, 43, false), (1, 2, true), (1000, 1003, true), (1000, 1002, false),
    ] as [(Int64, Int64, Bool)])
  func seatsOpenACase(from: Int64, to: Int64, opens: Bool) {
    let cases = cases([(0, [item("pro", from)]), (90, [item("pro", to)])])
    let expected = ExpansionCase(
      number: 1, openedOn: date(90), mrrBefore: from * 1000, mrrAfter: to * 1000, seatsBefore: from, seatsAfter: to, plansAdded: [])
    #expect(cases == (opens ? [expected] : []))
    #expect(cases.allSatisfy { $0.verdict == .proving })
  }

  @Test(arguments: [("500", true), ("499", false), ("1", false), ("5000", true)])
  func anAddOnOpensACaseFromFivePerCent(price: String, opens: Bool) {
    let base = item("pro", 10)
    let cases = cases([(0, [base]), (90, [base, item("api", 1, at: price)])])
    #expect(cases.map(\.plansAdded) == (opens ? [["api"]] : []))
    #expect(cases.allSatisfy { $0.mrrBefore == 10_000 && $0.seatsBefore == 10 && $0.seatsAfter == 10 })
  }

  @Test(arguments: [("1050", true), ("1049", false), ("2000", true), ("1000", false), ("900", false)])
  func aDearerPlanOpensACase(price: String, opens: Bool) {
    let cases = cases([(0, [item("pro", 10)]), (90, [item("enterprise", 10, at: price)])])
    #expect(cases.map(\.plansAdded) == (opens ? [["enterprise"]] : []))
  }

  @Test func priceDiscountPauseAndMeteringOpenNone() {
    #expect(cases([(0, [item("pro", 10)]), (90, [item("pro", 10, at: "1500")])]) == [])
    let expiring = version(noon(0), [item("pro", 10)], discounts: [discount(percent: "40", endsAt: noon(90))])
    #expect(ledger([expiring]).levels.map(\.mrr) == [6000, 10_000])
    #expect(ledger([expiring]).expansionCases(through: date(365)) == [])
    let removed = [expiring, version(noon(40), [item("pro", 10)])]
    #expect(ledger(removed).expansionCases(through: date(365)) == [])
    let paused = [
      version(noon(0), [item("pro", 10)]), version(noon(30), [item("pro", 10)], status: "paused"), version(noon(60), [item("pro", 10)]),
    ]
    #expect(ledger(paused).expansionCases(through: date(365)) == [])
    #expect(cases([(0, [item("pro", 10)]), (90, [item("pro", 10), item("calls", 5, at: "9000", metered: true)])]) == [])
    // The same revenue billed another way.
    #expect(cases([(0, [item("pro", 10)]), (90, [item("pro_yearly", 10, at: "12000", "year")])]) == [])
  }

  @Test func aFirstPurchaseOpensNone() {
    #expect(cases([(0, [item("pro", 10)])]) == [])
    let trial = version(noon(0), [item("pro", 10)], status: "trialing")
    #expect(ledger([trial, version(noon(14), [item("pro", 10)])]).expansionCases(through: date(365)) == [])
    #expect(cases([(0, []), (14, [item("pro", 10)])]) == [])
    let free = cases([(0, [item("free", 10, at: "0")]), (14, [item("pro", 10)])])
    #expect(free == [])
    let reactivated = [version(noon(0), [item()]), version(noon(30), [item()], status: "canceled"), version(noon(60), [item("pro", 9)])]
    #expect(ledger(reactivated).expansionCases(through: date(365)) == [])
  }

  @Test(arguments: [(90, true), (119, true), (120, true), (121, false)])
  func aFurtherIncreaseWithinThirtyDaysIsTheSameCase(day: Int, merges: Bool) {
    let second: [Value] = [item("pro", 30), item("addon", 1, at: "5000")]
    let changes: [(day: Int, items: [Value])] = [(0, [item("pro", 10)]), (90, [item("pro", 20)]), (day == 90 ? 91 : day, second)]
    let cases = cases(changes)
    guard merges else {
      #expect(cases.map(\.number) == [1, 2] && cases.map(\.openedOn) == [date(90), date(day)])
      #expect(cases.map(\.mrrBefore) == [10_000, 20_000] && cases.map(\.mrrAfter) == [20_000, 35_000])
      return
    }
    let merged = ExpansionCase(
      number: 1, openedOn: date(90), mrrBefore: 10_000, mrrAfter: 35_000, seatsBefore: 10, seatsAfter: 31, plansAdded: ["addon"],
      purchases: 2)
    #expect(cases == [merged])
  }

  @Test(arguments: [(20, true), (11, true), (10, false), (4, false)] as [(Int64, Bool)])
  func moreUnitsOfAnAddOnOpenACase(units: Int64, opens: Bool) {
    // 100 seats and 5 units at 10.00 each: five per cent are 52.50, so six units.
    let cases = cases([(0, [item("pro", 100), item("api", 5)]), (90, [item("pro", 100), item("api", units)])])
    #expect(cases.map(\.openedOn) == (opens ? [date(90)] : []))
    #expect(cases.allSatisfy { $0.seatsBefore == 100 && $0.seatsAfter == 100 && $0.plansAdded == [] })
  }

  @Test(
    arguments: [
      // Two steps of two seats each of 100, within 30 days and not.
      (110, [110]), (120, [120]), (121, []),
    ] as [(Int, [Int])])
  func smallStepsWithinThirtyDaysCountTogether(second: Int, opened: [Int]) {
    let cases = cases([(0, [item("pro", 100)]), (90, [item("pro", 102)]), (second, [item("pro", 104)])])
    #expect(cases.map(\.openedOn) == opened.map { date($0) })
    #expect(cases.allSatisfy { $0.seatsBefore == 100 && $0.seatsAfter == 104 && $0.mrrBefore == 100_000 && $0.mrrAfter == 104_000 })
  }

  @Test(arguments: [(110, []), (120, []), (121, [121])] as [(Int, [Int])])
  func whatWasGivenUpAndComesBackWithinThirtyDaysOpensNone(back: Int, opened: [Int]) {
    let cases = cases([(0, [item("pro", 20)]), (90, [item("pro", 10)]), (back, [item("pro", 20)])])
    #expect(cases.map(\.openedOn) == opened.map { date($0) })
  }

  @Test func aDearerPriceBesideFewMoreSeatsOpensNone() {
    // Two seats of 100 are two per cent; the price brings the rest.
    #expect(cases([(0, [item("pro", 100)]), (90, [item("pro", 102, at: "1500")])]) == [])
    // Five seats more at half the price bring no MRR.
    #expect(cases([(0, [item("pro", 100)]), (90, [item("pro", 105, at: "500")])]) == [])
    // A cheaper unit price and many more seats do.
    #expect(cases([(0, [item("pro", 100)]), (90, [item("pro", 200, at: "900")])]).map(\.mrrAfter) == [180_000])
  }

  @Test func mergingCountsFromTheOpeningAndNotFromTheLastIncrease() {
    let cases = cases([(0, [item("pro", 10)]), (90, [item("pro", 20)]), (115, [item("pro", 30)]), (140, [item("pro", 40)])])
    #expect(cases.map(\.openedOn) == [date(90), date(140)] && cases.map(\.seatsAfter) == [30, 40])
  }

  @Test func onlyWhatHappenedThroughTheDayIsSeen() {
    let ledger = ledger([version(noon(0), [item("pro", 10)]), version(noon(90), [item("pro", 20)]), version(noon(100), [item("pro", 30)])])
    #expect(ledger.expansionCases(through: date(89)) == [])
    #expect(ledger.expansionCases(through: date(90)).map(\.seatsAfter) == [20])
    #expect(ledger.expansionCases(through: date(100)).map(\.seatsAfter) == [30])
  }

  @Test func aCaseIsFollowedForHalfAYear() throws {
    let only = try #require(cases([(0, [item("pro", 10)]), (90, [item("pro", 20)])]).first)
    #expect([89, 90, 270, 271].map { only.isOpen(on: date($0)) } == [false, true, true, false])
  }

  @Test func comesBackFromJSON() throws {
    var only = try #require(cases([(0, [item("pro", 10)]), (90, [item("pro", 20), item("addon"), item("api")])]).first)
    only.judgement = ExpansionCase.Judgement(
      verdict: .lastResort, tags: [.shelfware, .unadopted], since: date(120),
      evidence: [ExpansionCase.Judgement.Fact(text: "3 escalations", records: ["ticket:zendesk/1"])], wasBad: true)
    #expect(only.plansAdded == ["addon", "api"])
    #expect(ExpansionCase(json: try JSON(parsing: only.json.serialized())) == only)
    #expect(ExpansionCase(json: [:]) == nil)
    var members = try #require(only.json.object)
    members["opened_on"] = "2026-02-30"
    #expect(ExpansionCase(json: .object(members)) == nil)
  }
}
