import Engine
import Events
import Foundation
import GRDB
import Store
import Testing

/// A person's name, addresses and words, and their end.
@Suite struct ForgetTests {
  private typealias Record = Events.Record

  private static let secrets = ["Josephine", "jo@acme.com", "Jo@Acme.com", "invoices upset me", "private note"]

  private func contact(_ email: String = "Jo@Acme.com", role: String = "user", at: Instant = day(1)) -> Record {
    Record(
      kind: .contact, id: "c1", at: at, system: "crm", account: "1",
      fields: ["name": .text("Josephine"), "email": .text(email), "role": .text(role)])
  }

  private let ticket = Record(
    kind: .ticket, id: "t1", at: day(1), system: "crm", account: "1", person: "jo@acme.com",
    fields: ["subject": .text("Why the invoices upset me"), "body": .text("private note"), "status": .text("open")])

  private func store(_ folder: TemporaryFolder) async throws -> EventStore {
    let store = try folder.open()
    let records = [account("1", "Acme", external: ["app": "a1"]), usage("u1", of: "a1", by: "jo@acme.com"), contact(), ticket]
    _ = try await store.commit([page("crm.all", records)], at: day(2))
    return store
  }

  private func forget(_ store: EventStore, at: Instant = day(3)) async throws -> ForgottenPerson {
    let jo = try #require(try await store.findPeople("jo@acme.com").first)
    return try await store.forget(jo.key, at: at) { $0.contains("invoices") ? "invoices" : "" }
  }

