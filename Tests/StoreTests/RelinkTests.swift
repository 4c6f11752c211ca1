import Engine
import Events
import Store
import Testing

/// A link undone, moved or contested: who has which records from then on.
@Suite struct RelinkTests {
  private let one = AccountKey(1)
  private let two = AccountKey(2)

  private func told(_ store: EventStore, after sequence: Int64 = 0) async throws -> [String] {
    try await store.steps(after: sequence, limit: 100).map { step in
      switch step.content {
      case .records(let records): "records " + records.map { "\($0.record.id)>\($0.account.number)" }.joined(separator: " ")
      case .rebuild(let part): "rebuild \(part.account.number): " + part.records.map(\.record.id).joined(separator: " ")
      default: "other"
      }
    }
  }

  @Test func `a link that moves gives both accounts their records anew`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit(
      [
        page("crm.all", [account("1", "Acme", external: ["app": "a1"]), account("2", "Beta", external: ["app": "b1"])]),
        page("app.events", [usage("u1", of: "a1"), usage("u2", of: "b1"), usage("u3", of: "a1")]),
      ], at: day(2))
    let before = try await store.steps(after: 0, limit: 10)
    try await store.link(system: "app", id: "a1", to: two, at: day(3))
    #expect(try await told(store, after: 2) == ["rebuild 1: 1", "rebuild 2: 2 u1 u2 u3"])
    #expect(Array(try await store.steps(after: 0, limit: 10).prefix(2)) == before)
    _ = try await store.commit([page("app.events", [usage("u4", of: "a1")])], at: day(4))
    #expect(try await told(store, after: 4) == ["records u4>2"])
    #expect(try await store.events(of: one, kind: .usage).isEmpty)
    #expect(try await store.events(of: two, kind: .usage).map(\.record.id).sorted() == ["u1", "u2", "u3", "u4"])
    let reference = try #require(try await store.account(two)?.references.last)
    #expect(reference.id == "a1" && reference.provenance == "hand" && reference.confidence == 100 && reference.since == day(3))
  }

  @Test func `a link undone takes the records away, and linked again they come home`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let acme = account("1", "Acme", external: ["app": "a1"])
    _ = try await store.commit([page("crm.all", [acme]), page("app.events", [usage("u1", of: "a1")])], at: day(2))
    #expect(try await store.unlink(system: "app", id: "a1", at: day(3)) == one)
    #expect(try await told(store, after: 2) == ["rebuild 1: 1"])
    #expect(try await store.unlinkedRecords().map(\.reason) == [.undone])
    // The CRM still names the id: a person's word counts for more.
    let again = account("1", "Acme Inc", external: ["app": "a1"], at: day(4))
    _ = try await store.commit([page("crm.all", [again])], at: day(4))
    #expect(try await store.account(one)?.references.map(\.id) == ["1"])
    #expect(try await store.linkConflicts().isEmpty)
    try await store.link(system: "app", id: "a1", to: one, at: day(5))
    #expect(try await told(store, after: 4) == ["records u1>1"])
  }

  @Test func `what cannot be undone or linked is refused with what to do`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("crm.all", [account("1", "Acme"), account("2", "Acme")])], at: day(2))
    let own = await #expect(throws: StoreError.self) { try await store.unlink(system: "crm", id: "1", at: day(3)) }
    #expect(own?.message.contains("accounts link crm 1 ACCOUNT") == true)
    let unknown = await #expect(throws: StoreError.self) { try await store.unlink(system: "app", id: "x", at: day(3)) }
    #expect(unknown?.reason == .unknown)
    #expect(try await store.lastStep() == 1)
    // Two records of one company: by hand they become one account.
    try await store.link(system: "crm", id: "2", to: one, at: day(3))
    #expect(try await told(store, after: 1) == ["rebuild 1: 1 2", "rebuild 2: "])
    _ = try await store.commit([page("crm.all", [account("2", "Acme EU", at: day(4))])], at: day(4))
    #expect(try await store.accounts().map(\.references.count) == [2, 0])
  }

  @Test func `the CRM moves an id when the account that had it names it no more`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit(
      [page("crm.all", [account("1", "Acme", external: ["app": "a1"]), account("2", "Beta"), usage("u1", of: "1", system: "crm")])],
      at: day(2))
    _ = try await store.commit([page("app.events", [usage("u2", of: "a1")])], at: day(2))
    _ = try await store.commit([page("crm.all", [account("2", "Beta", external: ["app": "a1"], at: day(3))])], at: day(3))
    #expect(try await store.linkConflicts().map(\.claimant) == [2])
    _ = try await store.commit(
      [page("crm.all", [account("1", "Acme", at: day(4)), account("2", "Beta Inc", external: ["app": "a1"], at: day(4))])], at: day(4))
    #expect(try await store.account(two)?.references.map(\.id) == ["2", "a1"])
    #expect(try await told(store, after: 4).suffix(2) == ["rebuild 1: 1 u1 1", "rebuild 2: 2 u2 2 2"])
  }

  @Test func `an account with many records is rebuilt in parts`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let count = StoreLimits.recordsPerLinksStep
    let records = (0..<count).map { usage("u\($0)", of: "a1") }
    _ = try await store.commit(
      [page("crm.c", [account("1", "Acme", external: ["app": "a1"]), account("2", "B")]), page("app.e", records)], at: day(2))
    try await store.link(system: "app", id: "other", to: one, at: day(3))
    try await store.link(system: "app", id: "a1", to: two, at: day(3))
    let steps = try await store.steps(after: 3, limit: 10)
    let parts = steps.compactMap(rebuilt)
    #expect(parts.map(\.account.number) == [1, 2, 2])
    #expect(parts.map(\.records.count) == [1, count, 1])
    #expect(parts.map(\.begins) == [true, true, false])
    #expect(parts.map(\.ends) == [true, false, true])
  }
}

