import Events
import Feeds
import Testing
import Transport

@Suite struct IntercomTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  /// A conversation, what Intercom shows of it, and what we should make of it.
  private struct Conversation {
    let number: Int
    var updated: Instant
    var state = "open"
    var reopens = 0
    var rating: Int?
    var tags: [String] = []
    /// Of the contacts, by number.
    var contact: Int?

    var id: String { String(215_470_000 + number) }
    var created: Instant { Instant(seconds: 1_772_000_000 + Int64(number)) }

    var json: JSON {
      [
        "type": "conversation", "id": .text(id), "created_at": JSON(created.seconds), "updated_at": JSON(updated.seconds),
        "title": nil, "state": .text(state), "open": .flag(state == "open"), "read": true,
        "priority": number % 2 == 0 ? "priority" : "not_priority",
        "source": [
          "type": "conversation", "id": "2", "delivered_as": "customer_initiated", "subject": .text("<p>Question \(number) &amp; more</p>"),
          "body": "<p>Where do I find<br>the export?</p>", "author": ["type": "user", "id": "x", "email": "someone@else.example"],
        ],
        "contacts": [
          "type": "contact.list",
          "contacts": .list(contact.map { [["type": "contact", "id": .text("c\($0)"), "external_id": nil]] } ?? []),
        ],
        "conversation_rating": rating.map { ["rating": JSON($0), "remark": "", "created_at": JSON(updated.seconds)] } ?? nil,
        "tags": ["type": "tag.list", "tags": .list(tags.map { ["type": "tag", "id": "7", "name": .text($0)] })],
        "statistics": [
          "type": "conversation_statistics", "count_reopens": JSON(reopens), "time_to_admin_reply": 120,
          "last_close_at": state == "closed" ? JSON(updated.seconds) : nil,
        ],
      ]
    }

    func expected(company: String?, email: String?) -> JSON {
      var members: [String: JSON] = [
        "kind": "ticket", "id": .text(id), "at": JSON(updated), "feed": "intercom", "subject": .text("Question \(number) & more"),
        "body": "Where do I find the export?", "priority": number % 2 == 0 ? "high" : "normal", "reopens": JSON(reopens),
        "escalated": .flag(tags.contains("escalated")), "tags": .list(tags.map { .text($0) }), "opened_at": JSON(created),
        "status": .text(["open": "open", "snoozed": "pending", "closed": "solved"][state] ?? ""),
      ]
      members["account"] = company.map { .text($0) }
      members["person"] = email.map { .text($0) }
      if state == "closed" { members["solved_at"] = JSON(updated) }
      if let rating, rating != 3 { members["csat"] = rating > 3 ? "good" : "bad" }
      if let topic = tags.first(where: { $0.hasPrefix("topic_") }) { members["topic"] = .text(String(topic.dropFirst(6))) }
      return .object(members)
    }
  }

  private static func contact(_ number: Int, updated: Instant, company: String? = nil, email: Bool = true, role: String = "user") -> JSON {
    [
      "type": "contact", "id": .text("c\(number)"), "external_id": nil, "role": .text(role), "name": .text("Person \(number)"),
      "email": email ? .text("p\(number)@acme.example") : nil, "created_at": 1_700_000_000, "updated_at": JSON(updated.seconds),
      "companies": [
        "type": "list", "url": .text("/contacts/c\(number)/companies"), "total_count": company == nil ? 0 : 1, "has_more": false,
        "data": .list(company.map { [["id": .text($0), "type": "company", "url": .text("/companies/\($0)")]] } ?? []),
      ],
    ]
  }

  private static func run(_ dialect: IntercomDialect, feed: String = "intercom") throws -> VendorRun<IntercomDialect> {
    VendorRun(try shippedFeed(feed, ["BELLWETHER_START": "30d"]), dialect, secrets: ["intercom_token": IntercomDialect.token])
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func everyConversationAndEveryChangeArrives(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var all = (0..<320).map { number in
      // Few different times, so that many share one across a page's border.
      Conversation(
        number: number, updated: Self.now - .minutes(Int64.random(in: 10...60, using: &random)),
        state: ["open", "snoozed", "closed"].randomElement(using: &random) ?? "open", reopens: Int.random(in: 0...3, using: &random),
        rating: [nil, 1, 2, 3, 4, 5].randomElement(using: &random) ?? nil,
        tags: [[], ["escalated"], ["vip", "topic_billing"]].randomElement(using: &random) ?? [],
        contact: number % 4 == 0 ? nil : number % 10)
    }
    var dialect = IntercomDialect()
    dialect.conversations = all.map(\.json)
    dialect.contacts = (0..<10).map { Self.contact($0, updated: Self.now - .days(3), company: $0 == 9 ? nil : "co\($0 % 3)") }
    let run = try Self.run(dialect)
    func expected(_ list: [Conversation]) -> Set<JSON> {
      Set(
        list.map { item in
          item.expected(
            company: item.contact.flatMap { $0 == 9 ? nil : "co\($0 % 3)" }, email: item.contact.map { "p\($0)@acme.example" })
        })
    }

    let first = try await run.poll(at: Self.now)
    #expect(Set(first.lines(.ticket)) == expected(all))
    #expect(first.ids(.ticket).count == 320)
    let searches = run.requests().filter { $0.path == "/conversations/search" }
    #expect(searches.count == 3)
    #expect(searches[0].json["pagination"] == ["per_page": 150])
    #expect(searches[1].json["pagination"]["starting_after"].text?.isEmpty == false)

    let later = Self.now + .minutes(20)
    for index in all.indices where index % 9 == 0 {
      all[index].updated = later - .minutes(6)
      all[index].state = "closed"
      all[index].reopens += 1
    }
    let changed = all.map(\.json)
    run.change { $0.conversations = changed }
    let second = try await run.poll(at: later)
    #expect(expected(all.filter { $0.updated > Self.now }).isSubset(of: second.lines(.ticket)))
    _ = try await run.poll(at: later + .hours(2))
    let fourth = try await run.poll(at: later + .hours(4))
    #expect(fourth.records.isEmpty, "what lies before the lookback is not read again")
  }

  /// The vendor's own comparisons leave out both bounds; a record at the very bound of a walk is found by the next.
  @Test func aRecordAtTheBoundBetweenTwoWalksIsNotLost() async throws {
    var dialect = IntercomDialect()
    dialect.conversations = [Conversation(number: 1, updated: Self.now - .minutes(5)).json]
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket) == [])
    #expect(try await run.poll(at: Self.now + .minutes(15)).ids(.ticket) == ["215470001"])
  }

  /// A contact changed an hour before the last walk's end shares its day, so the vendor lists it again and it is dropped here; one that
  /// changed since is kept, whatever its day.
  @Test func contactsAreFilteredAgainBelowTheDay() async throws {
    var dialect = IntercomDialect()
    dialect.contacts = [
      Self.contact(1, updated: instant("2026-03-10T00:00:01Z")), Self.contact(2, updated: instant("2026-03-10T10:00:00Z"), company: "co1"),
      Self.contact(3, updated: instant("2026-03-09T23:59:59Z"), email: false),
    ]
    let run = try Self.run(dialect)
    let first = try await run.poll(at: Self.now)
    #expect(first.ids(.contact).sorted() == ["c1", "c2"], "a contact without address and user id is nobody")
    #expect(
      first.lines(.contact).first { $0["id"] == "c2" } == [
        "kind": "contact", "id": "c2", "at": "2026-03-10T10:00:00Z", "feed": "intercom", "account": "co1", "email": "p2@acme.example",
        "name": "Person 2", "role": "user",
      ])
    run.change { $0.contacts.append(Self.contact(4, updated: instant("2026-03-10T12:30:00Z"), role: "lead")) }
    _ = run.requests()
    let second = try await run.poll(at: Self.now + .hours(1))
    #expect(second.ids(.contact) == ["c4"])
    let query = run.requests().last { $0.path == "/contacts/search" }?.json["query"]
    #expect(
      query?["value"][1] == ["field": "updated_at", "operator": "=", "value": .text(String(instant("2026-03-10T00:00:00Z").seconds))])
    let third = try await run.poll(at: instant("2026-03-11T00:10:00Z"))
    #expect(third.ids(.contact) == ["c4"], "yesterday is listed whole, and kept from half an hour before the last walk's end on")
  }

  @Test func anExceededLimitIsWaitedOutUntilTheMomentGiven() async throws {
    var dialect = IntercomDialect()
    dialect.conversations = [Conversation(number: 1, updated: Self.now - .hours(1)).json]
    dialect.refusals = 1
    dialect.limitedUntil = Self.now + .seconds(42)
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket) == ["215470001"])
    let wait = try #require(run.slept.max())
    #expect(wait >= .seconds(41) && wait < .seconds(60), "\(run.slept)")
  }

  @Test func aSearchThatTakesTooLongIsMadeSmaller() async throws {
    var dialect = IntercomDialect()
    dialect.conversations = (0..<100).map { Conversation(number: $0, updated: Self.now - .hours(1)).json }
    dialect.patience = 40
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket).count == 100)
    let sizes = run.requests().filter { $0.path == "/conversations/search" }.compactMap { $0.json["pagination"]["per_page"].integer }
    #expect(sizes.prefix(3) == [150, 75, 37])
  }

  @Test func aWrongTokenIsNamed() async throws {
    let run = VendorRun(try shippedFeed("intercom"), IntercomDialect(), secrets: ["intercom_token": "other"])
    let poll = try await run.poll(at: Self.now, failing: true)
    #expect(poll.report.failures.map(\.cause) == [.unauthorized, .unauthorized])
    #expect(poll.report.failures[0].hint.contains("intercom_token"))
  }

  @Test func companiesNameTheAccountTheyAre() async throws {
    var dialect = IntercomDialect()
    dialect.companies = (0..<130).map { number in
      [
        "type": "company", "id": .text("co\(number)"), "company_id": number % 2 == 0 ? .text("org-\(number)") : nil,
        "name": .text("Company \(number)"), "industry": "Energy", "plan": ["type": "plan", "id": "1", "name": "Pro"], "monthly_spend": 99,
        "user_count": 4, "created_at": 1_700_000_000, "updated_at": 1_770_000_000,
      ]
    }
    let run = try Self.run(dialect, feed: "intercom_companies")
    let poll = try await run.poll(at: Self.now)
    #expect(run.requests().map { $0.parameter("page") } == [nil, "2", "3"])
    #expect(poll.ids(.account).count == 65)
    #expect(
      poll.lines(.account).last == [
        "kind": "account", "id": "co0", "at": "2026-02-02T02:40:00Z", "feed": "intercom", "account": "co0", "name": "Company 0",
        "industry": "Energy", "external": ["posthog": "org-0"],
      ])
  }

  @Test(arguments: [9_960, 10_020, 10_021]) func companiesBeyondTheCapEndTheListQuietly(count: Int) async throws {
    var dialect = IntercomDialect()
    dialect.companies = (0..<count).map { ["id": .text("co\($0)"), "company_id": .text("o\($0)"), "updated_at": 1_770_000_000] }
    let run = try Self.run(dialect, feed: "intercom_companies")
    let poll = try await run.poll(at: Self.now)
    // The page that begins before the ten thousandth is given whole.
    #expect(poll.ids(.account).count == min(count, 10_020))
    #expect(poll.ids(.account).first == "co\(count - 1)")
  }
}
