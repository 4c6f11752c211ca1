import Events
import Revenue
import Testing

@Suite struct MonthlyRevenueTests {
  @Test(
    arguments: [
      ("1000", "month", nil, 1, 1000), ("1000", "month", 1, 3, 3000), ("3000", "month", 3, 1, 1000), ("12000", "month", 12, 1, 1000),
      ("12000", "year", nil, 1, 1000), ("24000", "year", 2, 1, 1000), ("1200", "week", nil, 1, 5200), ("2400", "week", 2, 1, 5200),
      ("1200", "day", nil, 1, 36_500), ("36000", "day", 30, 1, 36_500), ("0", "month", nil, 5, 0), ("0.25", "month", nil, 4, 1),
      ("0.000025", "month", nil, 1_000_000, 25),
      // One rounding, halves away from zero: 1000/12 = 83.3, 18/12 = 1.5, 0.5.
      ("1000", "year", nil, 1, 83), ("18", "year", nil, 1, 2), ("0.5", "month", nil, 1, 1), ("0.49", "month", nil, 1, 0),
      ("-18", "year", nil, 1, -2),
    ] as [(String, String, Int64?, Int64, Int64)])
  func isNormalisedToAMonth(price: String, interval: String, count: Int64?, quantity: Int64, mrr: Int64) {
    let ledger = ledger([version(noon(0), [item("pro", quantity, at: price, interval, count: count)])])
    #expect(ledger.level(on: date(0))?.mrr == mrr)
    #expect(ledger.level(on: date(0))?.contractMRR == mrr)
  }

  @Test(
    arguments: [
      (nil, "month", nil), ("1000", nil, nil), ("1000", "quarter", nil), ("1000", "", nil), ("1000", "month", 0), ("1000", "month", -1),
      ("999999999999999999999999999999", "day", .max),
    ] as [(String?, String?, Int64?)])
  func whatCannotBeReadIsUnknownAndNotZero(price: String?, interval: String?, count: Int64?) throws {
    let versions = [version(noon(0), [item("pro", 5), item("odd", .max / 1_000_000, at: price, interval, count: count)])]
    let level = try #require(ledger(versions).level(on: date(0)))
    #expect(level.mrr == nil && level.contractMRR == nil)
    // Seats do not depend on prices, and neither does a neighbour that pays nothing.
    #expect(level.seats == 5 + .max / 1_000_000 && level.plans == ["odd", "pro"])
    let other = [version(noon(0), [item()])]
    #expect(ledger(subscriptions: [versions, other]).level(on: date(0))?.mrr == nil)
    let over = [version(noon(0), [item("odd", at: price, interval, count: count)], status: "canceled")]
    #expect(ledger(subscriptions: [over, other]).level(on: date(0))?.mrr == 1000)
  }

  @Test func aDayIsRoundedOnceAndNotPerItem() {
    // Thirds of a minor unit: three items of 1000/12, in one subscription or in three.
    let yearly = item("pro", 1, at: "1000", "year")
    #expect(ledger([version(noon(0), [yearly, yearly, yearly])]).level(on: date(0))?.mrr == 250)
    let each = [version(noon(0), [yearly])]
    #expect(ledger(subscriptions: [each, each, each]).level(on: date(0))?.mrr == 250)
    // Halves would round up one by one: 0.5 + 0.5 is 1, not 2.
    #expect(ledger([version(noon(0), [item(at: "0.5"), item(at: "0.5")])]).level(on: date(0))?.mrr == 1)
    let halfOff = version(noon(0), [item(at: "1"), item(at: "2")], discounts: [discount(percent: "50")])
    #expect(ledger([halfOff]).level(on: date(0))?.mrr == 2)
  }

  @Test func fractionsOfAUnitCount() {
    let half = Value.object([
      "plan": .text("pro"), "quantity": .number(Fixed(millionths: 2_500_000)), "unit_amount": .price(Rational(1000)),
      "interval": .text("month"),
    ])
    let level = ledger([version(noon(0), [half])]).level(on: date(0))
    #expect(level?.mrr == 2500 && level?.seats == 2)
  }

  @Test func meteredItemsAreCountedApart() {
    let level = ledger([version(noon(0), [item("pro", 2), item("calls", 7, at: nil, nil, metered: true)])]).level(on: date(0))
    #expect(level?.mrr == 2000 && level?.seats == 2 && level?.plans == ["pro"])
  }

  @Test(
    arguments: [
      ([discount(percent: "25")], 7500), ([discount(percent: "12.5")], 8750), ([discount(percent: "100")], 0),
      ([discount(percent: "0")], 10_000),
      ([discount(amount: 1500)], 8500), ([discount(amount: 10_001)], 0), ([discount(percent: "50"), discount(amount: 1000)], 4000),
      ([discount(amount: 1000), discount(percent: "50")], 4500), ([discount(percent: "50"), discount(percent: "50")], 2500),
      ([discount()], 10_000),
      ([discount(percent: "33.333333")], 6667),
      ([discount(percent: "150")], 0), ([discount(percent: "150"), discount(amount: 500)], 0),
      ([discount(percent: "25", endsAt: noon(1))], 7500), ([discount(percent: "25", endsAt: noon(-1))], 10_000),
    ] as [([Value], Int64)])
  func discountsLowerTheNetOnly(discounts: [Value], mrr: Int64) {
    let level = ledger([version(noon(0), [item("pro", 10)], discounts: discounts)]).level(on: date(0))
    #expect(level?.mrr == mrr)
    #expect(level?.contractMRR == 10_000)
  }

  @Test(arguments: [
    ("active", true), ("past_due", true), ("unpaid", true), ("trialing", false), ("paused", false), ("canceled", false),
  ])
  func onlyPayingStatusesEarn(status: String, earns: Bool) {
    let only = version(noon(0), [item("pro", 4)], status: status)
    #expect(only.isPaying(at: noon(0)) == earns)
    let level = ledger([only]).level(on: date(0))
    #expect(level?.mrr == (earns ? 4000 : 0) && level?.contractMRR == (earns ? 4000 : 0))
    #expect(level?.seats == (earns ? 4 : 0) && level?.plans == (earns ? ["pro"] : []))
  }

  @Test func earnsFromItsBeginningToItsEnd() {
    let only = version(noon(0), [item()], startedAt: noon(5), endedAt: noon(9))
    #expect(!only.isPaying(at: noon(5) - Span(microseconds: 1)))
    #expect(only.isPaying(at: noon(5)) && only.isPaying(at: noon(9) - Span(microseconds: 1)))
    #expect(!only.isPaying(at: noon(9)))
    #expect(ledger([only]).levels.map(\.mrr) == [0, 1000, 0])
    #expect(ledger([only]).levels.map(\.day) == [date(0), date(5), date(9)])
  }
}