/// Mapping file and domain: weaker claims than an id the CRM names.
@Suite struct ClaimTests {
  private let one = AccountKey(1)

  private func company(_ id: String, _ name: String, domain: String, at: Instant = day(1), external: [String: String] = [:]) -> Record {
    var record = account(id, name, external: external, at: at)
    record.fields["domain"] = .text(domain)
    return record
  }

  @Test func `records that name a person and no account belong to the company of the address`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let ticket = Record(kind: .ticket, id: "t1", at: day(1), system: "desk", person: "Jo@ACME.com", fields: ["status": .text("open")])
    let contact = Record(kind: .contact, id: "c1", at: day(1), system: "crm", fields: ["email": .text("al@acme.com")])
    let strangers = [usage("g", of: nil, by: "jo@gmail.com"), usage("o", of: nil, by: "jo@mail.acme.com"), usage("n", of: nil, by: "u-1")]
    let early = [usage("u1", of: nil, by: "jo@acme.com"), ticket, contact]
    _ = try await store.commit([page("app.events", early + strangers)], at: day(2))
    _ = try await store.commit([page("crm.all", [company("1", "Acme", domain: "https://www.Acme.com/")])], at: day(3))
    let steps = try await store.steps(after: 0, limit: 10)
    #expect(steps.map { linked($0).map(\.record.id) } == [[], ["1"], ["u1", "t1", "c1"]])
    #expect(steps.flatMap(linked).map(\.record.account) == [nil, nil, nil, nil])
    let reference = try #require(try await store.account(one)?.references.last)
    #expect(reference.system == "domain" && reference.id == "acme.com" && reference.provenance == "domain" && reference.confidence == 60)
    let unlinked = try await store.unlinkedRecords()
    #expect(
      Set(unlinked.map { "\($0.referenceSystem ?? "-") \($0.reference ?? "-") \($0.reason)" })
        == ["domain mail.acme.com unclaimed", "- - unnamed"])
    // Who changes their address stays the account's contact.
    var moved = contact
    moved.at = day(4)
    moved.fields["email"] = .text("al@gmail.com")
    _ = try await store.commit([page("crm.all", [moved])], at: day(4))
    #expect(try await store.steps(after: 3, limit: 10).flatMap(linked).map(\.account) == [one])
  }

  @Test func `a domain two accounts claim stands for neither until a person decides`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let first = page("crm.all", [company("1", "Acme", domain: "acme.com"), usage("u1", of: nil, by: "jo@acme.com")])
    _ = try await store.commit([first], at: day(2))
    #expect(try await store.events(of: one, kind: .usage).count == 1)
    _ = try await store.commit(
      [page("crm.all", [company("2", "Acme EU", domain: "acme.com"), company("3", "Acme US", domain: "acme.com")])], at: day(3))
    #expect(try await store.events(of: one, kind: .usage).isEmpty)
    #expect(try await store.unlinkedRecords().map(\.reason) == [.ambiguous])
    #expect(try await store.linkConflicts().map(\.claimant) == [2, 3])
    #expect(try await store.steps(after: 2, limit: 10).compactMap(rebuilt).map(\.account) == [one])
    try await store.link(system: "domain", id: "Acme.com", to: AccountKey(2), at: day(4))
    #expect(try await store.events(of: AccountKey(2), kind: .usage).map(\.record.id) == ["u1"])
    #expect(try await store.linkConflicts().isEmpty)
    _ = try await store.commit([page("crm.all", [company("3", "Acme USA", domain: "acme.com", at: day(5))])], at: day(5))
    #expect(try await store.linkConflicts().isEmpty)
  }

  @Test func `one company's two records on one page contest their domain too`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [
      usage("u1", of: nil, by: "jo@acme.com"), company("1", "Acme", domain: "acme.com"), company("2", "Acme", domain: "acme.com"),
    ]
    _ = try await store.commit([page("crm.all", records)], at: day(2))
    #expect(try await store.steps(after: 0, limit: 10).map { linked($0).map(\.record.id) } == [["1", "2"]])
  }

  @Test func `an id the CRM names counts for more than the mapping file, and that for more than the domain`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let accounts = [company("1", "Acme", domain: "acme.com"), account("2", "Beta"), account("3", "Cedar")]
    _ = try await store.commit([page("crm.all", accounts + [usage("u1", of: nil, by: "jo@acme.com")])], at: day(2))
    let holder = { try await store.accounts().first { $0.references.contains { $0.id == "acme.com" } }?.key.number }
    #expect(try await holder() == 1)
    let lines = [LinkMapping(subject: .account, system: "domain", id: "acme.com", target: "beta")]
    try await store.setMappings(lines, at: day(3))
    #expect(try await holder() == 2)
    #expect(try await store.linkConflicts().isEmpty)
    let last = try await store.lastStep()
    try await store.setMappings(lines, at: day(3))
    #expect(try await store.lastStep() == last)
    _ = try await store.commit([page("crm.all", [account("3", "Cedar", external: ["domain": "acme.com"], at: day(4))])], at: day(4))
    #expect(try await holder() == 3)
    #expect(try await store.linkConflicts().map { [$0.holder, $0.claimant] } == [[3, 2]])
    #expect(try await store.events(of: AccountKey(3), kind: .usage).map(\.record.id) == ["u1"])
  }

  @Test func `a line of the mapping file waits for its account, follows a change, and goes when it is left out`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let line = { (target: String) in [LinkMapping(subject: .account, system: "app", id: "a1", target: target)] }
    try await store.setMappings(line("1"), at: day(1))
    _ = try await store.commit([page("app.events", [usage("u1", of: "a1")])], at: day(2))
    #expect(try await store.waitingMappings() == line("1"))
    _ = try await store.commit([page("crm.all", [account("1", "Acme"), account("2", "Beta")])], at: day(3))
    #expect(try await store.waitingMappings().isEmpty)
    let holders = { try await store.accounts().map { $0.references.map(\.id) } }
    #expect(try await holders() == [["1", "a1"], ["2"]])
    try await store.setMappings(line("Beta"), at: day(4))
    #expect(try await holders() == [["1"], ["2", "a1"]])
    try await store.setMappings([], at: day(5))
    #expect(try await holders() == [["1"], ["2"]])
    #expect(try await store.unlinkedRecords().map(\.reference) == ["a1"])
    #expect(try await store.unlinkedRecords().map(\.reason) == [.undone], "nobody claims it any more, let alone two")
    // The line's word is gone: a record that names the id has it, as if the line had never been.
    _ = try await store.commit([page("crm.all", [account("2", "Beta", external: ["app": "a1"], at: day(6))])], at: day(6))
    #expect(try await holders() == [["1"], ["2", "a1"]])
  }

  @Test func `a domain that a line of the mapping file gave away can be an account's own again`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("crm.all", [account("1", "Acme"), account("2", "Beta")])], at: day(2))
    try await store.setMappings([LinkMapping(subject: .account, system: "domain", id: "acme.com", target: "beta")], at: day(3))
    try await store.setMappings([], at: day(4))
    _ = try await store.commit([page("crm.all", [company("1", "Acme", domain: "acme.com")])], at: day(5))
    #expect(try await store.accounts().first { $0.references.contains { $0.id == "acme.com" } }?.key.number == 1)
  }

  @Test(arguments: [
    ("Acme.com", "acme.com"), ("https://www.acme.com/about?x", "acme.com"), ("acme.com.", "acme.com"), ("acme.co.uk", "acme.co.uk"),
    ("gmail.com", nil), ("GMX.de", nil), ("acme", nil), ("", nil), (".com", nil), ("a b.com", nil), ("localhost:80", nil),
  ])
  func `a domain is compared in one form, and a public one is none`(text: String, expected: String?) {
    #expect(CompanyDomain.normalized(text) == expected)
  }
}

func rebuilt(_ step: Step) -> Rebuild? {
  if case .rebuild(let part) = step.content { part } else { nil }
}
