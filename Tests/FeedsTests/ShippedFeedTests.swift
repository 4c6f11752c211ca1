import ConfigFiles
import Events
import Feeds
import Foundation
import Testing
import Transport

@Suite struct ShippedFeedTests {
  private func next(_ walk: inout StreamWalk, _ now: Instant) throws -> HTTPRequest {
    let request = walk.next(now: now)
    return try #require(request)
  }

  private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".yaml") }
    .map { String($0.dropLast(5)) }.sorted()
  private static let folder = repository.appendingPathComponent("config/feeds").path

  @Test func allOfThemAreLookedAt() { #expect(Self.names.count >= 14) }

  @Test(arguments: names)
  func passesItsOwnCheckAndIsOff(name: String) throws {
    let feed = try shippedFeed(name)
    #expect(feed.name == name)
    #expect(feed.system == name.prefix { $0 != "_" }, "a feed beside another tells of the same system")
    #expect(!feed.isEnabled)
    #expect(!feed.allowPrivate)
    guard feed.isPolled else { return }
    #expect(feed.baseURL.hasPrefix("https://"))
    #expect(!feed.authentication.secrets.isEmpty)
  }

  /// By feed, what must be said of it before it is switched on.
  private static let needed = [
    "amplitude": ["AMPLITUDE_API_KEY_ID"], "chargebee": ["CHARGEBEE_URL"], "freshdesk": ["FRESHDESK_URL"], "generic": ["GENERIC_URL"],
    "mixpanel": ["MIXPANEL_USER", "MIXPANEL_PROJECT"], "posthog": ["POSTHOG_PROJECT"], "zendesk": ["ZENDESK_URL", "ZENDESK_EMAIL"],
    "zendesk_directory": ["ZENDESK_URL", "ZENDESK_EMAIL"],
  ]

  @Test(arguments: names)
  func asksForWhatItCannotKnowOnceItIsOn(name: String) throws {
    let text = try shippedText(name)
    func faults(_ text: String, _ variables: [String: String]) -> [Diagnostic] {
      var diagnostics = Diagnostics()
      let file = SourceFile(path: "config/feeds/\(name).yaml", text: text)
      _ = Connector(file: file, environment: Environment(variables), into: &diagnostics)
      return diagnostics.all
    }
    let on = text.replacing("enabled: false", with: "enabled: true")
    let needed = Self.needed[name] ?? []
    #expect(faults(text, [:]).isEmpty, "what is off needs nothing")
    #expect(faults(on, site).isEmpty)
    let missing = faults(on, [:])
    #expect(missing.map(\.code) == needed.map { _ in "BW0110" })
    #expect(missing.map(\.range.text) == needed.map { "${\($0)}" })
    #expect(zip(missing, needed).allSatisfy { $0.hint?.hasPrefix("set \($1) in the environment") == true })
  }

  @Test(arguments: names)
  func keepsNoPlaceOfSomebodyElseAsADefault(name: String) throws {
    let feed = try shippedFeed(name)
    guard feed.isPolled else { return }
    for word in ["your-", "example.com", "example.org"] { #expect(try !shippedText(name).contains(":-https://\(word)")) }
    let host = feed.baseURL.dropFirst("https://".count)
    let vendors = ["amplitude.com", "chargebee.com", "freshdesk.com", "hubapi.com", "intercom.io", "mixpanel.com", "posthog.com"]
    let others = ["salesforce.com", "stripe.com", "zendesk.com", "acme.example"]
    #expect((vendors + others).contains { host == $0 || host.hasSuffix(".\($0)") }, "\(host)")
  }

  @Test func completesEveryKindItMaps() throws {
    var completed: Set<Kind> = []
    for name in ["stripe", "chargebee", "hubspot", "salesforce", "zendesk", "posthog"] {
      for stream in try shippedFeed(name).streams { completed.formUnion(stream.completes) }
    }
    #expect(completed == [.subscription, .invoice, .payment, .account, .contact, .opportunity, .engagement, .ticket, .usage])
  }

  @Test func takesItsBaseFromTheEnvironment() throws {
    let feed = try shippedFeed("stripe", ["STRIPE_URL": "http://127.0.0.1:8080/stripe/", "BELLWETHER_ALLOW_PRIVATE": "true"])
    #expect(feed.baseURL == "http://127.0.0.1:8080/stripe")
    #expect(feed.allowPrivate)
  }

  @Test func asksStripeForWhatItNeeds() throws {
    let now = instant("2026-03-10T12:00:30Z")
    var events = try walk(try shippedFeed("stripe"), "events")
    let request = try next(&events, now)
    #expect(request.url.hasPrefix("https://api.stripe.com/v1/events?limit=100&types%5B%5D=customer.subscription.created&"))
    #expect(query(request)["created[lte]"] == String(instant("2026-03-10T11:59:30Z").seconds))
    #expect(query(request)["created[gte]"] == String(instant("2026-02-08T11:59:30Z").seconds), "events are kept for 30 days")
    #expect(query(request)["starting_after"] == nil)
    var backfill = try walk(try shippedFeed("stripe"), "subscriptions")
    let list = try next(&backfill, now)
    #expect(list.url == "https://api.stripe.com/v1/subscriptions?status=all&limit=100&expand%5B%5D=data.discounts")
  }

  @Test func asksHubSpotByTimeInMilliseconds() throws {
    var companies = try walk(try shippedFeed("hubspot"), "companies")
    let request = try next(&companies, instant("2026-03-10T12:00:00.5Z"))
    #expect(request.method == "POST")
    #expect(request.url == "https://api.hubapi.com/crm/v3/objects/companies/search")
    #expect(request.headers.contains(HTTPHeader("Content-Type", "application/json")))
    let filters = try body(request)["filterGroups"][0]["filters"]
    #expect(filters[0] == ["propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"])
    #expect(filters[1] == ["propertyName": "hs_lastmodifieddate", "operator": "LTE", "value": "1773140400500"])
    #expect(try body(request)["limit"] == 100)
  }

  @Test func asksZendeskOnceForATimeAndThenByCursor() throws {
    let feed = try shippedFeed("zendesk", ["BELLWETHER_START": "2026-01-01"])
    var tickets = try walk(feed, "tickets")
    let first = try next(&tickets, instant("2026-03-10T12:00:00Z"))
    #expect(
      first.url
        == "https://acme.zendesk.com/api/v2/incremental/tickets/cursor?include=metric_sets&start_time=1767225600&per_page=1000")
    var later = try walk(feed, "tickets", cursor: ["token": "abc==", "through": "2026-03-01T00:00:00Z"])
    let second = try next(&later, instant("2026-03-10T12:00:00Z"))
    #expect(query(second) == ["per_page": "1000", "include": "metric_sets", "cursor": "abc=="])
  }

  @Test func asksPostHogInItsOwnWords() throws {
    let feed = try shippedFeed("posthog", ["POSTHOG_PROJECT": "42"])
    var events = try walk(feed, cursor: ["through": "2026-03-10T10:00:00Z", "known_from": "2026-01-01T00:00:00Z"])
    let request = try next(&events, instant("2026-03-10T12:00:00.25Z"))
    #expect(request.url == "https://us.posthog.com/api/projects/42/query")
    #expect(
      try body(request)["query"]["query"].text == """
        SELECT uuid, event, distinct_id, timestamp, $group_0, properties.quantity, properties.team FROM events \
        WHERE timestamp > toDateTime64('2026-03-10 09:30:00.000000',6,'UTC') AND timestamp <= \
        toDateTime64('2026-03-10 11:00:00.250000',6,'UTC') ORDER BY timestamp, uuid LIMIT 10000
        """)
  }
}
