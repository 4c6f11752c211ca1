import Engine
import Events
import Store
import Testing

/// Entities keep what differs from its neighbour in source time; occurrences are kept once.
@Suite struct VersionTests {
  /// What the store holds of the subscription, in source time, after its versions were told in some order.
  private func history(telling versions: [(Int, Instant)]) async throws -> [String] {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var records = [account("1", "Acme", external: ["billing": "cus"])]
    for (count, at) in versions { records.append(seats(count, at: at)) }
    for record in records { _ = try await store.commit([page("billing.events", [record])], at: day(9)) }
    return try await store.events(of: AccountKey(1), kind: .subscription).map { event in
      let quantity = event.record.fields["items"]?.list?.first?["quantity"]?.number
      return "\(quantity?.description ?? "?")@\(event.record.at == day(1) ? 1 : event.record.at == day(2) ? 2 : 3)"
    }
  }

  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func `ten, four, ten is three versions in whatever order it is told`(order: [Int]) async throws {
    let versions = [(10, day(1)), (4, day(2)), (10, day(3))]
    #expect(try await history(telling: order.map { versions[$0] }) == ["10@1", "4@2", "10@3"])
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `any order of telling gives the same history, however often a content comes back`(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let versions = (1...Int64(4 + random.next(6))).map { seats(1 + random.next(2), at: day($0)) }
    let inOrder = try await distinct(telling: versions)
    for _ in 0..<3 {
      var shuffled = versions
      for index in stride(from: shuffled.count - 1, to: 0, by: -1) { shuffled.swapAt(index, random.next(index + 1)) }
      #expect(try await distinct(telling: shuffled) == inOrder, "seed \(seed)")
    }
  }

  /// What the log tells the engine of a subscription, equal neighbours taken together.
  private func distinct(telling versions: [Record]) async throws -> [Record] {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [account("1", "Acme", external: ["billing": "cus"])] + versions
    for record in records { _ = try await store.commit([page("billing.events", [record])], at: day(9)) }
    let told = try await store.steps(after: 0, limit: 100).flatMap(linked).map(\.record).filter { $0.kind == .subscription }
    let ordered = told.sorted { $0.at < $1.at }
    return ordered.indices.filter { $0 == 0 || ordered[$0 - 1].fields != ordered[$0].fields }.map { ordered[$0] }
  }

  @Test func `a list told once and events after it are one history`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("crm.companies", [account("1", "Acme", external: ["billing": "cus"])])], at: day(9))
    _ = try await store.commit([page("billing.subscriptions", [seats(10, at: day(1))])], at: day(9))
    _ = try await store.commit([page("billing.events", [seats(10, at: day(2)), seats(4, at: day(3)), seats(10, at: day(4))])], at: day(9))
    let stored = try await store.events(of: AccountKey(1), kind: .subscription)
    #expect(stored.map(\.record.at) == [day(1), day(3), day(4)])
  }

  // MARK: What a revision takes back

  private func superseded(_ store: EventStore) async throws -> [Superseded?] {
    try await store.steps(after: 0, limit: 100).flatMap(linked).filter { $0.record.kind == .usage }.map(\.supersedes)
  }

  @Test func `a revision says what it supersedes, each the one before`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let versions = ["a", "b", "c"].map { usage("u1", of: "a1", $0) }
    _ = try await store.commit([page("app.events", [account("1", "Acme", external: ["app": "a1"])] + versions)], at: day(2))
    #expect(try await superseded(store).map { $0?.record } == [nil, versions[0], versions[1]])
  }

  @Test func `what was told otherwise before its account was linked is not told at all`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("app.events", [usage("u1", of: "a1", "a"), usage("u1", of: "a1", "b")])], at: day(2))
    _ = try await store.commit([page("crm.companies", [account("1", "Acme", external: ["app": "a1"])])], at: day(3))
    _ = try await store.commit([page("app.events", [usage("u1", of: "a1", "c")])], at: day(4))
    let told = try await store.steps(after: 0, limit: 100).flatMap(linked).filter { $0.record.kind == .usage }
    #expect(told.map(\.record) == [usage("u1", of: "a1", "b"), usage("u1", of: "a1", "c")])
    #expect(told.map { $0.supersedes?.record } == [nil, usage("u1", of: "a1", "b")])
  }

  @Test func `a revision that brings its own link is told once`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("app.events", [usage("u1", of: "a1", "a")])], at: day(2))
    let linking = [account("1", "Acme", external: ["app": "a1"]), usage("u1", of: "a1", "b")]
    _ = try await store.commit([page("app.events", linking)], at: day(3))
    let told = try await store.steps(after: 0, limit: 100).flatMap(linked).filter { $0.record.kind == .usage }
    #expect(told.map(\.record) == [usage("u1", of: "a1", "b")] && told.map(\.supersedes) == [nil])
  }

  @Test func `a revision of another account is taken from the first`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let accounts = [account("1", "Acme", external: ["app": "a1"]), account("2", "Bolt", external: ["app": "a2"])]
    _ = try await store.commit([page("app.events", accounts + [usage("u1", of: "a1")])], at: day(2))
    _ = try await store.commit([page("app.events", [usage("u1", of: "a2")])], at: day(3))
    #expect(try await superseded(store).map { $0?.account } == [nil, AccountKey(1)])
  }

  @Test func `a version equal to its predecessor is passed over`() async throws {
    #expect(try await history(telling: [(10, day(1)), (10, day(2)), (4, day(3))]) == ["10@1", "4@3"])
  }

  @Test func `two contents at one instant both reach the log and the later told stands`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [account("1", "Acme", external: ["billing": "cus"]), seats(10, at: day(1)), seats(4, at: day(1))]
    for _ in 0..<2 { _ = try await store.commit([page("billing.events", records)], at: day(9)) }
    let told = try await store.steps(after: 0, limit: 10).flatMap(linked).map(\.record)
    #expect(told == records)
    #expect(try await store.events(of: AccountKey(1), kind: .subscription).map(\.record) == [seats(4, at: day(1))])
  }

  @Test func `an occurrence told again with other content supersedes, and the log keeps both`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let first = usage("u1", of: "a1", "export")
    let revised = usage("u1", of: "a1", "import")
    _ = try await store.commit([page("app.events", [account("1", "Acme", external: ["app": "a1"]), first])], at: day(2))
    let before = try await store.steps(after: 0, limit: 10)
    let results = try await store.commit([page("app.events", [first, revised, revised])], at: day(3))
    #expect(results == [try #require(results.first)])
    #expect(results[0].new == 1)
    #expect(results[0].duplicate == 2)
    let after = try await store.steps(after: 0, limit: 10)
    #expect(Array(after.prefix(before.count)) == before)
    #expect(after.dropFirst(before.count).flatMap(linked).map(\.record) == [revised])
    #expect(try await store.events(of: AccountKey(1), kind: .usage).map(\.record) == [revised])
    #expect(try await store.eventCounts().first { $0.kind == .usage }?.count == 1)
  }

  @Test func `what was knowable is the earlier of observing and the source's own lag`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var late = page("app.events", [account("1", "A", external: ["app": "a"]), usage("u1", of: "a", at: day(1))], at: day(9))
    late.lag = .hours(2)
    _ = try await store.commit([late], at: day(9))
    let stored = try #require(try await store.events(of: AccountKey(1), kind: .usage).first)
    #expect(stored.observedAt == day(9))
    #expect(stored.knowableAt == day(1) + .hours(2))
  }
}
