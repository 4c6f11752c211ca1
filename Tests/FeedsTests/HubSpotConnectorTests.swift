import Events
import Feeds
import Testing
import Transport

/// The shipped HubSpot feed against HubSpot's dialect.
@Suite struct HubSpotConnectorTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func run(_ dialect: HubSpotDialect, token: String = HubSpotDialect.token) throws -> VendorRun<HubSpotDialect> {
    VendorRun(try shippedFeed("hubspot"), dialect, secrets: ["hubspot_token": token])
  }

  private static func company(_ number: Int64, _ name: String, at: Instant) -> JSON {
    [
      "kind": "account", "id": .text(String(number)), "at": JSON(at), "feed": "hubspot", "account": .text(String(number)),
      "name": .text(name),
      "status": "customer", "external": ["stripe": .text("cus_\(number)")],
    ]
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func everyCompanyOnceThenWhatChanged(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var dialect = HubSpotDialect()
    var times: [Instant] = []
    let shared = now - .days(50)
    for number in 0..<470 {
      // An import: 260 share one millisecond, and the others stand around it.
      times.append(number < 260 ? shared : shared + Span(microseconds: Int64.random(in: -20...20, using: &random) * 1000))
      let properties = ["name": "Company \(number)", "lifecyclestage": "customer", "stripe_customer_id": "cus_\(number)", "segment": ""]
      dialect.put("companies", Int64(number), at: times[number], properties)
    }
    dialect.refusals = 2
    let vendor = try run(dialect)
    let first = try await vendor.poll(at: now)
    #expect(first.records.count == 470, "seed \(seed)")
    #expect(Set(first.lines(.account)) == Set((0..<470).map { Self.company(Int64($0), "Company \($0)", at: times[$0]) }), "seed \(seed)")
    #expect(first.report.retries.count == 2)
    #expect(vendor.requests().allSatisfy { $0.json["after"].isNull }, "no offset, which would shift")

    let changed = Set((0..<30).map { _ in Int.random(in: 0..<470, using: &random) })
    let at = now + .minutes(2)
    vendor.change { dialect in
      for number in changed {
        let properties = ["name": "Renamed \(number)", "lifecyclestage": "customer", "stripe_customer_id": "cus_\(number)"]
        dialect.put("companies", Int64(number), at: at, properties)
      }
    }
    // Search has not found them yet, and the feed does not claim to have looked.
    #expect(try await vendor.poll(at: now + .minutes(40)).records.isEmpty)
    let second = try await vendor.poll(at: now + .hours(2))
    #expect(Set(second.lines(.account)) == Set(changed.map { Self.company(Int64($0), "Renamed \($0)", at: at) }), "seed \(seed)")
    #expect(second.records.count == changed.count)
  }

  /// HubSpot's search shows ten thousand results and no more; here it is four hundred.
  @Test func moreOfOneMillisecondThanSearchShowsAreAllRead() async throws {
    var dialect = HubSpotDialect()
    dialect.resultLimit = 400
    let count = dialect.resultLimit + 101
    dialect.records["contacts"] = (1...count).map {
      [
        "id": .integer(Int64($0)), "modified": .integer((now - .days(5)).seconds * 1000),
        "properties": ["email": .text("p\($0)@example.com")],
      ]
    }
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.records.count == count)
    #expect(Set(poll.ids(.contact)).count == count)
  }

  @Test(arguments: [
    ("CHAMPION", "champion"), ("DECISION_MAKER;CHAMPION", "champion"), ("END_USER;BUDGET_HOLDER", "billing"),
    ("BLOCKER;DECISION_MAKER", "decision_maker"), ("BLOCKER", "user"), ("FORMER_CHAMPION", "user"), ("", nil),
  ])
  func aContactOfSeveralRolesHasTheFirstThatCounts(property: String, role: String?) async throws {
    var dialect = HubSpotDialect()
    dialect.put("contacts", 1, at: now - .days(2), ["hs_buying_role": property, "associatedcompanyid": "77"])
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.lines(.contact).map { $0["role"] } == [JSON(role)])
    #expect(poll.lines(.contact).map { $0["account"] } == ["77"])
  }

  @Test(
    arguments: [
      ("EMAIL", "bob@acme.example", "bob@acme.example", nil), ("EMAIL", "bob@acme.example;eve@acme.example", nil, true),
      ("INCOMING_EMAIL", "us@vantage.example", "ada@acme.example", nil), ("EMAIL", nil, nil, nil),
    ] as [(String, String?, String?, Bool?)])
  func aMailIsThePersonsWhoWroteItOrGotIt(direction: String, to: String?, person: String?, bulk: Bool?) async throws {
    var dialect = HubSpotDialect()
    let at = now - .days(2)
    var mail = [
      "hs_timestamp": at.iso8601, "hs_email_direction": direction, "hs_email_status": "SENT", "hs_email_subject": "Hello",
      "hs_email_from_email": direction == "EMAIL" ? "us@vantage.example" : "ada@acme.example",
    ]
    mail["hs_email_to_email"] = to
    dialect.put("emails", 1, at: at, mail)
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.lines(.engagement).map { $0["person"] } == [JSON(person)])
    #expect(poll.lines(.engagement).map { $0["bulk"] } == [bulk.map(JSON.flag) ?? .null])
  }

  @Test func notesMailsAndCallsBelongToTheirCompanies() async throws {
    var dialect = HubSpotDialect()
    let at = now - .days(2)
    let time = at.iso8601
    for id in 1...120 {
      dialect.put("notes", Int64(id), at: at + .seconds(Int64(id)), ["hs_note_body": "<p>Note \(id)</p>", "hs_timestamp": time])
      if id % 3 != 0 { dialect.companies["notes/\(id)"] = [Int64(1000 + id), 5] }
    }
    let mail = [
      "hs_timestamp": time, "hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Renewal",
      "hs_email_text": "We hesitate.", "hs_email_from_email": "ada@acme.example",
    ]
    dialect.put("emails", 1, at: at, mail)
    dialect.put("emails", 2, at: at, mail.merging(["hs_email_direction": "EMAIL"]) { $1 })
    dialect.put("emails", 3, at: at, mail.merging(["hs_email_status": "BOUNCED"]) { $1 })
    dialect.companies["emails/1"] = [1001]
    dialect.put(
      "calls", 1, at: at, ["hs_timestamp": time, "hs_call_direction": "OUTBOUND", "hs_call_title": "Check-in", "hs_call_body": "<br>fine"])
    dialect.companies["calls/1"] = [1001]
    let vendor = try run(dialect)
    let poll = try await vendor.poll(at: now)
    let notes = poll.lines(.engagement).filter { $0["channel"] == "note" }
    #expect(notes.count == 120)
    for note in notes {
      let id = note["id"].text.flatMap { Int($0) } ?? 0
      #expect(note["account"] == (id % 3 == 0 ? .null : .text(String(1000 + id))))
      #expect(note["text"] == .text("Note \(id)"))
    }
    #expect(
      poll.lines(.engagement).filter { $0["channel"] != "note" } == [
        [
          "kind": "engagement", "id": "1", "at": .text(time), "feed": "hubspot", "account": "1001", "person": "ada@acme.example",
          "direction": "inbound", "channel": "email", "text": "Renewal We hesitate.",
        ],
        [
          "kind": "engagement", "id": "2", "at": .text(time), "feed": "hubspot", "direction": "outbound", "channel": "email",
          "text": "Renewal We hesitate.",
        ],
        [
          "kind": "engagement", "id": "1", "at": .text(time), "feed": "hubspot", "account": "1001", "direction": "outbound",
          "channel": "call", "text": "Check-in fine",
        ],
      ])
    let reads = vendor.requests().filter { $0.path.hasSuffix("/batch/read") }
    #expect(reads.map { $0.json["inputs"].list?.count ?? 0 }.allSatisfy { $0 <= 100 })
    #expect(reads.count == 4, "two pages of notes, one of e-mails, one of calls")
  }

  @Test func readsDeals() async throws {
    var dialect = HubSpotDialect()
    let at = now - .days(2)
    let deal = [
      "dealstage": "contractsent", "dealtype": "existingbusiness", "amount": "1200.50", "deal_currency_code": "JPY",
      "closedate": "2026-04-30T00:00:00Z", "hs_is_closed_won": "false", "hs_is_closed_lost": "false", "hs_primary_associated_company": "77",
    ]
    dialect.put("deals", 1, at: at, deal)
    dialect.put("deals", 2, at: at, deal.merging(["hs_is_closed_lost": "true", "deal_currency_code": "USD"]) { $1 })
    let found = try await run(dialect).poll(at: now).lines(.opportunity)
    #expect(found.map { $0["amount"] } == [1201, 120_050], "yen have no cents")
    #expect(found.map { $0["won"] } == [.null, false])
    #expect(found.map { $0["closed_at"] } == [.null, "2026-04-30T00:00:00Z"])
    #expect(found.allSatisfy { $0["type"] == "expansion" && $0["account"] == "77" })
  }

  @Test func aWrongTokenIsSaid() async throws {
    let poll = try await run(HubSpotDialect(), token: "pat-wrong").poll(at: now, failing: true)
    #expect(poll.report.failures.count == 6)
    #expect(poll.report.failures.allSatisfy { $0.cause == .unauthorized && !$0.description.contains("pat-wrong") })
  }
}
