import Events
import Feeds
import Testing
import Transport

@Suite struct CursorTests {
  private let now = instant("2026-03-10T12:00:00Z")
  private func windowed(_ cursor: String, start: String = "10d") throws -> Connector {
    try exampleFeed(request: "{ path: /things, query: { a: \"{from}\", b: \"{to}\" } }", cursor: cursor, start: start)
  }

  private func firstQuery(_ feed: Connector, _ cursor: JSON = .null, at now: Instant) throws -> [String: String]? {
    var walk = try walk(feed, cursor: cursor)
    return walk.next(now: now).map(query)
  }

  @Test(arguments: [
    ("seconds", "1772280000", "1773144000"), ("milliseconds", "1772280000250", "1773144000250"),
    ("iso8601", "2026-02-28T12:00:00.250000Z", "2026-03-10T12:00:00.250000Z"),
    ("sql", "2026-02-28 12:00:00.250000", "2026-03-10 12:00:00.250000"),
  ])
  func writesTimesAsTheVendorWantsThem(format: String, from: String, to: String) throws {
    let asked = try firstQuery(try windowed("{ format: \(format) }"), at: now + Span(microseconds: 250_000))
    #expect(asked == ["a": from, "b": to])
  }

  @Test func reachesBackByLagAndLookback() throws {
    let feed = try windowed("{ format: iso8601, lag: 1h, lookback: 30m }")
    let asked = try firstQuery(feed, ["through": "2026-03-10T09:00:00Z"], at: now)
    #expect(asked == ["a": "2026-03-10T08:30:00Z", "b": "2026-03-10T11:00:00Z"])
    #expect(try firstQuery(feed, ["through": "2026-03-10T11:00:00Z"], at: now) == nil, "nothing new can be complete yet")
  }

  @Test(arguments: [("2026-02-01", "2026-02-01T00:00:00Z"), ("beginning", "1970-01-01T00:00:00Z"), ("4w", "2026-02-10T12:00:00Z")])
  func startsWhereTheFileSays(start: String, from: String) throws {
    var walk = try walk(try windowed("{ format: iso8601 }", start: start))
    _ = try run(&walk, now: now) { _ in answer(["data": []], date: now) }
    #expect(walk.knownFrom == instant(from))
    #expect(walk.completeThrough == now)
  }

  @Test(arguments: [(-7200, "2026-03-10T09:00:00Z"), (0, "2026-03-10T11:00:00Z"), (7200, "2026-03-10T11:00:00Z")])
  func theServersClockDecidesWhatIsComplete(skew: Int64, through: String) throws {
    var walk = try walk(try windowed("{ format: iso8601, lag: 1h }"))
    _ = try run(&walk, now: now) { _ in answer(["data": []], date: now + .seconds(skew)) }
    #expect(walk.completeThrough == instant(through))
  }

  @Test func aServerClockFarBehindTakesNothingBack() throws {
    var walk = try walk(
      try windowed("{ format: iso8601 }"), cursor: ["through": "2026-03-10T09:00:00Z", "known_from": "2026-01-01T00:00:00Z"])
    _ = try run(&walk, now: now) { _ in answer(["data": []], date: now - .days(3)) }
    #expect(walk.completeThrough == instant("2026-03-10T09:00:00Z"))
  }

  @Test func aHoleByRetentionMovesTheKnownRange() throws {
    let feed = try windowed("{ format: iso8601, retention: 30d }")
    var walk = try walk(feed, cursor: ["through": "2025-12-01T00:00:00Z", "known_from": "2025-01-01T00:00:00Z"])
    _ = try run(&walk, now: now) { _ in answer(["data": []], date: now) }
    #expect(walk.knownFrom == now - .days(30))
    #expect(walk.completeThrough == now)
  }

  @Test func anOpaqueCursorIsKeptAfterTheEnd() throws {
    let feed = try exampleFeed(
      request: "{ path: /export, first_page: { start_time: \"{from}\" } }",
      paging: "{ token: after_cursor, query: cursor, stop: end_of_stream }",
      cursor: "{ opaque: true, format: seconds, lag: 60s }")
    var asked: [[String: String]] = []
    func serve(_ request: HTTPRequest, _ token: JSON, end: Bool) -> HTTPResponse {
      asked.append(query(request))
      return answer(["data": [], "after_cursor": token, "end_of_stream": .flag(end)], date: now)
    }
    var first = try walk(feed)
    _ = try run(&first, now: now, maxPages: 1) { serve($0, "c1", end: false) }
    #expect(first.completeThrough == nil)
    var second = try walk(feed, cursor: first.cursor)
    _ = try run(&second, now: now) { serve($0, "c2", end: true) }
    #expect(second.completeThrough == now - .seconds(60))
    // Nothing new: the vendor gives the same cursor again, and that is no loop.
    var third = try walk(feed, cursor: second.cursor)
    _ = try run(&third, now: now + .minutes(10)) { serve($0, "c2", end: true) }
    #expect(third.cursor["token"] == "c2")
    #expect(asked == [["start_time": "1772280000"], ["cursor": "c1"], ["cursor": "c2"]])
    #expect(third.knownFrom == instant("2026-02-28T12:00:00Z"))
  }

  @Test(arguments: [JSON.null, "nonsense", ["through": 5, "walk": "x"], []])
  func anUnreadableCursorIsTheBeginning(cursor: JSON) throws {
    #expect(try firstQuery(try windowed("{ format: iso8601 }"), cursor, at: now)?["a"] == "2026-02-28T12:00:00Z")
  }
}
