import ConfigFiles
import Events
import Feeds
import Synchronization
import Testing
import Transport

/// What a scripted vendor was asked and how long the poller slept.
private final class Script: Sendable {
  struct State {
    var requests: [HTTPRequest] = []
    var slept: [Duration] = []
  }
  let state = Mutex(State())
  let answerer: @Sendable (HTTPRequest, Int) throws -> HTTPResponse

  init(_ answerer: @escaping @Sendable (HTTPRequest, Int) throws -> HTTPResponse) { self.answerer = answerer }

  func poller(_ feed: Connector, secret: Secret? = Secret("s3cret")) -> Poller {
    Poller(
      connector: feed, secret: secret, seed: 7,
      send: { request in
        let index = self.state.withLock { state in
          state.requests.append(request)
          return state.requests.count - 1
        }
        return try self.answerer(request, index)
      }, sleep: { duration in self.state.withLock { $0.slept.append(duration) } })
  }

  var urls: [String] { state.withLock { $0.requests.map(\.url) } }
}

@Suite struct PollerTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func twoStreams(_ authentication: String = "{ bearer: example_key }", _ more: String = "") throws -> Connector {
    try connector(
      """
      name: example
      system: vendor
      enabled: true
      base_url: http://127.0.0.1:1/x
      allow_private: true
      auth: \(authentication)
      streams:
        - name: changes
          request: { path: /changes, query: { since: "{from}" } }
          records: data
          cursor: { format: iso8601, lag: 1h\(more) }
          completes: [ticket, usage]
          covers: customers
          map: [{ kind: usage, id: id, at: at, fields: { quantity: quantity } }]
        - name: everything
          once: true
          request: { path: /everything }
          records: data
          paging: { page: page, size: 1 }
          map: [{ kind: ticket, id: id, at: <Date> }]
      """)
  }

  private static func thing(_ id: String) -> JSON { ["id": .text(id), "at": "2026-03-01T00:00:00Z"] }

  @Test func listsBackfillsFirstAndHandsOverEveryPage() async throws {
    let date = now
    let script = Script { request, index in
      answer(["data": index == 1 ? [] : [Self.thing("r\(index)")]], date: date)
    }
    var pages: [PolledPage] = []
    let report = try await script.poller(try twoStreams()).poll(at: now, cursors: [:]) { pages.append($0) }
    #expect(
      script.urls == [
        "http://127.0.0.1:1/x/everything", "http://127.0.0.1:1/x/everything?page=2",
        "http://127.0.0.1:1/x/changes?since=2025-09-11T12%3A00%3A00Z",
      ])
    #expect(report.pages == 3)
    #expect(report.records == 2)
    #expect(report.failures.isEmpty)
    #expect(pages.map(\.stream) == ["everything", "everything", "changes"])
    #expect(pages[0].records[0].at == now)
    let last = try #require(pages.last)
    #expect(last.feed == "example")
    #expect(last.system == "vendor")
    #expect(last.records[0].system == "vendor")
    #expect(last.completes == [.ticket, .usage])
    #expect(last.coversCustomers)
    #expect(last.lag == .hours(1))
    #expect(last.observedAt == now)
    #expect(last.completeThrough == now - .hours(1))
    #expect(last.knownFrom == now - .days(180))
    let allowed = script.state.withLock { $0.requests.allSatisfy(\.allowPrivate) }
    #expect(allowed)

    let second = Script { _, _ in answer(["data": []], date: date) }
    let cursors = Dictionary(pages.map { ($0.stream, $0.cursor) }) { $1 }
    _ = try await second.poller(try twoStreams()).poll(at: now + .minutes(5), cursors: cursors) { _ in }
    #expect(second.urls == ["http://127.0.0.1:1/x/changes?since=2026-03-10T11%3A00%3A00Z"], "a finished backfill is not listed again")
  }

  @Test func anUnfinishedBackfillHoldsTheOthersBackAndGoesOn() async throws {
    let failing = Script { _, index in index == 0 ? answer(["data": [Self.thing("a")]]) : answer([], status: 404) }
    var pages: [PolledPage] = []
    let report = try await failing.poller(try twoStreams()).poll(at: now, cursors: [:]) { pages.append($0) }
    #expect(report.failures.map(\.stream) == ["everything"])
    #expect(failing.urls.count == 2)
    #expect(pages.allSatisfy { $0.completeThrough == nil })
    let resumed = Script { _, _ in answer(["data": []]) }
    _ = try await resumed.poller(try twoStreams()).poll(at: now, cursors: ["everything": try #require(pages.last?.cursor)]) { _ in }
    #expect(resumed.urls.first == "http://127.0.0.1:1/x/everything?page=2")
    #expect(resumed.urls.count == 2)
  }

  @Test func aHoleByRetentionListsEverythingAgain() async throws {
    let date = now
    let script = Script { _, _ in answer(["data": []], date: date) }
    let old: [String: JSON] = [
      "everything": ["listed_at": "2025-06-01T00:00:00Z", "through": "2025-06-01T00:00:00Z"],
      "changes": ["through": "2025-12-01T00:00:00Z", "known_from": "2025-06-01T00:00:00Z"],
    ]
    var cursors = old
    let feed = try twoStreams("{ bearer: example_key }", ", retention: 30d")
    _ = try await script.poller(feed).poll(at: now, cursors: old) { cursors[$0.stream] = $0.cursor }
    #expect(script.urls.count == 2)
    #expect(script.urls.first == "http://127.0.0.1:1/x/everything")
    let next = Script { _, _ in answer(["data": []], date: date) }
    _ = try await next.poller(feed).poll(at: now + .hours(1), cursors: cursors) { _ in }
    #expect(next.urls.count == 1)
  }

  @Test func aFailedStreamDoesNotStopTheOthers() async throws {
    let feed = try connector(
      """
      name: two
      base_url: https://api.example.com
      streams:
        - { name: a, request: { path: /a }, records: data, map: [{ kind: pulse, id: id, at: at }] }
        - { name: b, request: { path: /b }, records: data, map: [{ kind: pulse, id: id, at: at }] }
      """)
    let script = Script { request, _ in request.url.hasSuffix("/a") ? answer([], status: 403) : answer(["data": [Self.thing("x")]]) }
    let report = try await script.poller(feed, secret: nil).poll(at: now, cursors: [:]) { _ in }
    #expect(report.failures.map(\.stream) == ["a"])
    #expect(report.records == 1)
  }

  @Test func sleepsAsToldAndSendsTheSameAgain() async throws {
    let script = Script { _, index in
      switch index {
      case 0: answer([], status: 429, headers: [HTTPHeader("Retry-After", "2")])
      case 1: throw TransportError(.connect(detail: "refused"), target: "GET x")
      default: answer(["data": []])
      }
    }
    let feed = try exampleFeed()
    let report = try await script.poller(feed).poll(at: now, cursors: [:]) { _ in }
    #expect(Set(script.urls).count == 1)
    #expect(script.urls.count == 3)
    let slept = script.state.withLock(\.slept)
    #expect(slept.first == .seconds(2))
    #expect(slept.count == 2)
    #expect(report.retries.count == 2)
  }

  @Test(arguments: [
    ("{ bearer: k }", "Authorization", "Bearer s3cret"),
    ("{ basic: { user: me/token, secret: k } }", "Authorization", "Basic bWUvdG9rZW46czNjcmV0"),
    ("{ header: { name: X-Key, secret: k } }", "X-Key", "s3cret"),
  ])
  func sendsTheCredential(yaml: String, name: String, value: String) async throws {
    let script = Script { _, _ in answer(["data": []]) }
    _ = try await script.poller(try twoStreams(yaml)).poll(at: now, cursors: [:]) { _ in }
    let sent = script.state.withLock { $0.requests.map { request in request.headers.first { $0.name == name }?.value } }
    #expect(sent == [value, value])
  }

  @Test func aCredentialInTheQueryIsEncoded() async throws {
    let script = Script { _, _ in answer(["data": []]) }
    _ = try await script.poller(try exampleFeedWithQueryKey(), secret: Secret("a&b=c")).poll(at: now, cursors: [:]) { _ in }
    #expect(script.urls == ["https://api.example.com/things?key=a%26b%3Dc"])
  }

  private func exampleFeedWithQueryKey() throws -> Connector {
    try connector(
      """
      name: q
      base_url: https://api.example.com
      auth: { query: { name: key, secret: k } }
      streams: [{ name: a, request: { path: /things }, records: data, map: [{ kind: pulse, id: id, at: at }] }]
      """)
  }

  @Test func rejectedRecordsAreReportedBesideTheGoodOnes() async throws {
    let script = Script { _, _ in
      answer(["data": [["id": "bad", "at": "2026-03-01T00:00:00Z", "quantity": "x"], ["id": "good", "at": "2026-03-01T00:00:00Z"]]])
    }
    var kept: [String] = []
    let report = try await script.poller(try exampleFeed()).poll(at: now, cursors: [:]) { page in
      kept += page.records.map(\.id)
      #expect(page.rejected.count == 1)
    }
    #expect(kept == ["good"])
    #expect(report.rejected.map(\.sourceID) == ["bad"])
  }

  private struct StoreIsFull: Error {}

  @Test func whatTheStoreThrowsEndsThePoll() async throws {
    let script = Script { _, _ in answer(["data": []]) }
    await #expect(throws: StoreIsFull.self) {
      _ = try await script.poller(try twoStreams()).poll(at: now, cursors: [:]) { _ in throw StoreIsFull() }
    }
    #expect(script.urls.count == 1)
  }

  @Test func aStoppedTransportIsACancellation() async throws {
    let script = Script { _, _ in throw TransportError(.stopped, target: "GET x") }
    await #expect(throws: CancellationError.self) {
      _ = try await script.poller(try exampleFeed()).poll(at: now, cursors: [:]) { _ in }
    }
  }
}
