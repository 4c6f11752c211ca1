import Events
import Feeds
import Testing
import Transport

@Suite struct ZendeskTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  private static func ticket(_ number: Int64, _ updated: Instant, status: String = "open") -> JSON {
    [
      "id": .integer(number), "subject": "Export fails", "description": "It does.", "type": "incident", "status": .text(status),
      "priority": "high", "tags": ["escalated", "topic_export"], "organization_id": 7, "requester_id": 90,
      "satisfaction_rating": ["score": "offered"], "created_at": "2026-03-01T08:00:00Z", "updated_at": JSON(updated),
      "metric_set": ["reopens": 2, "replies": 5, "solved_at": nil],
    ]
  }

  private static func expected(_ number: Int64, _ updated: Instant, status: String = "open") -> JSON {
    [
      "kind": "ticket", "id": .text(String(number)), "at": JSON(updated), "feed": "zendesk", "account": "7", "person": "90",
      "subject": "Export fails", "body": "It does.", "type": "incident", "status": .text(status), "priority": "high", "escalated": true,
      "reopens": 2, "topic": "export", "tags": ["escalated", "topic_export"], "opened_at": "2026-03-01T08:00:00Z",
    ]
  }

  private static func run(_ dialect: ZendeskDialect, feed: String = "zendesk") throws -> VendorRun<ZendeskDialect> {
    let variables = ["ZENDESK_URL": ZendeskDialect.origin, "ZENDESK_EMAIL": "agent@acme.example", "BELLWETHER_START": "30d"]
    return VendorRun(try shippedFeed(feed, variables), dialect, secrets: ["zendesk_token": ZendeskDialect.token])
  }

  @Test(arguments: [true, false]) func ticketsComeByCursorAndEmptyPagesDoNotEndThem(hasEmptyPages: Bool) async throws {
    var all = (1...2_300).map { (number: Int64($0), at: Self.now - .hours(600) + .minutes(Int64($0) / 3), status: "open") }
    var dialect = ZendeskDialect()
    dialect.hasEmptyPages = hasEmptyPages
    dialect.tickets = all.map { Self.ticket($0.number, $0.at) }
    let run = try Self.run(dialect)
    let first = try await run.poll(at: Self.now)
    #expect(Set(first.lines(.ticket)) == Set(all.map { Self.expected($0.number, $0.at) }))
    #expect(run.requests().count == (hasEmptyPages ? 5 : 3))

    for index in [4, 700, 1_999] { (all[index].at, all[index].status) = (Self.now + .minutes(5), "deleted") }
    let changed = all.map { Self.ticket($0.number, $0.at, status: $0.status) }
    run.change { $0.tickets = changed }
    let second = try await run.poll(at: Self.now + .minutes(10))
    #expect(second.lines(.ticket) == [5, 701, 2_000].map { Self.expected($0, Self.now + .minutes(5), status: "deleted") })
    #expect(run.requests().allSatisfy { $0.parameter("start_time") == nil }, "the cursor is kept")
  }

  @Test func aPageThatTakesTooLongIsAskedForInHalf() async throws {
    var dialect = ZendeskDialect()
    dialect.tickets = (1...600).map { Self.ticket($0, Self.now - .days(1) + .seconds($0)) }
    dialect.patience = 300
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket) == (1...600).map { String($0) })
    #expect(run.requests().map { $0.parameter("per_page") }.prefix(3) == ["1000", "500", "250"])
  }

  @Test func waitsAsLongAsRetryAfterSays() async throws {
    var dialect = ZendeskDialect()
    dialect.tickets = [Self.ticket(1, Self.now - .days(1))]
    dialect.refusals = 1
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket) == ["1"])
    #expect(run.slept.contains { $0 >= .seconds(37) && $0 < .seconds(60) }, "\(run.slept)")
  }

  @Test func organizationsComeByTimeAndNameTheirAccounts() async throws {
    var dialect = ZendeskDialect()
    dialect.organizationsPerPage = 4
    // Five share a second, more than a page holds.
    dialect.organizations = (1...21).map { number in
      [
        "id": .integer(number), "name": .text("Org \(number)"), "external_id": number % 3 == 0 ? nil : .text("hs\(number)"),
        "deleted_at": number == 20 ? "2025-06-01T00:00:00Z" : nil, "domain_names": ["acme.example"],
        "updated_at": JSON(instant("2025-01-01T00:00:00Z") + .seconds(number < 8 || number > 12 ? number : 8)),
      ]
    }
    let run = try Self.run(dialect, feed: "zendesk_directory")
    let first = try await run.poll(at: Self.now)
    #expect(Set(first.ids(.account)) == Set((1...19).filter { $0 % 3 != 0 }.map(String.init)))
    #expect(
      first.lines(.account).first == [
        "kind": "account", "id": "1", "at": "2025-01-01T00:00:01Z", "feed": "zendesk", "account": "1", "name": "Org 1",
        "external": ["hubspot": "hs1"],
      ])
    run.change {
      $0.organizations.append(["id": 99, "name": "New", "external_id": "hs99", "updated_at": JSON(Self.now + .minutes(30))])
    }
    #expect(try await run.poll(at: Self.now + .hours(1)).ids(.account) == ["99"])
  }

  @Test func endUsersAreContactsAndAgentsAreNot() async throws {
    var dialect = ZendeskDialect()
    dialect.users = (1...5).map { number in
      [
        "id": .integer(number), "name": .text("User \(number)"), "email": .text("u\(number)@acme.example"), "organization_id": 7,
        "role": number == 3 ? "agent" : "end-user", "updated_at": JSON(instant("2020-01-01T00:00:00Z") + .days(number)),
      ]
    }
    let run = try Self.run(dialect, feed: "zendesk_directory")
    let poll = try await run.poll(at: Self.now)
    #expect(poll.ids(.contact) == ["1", "2", "4", "5"])
    #expect(
      poll.lines(.contact)[0] == [
        "kind": "contact", "id": "1", "at": "2020-01-02T00:00:00Z", "feed": "zendesk", "account": "7", "email": "u1@acme.example",
        "name": "User 1", "role": "user",
      ])
  }
}

