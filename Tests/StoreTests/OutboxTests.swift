import Engine
import Events
import Store
import Testing

@Suite struct OutboxTests {
  private let one = AccountKey(1)

  private func store(_ folder: TemporaryFolder, notices: Int) async throws -> EventStore {
    let store = try folder.open()
    try await store.appendTick(at: day(1))
    try await store.apply(
      FoldOutcome(
        position: 1, portfolio: [],
        notices: (0..<notices).map {
          Notice(step: 1, ordinal: $0, account: one, at: day(1), topic: "finding", content: .integer(Int64($0)))
        }))
    return store
  }

  private func delivery(_ id: String, _ sequence: Int64, _ notices: [Int64], sink: String = "cs") -> NewDelivery {
    NewDelivery(
      id: id, sink: sink, account: one, sequence: sequence, notices: notices, body: Array("{\"id\":\"\(id)\"}\n\u{0}ü".utf8),
      createdAt: day(1))
  }

  @Test func `notices freeze into deliveries that keep their bytes`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, notices: 4)
    let keys = try await store.pendingNotices().map(\.key)
    #expect(try await store.lastDeliverySequence(of: one) == 0)
    let both = [delivery("d1", 1, [keys[0], keys[1]]), delivery("d2", 1, [keys[1]], sink: "ops")]
    try await store.freeze(both, settling: [keys[3]])
    #expect(try await store.pendingNotices().map(\.key) == [keys[2]])
    #expect(try await store.lastDeliverySequence(of: one) == 1)
    let due = try await store.dueDeliveries(wallNow: day(0), limit: 10)
    #expect(due.map(\.delivery) == both)
    #expect(due.map(\.attempts) == [0, 0])
    #expect(try await store.outboxCounts() == OutboxCounts(notices: 1, pending: 2, delivered: 0, dead: 0))
  }

  @Test func `a freeze that cannot be whole leaves nothing`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, notices: 2)
    let keys = try await store.pendingNotices().map(\.key)
    try await store.freeze([delivery("d1", 5, [keys[0]])])
    let bad = [
      [delivery("d2", 6, [keys[1]]), delivery("d1", 7, [])], [delivery("d2", 6, [keys[0]])], [delivery("d2", 5, [keys[1]])],
      [delivery("d2", 6, [99])],
    ]
    for deliveries in bad {
      await #expect(throws: StoreError.self) { try await store.freeze(deliveries) }
      #expect(try await store.pendingNotices().map(\.key) == [keys[1]])
      #expect(try await store.deliveries().map(\.delivery.id) == ["d1"])
    }
  }

  @Test func `attempts are counted, retried when due, and end delivered or dead`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, notices: 2)
    let keys = try await store.pendingNotices().map(\.key)
    try await store.freeze([delivery("d1", 1, [keys[0]]), delivery("d2", 2, [keys[1]])])
    try await store.recordAttempt("d1", number: 1, at: day(2), outcome: .retry(at: day(3), error: "503", status: 503))
    #expect(try await store.dueDeliveries(wallNow: day(2), limit: 10).map(\.delivery.id) == ["d2"])
    #expect(try await store.nextAttempt() == Instant(microseconds: 0))
    #expect(try await store.dueDeliveries(wallNow: day(3), limit: 10).map(\.delivery.id) == ["d2", "d1"])
    #expect(try await store.dueDeliveries(wallNow: day(3), limit: 1).map(\.delivery.id) == ["d2"])

    try await store.recordAttempt("d2", number: 1, at: day(2), outcome: .dead(error: "gone", status: 410))
    #expect(try await store.nextAttempt() == day(3))
    let gap = await #expect(throws: StoreError.self) {
      try await store.recordAttempt("d1", number: 3, at: day(3), outcome: .delivered(status: 204))
    }
    #expect(gap?.reason == .outOfOrder)
    // Told twice, as after a crash between the answer and the note of it.
    for _ in 0..<2 { try await store.recordAttempt("d1", number: 2, at: day(3), outcome: .delivered(status: 204)) }
    try await store.recordAttempt("d1", number: 1, at: day(4), outcome: .dead(error: "late", status: nil))

    let delivered = try #require(try await store.deliveries(.delivered).first)
    #expect(delivered.delivery.id == "d1")
    #expect(delivered.attempts == 2)
    #expect(delivered.lastStatus == 204)
    #expect(delivered.lastError == nil)
    let dead = try await store.deliveries(.dead)
    #expect(dead.map(\.delivery.id) == ["d2"])
    #expect(dead.map(\.lastError) == ["gone"])
    #expect(dead.map(\.attempts) == [1])
    #expect(try await store.deliveries(.pending).isEmpty)
    #expect(try await store.deliveries().count == 2)
    #expect(try await store.outboxCounts() == OutboxCounts(notices: 0, pending: 0, delivered: 1, dead: 1))
    let missing = await #expect(throws: StoreError.self) {
      try await store.recordAttempt("d9", number: 1, at: day(3), outcome: .delivered(status: 200))
    }
    #expect(missing?.reason == .unknown)
  }
}
