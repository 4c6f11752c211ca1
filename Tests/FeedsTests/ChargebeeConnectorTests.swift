import Events
import Feeds
import Testing
import Transport

/// The shipped Chargebee feed against Chargebee's dialect.
@Suite struct ChargebeeConnectorTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func run(_ dialect: ChargebeeDialect, secret: String = ChargebeeDialect.key) throws -> VendorRun<ChargebeeDialect> {
    VendorRun(try shippedFeed("chargebee"), dialect, secrets: ["chargebee_api_key": secret])
  }

  private static func subscription(_ number: Int, at: Int64, _ more: [String: JSON] = [:]) -> JSON {
    let plain: JSON = [
      "id": .text("sub\(number)"), "customer_id": .text("cust\(number)"), "status": "active", "currency_code": "EUR", "billing_period": 1,
      "billing_period_unit": "month", "started_at": 1_735_689_600, "created_at": 1_735_689_000, "updated_at": .integer(at),
      "deleted": false,
      "current_term_end": 1_775_001_600, "mrr": 10000,
      "subscription_items": [
        ["item_price_id": "team-EUR-Monthly", "item_type": "plan", "quantity": 5, "unit_price": 2000, "amount": 10000],
        ["item_price_id": "setup-EUR", "item_type": "charge", "quantity": 1, "unit_price": 50000, "amount": 50000],
      ],
    ]
    return plain.with(more)
  }

  private static func canonical(_ number: Int, at: Int64, _ more: [String: JSON] = [:]) -> JSON {
    let plain: JSON = [
      "kind": "subscription", "id": .text("sub\(number)"), "at": JSON(Instant(seconds: at)), "feed": "chargebee",
      "account": .text("cust\(number)"), "status": "active", "started_at": "2025-01-01T00:00:00Z",
      "items": [
        [
          "id": "team-EUR-Monthly", "plan": "team-EUR-Monthly", "quantity": 5, "unit_amount": 2000, "currency": "EUR", "interval": "month",
          "interval_count": 1, "metered": false,
        ]
      ],
    ]
    return plain.with(more)
  }

  private static func place(_ record: JSON) -> (String, String) { (record["at"].text ?? "", record["id"].text ?? "") }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func everySubscriptionOnceThenWhatChanged(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var dialect = ChargebeeDialect()
    var times: [Int: Int64] = [:]
    // Many share one second, across page borders too.
    for number in 0..<350 {
      times[number] = (now - .days(20)).seconds + Int64.random(in: 0..<40, using: &random)
      dialect.put("subscription", Self.subscription(number, at: times[number] ?? 0))
    }
    dialect.refusals = 1
    let vendor = try run(dialect)
    let first = try await vendor.poll(at: now)
    let expected = (0..<350).map { Self.canonical($0, at: times[$0] ?? 0) }.sorted { Self.place($0) < Self.place($1) }
    #expect(first.lines(.subscription) == expected, "seed \(seed)")
    #expect(vendor.slept == [.seconds(17)])
    #expect(vendor.requests().count { $0.path == "/api/v2/subscriptions" } == 5, "four pages, and the one that was refused")

    let changed = Set((0..<60).map { _ in Int.random(in: 0..<350, using: &random) })
    let at = (now + .minutes(30)).seconds
    vendor.change { dialect in
      for number in changed { dialect.put("subscription", Self.subscription(number, at: at, ["deleted": .flag(number % 2 == 0)])) }
    }
    let second = try await vendor.poll(at: now + .hours(1))
    #expect(
      Set(second.lines(.subscription))
        == Set(
          changed.map {
            Self.canonical($0, at: at, $0 % 2 == 0 ? ["status": "canceled", "ended_at": JSON(Instant(seconds: at))] : [:])
          }), "seed \(seed)")
    #expect(try await vendor.poll(at: now + .hours(2)).records.isEmpty)
  }

  @Test func whatWasChangedInTheLastFiveMinutesWaits() async throws {
    var dialect = ChargebeeDialect()
    dialect.put("subscription", Self.subscription(1, at: (now - .minutes(5)).seconds))
    dialect.put("subscription", Self.subscription(2, at: (now - .minutes(5)).seconds + 1))
    let vendor = try run(dialect)
    #expect(try await vendor.poll(at: now).ids(.subscription) == ["sub1"])
    #expect(try await vendor.poll(at: now + .minutes(10)).ids(.subscription).contains("sub2"))
  }

  @Test(
    arguments: [
      (["status": "in_trial"], ["status": "trialing"]),
      (["status": "paused"], ["status": "paused"]),
      (["due_since": 1_773_000_000, "due_invoices_count": 1], ["status": "past_due"]),
      (["status": "non_renewing", "cancelled_at": 1_775_001_600], ["cancel_at": "2026-04-01T00:00:00Z"]),
      (["status": "cancelled", "cancelled_at": 1_772_323_200], ["status": "canceled", "ended_at": "2026-03-01T00:00:00Z"]),
      (
        [
          "discounts": [
            ["type": "percentage", "percentage": .decimal("10.5"), "duration_type": "limited_period", "apply_till": 1_775_001_600]
          ]
        ],
        ["discounts": [["percent": .decimal("10.5"), "ends_at": "2026-04-01T00:00:00Z"]]]
      ),
      (["discounts": [["type": "fixed_amount", "amount": 500, "duration_type": "one_time"]]], ["discounts": []]),
    ] as [([String: JSON], [String: JSON])])
  func readsAState(vendors: [String: JSON], ours: [String: JSON]) async throws {
    let at = (now - .days(3)).seconds
    var dialect = ChargebeeDialect()
    dialect.put("subscription", Self.subscription(1, at: at, vendors))
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.lines(.subscription) == [Self.canonical(1, at: at, ours)])
  }

  @Test func aCouponIsLookedUp() async throws {
    let at = (now - .days(3)).seconds
    var dialect = ChargebeeDialect()
    dialect.put(
      "subscription",
      Self.subscription(1, at: at, ["coupons": [["coupon_id": "WELCOME25", "apply_till": 1_775_001_600, "applied_count": 2]]]))
    dialect.put("coupon", ["id": "OTHER", "discount_percentage": 99, "duration_type": "forever", "updated_at": 1])
    dialect.put("coupon", ["id": "WELCOME25", "discount_percentage": 25, "duration_type": "limited_period", "updated_at": 1])
    let poll = try await run(dialect).poll(at: now)
    #expect(
      poll.lines(.subscription) == [Self.canonical(1, at: at, ["discounts": [["percent": 25, "ends_at": "2026-04-01T00:00:00Z"]]])])
  }

  @Test func whatHasNotBegunIsNoSubscription() async throws {
    var dialect = ChargebeeDialect()
    dialect.put("subscription", Self.subscription(1, at: (now - .days(3)).seconds, ["status": "future"]))
    #expect(try await run(dialect).poll(at: now).records.isEmpty)
  }

  @Test func readsInvoicesAndPayments() async throws {
    let at = (now - .days(3)).seconds
    var dialect = ChargebeeDialect()
    dialect.put(
      "invoice",
      [
        "id": "1001", "customer_id": "cust1", "status": "payment_due", "total": 11900, "currency_code": "EUR", "date": 1_772_323_200,
        "due_date": 1_774_915_200, "updated_at": .integer(at), "price_type": "tax_exclusive",
        "line_items": [
          ["id": "li1", "amount": 10000, "entity_type": "plan_item_price"],
          ["id": "li2", "amount": 700, "entity_type": "charge_item_price"],
          ["id": "li3", "amount": 300, "entity_type": "addon_item_price", "metered": true],
          ["id": "li4", "amount": -1000, "entity_type": "plan_item_price"],
        ], "taxes": [["name": "VAT", "amount": 1900]],
      ])
    dialect.put("invoice", ["id": "1002", "customer_id": "cust1", "status": "paid", "deleted": true, "updated_at": .integer(at + 1)])
    let payment: JSON = [
      "id": "txn1", "customer_id": "cust1", "type": "payment", "status": "success", "amount": 11900, "currency_code": "EUR",
      "updated_at": .integer(at), "linked_invoices": [["invoice_id": "1001", "applied_amount": 11900]],
    ]
    dialect.put("transaction", payment)
    dialect.put("transaction", payment.with(["id": "txn2", "status": "late_failure"]))
    dialect.put("transaction", payment.with(["id": "txn3", "type": "refund"]))
    dialect.put("transaction", payment.with(["id": "txn4", "status": "in_progress"]))
    dialect.put("transaction", payment.with(["id": "txn5", "type": "authorization"]))
    let poll = try await run(dialect).poll(at: now)
    #expect(
      poll.lines(.invoice).first == [
        "kind": "invoice", "id": "1001", "at": JSON(Instant(seconds: at)), "feed": "chargebee", "account": "cust1", "status": "open",
        "total": 11900, "currency": "EUR", "due_at": "2026-03-31T00:00:00Z",
        "lines": [
          ["amount": 10000, "type": "recurring"], ["amount": 700, "type": "one_time"], ["amount": 300, "type": "metered"],
          ["amount": -1000, "type": "credit"], ["amount": 1900, "type": "tax"],
        ],
      ])
    #expect(poll.lines(.invoice).map { $0["status"] } == ["open", "void"])
    #expect(poll.ids(.payment) == ["txn1", "txn2", "txn3"])
    #expect(poll.lines(.payment).map { $0["status"] } == ["succeeded", "failed", "refunded"])
    #expect(poll.lines(.payment).allSatisfy { $0["invoice"] == "1001" && $0["amount"] == 11900 })
  }

  @Test func aWrongKeyIsSaid() async throws {
    let poll = try await run(ChargebeeDialect(), secret: "live_wrong").poll(at: now, failing: true)
    #expect(poll.report.failures.count == 3)
    #expect(poll.report.failures.allSatisfy { $0.cause == .unauthorized && !$0.description.contains("live_wrong") })
  }
}
