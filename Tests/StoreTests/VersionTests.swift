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
