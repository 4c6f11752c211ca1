import Events
import Feeds
import Foundation
import Testing
import Transport

/// Recorded answers of the real vendors, read by the shipped feeds. Expectations are read off the files by hand.
@Suite struct RecordedEventTests {
  private static func subscription(_ id: String, at: String, _ fields: JSON) -> JSON {
    line(["kind": "subscription", "id": .text(id), "at": .text(at), "feed": "stripe", "account": "cus_00000000000000"], fields)
  }

  private static func invoice(_ at: String, _ fields: JSON) -> JSON {
    line(
      ["kind": "invoice", "id": "in_000000000000000000000000", "at": .text(at), "feed": "stripe", "account": "cus_00000000000000"], fields)
  }

  private static func line(_ envelope: JSON, _ fields: JSON) -> JSON {
    .object((envelope.object ?? [:]).merging(fields.object ?? [:]) { $1 })
  }

  private static let licensed: JSON = [
    [
      "id": "si_00000000000000", "plan": "price_000000000000000000000000", "quantity": 1, "unit_amount": 1500, "currency": "usd",
      "interval": "month", "interval_count": 1, "metered": false,
    ]
  ]
  private static let oneTime: JSON = [["amount": 2000, "type": "one_time"]]
  private static let recurring: JSON = [["amount": 1500, "type": "recurring"]]

