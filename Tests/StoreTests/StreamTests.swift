import Engine
import Events
import Features
import Store
import Testing

/// How far streams are known, and how their polls go.
@Suite struct StreamTests {
  private func watermarks(_ store: EventStore) async throws -> [Watermark] {
    try await store.steps(after: 0, limit: 200).compactMap { if case .watermark(let watermark) = $0.content { watermark } else { nil } }
  }

  private func known(from: Instant?, through: Instant?) -> Page {
    Page(stream: "app.events", system: "app", records: [], kinds: [.usage], knownFrom: from, completeThrough: through, observedAt: day(90))
  }

  @Test func `what was lost between two walks is a hole, and what was known before it stays known`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for page in [known(from: day(0), through: day(10)), known(from: day(20), through: day(10)), known(from: day(20), through: day(30))] {
      _ = try await store.commit([page], at: day(90))
    }
    let last = try #require(try await watermarks(store).last)
    #expect(last.knownFrom == day(0) && last.completeThrough == day(30))
    #expect(last.holes == [Hole(from: day(10), until: day(20))])
    _ = try await store.commit([known(from: day(40), through: day(50))], at: day(91))
    #expect(try await watermarks(store).last?.holes == [Hole(from: day(10), until: day(20)), Hole(from: day(30), until: day(40))])
    #expect(try await store.streamState("app.events")?.holes.count == 2)
  }

  @Test func `more holes than the limit make the oldest unknown`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([known(from: day(0), through: day(1))], at: day(90))
    for index in 1...Int64(StoreLimits.holesPerStream) {
      _ = try await store.commit([known(from: day(index * 2), through: day(index * 2 + 1))], at: day(90))
    }
    #expect(try await watermarks(store).last?.holes.count == StoreLimits.holesPerStream)
    #expect(try await watermarks(store).last?.knownFrom == day(0))
    let next = Int64(StoreLimits.holesPerStream + 1)
    _ = try await store.commit([known(from: day(next * 2), through: day(next * 2 + 1))], at: day(90))
    #expect(try await watermarks(store).last?.holes.count == StoreLimits.holesPerStream)
    #expect(try await watermarks(store).last?.knownFrom == day(2))
  }

  @Test func `that a stream covers every customer reaches the log`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var page = known(from: day(0), through: day(1))
    _ = try await store.commit([page], at: day(90))
    page.coversCustomers = true
    _ = try await store.commit([page], at: day(90))
    #expect(try await watermarks(store).map(\.coversCustomers) == [false, true])
    #expect(try await watermarks(store).map(\.system) == ["app", "app"])
  }

  @Test func `staleness is said once, and its end once`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    #expect(try await !store.setStale("app.events", since: day(1), error: nil, at: day(2)))
    try await store.recordFailure(stream: "app.events", system: "app", error: "401", at: day(1))
    #expect(try await !store.setStale("app.events", since: nil, error: nil, at: day(2)))
    #expect(try await store.setStale("app.events", since: day(1), error: "401", at: day(2)))
    #expect(try await !store.setStale("app.events", since: day(1), error: "401", at: day(3)))
    #expect(try await store.streamState("app.events")?.staleSince == day(1))
    #expect(try await store.setStale("app.events", since: nil, error: nil, at: day(4)))
    try await store.acceptOutage(of: "app", at: day(5))
    let contents = try await store.steps(after: 0, limit: 10).map(\.content)
    #expect(
      contents == [
        .staleness(StreamStaleness(stream: "app.events", since: day(1), error: "401")),
        .staleness(StreamStaleness(stream: "app.events", since: nil, error: nil)), .outageAccepted(system: "app"),
      ])
  }

  @Test func `a poll is noted stream by stream`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let failed = StreamPoll(stream: "app.events", system: "app", requests: 3, outcome: .failed("429; wait"))
    let waiting = StreamPoll(stream: "app.list", system: "app", requests: 0, outcome: nil)
    try await store.recordPolls([failed, waiting], at: day(1), next: day(2))
    var state = try #require(try await store.streamState("app.events"))
    #expect(state.isFailing && state.lastError == "429; wait" && state.firstTried == day(1) && state.nextPoll == day(2))
    #expect(try await store.streamState("app.list")?.lastSuccess == nil)
    try await store.recordPolls(
      [StreamPoll(stream: "app.events", system: "app", requests: 2, rejected: 4, outcome: .finished)], at: day(1), next: day(3))
    state = try #require(try await store.streamState("app.events"))
    #expect(!state.isFailing && state.lastError == nil && state.lastSuccess == day(1) && state.nextPoll == day(3))
    _ = try await store.commit([page("app.events", [usage("u", of: nil), usage("v", of: nil)], at: day(1))], at: day(1))
    let today = try await store.streamDays(since: Day(number: 0))
    #expect(today.map(\.requests) == [5] && today.map(\.records) == [2] && today.map(\.rejected) == [4])
  }

  @Test func `a stream that is wound back is read from the beginning, and what it brought stays once`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let told = page("app.events", [usage("u", of: nil)], cursor: ["through": "x"], through: day(2), at: day(2))
    _ = try await store.commit([told], at: day(2))
    #expect(try await store.rewind(["app.events", "app.nothing"]) == ["app.events"])
    let state = try #require(try await store.streamState("app.events"))
    #expect(state.cursor == nil && state.completeThrough == day(2))
    #expect(try await store.rewind(["app.events"]).isEmpty)
    let again = page("app.events", [usage("u", of: nil), usage("v", of: nil)], cursor: ["through": "y"], through: day(3), at: day(3))
    let result = try await store.commit([again], at: day(3))
    #expect(result.map(\.new) == [1] && result.map(\.duplicate) == [1])
    #expect(try await store.streamState("app.events")?.holes.isEmpty == true)
  }
}
