import Events
import Feeds
import Foundation
import Testing
import Transport

@Suite struct FreshdeskTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  /// A ticket, and what we should make of it.
  private struct Ticket {
    let number: Int64
    var updated: Instant
    var status: Int64 = 2
    var priority: Int64 = 1
    var type: String?
    var reopened: Instant?
    var isEscalated = false
    var tags: [String] = []
    var company: Int64?
    var isDeleted = false

    var vendor: FreshdeskDialect.Ticket {
      var ticket = FreshdeskDialect.Ticket(json: [
        "id": .integer(number), "subject": .text("Ticket \(number)"), "status": .integer(status), "priority": .integer(priority),
        "type": JSON(type), "tags": .list(tags.map { .text($0) }), "company_id": company.map { .integer($0) } ?? nil,
        "requester_id": .integer(900 + number), "is_escalated": .flag(isEscalated), "spam": false, "source": 1,
        "created_at": "2026-03-01T08:00:00Z", "updated_at": JSON(updated),
      ])
      ticket.stats = [
        "reopened_at": JSON(reopened), "resolved_at": status == 4 ? JSON(updated) : nil, "closed_at": status == 5 ? JSON(updated) : nil,
        "first_responded_at": nil, "status_updated_at": JSON(updated),
      ]
      ticket.requester = ["id": .integer(900 + number), "name": "Jo", "email": number % 5 == 0 ? nil : .text("jo\(number)@acme.example")]
      ticket.isDeleted = isDeleted
      return ticket
    }

    var expected: JSON {
      let words: [Int64: String] = [2: "open", 3: "pending", 4: "solved", 5: "closed", 6: "pending", 7: "hold"]
      var members: [String: JSON] = [
        "kind": "ticket", "id": .text(String(number)), "at": JSON(updated), "feed": "freshdesk", "subject": .text("Ticket \(number)"),
        "person": .text(number % 5 == 0 ? String(900 + number) : "jo\(number)@acme.example"), "opened_at": "2026-03-01T08:00:00Z",
      ]
      members["account"] = company.map { .text(String($0)) }
      if isDeleted {
        members["status"] = "deleted"
        return .object(members)
      }
      members["status"] = .text(words[status] ?? "open")
      members["priority"] = .text(["low", "medium", "high", "urgent"][Int(priority) - 1])
      members["escalated"] = .flag(isEscalated || tags.contains("escalated"))
      members["reopens"] = reopened == nil ? 0 : 1
      members["tags"] = .list(tags.map { .text($0) })
      if let topic = tags.first(where: { $0.hasPrefix("topic_") }) { members["topic"] = .text(String(topic.dropFirst(6))) }
      if status == 4 || status == 5 { members["solved_at"] = JSON(updated) }
      if let type { members["type"] = ["Question": "question", "Feature Request": "feature_request"][type] }
      return .object(members)
    }
  }

  private static let variables = ["FRESHDESK_URL": FreshdeskDialect.origin, "BELLWETHER_START": "60d"]

  private static func run(_ dialect: FreshdeskDialect, _ feed: Connector? = nil) throws -> VendorRun<FreshdeskDialect> {
    VendorRun(try feed ?? shippedFeed("freshdesk", variables), dialect, secrets: ["freshdesk_api_key": FreshdeskDialect.key])
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func everyTicketAndEveryChangeArrives(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var all = (1...230).map { number in
      Ticket(
        number: number, updated: Self.now - .hours(Int64.random(in: 1...1200, using: &random)),
        status: Int64.random(in: 2...9, using: &random), priority: Int64.random(in: 1...4, using: &random),
        type: [nil, "Question", "Feature Request", "Refund"].randomElement(using: &random) ?? nil,
        reopened: Bool.random(using: &random) ? Self.now - .hours(2) : nil, isEscalated: Bool.random(using: &random),
        tags: [[], ["escalated"], ["topic_export", "vip"]].randomElement(using: &random) ?? [],
        company: Bool.random(using: &random) ? 77 : nil)
    }
    var dialect = FreshdeskDialect()
    dialect.tickets = all.map(\.vendor)
    let run = try Self.run(dialect)
    let first = try await run.poll(at: Self.now)
    #expect(Set(first.lines(.ticket)) == Set(all.map(\.expected)))
    #expect(first.ids(.ticket).count == 230)
    let pages = run.requests().filter { $0.parameter("filter") == nil && $0.path == "/api/v2/tickets" }
    #expect(pages.map { $0.parameter("page") } == [nil, "2", "3"])
    #expect(pages[0].parameter("updated_since") == "2026-01-09T12:00:00Z", "sixty days, where Freshdesk by itself shows thirty")

    let later = Self.now + .hours(1)
    for index in all.indices where index % 7 == 0 {
      all[index].updated = later - .minutes(5)
      all[index].status = 4
      all[index].isDeleted = index % 2 == 0
    }
    let changed = all.map(\.vendor)
    run.change { $0.tickets = changed }
    let second = try await run.poll(at: later)
    #expect(Set(second.lines(.ticket)) == Set(all.filter { $0.updated > Self.now }.map(\.expected)))
    #expect(second.lines(.ticket).contains { $0["status"] == "deleted" })
  }

  /// The vendor refuses page 301; the walk goes on from the time of the last record instead. Pages of two, to have three hundred.
  @Test(arguments: [600, 602, 605, 1_300] as [Int64]) func theCapOnPagesLosesNothing(count: Int64) async throws {
    let text = try String(contentsOf: repository.appendingPathComponent("config/feeds/freshdesk.yaml"), encoding: .utf8)
    let feed = try connector(text.replacing("per_page: 100", with: "per_page: 2"), Self.variables)
    var dialect = FreshdeskDialect()
    // Groups of three share a time, so that the cap falls between records of one time.
    dialect.tickets = (1...count).map { Ticket(number: $0, updated: Self.now - .days(20) + .minutes($0 / 3)).vendor }
    let run = try Self.run(dialect, feed)
    let poll = try await run.poll(at: Self.now)
    #expect(Set(poll.ids(.ticket)) == Set((1...count).map { String($0) }))
    let numbers = run.requests().filter { $0.parameter("filter") == nil && $0.path == "/api/v2/tickets" }
      .map { Int($0.parameter("page") ?? "1") ?? 0 }
    #expect(numbers.max() == FreshdeskDialect.mostPages)
    #expect(numbers.count { $0 == 1 } == 1 + Int(count - 1) / 600, "\(numbers.count)")
  }

  @Test func contactsFollowTheirLinks() async throws {
    var dialect = FreshdeskDialect()
    dialect.contacts = (1...150).map { number in
      [
        "id": .integer(number), "name": .text("Person \(number)"), "email": .text("p\(number)@acme.example"), "job_title": "Buyer",
        "company_id": 77, "active": true, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-02-01T00:00:00Z",
      ]
    }
    let run = try Self.run(dialect)
    let poll = try await run.poll(at: Self.now)
    #expect(Set(poll.ids(.contact)).count == 150, "contacts are read from the beginning")
    #expect(
      poll.lines(.contact)[0] == [
        "kind": "contact", "id": "1", "at": "2020-02-01T00:00:00Z", "feed": "freshdesk", "account": "77", "email": "p1@acme.example",
        "name": "Person 1", "title": "Buyer", "role": "user",
      ])
    #expect(try await run.poll(at: Self.now + .hours(1)).ids(.contact) == [])
  }

  @Test func waitsAsLongAsRetryAfterSays() async throws {
    var dialect = FreshdeskDialect()
    dialect.tickets = [Ticket(number: 1, updated: Self.now - .hours(3)).vendor]
    dialect.refusals = 1
    let run = try Self.run(dialect)
    #expect(try await run.poll(at: Self.now).ids(.ticket) == ["1"])
    #expect(run.slept.contains { $0 >= .seconds(31) && $0 < .seconds(50) }, "\(run.slept)")
  }
}