  private static let expected: [(file: String, record: JSON)] = [
    (
      "customer.subscription.created",
      subscription(
        "sub_000000000000000000000000", at: "2022-03-26T18:41:50Z",
        ["status": "active", "items": licensed, "started_at": "2022-03-26T18:41:50Z"])
    ),
    (
      "customer.subscription.updated",
      subscription(
        "sub_000000000000000000000000", at: "2022-03-26T18:41:46Z",
        ["status": "active", "items": licensed, "started_at": "2022-03-26T18:41:45Z"])
    ),
    (
      "customer.subscription.deleted",
      subscription(
        "sub_000000000000000000000000", at: "2022-03-26T18:41:37Z",
        ["status": "canceled", "items": licensed, "started_at": "2022-03-26T18:41:36Z", "ended_at": "2022-03-26T18:41:37Z"])
    ),
    (
      "customer.subscription.trial_will_end",
      subscription(
        "su_00000000000000", at: "2012-01-18T02:24:38Z",
        [
          "status": "trialing", "started_at": "2013-10-06T17:30:23Z",
          "items": [
            [
              "id": "si_00000000000000", "plan": "fkx0AFo_00000000000000", "quantity": 1, "unit_amount": 100, "currency": "usd",
              "interval": "month", "interval_count": 1, "metered": false,
            ],
            [
              "id": "si_00000000000001", "plan": "fkx0AFo_00000000000001", "quantity": 5, "unit_amount": 200, "currency": "eur",
              "interval": "month", "interval_count": 1, "metered": false,
            ],
          ],
        ])
    ),
    (
      "invoice.created",
      invoice(
        "2022-03-26T18:41:50Z",
        ["status": "draft", "total": 1500, "currency": "usd", "due_at": "2022-03-26T18:41:50Z", "lines": recurring])
    ),
    (
      "invoice.updated",
      invoice(
        "2022-03-26T18:41:39Z",
        ["status": "draft", "total": 1500, "currency": "usd", "due_at": "2022-03-26T18:41:36Z", "lines": recurring])
    ),
    ("invoice.finalized", paid), ("invoice.paid", paid), ("invoice.payment_succeeded", paid),
    (
      "invoice.payment_action_required",
      invoice(
        "2022-03-26T18:40:04Z",
        ["status": "open", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:39:58Z", "lines": oneTime])
    ),
    (
      "invoice.payment_failed",
      invoice(
        "2022-03-26T18:40:09Z",
        ["status": "open", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:40:07Z", "lines": oneTime])
    ),
    (
      "charge.failed",
      [
        "kind": "payment", "id": "ch_000000000000000000000000", "at": "2022-03-26T18:40:28Z", "feed": "stripe", "status": "failed",
        "amount": 2000, "currency": "usd",
      ]
    ),
    (
      "charge.succeeded",
      [
        "kind": "payment", "id": "ch_000000000000000000000000", "at": "2022-03-26T18:40:32Z", "feed": "stripe", "status": "succeeded",
        "amount": 2000, "currency": "usd",
      ]
    ),
    (
      "charge.refunded",
      [
        "kind": "payment", "id": "ch_000000000000000000000000", "at": "2022-03-26T18:39:09Z", "feed": "stripe", "status": "refunded",
        "amount": 100, "currency": "usd",
      ]
    ),
  ]

  private static let paid = invoice(
    "2022-03-26T18:40:15Z",
    [
      "status": "paid", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:40:12Z", "paid_at": "2022-03-26T18:40:13Z",
      "lines": oneTime,
    ])

  @Test(arguments: expected)
  func aRecordedStripeEventGivesOneRecord(file: String, record: JSON) throws {
    let event = try fixture("stripe/\(file).json")
    let records = try stripeRecords([event])
    #expect(records.count == 1)
    let found = try #require(records.first)
    #expect(found.json == record, "\(found.json.serialized())")
  }

  @Test func aForecastInvoiceGivesNone() throws {
    #expect(try stripeRecords([try fixture("stripe/invoice.upcoming.json")]).isEmpty)
  }

  /// The recorded events are older than "basil"; their counterparts say the same in the shapes from then on.
  @Test(arguments: expected.map(\.file) + ["invoice.upcoming"])
  func aBasilCounterpartGivesTheSame(file: String) throws {
    let old = try fixture("stripe/\(file).json")
    let new = try fixture("stripe_basil/\(file).json")
    #expect(new["api_version"] == "2025-03-31.basil")
    #expect(old["data"]["object"] != new["data"]["object"])
    #expect(try stripeRecords([old]).map(\.json) == (try stripeRecords([new]).map(\.json)))
  }

  @Test func everyRecordingOfAKindThatIsMappedHasACounterpart() throws {
    let mapped = ["customer.subscription.", "invoice.", "charge."]
    let recorded = try files("stripe").filter { file in mapped.contains { file.hasPrefix($0) } }
    #expect(recorded.count == 15)
    #expect(try files("stripe_basil") == recorded)
  }

  /// Events of other kinds are not asked for, and would say nothing if they came.
  @Test func recordingsOfOtherKindsGiveNone() throws {
    let mapped = Set(Self.expected.map { "\($0.file).json" })
    let others = try files("stripe").filter { !mapped.contains($0) }
    #expect(others.count == 32)
    for file in others { #expect(try stripeRecords([try fixture("stripe/\(file)")]).isEmpty, "\(file)") }
  }

  private func files(_ folder: String) throws -> [String] {
    let path = repository.appendingPathComponent("Tests/FeedsTests/Fixtures/\(folder)").path
    return try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }.sorted()
  }

  private func stripeRecords(_ events: [JSON]) throws -> [Record] {
    let now = instant("2022-04-01T00:00:00Z")
    var walk = try walk(
      try shippedFeed("stripe", ["STRIPE_EVENT_RETENTION": "36500d"]), "events", cursor: ["through": "2012-01-01T00:00:00Z"])
    return try run(&walk, now: now) { request in
      let found = request.path == "/v1/events" ? events : []
      return answer(["object": "list", "data": .list(found), "has_more": false, "url": .text(request.path)], date: now)
    }
  }

  @Test func theRecordedZendeskTicketsGiveOneRecordEach() throws {
    let tickets = try #require(try fixture("zendesk/tickets.json")["tickets"].list)
    #expect(tickets.count == 100)
    let now = instant("2016-01-01T00:00:00Z")
    var walk = try walk(try shippedFeed("zendesk", ["BELLWETHER_START": "2012-01-01"]), "tickets")
    let records = try run(&walk, now: now) { _ in
      answer(["tickets": .list(tickets), "after_url": nil, "after_cursor": "MTQ1MQ==", "end_of_stream": true], date: now)
    }
    #expect(records.count == 100)
    #expect(Set(records.map(\.id)).count == 100)
    #expect(records.count { $0.account != nil } == 27)
    #expect(records.count { $0.account == nil } == 73)
    let first = try #require(records.first { $0.id == "1" })
    #expect(
      first.json == [
        "kind": "ticket", "id": "1", "at": "2015-09-03T00:37:57Z", "feed": "zendesk", "account": "20012227", "person": "20014182",
        "subject": "This is a sample ticket requested and submitted by you",
        "body": "This is the first comment. Feel free to delete this sample ticket.", "type": "incident", "status": "pending",
        "priority": "high", "escalated": false, "tags": [], "opened_at": "2012-09-06T20:15:09Z",
      ])
    #expect(walk.cursor["token"] == "MTQ1MQ==")
    #expect(walk.completeThrough == instant("2015-12-31T23:59:00Z"))
    #expect(walk.knownFrom == instant("2012-01-01T00:00:00Z"))
  }
}
