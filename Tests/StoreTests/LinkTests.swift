import Engine
import Events
import Store
import Testing

@Suite struct LinkTests {
  @Test func `a late link brings earlier records home once, in stored order`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let early = [usage("u2", of: "a1"), usage("x", of: "other"), usage("u1", of: "a1"), usage("none", of: nil)]
    #expect(try await store.commit([page("app.events", early)], at: day(2)).map(\.unlinked) == [4])
    #expect(try await store.steps(after: 0, limit: 10).flatMap(linked).isEmpty)

    let both = page("crm.companies", [usage("u3", of: "a1"), account("1", "Acme", external: ["app": "a1"]), usage("u4", of: "a1")])
    #expect(try await store.commit([both], at: day(3)).map(\.unlinked) == [0])
    let steps = try await store.steps(after: 0, limit: 10)
    #expect(steps.map { linked($0).map(\.record.id) } == [[], ["u3", "1", "u4"], ["u2", "u1"]])
    #expect(linked(steps[2]).map(\.observedAt) == [day(2), day(2)])

    let unlinked = try await store.unlinkedRecords()
    #expect(unlinked.map(\.reference) == [nil, "other"])
    #expect(unlinked.map(\.count) == [1, 1])
    #expect(unlinked.map(\.kind) == [.usage, .usage])
  }

  @Test func `a link by hand does the same`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("crm.all", [account("1", "Acme"), usage("u1", of: "a1"), usage("u2", of: "a2")])], at: day(2))
    try await store.link(system: "app", id: "a1", to: AccountKey(1), at: day(3))
    try await store.link(system: "app", id: "unseen", to: AccountKey(1), at: day(3))
    let steps = try await store.steps(after: 0, limit: 10)
    #expect(steps.map { linked($0).map(\.record.id) } == [["1"], ["u1"], []])
    await #expect(throws: StoreError.self) { try await store.link(system: "app", id: "a1", to: AccountKey(1), at: day(3)) }
    await #expect(throws: StoreError.self) { try await store.link(system: "app", id: "a2", to: AccountKey(9), at: day(3)) }
    _ = try await store.commit([page("app.events", [usage("u3", of: "unseen")])], at: day(4))
    #expect(try await store.steps(after: 3, limit: 10).flatMap(linked).map(\.record.id) == ["u3"])
  }

  @Test func `many earlier records come home in several steps`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let count = StoreLimits.recordsPerLinksStep
    let records = (0...count).map { usage("u\($0)", of: $0 % 7 == 0 ? "b" : "a1") }
    let more = (0...count).map { usage("v\($0)", of: "a1") }
    _ = try await store.commit([page("app.events", records), page("app.events", more)], at: day(2))
    _ = try await store.commit([page("crm.c", [account("1", "Acme", external: ["app": "a1"])])], at: day(3))
    let steps = try await store.steps(after: 2, limit: 10)
    #expect(steps.map { linked($0).count }.allSatisfy { $0 <= count })
    let expected = ["1"] + (records + more).filter { $0.account == "a1" }.map(\.id)
    #expect(steps.flatMap(linked).map(\.record.id) == expected)
    #expect(steps.count == 3)
  }

  @Test func `records of two systems meet in one account, and an id two accounts claim stays with the first`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [
      account("cus_1", "Acme Inc", system: "billing"),
      account("1", "Acme", external: ["billing": "cus_1", "app": "a1"]),
      account("2", "Beta", external: ["billing": "cus_1", "app": "b1"]),
    ]
    _ = try await store.commit([page("crm.all", records)], at: day(2))
    let accounts = try await store.accounts()
    #expect(accounts.map(\.name) == ["Acme", "Beta"])
    #expect(accounts.map { $0.references.map(\.id) } == [["cus_1", "1", "a1"], ["2", "b1"]])
    #expect(accounts[0].references.map(\.provenance) == ["crm", "crm", "external"])
    let conflicts = try await store.linkConflicts()
    #expect(conflicts.map(\.id) == ["cus_1"])
    #expect(conflicts.map(\.holder) == [1])
    #expect(conflicts.map(\.claimant) == [2])
  }

  @Test(arguments: [
    ("1", ["Acme"]), ("cus_9", ["Beta"]), ("beta", ["Beta"]), ("#1", ["Acme"]), ("#2", ["Beta"]), ("E", ["Acme", "Beta"]), ("zzz", []),
    ("", []), ("%", []),
  ])
  func `an account is found by id, name, key or part of its name`(text: String, expected: [String]) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit(
      [page("crm.all", [account("1", "Acme"), account("22", "Beta", external: ["billing": "cus_9"])])], at: day(2))
    #expect(try await store.findAccounts(text).map { $0.name ?? "" } == expected)
  }

  @Test func `an address, a contact's id and its ids elsewhere are one person`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let contact = Record(
      kind: .contact, id: "c1", at: day(1), system: "crm", account: "1",
      fields: ["email": .text("Jo@Acme.com"), "name": .text("Jo"), "external": .object(["app": .text("u-17")])])
    let records = [
      account("1", "Acme", external: ["app": "a1"]), usage("e1", of: "a1", by: "JO@acme.com"), contact,
      usage("e2", of: "a1", by: "u-17"), usage("e3", of: "a1", by: "c1", system: "crm"), usage("e4", of: "a1", by: "stranger"),
      usage("e5", of: "a1"),
    ]
    var adopted = records
    adopted[4] = usage("e3", of: "1", by: "c1", system: "crm")
    _ = try await store.commit([page("crm.all", adopted)], at: day(2))
    let told = try await store.steps(after: 0, limit: 1).flatMap(linked)
    let jo = try #require(told[2].person)
    #expect(told.map { $0.person == jo } == [false, true, true, true, true, false, false])
    #expect(told[5].person != nil)
    #expect(told[6].person == nil)
    let people = try await store.people([jo])
    #expect(people.map(\.email) == ["Jo@Acme.com"])
    #expect(people[0].references.map(\.id) == ["jo@acme.com", "c1", "u-17"])
  }

  @Test func `ids that two persons claim stay apart and are listed`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    func contact(_ id: String, _ email: String) -> Record {
      Record(
        kind: .contact, id: id, at: day(1), system: "crm", account: "1",
        fields: ["email": .text(email), "external": .object(["app": .text("u-17")])])
    }
    _ = try await store.commit([page("crm.all", [contact("c1", "a@x.com"), contact("c2", "b@x.com")])], at: day(2))
    let conflicts = try await store.linkConflicts()
    #expect(conflicts.map(\.subject) == [.person])
    #expect(conflicts.map(\.id) == ["u-17"])
  }

  @Test(arguments: [
    ("a@b.co", true), ("A.B+c@sub.x.org", true), ("@b.co", false), ("a@b", false), ("a@.co", false), ("a@b.", false), ("a b@c.co", false),
    ("a@b@c.co", false), ("u-17", false),
  ])
  func `what looks like an address is one across systems`(text: String, isAddress: Bool) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [
      account("1", "A", external: ["app": "a", "desk": "d"]), usage("e1", of: "a", by: text),
      usage("e2", of: "d", by: text, system: "desk"),
    ]
    _ = try await store.commit([page("crm.all", records)], at: day(2))
    let told = try await store.steps(after: 0, limit: 1).flatMap(linked)
    #expect((told[1].person == told[2].person) == isAddress)
  }
}
