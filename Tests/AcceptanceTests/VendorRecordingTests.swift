import Events
import Foundation
import Store
import Testing
import Transport

/// Answers recorded from the real vendors, from a socket through the binary into a fresh store.
@Suite struct VendorRecordingTests {
  // MARK: Zendesk

  /// The recorded tickets in the envelope of the cursor export.
  private static func export() throws -> (answer: JSON, organizations: [String]) {
    let tickets = try #require(try JSON(parsing: Repository.fixture("zendesk/tickets.json"))["tickets"].list)
    let answer: JSON = [
      "tickets": .list(tickets), "after_url": nil, "after_cursor": "MTQ1MQ==", "before_cursor": nil, "end_of_stream": true,
    ]
    return (answer, Set(tickets.compactMap { $0["organization_id"].scalarText }).sorted())
  }

  private static func zendeskEnvironment(_ origin: String) -> [String: String] {
    [
      "ZENDESK_URL": origin, "ZENDESK_EMAIL": "agent@example.com", "ZENDESK_TOKEN": "zd", "BELLWETHER_ALLOW_PRIVATE": "true",
      "BELLWETHER_START": "2012-01-01",
    ]
  }

  @Test func `a dry run prints the hundred recorded tickets`() async throws {
    let (export, _) = try Self.export()
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let zendesk: LoopbackServer.Respond = { request in
      let isOurs = request.path == "/api/v2/incremental/tickets/cursor"
      let mayAsk = request.headers.contains { $0.name == "Authorization" && $0.value.hasPrefix("Basic ") }
      return isOurs && mayAsk ? (200, export) : (404, ["error": "InvalidEndpoint"])
    }
    let answer = try await LoopbackServer.serving(zendesk) { origin in
      try await folder.bellwether(
        "feeds", "poll", "zendesk", "--dry-run", "--json", "--config", config, "--store", folder.path("none.sqlite"),
        environment: Self.zendeskEnvironment(origin))
    }
    #expect(answer.exit == .status(0), "\(answer.errors)")
    let records = try answer.lines.map { try Record(importing: JSON(parsing: Array($0.utf8)), system: "nobody") }
    #expect(records.count == 100)
    #expect(records.allSatisfy { $0.kind == .ticket && $0.system == "zendesk" })
    #expect(Set(records.map(\.id)).count == 100)
    #expect(records.count { $0.account != nil } == 27)
    #expect(records.count { $0.account == nil } == 73)
    #expect(!FileManager.default.fileExists(atPath: folder.path("none.sqlite")))
  }