  /// What of the person the store's files hold, byte by byte.
  private func leaks(_ folder: TemporaryFolder) throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try files.flatMap { file -> [String] in
      let contents = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + file))
      return Self.secrets.filter { contents.range(of: Data($0.utf8)) != nil }.map { "\(file): \($0)" }
    }
  }

  @Test func `names and words stand apart from the events, and reading puts them together`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    #expect(try await store.steps(after: 0, limit: 1).flatMap(linked).map(\.record).suffix(2) == [contact(), ticket])
    #expect(try await store.events(of: AccountKey(1), kind: .ticket).map(\.record) == [ticket])
    // Told again it is no news.
    #expect(try await store.commit([page("crm.all", [contact(), ticket])], at: day(3)).map(\.new) == [0])
    try store.close()
    let queue = try DatabaseQueue(path: folder.store)
    let bodies = try await queue.read { try String.fetchAll($0, sql: "SELECT body FROM event") }
    #expect(!bodies.contains { body in Self.secrets.contains { body.contains($0) } })
    try queue.close()
  }

  @Test func `a person who is forgotten is nowhere in the store's files`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    #expect(!(try leaks(folder).isEmpty))
    let alert = Alert(
      rule: "r", title: "Call Josephine", level: .high, about: .risk, change: .opened, subject: .account(AccountKey(1)), episode: 1,
      day: Day(number: 1), account: Alert.Account(key: AccountKey(1), name: "Acme"),
      people: [Alert.Person(name: "Josephine", email: "Jo@Acme.com", shownAs: "the champion")])
    try await store.apply(
      FoldOutcome(
        position: 1, portfolio: [],
        transitions: [
          Transition(
            finding: FindingID(rule: "r", subject: .account(AccountKey(1)), episode: 1), step: 1, ordinal: 0, at: day(2), from: nil,
            to: .firing, level: "high", reason: "opened", evidence: ["Josephine left"])
        ],
        notices: [Notice(step: 1, ordinal: 0, account: AccountKey(1), at: day(2), topic: "finding", content: alert.json)]))
    let done = try await forget(store)
    #expect(done.records == 2 && done.pending == 0 && done.notices >= 1)
    #expect(try await store.pendingNotices().map { try Alert(json: $0.notice.content).title } == ["Call the champion"])
    try await store.checkpoint()
    try store.close()
    #expect(try leaks(folder) == [])
  }

  @Test func `what counts without a name stays, and the account is given its records anew`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    _ = try await forget(store)
    let steps = try await store.steps(after: 1, limit: 10)
    #expect(steps.map(\.content).first == .tick)
    let records = try #require(steps.last.flatMap(rebuilt)).records
    #expect(Set(records.dropFirst().map(\.person)).count == 1)
    let contact = try #require(records.first { $0.record.kind == .contact })
    #expect(contact.record.fields["name"] == nil && contact.record.fields["role"] == .text("user"))
    // The domain tells when somebody changes companies, and names nobody.
    #expect(contact.record.fields["email"]?.text?.hasSuffix("@Acme.com") == true)
    let ticket = try #require(records.first { $0.record.kind == .ticket })
    #expect(ticket.record.fields["subject"] == .text("invoices") && ticket.record.fields["body"] == nil)
  }

  @Test func `later records bring nothing back`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    let jo = try #require(try await store.findPeople("Josephine").first?.key)
    _ = try await forget(store)
    let again = try await store.commit([page("crm.all", [contact(), ticket])], at: day(4))
    #expect(again.map(\.new) == [0])
    var more = ticket
    more.id = "t2"
    let later = [contact("Jo.New@Acme.com", role: "champion", at: day(4)), more, usage("u2", of: "a1", by: "JO@acme.com")]
    #expect(try await store.commit([page("crm.all", later)], at: day(4)).map(\.new) == [3])
    let records = try await store.records(of: jo)
    #expect(records.map(\.id) == ["u1", "c1", "t1", "c1", "t2", "u2"])
    #expect(!records.suffix(3).contains { $0.fields["name"] != nil && $0.kind == .contact || $0.fields["subject"] != nil })
    #expect(try await store.people([jo]).map { [$0.name, $0.email] } == [[nil, nil]])
    try await store.checkpoint()
    try store.close()
    #expect(try leaks(folder) == [])
  }

  @Test func `a store from before keeps its records whole`() async throws {
    let folder = try TemporaryFolder()
    try folder.open(migrations: Array(Migration.all.prefix(3))).close()
    let queue = try DatabaseQueue(path: folder.store)
    try await queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO system VALUES (1, 'crm'); INSERT INTO stream VALUES (1, 'crm.all');
          INSERT INTO kind VALUES (1, 'account'), (2, 'contact'), (3, 'ticket');
          INSERT INTO step VALUES (1, 1, 'records', 1, 3, NULL, NULL);
          INSERT INTO account VALUES (1, 1, '1', 'Acme', 1, 1);
          INSERT INTO account_ref VALUES (1, 1, '1');
          INSERT INTO account_link VALUES (1, 1, 1, 'crm');
          INSERT INTO event (key, step, kind, system, stream, source_id, version, revision, at, observed_at, knowable_at, seen_at,
            account_ref, body)
          VALUES (1, 1, 1, 1, 1, '1', 1, 0, 1, 1, 1, 1, 1, '{"name":"Acme","owner":{"email":"k@us.example","name":"Kim \\u00dc"}}'),
            (2, 1, 2, 1, 1, 'c1', 1, 0, 1, 1, 1, 1, 1, '{"email":"jo@acme.com","name":"Jo \\"J\\" Ü","role":"user"}'),
            (3, 1, 3, 1, 1, 't1', 1, 0, 1, 1, 1, 1, 1, '{"status":"open"}');
          """)
    }
    try queue.close()
    let store = try folder.open()
    let records = try await store.steps(after: 0, limit: 1).flatMap(linked).map(\.record)
    #expect(
      records.map(\.fields) == [
        ["name": .text("Acme"), "owner": .object(["email": .text("k@us.example"), "name": .text("Kim Ü")])],
        ["email": .text("jo@acme.com"), "name": .text("Jo \"J\" Ü"), "role": .text("user")], ["status": .text("open")],
      ])
    #expect(try await store.account(AccountKey(1))?.references.map(\.confidence) == [95])
  }
}
