import Events
import Revenue
import Testing

/// One billing history and the movements it must give.
struct BillingCase: CustomTestStringConvertible, Sendable {
  let name: String
  let subscriptions: [[SubscriptionVersion]]
  let movements: [String]

  init(_ name: String, _ subscriptions: [[SubscriptionVersion]], _ movements: [String]) {
    self.name = name
    self.subscriptions = subscriptions
    self.movements = movements
  }

  init(_ name: String, _ versions: [SubscriptionVersion], _ movements: [String]) { self.init(name, [versions], movements) }

  var testDescription: String { name }
}

@Suite struct MovementTests {
  static let cases: [BillingCase] = [
    BillingCase("first purchase", [version(noon(0), [item("pro", 3)])], ["2026-01-01 new plan 3000"]),
    BillingCase(
      "seats up and down", [version(noon(0), [item("pro", 3)]), version(noon(5), [item("pro", 8)]), version(noon(9), [item("pro", 7)])],
      ["2026-01-01 new plan 3000", "2026-01-06 expansion seats 5000", "2026-01-10 contraction seats -1000"]),
    BillingCase(
      "price up", [version(noon(0), [item("pro", 3)]), version(noon(5), [item("pro", 3, at: "1100")])],
      ["2026-01-01 new plan 3000", "2026-01-06 expansion price 300"]),
    BillingCase(
      "more seats at a lower price: seats at the old price, the price at the new quantity",
      [version(noon(0), [item("pro", 10)]), version(noon(5), [item("pro", 20, at: "900")])],
      ["2026-01-01 new plan 10000", "2026-01-06 expansion seats 8000"]),
    BillingCase(
      "seats and price up", [version(noon(0), [item("pro", 10)]), version(noon(5), [item("pro", 20, at: "1100")])],
      ["2026-01-01 new plan 10000", "2026-01-06 expansion price 2000", "2026-01-06 expansion seats 10000"]),
    BillingCase(
      "plan exchanged in the same item",
      [
        version(noon(0), [item("core/starter", 2, id: "i1")]), version(noon(5), [item("core/premium", 2, at: "2500", id: "i1")]),
      ], ["2026-01-01 new plan core 2000", "2026-01-06 expansion plan core 3000"]),
    BillingCase(
      "plan exchanged by another item of the same line",
      [version(noon(0), [item("core/premium", 2, at: "2500")]), version(noon(5), [item("core/starter", 2)])],
      ["2026-01-01 new plan core 5000", "2026-01-06 contraction plan core -3000"]),
    BillingCase(
      "plan exchanged by ending one subscription for another",
      [
        [version(noon(0), [item("core/starter", 2)]), version(noon(5), [item("core/starter", 2)], status: "canceled")],
        [version(noon(5), [item("core/premium", 2, at: "2500")])],
      ], ["2026-01-01 new plan core 2000", "2026-01-06 expansion plan core 3000"]),
    BillingCase(
      "the same plan, month to year",
      [
        version(noon(0), [item("core/pro", 2, id: "i")]),
        version(noon(5), [item("core/pro", 2, at: "10800", "year", id: "i")]),
      ], ["2026-01-01 new plan core 2000", "2026-01-06 contraction term core -200"]),
    BillingCase(
      "the same tier at another term under another plan's name",
      [
        version(noon(0), [item("core/pro/per_seat/monthly", 2)]),
        version(noon(5), [item("core/pro/per_seat/yearly", 2, at: "10800", "year")]),
      ], ["2026-01-01 new plan core 2000", "2026-01-06 contraction term core -200"]),
    BillingCase(
      "add-on bought and dropped",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2), item("storage", 1, at: "300")]),
        version(noon(9), [item("pro", 2)]),
      ], ["2026-01-01 new plan 2000", "2026-01-06 expansion addon 300", "2026-01-10 contraction addon -300"]),
    BillingCase(
      "a second subscription, then its end",
      [
        [version(noon(0), [item("pro", 2)])],
        [version(noon(5), [item("other", 1, at: "300")]), version(noon(9), [item("other", 1, at: "300")], status: "canceled")],
      ], ["2026-01-01 new plan 2000", "2026-01-06 expansion addon 300", "2026-01-10 contraction addon -300"]),
    BillingCase(
      "cancelled, then back",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "canceled"), version(noon(9), [item("pro", 1)]),
      ], ["2026-01-01 new plan 2000", "2026-01-06 churn plan -2000", "2026-01-10 reactivation plan 1000"]),
    BillingCase(
      "a coupon that expires", [version(noon(0), [item("pro", 10)], discounts: [discount(percent: "25", endsAt: noon(30))])],
      ["2026-01-01 new plan 7500", "2026-01-31 expansion discount 2500"]),
    BillingCase(
      "a discount granted and taken back",
      [
        version(noon(0), [item("pro", 10)]), version(noon(5), [item("pro", 10)], discounts: [discount(amount: 1500)]),
        version(noon(9), [item("pro", 10)]),
      ], ["2026-01-01 new plan 10000", "2026-01-06 contraction discount -1500", "2026-01-10 expansion discount 1500"]),
    BillingCase(
      "an amount off each yearly invoice is a twelfth a month",
      [version(noon(0), [item("pro", 1, at: "120000", "year")], discounts: [discount(amount: 12_000, endsAt: noon(3))])],
      ["2026-01-01 new plan 9000", "2026-01-04 expansion discount 1000"]),
    BillingCase(
      "seats under a discount count net",
      [
        version(noon(0), [item("pro", 10)], discounts: [discount(percent: "50")]),
        version(noon(5), [item("pro", 12)], discounts: [discount(percent: "50")]),
      ], ["2026-01-01 new plan 5000", "2026-01-06 expansion seats 1000"]),
    BillingCase(
      "what offsets is taken from the smallest that speak for the net",
      [
        version(noon(0), [item("pro", 10), item("extra", 10, at: "100")]),
        version(noon(5), [item("pro", 13), item("extra", 10, at: "150")], discounts: [discount(amount: 700)]),
      ], ["2026-01-01 new plan 11000", "2026-01-06 expansion seats 2800"]),
    BillingCase(
      "a trial is nothing, its conversion is new",
      [version(noon(0), [item("pro", 2)], status: "trialing"), version(noon(14), [item("pro", 2)])], ["2026-01-15 new plan 2000"]),
    BillingCase(
      "a trial that ends is nothing",
      [
        version(noon(0), [item("pro", 2)], status: "trialing"), version(noon(14), [item("pro", 2)], status: "canceled"),
      ], []),
    BillingCase(
      "a pause of everything is churn, its end a reactivation",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "paused"), version(noon(40), [item("pro", 3)]),
      ], ["2026-01-01 new plan 2000", "2026-01-06 churn pause -2000", "2026-02-10 reactivation pause 3000"]),
    BillingCase(
      "a pause of a part",
      [
        [version(noon(0), [item("pro", 2)])],
        [
          version(noon(0), [item("other", 1)]), version(noon(5), [item("other", 1)], status: "paused"),
          version(noon(9), [item("other", 1)]),
        ],
      ], ["2026-01-01 new plan 3000", "2026-01-06 contraction pause -1000", "2026-01-10 expansion pause 1000"]),
    BillingCase(
      "past due counts for thirty days",
      [version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "past_due"), version(noon(34), [item("pro", 2)])],
      ["2026-01-01 new plan 2000"]),
    BillingCase(
      "past due and unpaid count for thirty days together, late payment brings it back",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "past_due"),
        version(noon(20), [item("pro", 2)], status: "unpaid"), version(noon(50), [item("pro", 2)]),
      ], ["2026-01-01 new plan 2000", "2026-02-05 churn involuntary -2000", "2026-02-20 reactivation involuntary 2000"]),
    BillingCase(
      "paying once begins the thirty days anew",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "past_due"), version(noon(20), [item("pro", 2)]),
        version(noon(21), [item("pro", 2)], status: "past_due"), version(noon(50), [item("pro", 2)]),
      ], ["2026-01-01 new plan 2000"]),
    BillingCase(
      "past due and cancelled in the end",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 2)], status: "past_due"),
        version(noon(50), [item("pro", 2)], status: "canceled"),
      ], ["2026-01-01 new plan 2000", "2026-02-05 churn involuntary -2000"]),
    BillingCase(
      "cancel at the period's end is churn at the end",
      [
        version(noon(0), [item("pro", 2)], cancelAt: noon(30)), version(noon(30), [item("pro", 2)], status: "canceled", endedAt: noon(30)),
      ], ["2026-01-01 new plan 2000", "2026-01-31 churn plan -2000"]),
    BillingCase(
      "the currency changes: the difference at constant rates is fx",
      [
        version(noon(0), [item("pro", 10, at: "1000", currency: "eur", id: "i")]),
        version(noon(5), [item("pro", 12, at: "2100", currency: "usd", id: "i")]),
      ], ["2026-01-01 new plan 20000", "2026-01-06 expansion seats 4000", "2026-01-06 fx price 1200"]),
    BillingCase(
      "yen have no minor units: at a rate of 1 one yen is a hundred cents",
      [version(noon(0), [item("pro", 1, at: "500", currency: "jpy")])], ["2026-01-01 new plan 50000"]),
    BillingCase(
      "a move between product lines",
      [version(noon(0), [item("core/pro", 2)]), version(noon(5), [item("flow/pro", 3)])],
      [
        "2026-01-01 new plan core 2000", "2026-01-06 transfer plan core -2000", "2026-01-06 expansion plan flow 1000",
        "2026-01-06 transfer plan flow 2000",
      ]),
    BillingCase(
      "a move between product lines to less",
      [version(noon(0), [item("core/pro", 3)]), version(noon(5), [item("flow/pro", 2)])],
      [
        "2026-01-01 new plan core 3000", "2026-01-06 contraction plan core -1000", "2026-01-06 transfer plan core -2000",
        "2026-01-06 transfer plan flow 2000",
      ]),
    BillingCase(
      "mid-cycle amendments of one day are one movement",
      [
        version(noon(0), [item("pro", 3)]), version(noon(5), [item("pro", 9)]), version(noon(5) + .hours(2), [item("pro", 1)]),
        version(noon(5) + .hours(4), [item("pro", 5)]),
      ], ["2026-01-01 new plan 3000", "2026-01-06 expansion seats 2000"]),
    BillingCase(
      "nothing is left of a change undone on the same day",
      [version(noon(0), [item("pro", 3)]), version(noon(5), [item("pro", 9)]), version(noon(5) + .hours(2), [item("pro", 3)])],
      ["2026-01-01 new plan 3000"]),
    BillingCase(
      "metered items never count", [version(noon(0), [item("pro", 1), item("calls", 5, at: "100", metered: true)])],
      ["2026-01-01 new plan 1000"]),
    BillingCase("a free plan is no customer", [version(noon(0), [item("free", 5, at: "0")])], []),
    BillingCase(
      "from free to paid is new, and to free again churn",
      [
        version(noon(0), [item("free", 5, at: "0")]), version(noon(5), [item("pro", 5)]), version(noon(9), [item("free", 5, at: "0")]),
      ], ["2026-01-06 new plan 5000", "2026-01-10 churn plan -5000"]),
    BillingCase(
      "before its first version a subscription stood so from its start on",
      [version(noon(10), [item("pro", 2)], startedAt: noon(-20)), version(noon(12), [item("pro", 3)], startedAt: noon(-20))],
      ["2025-12-12 new plan 2000", "2026-01-13 expansion seats 1000"]),
    BillingCase(
      "one that was over when it was first heard of was paid until its end",
      [version(noon(10), [item("pro", 2)], status: "canceled", startedAt: noon(-20), endedAt: noon(3))],
      ["2025-12-12 new plan 2000", "2026-01-04 churn plan -2000"]),
    BillingCase(
      "one that starts later starts later", [version(noon(0), [item("pro", 2)], startedAt: noon(5))], ["2026-01-06 new plan 2000"]),
    BillingCase(
      "an unreadable version keeps what was known",
      [
        version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 7, at: "1000", "fortnight")]), version(noon(9), [item("pro", 3)]),
      ], ["2026-01-01 new plan 2000", "2026-01-10 expansion seats 1000"]),
  ]

  @Test(arguments: cases) func eachRuleGivesItsMovements(of history: BillingCase) {
    let statement = statement(subscriptions: history.subscriptions)
    #expect(statement.movements.map(\.line) == history.movements)
    #expect(statement.movements.reduce(0) { $0 + $1.amount } == statement.mrr(on: date(4000)))
    #expect(statement.movements.allSatisfy { !$0.records.isEmpty })
  }

  @Test func theDaysOfPatienceAreASetting() {
    var terms = plainTerms
    terms.involuntaryAfterDays = 10
    let versions = [version(noon(0), [item()]), version(noon(5), [item()], status: "past_due")]
    #expect(statement(versions, terms).movements.map(\.line) == ["2026-01-01 new plan 1000", "2026-01-16 churn involuntary -1000"])
  }

  @Test func everyMovementCitesTheVersionsThatMadeIt() {
    let statement = statement(subscriptions: [
      [version(noon(0), [item("pro", 2)]), version(noon(5), [item("pro", 3)])],
      [version(noon(0), [item("other")]), version(noon(5) + .hours(1), [item("other", 2)]), version(noon(8), [item("other", 2)])],
      [version(noon(0), [item("still")])],
    ])
    let records = statement.movements.map { $0.records.map { "\($0.subscription)@\($0.at.iso8601)" } }
    #expect(
      records == [
        ["s0@2026-01-01T12:00:00Z", "s1@2026-01-01T12:00:00Z", "s2@2026-01-01T12:00:00Z"],
        ["s0@2026-01-06T12:00:00Z", "s1@2026-01-06T13:00:00Z"],
      ])
  }

  @Test func whatEndsByTheClockCitesTheVersionThatSaidSo() {
    let statement = statement([version(noon(0), [item()], discounts: [discount(percent: "10", endsAt: noon(9))])])
    #expect(
      statement.movements.map(\.records) == [
        [RecordCitation(subscription: "s0", at: noon(0))], [RecordCitation(subscription: "s0", at: noon(0))],
      ])
  }

  @Test func lastingFractionsMoveByWholeMinorUnits() {
    // 1000/12 = 83.33: one, two, three of them are 83, 167, 250.
    let versions = (1...3).map { version(noon(Int($0)), [item("pro", $0, at: "1000", "year")]) }
    let statement = statement(versions)
    #expect(statement.levels.map(\.mrr) == [83, 167, 250])
    #expect(statement.movements.map(\.amount) == [83, 84, 83])
  }
}