/// Answers recorded from Zendesk, other than the tickets that `RecordedEventTests` reads.
@Suite struct ZendeskRecordingTests {
  private let now = instant("2016-01-01T00:00:00Z")

  private func directory(_ stream: String, _ list: String, _ records: [JSON]) throws -> [Record] {
    let feed = try shippedFeed("zendesk_directory", ["ZENDESK_URL": "https://zendeskapi.zd-staging.com"])
    var walk = try walk(feed, stream)
    return try run(&walk, now: now) { _ in
      answer(
        [list: .list(records), "after_cursor": "MTQ1MQ==", "end_of_stream": true, "next_page": nil, "end_time": 1_451_440_000], date: now)
    }
  }

  @Test func theRecordedUsersAreContacts() throws {
    let records = try directory("users", "users", try #require(try fixture("zendesk/users.json")["users"].list))
    #expect(records.count == 30, "33 users, of whom three are agents")
    #expect(
      records[0].json == [
        "kind": "contact", "id": "20014192", "at": "2015-12-30T01:38:05Z", "feed": "zendesk", "email": "u5c256c41@example.com",
        "name": "Test Valid with role end-user", "role": "user",
      ])
    let alone = try directory("users", "users", [try fixture("zendesk/user.json")["user"]])
    #expect(alone.map(\.id) == ["20014192"])
  }

