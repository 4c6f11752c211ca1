import ConfigFiles
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

  /// The cursor, and the bounds written at 2026-03-10T12:00:00.25Z with 2026-03-01T05:30:00Z known.
  @Test(arguments: [
    ("format: iso8601_seconds", "2026-03-01T05:30:00Z", "2026-03-10T12:00:00Z"),
    ("format: date", "2026-03-01", "2026-03-09"), ("format: date, upper_bound: excluded", "2026-03-01", "2026-03-10"),
    ("format: date, lower_bound: excluded", "2026-02-28", "2026-03-09"),
    ("format: hour", "20260301T05", "20260310T11"), ("format: hour, upper_bound: excluded", "20260301T05", "20260310T12"),
    // Half past midnight there; the day before has just ended.
    ("format: date, zone: America/New_York", "2026-03-01", "2026-03-09"),
    ("format: date, zone: Asia/Kolkata", "2026-03-01", "2026-03-09"),
    ("format: hour, zone: Asia/Kolkata", "20260301T11", "20260310T16"),
    ("format: sql, zone: America/New_York", "2026-03-01 00:30:00.000000", "2026-03-10 08:00:00.250000"),
    ("format: seconds, granularity: 1d", "1772323200", "1773144000"),
    ("format: seconds, granularity: 1d, zone: America/New_York", "1772341200", "1773144000"),
    ("format: seconds, granularity: 6h", "1772323200", "1773144000"),
    ("format: date, lag: 13h", "2026-03-01", "2026-03-08"),
  ])
  func writesBoundsInTheVendorsUnits(cursor: String, from: String, to: String) throws {
    let asked = try firstQuery(
      try windowed("{ \(cursor) }"), ["through": "2026-03-01T05:30:00Z", "known_from": "2026-01-01T00:00:00Z"],
      at: now + Span(microseconds: 250_000))
    #expect(asked == ["a": from, "b": to])
  }

  @Test func aDayIsAskedForWhenItIsOver() throws {
    let feed = try windowed("{ format: date, zone: America/New_York }")
    let known: JSON = ["through": "2026-03-09T04:00:00Z", "known_from": "2026-01-01T00:00:00Z"]
    #expect(try firstQuery(feed, known, at: instant("2026-03-10T03:59:59Z")) == nil)
    #expect(try firstQuery(feed, known, at: instant("2026-03-10T04:00:00Z")) == ["a": "2026-03-09", "b": "2026-03-09"])
  }

  @Test func aLongWindowIsWalkedInStepsOfWhichEachMovesTheCursor() throws {
    let feed = try windowed("{ format: date, step: 4d, lookback: 1d }", start: "2026-03-01")
    var first = try walk(feed)
    var asked: [[String: String]] = []
    var throughs: [Instant?] = []
    while let request = first.next(now: now) {
      asked.append(query(request))
      guard case .page = first.receive(answer(["data": []], date: now), now: now) else { break }
      throughs.append(first.completeThrough)
    }
    #expect(
      asked.map { "\($0["a"] ?? "")…\($0["b"] ?? "")" } == ["2026-03-01…2026-03-04", "2026-03-05…2026-03-08", "2026-03-09…2026-03-09"])
    #expect(throughs == ["2026-03-05", "2026-03-09", "2026-03-10"].map { instant($0) })
    #expect(first.knownFrom == instant("2026-03-01"))
    var next = try walk(feed, cursor: first.cursor)
    #expect(next.next(now: now + .days(1)).map(query) == ["a": "2026-03-09", "b": "2026-03-10"], "a day is read again, and one is new")
  }

  @Test func shrinkHalvesTheStepDownToTheUnit() throws {
    let feed = try exampleFeed(
      request: "{ path: /t, query: { a: \"{from}\", b: \"{to}\" } }", cursor: "{ format: date, step: 4d }",
      extra: "errors: [{ status: 400, then: shrink }]", start: "2026-03-01")
    var first = try walk(feed)
    var asked: [String] = []
    _ = try run(&first, now: now) { request in
      let (a, b) = (query(request)["a"] ?? "", query(request)["b"] ?? "")
      asked.append("\(a.suffix(2))-\(b.suffix(2))")
      return a == b ? answer(["data": []], date: now) : answer([], status: 400)
    }
    #expect(asked == ["01-04", "01-02", "01-01", "02-02", "03-03", "04-04", "05-05", "06-06", "07-07", "08-08", "09-09"])
    #expect(first.completeThrough == instant("2026-03-10"))

    var again = try walk(feed, cursor: first.cursor)
    _ = again.next(now: now + .days(1))
    for attempt in 1...6 {
      let outcome = again.receive(answer([], status: 400), now: now)
      if attempt < 6, case .retry = outcome { continue }
      guard attempt == 6, case .failed(let failure) = outcome else {
        Issue.record("a day cannot be halved")
        return
      }
      #expect(failure.message.contains("400"))
    }
  }

  @Test func aServerBehindOursStopsTheStepsWhereItVouches() throws {
    let feed = try windowed("{ format: seconds, step: 1h }", start: "2026-03-10T10:00:00Z")
    var walk = try walk(feed)
    var pages = 0
    _ = try run(&walk, now: now) { _ in
      pages += 1
      return answer(["data": []], date: now - .minutes(90))
    }
    #expect(pages == 1, "the first hour is not over by the server's clock")
    #expect(walk.completeThrough == now - .minutes(90))
  }

  /// The keys below the stream `things`, the code, and what stands under the caret.
  @Test(arguments: [
    ("cursor: { format: date, zone: Mars/Phobos }", "BW0206", "Mars/Phobos"),
    ("cursor: { format: date, step: 1h }", "BW0206", "step"), ("cursor: { opaque: true, step: 1d }", "BW0206", "step"),
    ("cursor: { opaque: true, granularity: 1d }", "BW0206", "granularity"),
    ("cursor: { format: date, granularity: 1d }", "BW0206", "granularity"),
    ("cursor: { lower_bound: excluded, upper_bound: excluded }", "BW0206", "upper_bound"),
    ("cursor: { newest_first: true }", "BW0206", "true"), ("cursor: { newest_first: at, field: at }", "BW0206", "at"),
    ("cursor: { field: at | b d }", "BW0203", "b d"), ("cursor: { step: 1d }, request: nothing", "BW0206", "{"),
    ("paging: { page: p, size: 2, pages: 3 }, cursor: { format: date }", "BW0205", "pages"),
    ("paging: { page: p, size: 2, pages: 3 }, cursor: { newest_first: at }", "BW0205", "pages"),
    ("paging: { keyset: at, size: 2, pages: 3 }, cursor: { field: at }", "BW0205", "pages"),
    ("paging: { keyset: at, size: 2 }, cursor: { opaque: true }", "BW0205", "at"),
    ("paging: { keyset: at, size: 2 }, cursor: { granularity: 1d }", "BW0205", "at"),
    ("paging: { keyset: at, size: 2, ties: { request: { path: /t }, last: id, size: 2 } }", "BW0205", "{"),
    ("paging: { keyset: at, ties: { request: { path: \"/{at}/{last}\" }, last: id, size: 2 } }", "BW0205", "at"),
    ("paging: { offset: skip }", "BW0106", "{"), ("paging: { page: p }", "BW0106", "{"),
    ("paging: { token: t }", "BW0205", "{"), ("errors: [{ status: 504, then: shrink }]", "BW0205", "errors"),
    ("request: { path: /t, query: { a: \"{from}\" }, page_size: { query: n, most: 2, least: 3 } }", "BW0205", "least"),
    ("request: { path: /t, query: { a: \"{from}\" }, page_size: { most: 2 } }", "BW0205", "{"),
    ("request: { path: /t, method: POST, form: { a: \"{from}\" }, body: { b: c } }", "BW0201", "form"),
    ("request: { path: /t, form: { a: \"{from}\" } }", "BW0201", "form"),
    ("request: { path: \"/t/{frm}\", query: { a: \"{from}\" } }", "BW0204", "{frm}"),
    ("request: { path: /t, query: { a: \"{from}{last}\" } }", "BW0204", "{last}"),
  ])
  func pointsAtTheFault(keys: String, code: String, under: String) throws {
    var stream = keys
    if keys.hasSuffix("request: nothing") { stream = "cursor: { step: 1d }" }
    if !stream.contains("cursor:") { stream += ", cursor: { format: seconds }" }
    if !stream.hasPrefix("request:") { stream += ", request: { path: /t, query: { a: \"{from}\" } }" }
    let text = """
      name: x
      base_url: https://api.example.com
      streams: [{ name: things, records: data, map: [{ kind: pulse, id: id, at: at }], \(stream) }]
      """
    var diagnostics = Diagnostics()
    _ = Connector(file: SourceFile(path: "x.yaml", text: text), environment: Environment([:]), into: &diagnostics)
    let fault = try #require(diagnostics.all.first { $0.code == code }, "\(diagnostics.rendered())")
    #expect(fault.range.text.hasPrefix(under), "\(fault.rendered())")
    #expect(fault.hint?.isEmpty == false, "\(fault.rendered())")
  }
}