  @Test func `a dry run that fails speaks of no next poll`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let failing: LoopbackServer.Respond = { _ in (500, .null) }
    let answer = try await LoopbackServer.serving(failing) { origin in
      try await folder.bellwether(
        "feeds", "poll", "salesforce", "--dry-run", "--config", config, "--store", folder.path("none.sqlite"),
        environment: [
          "SALESFORCE_LOGIN_URL": origin, "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "secret",
          "SALESFORCE_REFRESH_TOKEN": "token", "BELLWETHER_ALLOW_PRIVATE": "true",
        ])
    }
    #expect(answer.exit == .status(1))
    #expect(answer.errors.contains("answered 500; a dry run does not try again: repeat the command later\n"), "\(answer.errors)")
    #expect(!answer.errors.contains("next poll"))
  }

  @Test(arguments: [true, false])
  func `of the recorded tickets those with a known account are linked and the rest listed`(accountsFirst: Bool) async throws {
    let (export, organizations) = try Self.export()
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/zendesk"])
    let store = folder.path("store.sqlite")
    let accounts = organizations.enumerated().map { index, organization -> JSON in
      [
        "kind": "account", "id": .text("crm-\(index)"), "at": "2011-01-01T00:00:00Z", "name": .text("Company \(index)"),
        "external": ["zendesk": .text(organization)],
      ]
    }
    let file = try folder.write(accounts.map { $0.serialized() + "\n" }.joined(), to: "accounts.jsonl")
    let importing = ["import", file, "--config", config, "--store", store]

    if accountsFirst { #expect(try await Self.end(of: importing, in: folder) == .status(0)) }
    try await Self.poll(folder, config, store, at: "2016-01-01T00:00:00Z", Self.zendeskEnvironment) { _ in export }
    let between = try await Self.unlinked(folder, store)
    #expect(between.total == (accountsFirst ? 73 : 100), "\(between.listing)")
    if !accountsFirst { #expect(try await Self.end(of: importing, in: folder) == .status(0)) }

    let (total, listing) = try await Self.unlinked(folder, store)
    #expect(total == 73, "\(listing)")
    #expect(listing["records"].list?.first { $0["kind"].text == "ticket" }?["count"].integer == 100)
    let reader = try EventStore(path: store, access: .readOnly)
    var linked = 0
    for account in try await reader.accounts() { linked += try await reader.events(of: account.key, kind: .ticket).count }
    #expect(linked == 27)
    let unlinked = try await reader.unlinkedRecords()
    #expect(unlinked.reduce(0) { $0 + $1.count } == 73 && unlinked.allSatisfy { $0.kind == .ticket && $0.system == "zendesk" })
  }

  private static func unlinked(_ folder: TemporaryFolder, _ store: String) async throws -> (total: Int64, listing: JSON) {
    let answer = try await folder.bellwether("feeds", "--json", "--store", store)
    #expect(answer.exit == .status(0), "\(answer.errors)")
    let listing = try JSON(parsing: answer.output)
    return ((listing["unlinked"].list ?? []).reduce(0) { $0 + ($1["count"].integer ?? 0) }, listing)
  }

  private static func end(of arguments: [String], in folder: TemporaryFolder) async throws -> Exit {
    try await Child(arguments, in: folder).ended()
  }

  // MARK: Stripe

  /// A recorded event and what the store must hold of it, read off the file by hand.
  struct Recording: Sendable {
    let file: String
    let kind: String
    let id: String
    let at: String
    let body: JSON
  }

  private static let seat: JSON = [
    "id": "si_00000000000000", "plan": "price_000000000000000000000000", "quantity": 1, "unit_amount": 1500, "currency": "usd",
    "interval": "month", "interval_count": 1, "metered": false,
  ]

  private static let paid: JSON = [
    "status": "paid", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:40:12Z", "paid_at": "2022-03-26T18:40:13Z",
    "lines": [["amount": 2000, "type": "one_time"]],
  ]

  static let recordings: [Recording] = [
    subscription(
      "created", at: "2022-03-26T18:41:50Z", ["status": "active", "items": [seat], "started_at": "2022-03-26T18:41:50Z"]),
    subscription(
      "updated", at: "2022-03-26T18:41:46Z", ["status": "active", "items": [seat], "started_at": "2022-03-26T18:41:45Z"]),
    subscription(
      "deleted", at: "2022-03-26T18:41:37Z",
      ["status": "canceled", "items": [seat], "started_at": "2022-03-26T18:41:36Z", "ended_at": "2022-03-26T18:41:37Z"]),
    Recording(
      file: "customer.subscription.trial_will_end", kind: "subscription", id: "su_00000000000000", at: "2012-01-18T02:24:38Z",
      body: [
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
      ]),
    invoice(
      "created", at: "2022-03-26T18:41:50Z",
      [
        "status": "draft", "total": 1500, "currency": "usd", "due_at": "2022-03-26T18:41:50Z",
        "lines": [["amount": 1500, "type": "recurring"]],
      ]),
    invoice(
      "updated", at: "2022-03-26T18:41:39Z",
      [
        "status": "draft", "total": 1500, "currency": "usd", "due_at": "2022-03-26T18:41:36Z",
        "lines": [["amount": 1500, "type": "recurring"]],
      ]),
    invoice("finalized", at: "2022-03-26T18:40:15Z", paid), invoice("paid", at: "2022-03-26T18:40:15Z", paid),
    invoice("payment_succeeded", at: "2022-03-26T18:40:15Z", paid),
    invoice(
      "payment_action_required", at: "2022-03-26T18:40:04Z",
      [
        "status": "open", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:39:58Z",
        "lines": [["amount": 2000, "type": "one_time"]],
      ]),
    invoice(
      "payment_failed", at: "2022-03-26T18:40:09Z",
      [
        "status": "open", "total": 2000, "currency": "usd", "due_at": "2022-03-26T18:40:07Z",
        "lines": [["amount": 2000, "type": "one_time"]],
      ]),
  ]

  private static func subscription(_ change: String, at: String, _ body: JSON) -> Recording {
    Recording(
      file: "customer.subscription.\(change)", kind: "subscription", id: "sub_000000000000000000000000", at: at, body: body)
  }

  private static func invoice(_ change: String, at: String, _ body: JSON) -> Recording {
    Recording(file: "invoice.\(change)", kind: "invoice", id: "in_000000000000000000000000", at: at, body: body)
  }

  @Test func `every recorded subscription and invoice event but the forecast has its expectation`() throws {
    let folder = Repository.root.appending(path: "Tests/FeedsTests/Fixtures/stripe")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { $0.replacing(".json", with: "") }
    let wanted = names.filter { $0.hasPrefix("customer.subscription.") || $0.hasPrefix("invoice.") && $0 != "invoice.upcoming" }
    #expect(wanted.sorted() == Self.recordings.map(\.file).sorted())
  }

  @Test(arguments: recordings.indices)
  func `a recorded Stripe event alone arrives in a fresh store`(index: Int) async throws {
    let recording = Self.recordings[index]
    let rows = try await Self.stripeRows(of: "stripe/\(recording.file).json")
    let at = try #require(Instant(iso8601: recording.at)).microseconds
    let expected = "\(recording.kind)|stripe|\(recording.id)|\(at)|cus_00000000000000|0|\(recording.body.serialized())"
    #expect(rows == [expected], "\(recording.file)")
  }

  @Test func `a forecast of an invoice leaves nothing in the store`() async throws {
    #expect(try await Self.stripeRows(of: "stripe/invoice.upcoming.json").isEmpty)
  }

  private static func stripeRows(of fixture: String) async throws -> [String] {
    let event = try JSON(parsing: Repository.fixture(fixture))
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/stripe"])
    let store = folder.path("store.sqlite")
    let environment = { (origin: String) in
      [
        "STRIPE_URL": origin, "STRIPE_API_KEY": "sk_test", "BELLWETHER_ALLOW_PRIVATE": "true", "BELLWETHER_START": "2012-01-01",
        // The recordings are old.
        "STRIPE_EVENT_RETENTION": "36500d",
      ]
    }
    try await poll(folder, config, store, at: "2022-04-01T00:00:00Z", environment) { path in
      ["object": "list", "data": path == "/v1/events" ? [event] : [], "has_more": false, "url": .text(path)]
    }
    return try await StoreFile(path: store).rows(
      """
      SELECT kind.name, system.name, source_id, event.at, account_ref.external_id, revision, body FROM event
      JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system
      LEFT JOIN account_ref ON account_ref.key = event.account_ref ORDER BY event.key
      """)
  }

  // MARK: One poll

  /// Runs the daemon through one instant of business time, against a vendor that answers by path.
  private static func poll(
    _ folder: TemporaryFolder, _ config: String, _ store: String, at now: String, _ environment: (String) -> [String: String],
    vendor: @escaping @Sendable (String) -> JSON
  ) async throws {
    let respond: LoopbackServer.Respond = { request in
      (200, request.path.hasPrefix("/clock") ? ["now": .text(now), "end": .text(now)] : vendor(request.path))
    }
    try await LoopbackServer.serving(respond) { origin in
      let answer = try await folder.bellwether(
        "run", "--config", config, "--store", store, "--port", "0", "--clock", "\(origin)/clock", environment: environment(origin))
      #expect(answer.exit == .status(0), "\(answer.errors)")
      #expect(!answer.errors.contains("warning") && !answer.errors.contains("error"), "\(answer.errors)")
    }
  }
}
