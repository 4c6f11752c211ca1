import Events
import Revenue
import Testing

@Suite struct LedgerTests {
  @Test func daysBeforeTheFirstVersionAreUnknown() {
    let ledger = ledger([version(noon(10), [item()], startedAt: noon(-500))])
    #expect(ledger.level(on: date(9)) == nil)
    #expect(ledger.level(on: date(10))?.mrr == 1000)
    #expect(ledger.level(on: date(5_000))?.mrr == 1000)
    #expect(ledger.level(at: noon(9), .utc) == nil && ledger.inForce(at: noon(9)).isEmpty)
    #expect(ledger.level(at: noon(10), .utc)?.mrr == 1000 && ledger.inForce(at: noon(10)).count == 1)
    #expect(Ledger([], RevenueTerms(calendar: .utc)) { _ in true }.level(on: date(0)) == nil)
  }

  @Test func aDayHasTheLevelOfItsEnd() {
    let morning = noon(3) - .hours(2)
    let evening = noon(3) + .hours(2)
    let ledger = ledger([version(noon(0), [item("pro", 10)]), version(morning, [item("pro", 4)]), version(evening, [item("pro", 12)])])
    #expect(ledger.levels.map(\.day) == [date(0), date(3)])
    #expect(ledger.levels.map(\.mrr) == [10_000, 12_000])
    #expect(ledger.level(at: morning, .utc)?.mrr == 4000)
    #expect(ledger.level(at: evening, .utc)?.mrr == 12_000)
  }

  /// 30 June 2026 in New York ends at 04:00 UTC on 1 July.
  @Test(arguments: [("UTC", "2026-07-01"), ("America/New_York", "2026-06-30"), ("Pacific/Auckland", "2026-07-01")])
  func theCompanysTimeZoneEndsTheDay(zone: String, changedOn: String) throws {
    let calendar = try #require(CompanyCalendar(timeZone: zone))
    let change = try #require(Instant(iso8601: "2026-07-01T03:59:59.999999Z"))
    let changeDay = try #require(Day(changedOn))
    let early = ledger([version(noon(0), [item()]), version(change, [item("pro", 2)])], calendar: calendar)
    #expect(early.level(on: changeDay - 1)?.mrr == 1000)
    #expect(early.level(on: changeDay)?.mrr == 2000)
    let late = ledger([version(noon(0), [item()]), version(change + Span(microseconds: 1), [item("pro", 2)])], calendar: calendar)
    #expect(late.levels.map(\.mrr) == [1000, 2000] && late.levels.last?.day.description == "2026-07-01")
  }

  @Test func whatEndsAtMidnightIsOverOnTheNewDay() {
    let midnight = noon(4) + .hours(12)
    let ended = ledger([version(noon(0), [item()], endedAt: midnight)])
    #expect(ended.level(on: date(4))?.mrr == 1000 && ended.level(on: date(5))?.mrr == 0)
    let dearer = ledger([version(noon(0), [item()], discounts: [discount(percent: "10", endsAt: midnight)])])
    #expect(dearer.levels.map(\.day) == [date(0), date(5)])
    #expect(dearer.levels.map(\.mrr) == [900, 1000] && dearer.levels.map(\.contractMRR) == [1000, 1000])
  }

  @Test func theFirstInstantOfADayIsNotTheDayBefore() {
    let midnight = noon(3) + .hours(12)
    let ledger = ledger([version(noon(0), [item()]), version(noon(3), [item("pro", 2)]), version(midnight, [item("pro", 3)])])
    #expect(ledger.levels.map(\.day) == [date(0), date(3), date(4)])
    #expect(ledger.levels.map(\.mrr) == [1000, 2000, 3000])
  }

  @Test func aScheduledCancellationChangesNothingYet() {
    var fields: [String: Value] = ["status": .text("active"), "items": .list([item()])]
    fields["cancel_at"] = .instant(noon(5))
    let ledger = ledger([SubscriptionVersion(at: noon(0), fields: fields)])
    #expect(ledger.level(on: date(9))?.mrr == 1000)
    #expect(ledger.inForce(at: noon(0)).map(\.cancelAt) == [noon(5)])
  }

  @Test func onlyRealChangesMakeALevel() {
    let versions = (0..<20).map { version(noon($0), [item("pro", $0 < 10 ? 5 : 6)], startedAt: noon(-9)) }
    #expect(ledger(versions).levels.map(\.day) == [date(0), date(10)])
    let back = ledger([version(noon(0), [item("pro", 10)]), version(noon(1), [item("pro", 4)]), version(noon(2), [item("pro", 10)])])
    #expect(back.levels.map(\.seats) == [10, 4, 10])
  }

  @Test func subscriptionsAddUp() {
    let ledger = ledger(subscriptions: [
      [version(noon(0), [item("pro", 3), item("api", 50, at: "10")])], [version(noon(5), [item("addon", 2, at: "500")])],
      [version(noon(2), [item("old", 9)]), version(noon(7), [item("old", 9)], status: "canceled")],
    ])
    #expect(ledger.levels.map(\.day) == [date(0), date(2), date(5), date(7)])
    #expect(ledger.levels.map(\.mrr) == [3500, 12_500, 13_500, 4500])
    #expect(ledger.levels.map(\.seats) == [3, 12, 14, 5])
    #expect(ledger.levels.last?.plans == ["addon", "api", "pro"])
    #expect(ledger.currency == "usd")
  }

  @Test func payingBeginsWithTheOldestSubscriptionThatPaid() {
    let trial = version(noon(0), [item()], status: "trialing", startedAt: noon(-100))
    #expect(ledger([trial]).payingSince == nil)
    #expect(ledger([trial, version(noon(14), [item()])]).payingSince == noon(14))
    #expect(ledger([version(noon(0), [item()], startedAt: noon(-400))]).payingSince == noon(-400))
    #expect(ledger(subscriptions: [[version(noon(3), [item()])], [version(noon(1), [item()], status: "past_due")]]).payingSince == noon(1))
  }

  @Test func namesItsCurrency() {
    let euro = Value.object([
      "plan": .text("pro"), "currency": .text("eur"), "interval": .text("month"), "unit_amount": .price(Rational(1)),
    ])
    #expect(ledger([version(noon(0), [item(), euro])]).currency == "eur")
  }
}
