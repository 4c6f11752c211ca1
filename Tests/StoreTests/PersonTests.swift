import Engine
import Events
import Store
import Testing

/// Ids that were met before anybody knew whose they are.
@Suite struct PersonTests {
  private func contact(_ id: String, _ email: String?, app: String? = nil, at: Instant = day(1), system: String = "crm") -> Record {
    var fields: [String: Value] = [:]
    if let email { fields["email"] = .text(email) }
    if let app { fields["external"] = .object(["app": .text(app)]) }
    return Record(kind: .contact, id: id, at: at, system: system, account: "1", fields: fields)
  }

  private func store(_ folder: TemporaryFolder) async throws -> EventStore {
    let store = try folder.open()
    let early = [
      account("1", "Acme", external: ["app": "a1"]), usage("u1", of: "a1", by: "u-17"), usage("u2", of: "a1", by: "jo@acme.com"),
      usage("u3", of: "a1", by: "else"),
    ]
    _ = try await store.commit([page("crm.all", early)], at: day(2))
    return store
  }

  private func persons(_ records: [LinkedRecord]) -> [String: Int64] {
    Dictionary(records.map { ($0.record.id, $0.person?.number ?? 0) }) { $1 }
  }

  @Test func `a contact makes its usage id and its address one person, in the past too`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    let before = try await store.steps(after: 0, limit: 1)
    #expect(Set(persons(before.flatMap(linked)).values).count == 4, "nobody, two ids and an address")
    _ = try await store.commit([page("crm.contacts", [contact("c1", "Jo@Acme.com", app: "u-17")])], at: day(3))
    let steps = try await store.steps(after: 0, limit: 10)
    #expect(Array(steps.prefix(1)) == before, "what was told stays as it was told")
    let part = try #require(steps.last.flatMap(rebuilt))
    let found = persons(part.records)
    #expect(found["u1"] == found["u2"] && found["u1"] == found["c1"] && found["u3"] != found["u1"])
    #expect(persons(try await store.events(of: AccountKey(1), kind: .usage).map(home))["u1"] == found["u2"])
    _ = try await store.commit([page("app.events", [usage("u4", of: "a1", by: "u-17")])], at: day(4))
    #expect(persons(try await store.steps(after: 3, limit: 10).flatMap(linked))["u4"] == found["u1"])
    #expect(try await store.linkConflicts().isEmpty)
  }

  private func home(_ event: StoredEvent) -> LinkedRecord {
    LinkedRecord(record: event.record, account: AccountKey(1), person: event.person, observedAt: event.observedAt)
  }

  @Test func `a known contact keeps its number when it turns out to have had another id`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    _ = try await store.commit([page("crm.contacts", [contact("c1", "jo@acme.com")])], at: day(3))
    let jo = try #require(try await store.events(of: AccountKey(1), kind: .contact).first?.person)
    let last = try await store.lastStep()
    _ = try await store.commit([page("crm.contacts", [contact("c1", "jo@acme.com", app: "u-17", at: day(4))])], at: day(4))
    let part = try #require(try await store.steps(after: last, limit: 10).last.flatMap(rebuilt))
    #expect(persons(part.records)["u1"] == jo.number && persons(part.records)["u2"] == jo.number)
    #expect(try await store.people([jo]).first?.references.map(\.id).sorted() == ["c1", "jo@acme.com", "u-17"])
  }

  @Test func `two contacts never become one by an id both claim`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    let records = [contact("c1", "jo@acme.com", app: "u-17"), contact("c2", "al@acme.com", app: "u-17")]
    _ = try await store.commit([page("crm.contacts", records)], at: day(3))
    let contacts = try await store.events(of: AccountKey(1), kind: .contact)
    #expect(Set(contacts.map { $0.person?.number }).count == 2)
    #expect(try await store.linkConflicts().map { [$0.holder, $0.claimant] } == [contacts.map { $0.person?.number ?? 0 }])
  }

  @Test func `the mapping file ties a usage id to a contact, known by then or later`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    try await store.setMappings([LinkMapping(subject: .person, system: "app", id: "u-17", target: "Jo@acme.com")], at: day(3))
    #expect(try await store.waitingMappings().count == 1)
    _ = try await store.commit([page("crm.contacts", [contact("c1", "jo@acme.com")])], at: day(4))
    #expect(try await store.waitingMappings().isEmpty)
    let found = persons(try await store.events(of: AccountKey(1), kind: .usage).map(home))
    #expect(found["u1"] == found["u2"])
    let last = try await store.lastStep()
    let lines = ["u-17", "else"].map { LinkMapping(subject: .person, system: "app", id: $0, target: "c1") }
    try await store.setMappings(lines, at: day(5))
    let part = try #require(try await store.steps(after: last, limit: 10).last.flatMap(rebuilt))
    #expect(Set(part.records.filter { $0.record.kind == .usage }.map { $0.person?.number }).count == 1)
  }

  @Test func `whatever order ids are learned in, they end as one person`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder)
    // The CRM's own id is seen as a bare id first, the address is another system's contact.
    _ = try await store.commit([page("crm.notes", [usage("u5", of: "1", by: "c1", system: "crm")])], at: day(3))
    try await store.setMappings([LinkMapping(subject: .person, system: "app", id: "else", target: "d1")], at: day(3))
    _ = try await store.commit([page("crm.contacts", [contact("d1", "jo@acme.com", app: "u-17", at: day(4), system: "desk")])], at: day(4))
    _ = try await store.commit([page("crm.contacts", [contact("c1", "jo@acme.com", at: day(5))])], at: day(5))
    let found = persons(try await store.events(of: AccountKey(1), kind: .usage).map(home))
    #expect(Set(found.values).count == 1 && found.count == 4)
  }
}
