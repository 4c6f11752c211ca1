import Events
import Simulation
import Testing

@Suite struct VendorTests {
  private let vendors = Worlds.small
  private var start: Instant { vendors.world.start }

  // MARK: Every record exactly once

  @Test func stripeBackfillsEachSubscriptionAndInvoiceOnce() throws {
    let walk = Walk(vendors: vendors, now: start + .days(90))
    for target in ["/v1/subscriptions?status=all", "/v1/invoices"] {
      let small = try walk.stripe(target, limit: 7).served
      let large = try walk.stripe(target).served
      #expect(small == large)
      #expect(Set(small).count == small.count)
      #expect(small.count >= 20)
    }
  }

  @Test func stripeGivesEachEventOnceHoweverItIsPolled() throws {
    let end = start + .days(60)
    let whole = try Walk(vendors: vendors, now: end).stripe("/v1/events?created[gte]=\((end - .days(29)).seconds)").elements("data")
    var parts: [JSON] = []
    var from = end - .days(29)
    while from < end {
      let to = min(from + .hours(36), end)
      let target = "/v1/events?created[gte]=\(from.seconds)&created[lt]=\(to.seconds + (to == end ? 1 : 0))"
      parts += try Walk(vendors: vendors, now: to).stripe(target, limit: 3).elements("data").reversed()
      from = to
    }
    #expect(parts.map { $0["id"] } == whole.reversed().map { $0["id"] })
    #expect(Set(whole.compactMap { $0["id"].text }).count == whole.count)
    #expect(whole.count > 100)
  }

  @Test(arguments: ["companies", "contacts", "deals", "notes"]) func hubspotGivesEachObjectOnce(_ kind: String) throws {
    let walk = Walk(vendors: vendors, now: start + .days(300))
    let small = try walk.hubspot(kind, limit: 9).served
    #expect(small == (try walk.hubspot(kind).served))
    #expect(Set(small.map(\.id)).count == small.count)
    #expect(small.map(\.at) == small.map(\.at).sorted())
    #expect(small.count >= 24)
  }

  @Test func zendeskGivesEachTicketInItsLatestVersionAndGoesOnFromItsCursor() throws {
    var walk = Walk(vendors: vendors, now: start + .days(120))
    let first = try walk.zendesk(from: "start_time=0", limit: 5)
    #expect(first.pages.served == (try walk.zendesk(from: "start_time=0").pages.served))
    #expect(Set(first.pages.served.map(\.id)).count == first.pages.served.count)
    #expect(first.pages.served.count > 50)
    let idle = try walk.zendesk(from: first.cursor)
    #expect(idle.pages.served.isEmpty && idle.cursor == first.cursor)
    walk.now = start + .days(121)
    let later = try walk.zendesk(from: first.cursor).pages.served
    #expect(!later.isEmpty)
    #expect(later.allSatisfy { $0.at > start + .days(120) - .minutes(1) && $0.at <= walk.now })
  }

  @Test func posthogGivesEachEventOnce() throws {
    let walk = Walk(vendors: vendors, now: start + .days(30))
    let small = try walk.posthog(from: start, through: walk.now, limit: 1000).served
    let large = try walk.posthog(from: start, through: walk.now).served
    #expect(small == large)
    #expect(Set(small).count == small.count)
    #expect(small.count > 3000)
  }

  @Test func posthogRowsFitTheirColumns() throws {
    let page = try #require(try Walk(vendors: vendors, now: start).posthog(from: start - .days(30), through: start).first)
    #expect(page.json["columns"].list?.compactMap(\.text).prefix(2) == ["uuid", "event"])
    let rows = page.json["results"].list ?? []
    #expect(rows.count == page.served.count && rows.count > 1000)
    let known = Set(ProductEvent.allCases.map(\.rawValue))
    for (row, record) in zip(rows, page.served) {
      try #require(row.list?.count == 7)
      #expect(row[0].text == record.id && known.contains(row[1].text ?? ""))
      #expect(row[3].text.flatMap(Instant.init(iso8601:)) == record.at)
      #expect((row[1].text == "api_call") == (row[5].integer != nil))
    }
  }

  // MARK: Time

  @Test func nothingIsVisibleBeforeItsTime() throws {
    for days in [0, 45, 200] as [Int64] {
      let walk = Walk(vendors: vendors, now: start + .days(days) + .hours(13))
      var served = try walk.stripe("/v1/events").served + walk.zendesk(from: "start_time=0").pages.served
      for kind in ["companies", "contacts", "deals", "notes"] { served += try walk.hubspot(kind).served }
      served += try walk.posthog(from: walk.now - .days(3), through: walk.now + .days(9)).served
      #expect(served.allSatisfy { $0.at <= walk.now })
      #expect(served.count > 500)
    }
  }

  @Test func aYearOfPollsSeesWhatIsThereAtTheEnd() throws {
    var seen: Set<ServedRecord> = []
    var from = start - .days(400)
    var now = start
    while now <= vendors.world.end {
      let walk = Walk(vendors: vendors, now: now)
      for kind in ["companies", "contacts"] { seen.formUnion(try walk.hubspot(kind, from: from).served) }
      from = now
      now = now + .days(5)
    }
    let last = try ["companies", "contacts"].flatMap { kind in
      try Walk(vendors: vendors, now: vendors.world.end).hubspot(kind, from: start).served
    }
    #expect(last.count > 10)
    #expect(last.filter { $0.at <= from }.allSatisfy(seen.contains))
  }

