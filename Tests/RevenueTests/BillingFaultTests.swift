import Events
import Revenue
import Testing

@Suite struct BillingFaultTests {
  private func faults(
    _ subscriptions: [[SubscriptionVersion]], gone: Instant? = nil, asOf now: Instant = noon(400)
  ) -> [BillingFault] {
    let timelines = subscriptions.enumerated().map { SubscriptionTimeline(id: "s\($0.offset)", versions: $0.element) }
    return BillingFault.all(of: AccountKey(7), timelines, plainTerms, gone: gone, asOf: now)
  }

  private let good = item("pro", 2, currency: "usd")

  @Test func cleanRecordsHaveNone() {
    let change = [version(noon(0), [good]), version(noon(9), [item("pro", 3, currency: "usd")])]
    let other = [version(noon(0), [item("pro", 7, currency: "usd")])]
    #expect(faults([change, other]).isEmpty)
  }

  @Test(
    arguments: [
      (item("pro", 2, at: "1000", "fortnight", currency: "usd"), .unknownInterval, "pro is billed every 'fortnight'"),
      (item("pro", 2, at: "1000", nil, currency: "usd"), .unknownInterval, "pro is billed every unnamed interval"),
      (item("pro", -2, currency: "usd"), .negativeQuantity, "pro has a quantity below zero"),
      (item("pro", 2, at: nil, currency: "usd"), .unreadablePrice, "pro has no price that can be read"),
      (item("pro", 2, currency: "xxx"), .unknownCurrency, "pro is paid in XXX, for which there is no rate"),
    ] as [(Value, BillingFault.Kind, String)])
  func whatCannotBeReadIsNamedAndTheLastReadableVersionCounts(odd: Value, kind: BillingFault.Kind, words: String) {
    let later = faults([[version(noon(0), [good]), version(noon(5), [odd])]])
    #expect(later.map(\.kind) == [kind] && later.map(\.at) == [noon(5)])
    #expect(later.map(\.words) == [words + ": the last version that could be read counts"])
    #expect(statement([version(noon(0), [good]), version(noon(5), [odd])]).mrr(on: date(9)) == 2000)

    let first = faults([[version(noon(0), [odd])]])
    #expect(first.map(\.words) == [words + ": nothing is counted for it until it can be read"])
    let unknown = statement([version(noon(0), [odd])])
    #expect(unknown.mrr(on: date(9)) == 0 && unknown.level(on: date(9))?.assumed == 1)
  }

  @Test func aMissingCurrencyCountsAsTheReportingOne() {
    #expect(faults([[version(noon(0), [item("pro", 2)])]]).map(\.kind) == [.missingCurrency])
    #expect(statement([version(noon(0), [item("pro", 2)])]).mrr(on: date(0)) == 2000)
  }

  @Test func aPriceBelowZeroLowersItsLineToNothingAtMost() {
    let credit = item("credit", 1, at: "-500", currency: "usd")
    #expect(faults([[version(noon(0), [good, credit])]]).map(\.kind) == [.negativePrice])
    #expect(statement([version(noon(0), [good, credit])]).mrr(on: date(0)) == 1500)
    #expect(statement([version(noon(0), [credit])]).mrr(on: date(0)) == 0)
  }

  @Test func versionsOfOneInstantOverlap() {
    let two = [version(noon(0), [good]), version(noon(0), [item("pro", 5, currency: "usd")])]
    #expect(faults([two]).map(\.kind) == [.overlappingVersions])
    #expect(statement(two).mrr(on: date(0)) == 5000)
    #expect(faults([[version(noon(0), [good]), version(noon(0), [good])]]).isEmpty)
  }

  @Test func aSecondLifeBeforeTheFirstEndedOverlaps() {
    let ended = version(noon(10), [good], status: "canceled", startedAt: noon(0), endedAt: noon(10))
    let early = [ended, version(noon(20), [good], startedAt: noon(8))]
    #expect(faults([early]).map(\.kind) == [.overlappingVersions])
    #expect(faults([[ended, version(noon(20), [good], startedAt: noon(20))]]).isEmpty)
  }

  @Test func theSameSoldTwiceAtOnceOverlaps() {
    let each = [version(noon(0), [good])]
    let found = faults([each, each])
    #expect(found.map(\.kind) == [.overlappingVersions] && found.first?.subscription == "s1")
    #expect(found.first?.words == "sells the same as s0, both running: both count")
    #expect(faults([each, [version(noon(0), [good]), version(noon(5), [good], status: "canceled")]]).isEmpty)
  }

  @Test func timesThatContradictAreSkew() {
    let ahead = SubscriptionVersion(at: noon(5), fields: ["items": .list([good])], observedAt: noon(5) - .minutes(40))
    #expect(faults([[ahead]]).map(\.words) == ["dated 40 minutes after it was read: it counts from its own date on"])
    let tolerable = SubscriptionVersion(at: noon(5), fields: ["items": .list([good])], observedAt: noon(5) - .minutes(15))
    #expect(faults([[tolerable]]).isEmpty)
    let backwards = version(noon(9), [good], status: "canceled", startedAt: noon(8), endedAt: noon(3))
    #expect(faults([[backwards]]).map(\.kind) == [.clockSkew])
  }

  @Test func aCustomerWhoIsGoneAndStillPaysIsNamed() {
    let live = [version(noon(0), [good])]
    #expect(faults([live], gone: noon(100)).map(\.kind) == [.deletedCustomer])
    #expect(faults([live], gone: noon(100), asOf: noon(99)).isEmpty)
    #expect(faults([live + [version(noon(50), [good], status: "canceled")]], gone: noon(100)).isEmpty)
    #expect(statement(live).mrr(on: date(200)) == 2000)
  }
}