  /// Both recorded organizations name no other system; with an id of one they are that account's.
  @Test func theRecordedOrganizationsNameAccountsOnlyByExternalID() throws {
    var organizations = try #require(try fixture("zendesk/organizations.json")["organizations"].list)
    organizations.append(try fixture("zendesk/organization.json")["organization"])
    #expect(try directory("organizations", "organizations", organizations).isEmpty)
    let named = try directory("organizations", "organizations", organizations.map { $0.with(["external_id": "4242"]) })
    #expect(named.map(\.id) == ["20526581", "20012227", "20526581"])
    #expect(
      named[1].json == [
        "kind": "account", "id": "20012227", "at": "2015-12-30T00:39:26Z", "feed": "zendesk", "account": "20012227", "name": "Smersh",
        "external": ["hubspot": "4242"],
      ])
  }

  @Test func theRecordedTicketAloneIsThatOfTheList() throws {
    func tickets(_ list: [JSON]) throws -> [Record] {
      var walk = try walk(try shippedFeed("zendesk", ["BELLWETHER_START": "2012-01-01"]), "tickets")
      return try run(&walk, now: now) { _ in answer(["tickets": .list(list), "after_cursor": "MTQ=", "end_of_stream": true], date: now) }
    }
    let all = try tickets(try #require(try fixture("zendesk/tickets.json")["tickets"].list))
    #expect(try tickets([try fixture("zendesk/ticket.json")["ticket"]]) == all.filter { $0.id == "1" })
  }

  private static func legacyFeed(_ name: String, query: String = "") throws -> Connector {
    try connector(
      """
      name: legacy
      base_url: https://zendeskapi.zd-staging.com
      streams:
        - name: \(name)
          request: { path: /api/v2/\(name)\(query) }
          records: \(name)
          paging: { next_url: next_page }
          map: [{ kind: pulse, id: id, at: updated_at | created_at }]
      """)
  }

  /// Users one to a page: the first and the third page were recorded.
  @Test func theRecordedPagesFollowTheirNextPage() throws {
    let users = try #require(try fixture("zendesk/users.json")["users"].list)
    var walk = try walk(try Self.legacyFeed("users"))
    var asked: [String] = []
    let records = try run(&walk, now: now) { request in
      asked.append(request.url)
      switch asked.count {
      case 1: return answer(try fixture("zendesk/users_page_1.json"))
      case 2:
        return answer([
          "users": [users[1]], "next_page": "https://zendeskapi.zd-staging.com/api/v2/users.json?page=3&per_page=1", "count": 33,
        ])
      case 3: return answer(try fixture("zendesk/users_page_3.json"))
      default: return answer(["users": [], "next_page": nil, "count": 33])
      }
    }
    #expect(records.map(\.id) == ["20014192", "20038926", "20038971"])
    #expect(
      asked.dropFirst() == [
        "https://zendeskapi.zd-staging.com/api/v2/users.json?page=2&per_page=1",
        "https://zendeskapi.zd-staging.com/api/v2/users.json?page=3&per_page=1",
        "https://zendeskapi.zd-staging.com/api/v2/users.json?page=4&per_page=1",
      ])
  }

  @Test(arguments: [
    ("tickets", "tickets", 100), ("ticket_metrics", "ticket_metrics", 100), ("users", "users", 33), ("organizations", "organizations", 2),
    ("organization_memberships", "organization_memberships", 1), ("groups", "groups", 3), ("audits", "audits", 100),
    ("audits_with_users", "audits", 100), ("satisfaction_ratings", "satisfaction_ratings", 65),
    ("satisfaction_ratings_received", "satisfaction_ratings", 1),
  ])
  func everyRecordedListIsReadToItsEnd(file: String, list: String, count: Int) throws {
    let recorded = try fixture("zendesk/\(file).json")
    var walk = try walk(try Self.legacyFeed(list))
    var pages = 0
    let records = try run(&walk, now: now) { request in
      pages += 1
      if pages == 1 { return answer(recorded) }
      #expect(request.url == recorded["next_page"].text)
      return answer([list: [], "next_page": nil])
    }
    #expect(records.count == count)
    #expect(Set(records.map(\.id)).count == count)
    #expect(pages == (recorded["next_page"].isNull ? 1 : 2))
  }
}
