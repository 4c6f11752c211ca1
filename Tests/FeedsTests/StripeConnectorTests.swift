import Events
import Feeds
import Testing
import Transport

/// The shipped Stripe feed against Stripe's dialect.
@Suite struct StripeConnectorTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func run(_ dialect: StripeDialect) throws -> VendorRun<StripeDialect> {
    VendorRun(try shippedFeed("stripe"), dialect, secrets: ["stripe_api_key": StripeDialect.key])
  }

  /// A subscription, and what Bellwether should make of it.
  private struct Plan {
    let number: Int
    var status = "active"
    var seats: [Int64]
    var percent: Int64?
    let isBasil: Bool

    private var id: String { "sub_\(number)" }

    /// As Stripe shows it with all of its items.
    func shown(created: Int64) -> JSON {
      let items: [JSON] = seats.enumerated().map { place, count in
        [
          "id": .text("si_\(number)_\(place)"), "object": "subscription_item", "quantity": .integer(count),
          "price": [
            "id": .text("price_\(place)"), "nickname": .text("plan \(place)"), "currency": "usd", "unit_amount": 1500,
            "unit_amount_decimal": "1500", "recurring": ["interval": "month", "interval_count": 1, "usage_type": "licensed"],
          ],
        ]
      }
      let discount: JSON =
        percent.map { ["id": "di_1", "object": "discount", "coupon": ["percent_off": .integer($0)], "end": nil] } ?? .null
      let discounts: JSON = .list(percent == nil ? [] : [discount])
      var shown: JSON = [
        "id": .text(id), "object": "subscription", "customer": .text("cus_\(number)"), "status": .text(status),
        "created": .integer(created),
        "start_date": .integer(created), "items": ["data": .list(items)], "cancel_at_period_end": false,
      ]
      shown = shown.with(isBasil ? ["discounts": discounts] : ["discount": discount])
      return shown
    }

    func canonical(at: String, started: Int64) -> JSON {
      let items: [JSON] = seats.enumerated().map { place, count in
        [
          "id": .text("si_\(number)_\(place)"), "plan": .text("plan \(place)"), "quantity": .integer(count), "unit_amount": 1500,
          "currency": "usd", "interval": "month", "interval_count": 1, "metered": false,
        ]
      }
      var line: [String: JSON] = [
        "kind": "subscription", "id": .text(id), "at": .text(at), "feed": "stripe", "account": .text("cus_\(number)"),
        "status": .text(status), "items": .list(items), "started_at": JSON(Instant(seconds: started)),
      ]
      if let percent { line["discounts"] = [["percent": .integer(percent)]] }
      return .object(line)
    }
  }

  private static func event(_ number: Int, _ type: String, at: Instant, isBasil: Bool, _ object: JSON) -> JSON {
    var object = object
    // What an event holds is never expanded.
    if isBasil, let discounts = object["discounts"].list { object = object.with(["discounts": .list(discounts.map { $0["id"] })]) }
    return [
      "id": .text("evt_\(number)"), "object": "event", "type": .text(type), "created": .integer(at.seconds),
      "api_version": isBasil ? "2025-03-31.basil" : "2020-08-27", "data": ["object": object],
    ]
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func everySubscriptionIsListedOnceAndEachChangeFollows(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    let started = instant("2025-01-01T00:00:00Z").seconds
    var plans = (0..<230).map { number in
      Plan(
        number: number, status: number % 9 == 0 ? "canceled" : "active",
        seats: (0..<Int.random(in: 1...25, using: &random)).map { _ in Int64.random(in: 1...90, using: &random) },
        percent: Bool.random(using: &random) ? 20 : nil, isBasil: Bool.random(using: &random))
    }
    var dialect = StripeDialect()
    dialect.subscriptions = plans.map { $0.shown(created: started) }
    dialect.refusals = 1
    let vendor = try run(dialect)

    let first = try await vendor.poll(at: now)
    #expect(first.lines(.subscription) == plans.map { $0.canonical(at: now.iso8601, started: started) }, "seed \(seed)")
    let longer = plans.count { $0.seats.count > StripeDialect.embeddedLimit }
    #expect(vendor.requests().count { $0.path == "/v1/subscription_items" } == longer, "one request for each that was cut short")
    #expect(first.report.retries.count == 1)
    #expect(vendor.slept.allSatisfy { $0 >= .seconds(1) })

    // 140 changes in one window, two pages, three of them in the same second.
    var changes: [(plan: Plan, at: Instant)] = []
    var events: [JSON] = []
    for number in 0..<140 {
      let place = Int.random(in: plans.indices, using: &random)
      plans[place].seats[0] += 1
      let at = now + .seconds(Int64(number / 3))
      let plan = plans[place]
      // The discount of a basil event is read from the subscription, whose terms do not change here.
      events.append(Self.event(number, "customer.subscription.updated", at: at, isBasil: plan.isBasil, plan.shown(created: started)))
      changes.append((plan, at))
    }
    // What is longer than an event shows is read as it stands now.
    let expected = changes.map { change in
      let isCut = change.plan.seats.count > StripeDialect.embeddedLimit
      return (isCut ? plans[change.plan.number] : change.plan).canonical(at: change.at.iso8601, started: started)
    }
    let current = plans.map { $0.shown(created: started) }
    vendor.change { dialect in
      dialect.events = events.reversed()
      dialect.subscriptions = current
    }
    let second = try await vendor.poll(at: now + .hours(1))
    let found = second.lines(.subscription)
    #expect(found.count == expected.count)
    #expect(found == expected.reversed(), "seed \(seed)")
    let third = try await vendor.poll(at: now + .hours(2))
    #expect(third.records.isEmpty)
  }

  @Test func anInvoiceOfManyLinesIsWhole() async throws {
    let lines: [JSON] = (0..<34).map {
      ["id": .text("il_\($0)"), "amount": .integer(Int64($0)), "proration": false, "type": "subscription"]
    }
    var dialect = StripeDialect()
    let invoice: JSON = [
      "id": "in_1", "customer": "cus_1", "status": "paid", "total": 561, "currency": "usd", "created": 1_767_225_600,
      "status_transitions": ["paid_at": 1_767_312_000], "lines": ["data": .list(lines)],
    ]
    dialect.invoices = [invoice]
    dialect.events = [Self.event(1, "invoice.paid", at: now - .hours(1), isBasil: false, invoice)]
    let poll = try await run(dialect).poll(at: now)
    try #require(poll.lines(.invoice).map { $0["lines"].list?.count } == [34, 34])
    #expect(poll.lines(.invoice).map { $0["at"].text } == [now.iso8601, (now - .hours(1)).iso8601])
    #expect(poll.lines(.invoice)[0]["lines"][33] == ["amount": 33, "type": "recurring"])
  }

  @Test func aBasilChargeFindsItsInvoice() async throws {
    var dialect = StripeDialect()
    dialect.invoiceOfIntent = ["pi_1": "in_1"]
    let charge: JSON = ["id": "ch_1", "customer": "cus_1", "status": "failed", "amount": 900, "currency": "usd", "payment_intent": "pi_1"]
    let direct = charge.with(["id": "ch_2", "payment_intent": "pi_2"])
    let old = charge.with(["id": "ch_3", "invoice": "in_3"])
    dialect.events = [
      Self.event(3, "charge.failed", at: now - .hours(1), isBasil: true, charge),
      Self.event(2, "charge.failed", at: now - .hours(2), isBasil: true, direct),
      Self.event(1, "charge.failed", at: now - .hours(3), isBasil: false, old),
    ]
    let vendor = try run(dialect)
    let poll = try await vendor.poll(at: now)
    #expect(poll.lines(.payment).map { $0["invoice"] } == ["in_1", .null, "in_3"])
    #expect(poll.lines(.payment).allSatisfy { $0["status"] == "failed" && $0["amount"] == 900 })
    #expect(vendor.requests().count { $0.path == "/v1/invoice_payments" } == 2, "a charge that names its invoice is not asked about")
  }

  @Test func aDeletedDraftIsVoid() async throws {
    var dialect = StripeDialect()
    let draft: JSON = ["id": "in_1", "customer": "cus_1", "status": "draft", "total": 1, "currency": "usd", "lines": ["data": []]]
    dialect.events = [Self.event(1, "invoice.deleted", at: now - .hours(1), isBasil: true, draft)]
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.lines(.invoice).map { $0["status"] } == ["void"])
  }

  /// A walk that stopped on its second page, gone on with when Stripe has forgotten where that was.
  @Test func anAgedPageTokenBeginsAgainAndListsEverything() async throws {
    let plan = Plan(number: 1, seats: [3], percent: nil, isBasil: true)
    var dialect = StripeDialect()
    dialect.subscriptions = [plan.shown(created: 1_735_689_600)]
    let vendor = try run(dialect)
    _ = try await vendor.poll(at: now)
    let events = (0..<150).map {
      Self.event($0, "customer.subscription.updated", at: now + .minutes(Int64($0)), isBasil: true, plan.shown(created: 1_735_689_600))
    }
    vendor.change { dialect in
      dialect.events = events.reversed()
      dialect.answersLeft = 1
    }
    let broken = try await vendor.poll(at: now + .hours(3), failing: true)
    #expect(broken.records.count == 100)
    #expect(broken.report.failures.map(\.stream) == ["events"])
    vendor.change { $0.answersLeft = nil }
    _ = vendor.requests()

    let later = now + .days(45)
    let last = Self.event(999, "customer.subscription.updated", at: later - .hours(1), isBasil: true, plan.shown(created: 1_735_689_600))
    vendor.change { $0.events = [last] }
    let resumed = try await vendor.poll(at: later)
    #expect(resumed.ids(.subscription) == ["sub_1", "sub_1"], "listed again, and the event that is left")
    #expect(vendor.requests().map(\.path).prefix(2) == ["/v1/subscriptions", "/v1/invoices"])
    #expect(resumed.report.retries.contains { $0.contains("forgot the page token") })
  }
}