  @Test func stripeForgetsEventsAfterThirtyDays() throws {
    let now = start + .days(100)
    let events = try Walk(vendors: vendors, now: now).stripe("/v1/events").elements("data")
    let oldest = try #require(events.last?["created"].integer)
    #expect(oldest >= (now - .days(30)).seconds && oldest < (now - .days(25)).seconds)
    let id = try #require(events.last?["id"].text)
    #expect(Walk(vendors: vendors, now: now + .days(10)).status(.stripe, "/v1/events?starting_after=\(id)") == 400)
  }

  // MARK: Refusals

  @Test(arguments: Vendor.allCases) func aWrongSecretIsRefused(_ vendor: Vendor) {
    let request = VendorRequest(vendor: vendor, target: "/", authorization: "Bearer wrong")
    #expect(vendors.respond(request, now: start).status == 401)
    #expect(vendors.respond(VendorRequest(vendor: vendor, target: "/", authorization: nil), now: start).status == 401)
  }

  @Test(arguments: [
    (Vendor.stripe, "/v1/events?limit=101", 400), (.stripe, "/v1/events?limit=0", 400), (.stripe, "/v1/events?colour=red", 400),
    (.stripe, "/v1/invoices?starting_after=in_none", 400), (.stripe, "/v1/events?created[gte]=yesterday", 400),
    (.stripe, "/v1/unicorns", 404), (.zendesk, "/api/v2/incremental/tickets/cursor", 400),
    (.zendesk, "/api/v2/incremental/tickets/cursor?cursor=%21%21", 400),
    (.zendesk, "/api/v2/incremental/tickets/cursor?start_time=0&per_page=1001", 400),
    (.zendesk, "/api/v2/incremental/tickets/cursor?start_time=9999999999", 400), (.zendesk, "/api/v2/tickets", 404),
    (.hubspot, "/crm/v3/objects/companies/search", 405), (.posthog, "/api/projects/1/query", 400),
  ])
  func badRequestsAreRefused(_ vendor: Vendor, _ target: String, _ status: Int) {
    #expect(Walk(vendors: vendors, now: start).status(vendor, target) == status)
  }

  @Test(arguments: [
    #"{"limit":201}"#, #"{"after":"10000"}"#, #"{"filters":[{"propertyName":"name","operator":"EQ","value":"1"}]}"#,
    #"{"filters":[{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"soon"}]}"#, #"{"sorts":["name"]}"#,
  ])
  func badSearchesAreRefused(_ body: String) throws {
    let walk = Walk(vendors: vendors, now: start)
    #expect(walk.status(.hubspot, "/crm/v3/objects/companies/search", body: try JSON(parsing: body)) == 400)
  }

  @Test(arguments: [
    "SELECT colour FROM events ORDER BY timestamp LIMIT 1", "SELECT uuid FROM persons ORDER BY timestamp LIMIT 1",
    "SELECT uuid FROM events WHERE event = 'x' ORDER BY timestamp LIMIT 1", "SELECT uuid FROM events LIMIT 1", "DROP TABLE events",
  ])
  func badQueriesAreRefused(_ query: String) {
    let body: JSON = ["query": ["kind": "HogQLQuery", "query": .text(query)]]
    #expect(Walk(vendors: vendors, now: start).status(.posthog, "/api/projects/1/query", body: body) == 400)
  }

  @Test func queriesTakeAliasesAndOffsets() throws {
    let text = "select uuid as id, properties.quantity AS quantity from events order by timestamp, uuid limit 5 offset 2"
    let body: JSON = ["query": ["kind": "HogQLQuery", "query": .text(text)]]
    let page = try Walk(vendors: vendors, now: start).page(.posthog, "/api/projects/1/query", body: body)
    #expect(page.json["columns"] == ["id", "quantity"])
    #expect(page.json["results"].list?.count == 5)
  }

  // MARK: Headers and shapes

  @Test func answersCarryTheBusinessTime() {
    let request = VendorRequest(vendor: .stripe, target: "/v1/events", authorization: VendorCredentials.authorization(for: .stripe))
    let response = vendors.respond(request, now: start + .hours(1))
    #expect(response.headers.contains { $0.name == "Date" && $0.value == "Mon, 06 Jan 2025 06:00:00 GMT" })
  }

  @Test func bothShapesOfStripeOccur() throws {
    let events = try Walk(vendors: vendors, now: start + .days(20)).stripe("/v1/events").elements("data")
    for (version, isBasil) in [("2024-06-20", false), ("2025-03-31.basil", true)] {
      let chosen = events.filter { $0["api_version"].text == version }
      let subscription = try #require(chosen.first { $0["type"].text == "customer.subscription.updated" }?["data"]["object"])
      #expect(subscription["current_period_end"].isNull == isBasil)
      #expect(subscription["items"]["data"][0]["current_period_end"].isNull != isBasil)
      #expect(subscription["items"]["data"][0]["price"]["lookup_key"].text?.contains("_seat_") == true)
      let invoice = try #require(chosen.first { $0["type"].text == "invoice.paid" }?["data"]["object"])
      #expect(invoice["subscription"].isNull == isBasil)
      #expect(invoice["lines"]["data"][0]["price"].isNull == isBasil)
      #expect(invoice["status_transitions"]["paid_at"].integer != nil)
    }
  }
}
