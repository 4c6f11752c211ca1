import Engine
import Events
import Features
import Revenue
import Testing

/// What an account's own records tell of the ways in which it paid less, or left.
@Suite struct AccountLossesTests {
  private func subscribed(
    _ quantity: Int64, at price: Int64 = 1000, plan: String = "team", on n: Int64, status: String = "active", account: Int64 = 1
  ) -> LinkedRecord {
    let item: Value = .object([
      "plan": .text(plan), "quantity": .number(Fixed(quantity)), "unit_amount": .price(Rational(Int128(price))), "interval": .text("month"),
      "interval_count": .integer(1), "currency": .text("usd"),
    ])
    return told(.subscription, "s\(account)", account: account, at: day(n), ["status": .text(status), "items": .list([item])])
  }

  private func engine(_ records: [LinkedRecord], until n: Int64 = 400) throws -> Engine {
    var engine = try Engine()
    for record in records.sorted(by: { $0.record.at < $1.record.at }) { try engine.step(.records([record]), at: record.record.at) }
    try engine.step(.tick, at: day(n))
    return engine
  }

  private func losses(_ records: [LinkedRecord], until n: Int64 = 400) throws -> AccountLosses {
    let state = try #require(try engine(records, until: n).fold.accounts[AccountKey(1)])
    return AccountLosses(state, asOf: day(n), .utc)
  }

  private func classes(_ more: [LinkedRecord], linked: [Ledger] = []) throws -> [ContractionClass] {
    try losses([subscribed(20, on: 1)] + more).contractions(linked: linked).map(\.signs.contraction)
  }

  private func heads(_ count: Int64, on n: Int64, system: String = "app") -> LinkedRecord {
    LinkedRecord(
      record: Record(kind: .enrichment, id: "\(system)\(n)", at: day(n), system: system, fields: ["headcount": .integer(count)]),
      account: AccountKey(1), person: nil, observedAt: day(n))
  }

  @Test func fewerSeatsAreIntendedAndALowerPriceIsRepriced() throws {
    #expect(try classes([subscribed(15, on: 100)]) == [.intended])
    #expect(try classes([subscribed(20, at: 800, on: 100)]) == [.repriced])
    // More seats at a price so low that they bring less.
    #expect(try classes([subscribed(25, at: 500, on: 100)]) == [.repriced])
    #expect(try classes([subscribed(20, at: 600, plan: "small", on: 100)]) == [.intended])
    #expect(try classes([subscribed(25, on: 100)]) == [])
    #expect(try classes([subscribed(20, on: 100, status: "canceled")]) == [])
  }

  @Test func whatIsTakenBackOrFollowsAFailedChargeIsAccidental() throws {
    #expect(try classes([subscribed(15, on: 100), subscribed(20, on: 130)]) == [.accidental])
    #expect(try classes([subscribed(15, on: 100), subscribed(20, on: 131)]) == [.intended])
    let failed = { (n: Int64) in told(.payment, "p", at: day(n), ["status": .text("failed")]) }
    #expect(try classes([failed(80), subscribed(15, on: 100)]) == [.accidental])
    #expect(try classes([failed(60), subscribed(15, on: 100)]) == [.intended])
  }

  @Test func aSmallerCompanyDownsizes() throws {
    let layoff = { (n: Int64) in told(.enrichment, "e", at: day(n), ["event": .text("layoff")]) }
    #expect(try classes([layoff(60), subscribed(15, on: 100)]) == [.downsized])
    #expect(try classes([layoff(10), subscribed(15, on: 300)]) == [.intended])
    #expect(try classes([heads(100, on: 20), heads(90, on: 90), subscribed(15, on: 100)]) == [.downsized])
    #expect(try classes([heads(100, on: 20), heads(91, on: 90), subscribed(15, on: 100)]) == [.intended])
    // Another source counts otherwise.
    #expect(try classes([heads(100, on: 20), heads(80, on: 90, system: "other"), subscribed(15, on: 100)]) == [.intended])
  }

  @Test(arguments: [(24, ContractionClass.consolidated), (23, .intended)] as [(Int64, ContractionClass)])
  func whatALinkedAccountWonIsConsolidated(seats: Int64, expected: ContractionClass) throws {
    let other = try engine([subscribed(20, on: 1, account: 2), subscribed(seats, on: 110, account: 2)])
    let ledger = try #require(other.fold.accounts[AccountKey(2)]?.ledger)
    #expect(try classes([subscribed(15, on: 100)], linked: [ledger]) == [expected])
  }

  @Test func churnIsReadFromTheAccountAndFromLostOpportunities() throws {
    let start = [subscribed(20, on: 1), subscribed(20, on: 100, status: "canceled")]
    #expect(try losses([subscribed(20, on: 1)]).churn == nil)
    let bare = try losses(start)
    #expect(bare.churn == ChurnSigns(reasons: [], endedOn: Day("2026-04-11") ?? Day(number: 0)))
    #expect(bare.lostMRR == 20_000)
    let account = told(
      .account, "a", at: day(120),
      ["status": .text("churned"), "churn": .object(["at": .instant(day(115)), "reason": .text("No budget")])])
    let lost = told(
      .opportunity, "o", at: day(90),
      ["type": .text("renewal"), "won": .flag(false), "closed_at": .instant(day(90)), "lost_reason": .text("Chose RivalSoft")])
    let bankruptcy = told(.enrichment, "e", at: day(50), ["event": .text("bankruptcy")])
    let told = try #require(try losses(start + [account, lost, bankruptcy]).churn)
    #expect(told.reasons == ["No budget", "Chose RivalSoft"] && told.companyEnded)
    #expect(told.loggedOn == Day("2026-04-26") && told.record(asOf: told.endedOn + 60) == .loggedLate)
  }

  @Test func aStatusAloneTellsWhenItWasWrittenDown() throws {
    let account = told(.account, "a", at: day(105), ["status": .text("churned")])
    let churn = try #require(
      try losses([subscribed(20, on: 1), subscribed(20, on: 100, status: "canceled"), account]).churn)
    #expect(churn.loggedOn == Day("2026-04-16") && churn.churn == .unknown)
  }
}
