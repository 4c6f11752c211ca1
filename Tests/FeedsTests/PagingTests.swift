import Events
import Feeds
import Testing
import Transport

/// Each kind of paging, without any input or output.
@Suite struct PagingTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func thing(_ number: Int, at: String = "2026-03-01T00:00:00Z") -> JSON {
    ["id": JSON(number), "at": .text(at), "name": "login", "account": "acme"]
  }

  @Test func aTokenFromTheAnswerGoesIntoTheQuery() throws {
    var walk = try walk(try exampleFeed(paging: "{ token: meta.next, query: after }"))
    var asked: [String?] = []
    let records = try run(&walk, now: now) { request in
      asked.append(query(request)["after"])
      #expect(query(request)["limit"] == "2")
      let page = asked.count
      return answer(["data": [thing(page * 2), thing(page * 2 + 1)], "meta": ["next": page < 3 ? .text("t/\(page) +") : ""]])
    }
    #expect(asked == [nil, "t/1 +", "t/2 +"])
    #expect(records.map(\.id) == ["2", "3", "4", "5", "6", "7"])
    #expect(walk.cursor["walk"] == nil)
  }

  @Test func aTokenCanGoIntoTheBody() throws {
    let feed = try exampleFeed(
      request: "{ method: POST, path: /search, body: { limit: 2, after: \"0\" } }", paging: "{ token: paging.next.after, body: after }")
    var walk = try walk(feed)
    var asked: [JSON] = []
    _ = try run(&walk, now: now) { request in
      asked.append(try body(request))
      return answer(["data": [thing(1)], "paging": asked.count < 2 ? ["next": ["after": "100"]] : nil])
    }
    #expect(asked == [["limit": 2, "after": "0"], ["limit": 2, "after": "100"]])
  }

  @Test(arguments: [("stop: done", "done", true), ("more: has_more", "has_more", false)])
  func aFlagEndsTheWalkAndAnEmptyPageDoesNot(flag: String, name: String, last: Bool) throws {
    var walk = try walk(try exampleFeed(paging: "{ token: next, query: after, \(flag) }"))
    var pages = 0
    let records = try run(&walk, now: now) { _ in
      pages += 1
      return answer(["data": pages == 2 ? [] : [thing(pages)], "next": .text("t\(pages)"), name: .flag(pages == 3 ? last : !last)])
    }
    #expect(pages == 3)
    #expect(records.count == 2)
  }

  @Test(arguments: [(JSON.flag(true), JSON.flag(false)), (1, 0), ("1", "0"), ("true", "false"), ("True", "False"), ("yes", "no")])
  func aFlagMayBeWrittenAsANumberOrAWord(yes: JSON, no: JSON) throws {
    for (flag, first, last) in [("more", yes, no), ("stop", no, yes)] {
      var walk = try walk(try exampleFeed(paging: "{ token: next, query: after, \(flag): flag }"))
      var pages = 0
      _ = try run(&walk, now: now) { _ in
        pages += 1
        return answer(["data": [thing(pages)], "next": .text("t\(pages)"), "flag": pages == 2 ? last : first])
      }
      #expect(pages == 2)
    }
  }

  @Test(arguments: [
    "{ token: next, query: after, more: meta.more }", "{ last: id, query: after, more: meta.more }", "{ next_url: next, more: meta.more }",
  ])
  func aFlagThatCannotBeReadIsNoEnd(paging: String) throws {
    for (meta, says) in [
      (JSON.object([:]), "the answer has no meta.more, the flag that tells whether there is more"),
      (["more": "perhaps"], #"meta.more is "perhaps", where true or false should stand"#),
      (["more": 2], "meta.more is 2, where true or false should stand"),
    ] {
      var walk = try walk(try exampleFeed(paging: paging))
      let failure = #expect(throws: FeedFailure.self) {
        try run(&walk, now: now) { _ in answer(["data": [thing(1)], "next": "/things?page=2", "meta": meta]) }
      }
      #expect(failure?.message == says)
    }
  }

  @Test(arguments: [["more": nil], [:]] as [JSON])
  func aFlagThatIsNotThereEndsAWalkWithoutANextPage(meta: JSON) throws {
    var walk = try walk(try exampleFeed(paging: "{ token: next, query: after, more: meta.more }"))
    #expect(try run(&walk, now: now) { _ in answer(["data": [thing(1)], "meta": meta]) }.count == 1)
  }

  @Test func theLastRecordsIdIsTheToken() throws {
    var walk = try walk(try exampleFeed(paging: "{ last: id, query: starting_after, more: has_more }"))
    var asked: [String?] = []
    _ = try run(&walk, now: now) { request in
      asked.append(query(request)["starting_after"])
      return answer(["data": [thing(asked.count * 10), thing(asked.count * 10 + 1)], "has_more": .flag(asked.count < 3)])
    }
    #expect(asked == [nil, "11", "21"])
  }

  @Test func pagesAreCounted() throws {
    var walk = try walk(try exampleFeed(paging: "{ page: page, first: 1, size: 2 }"))
    var asked: [String?] = []
    let records = try run(&walk, now: now) { request in
      asked.append(query(request)["page"])
      return answer(["data": asked.count < 3 ? [thing(asked.count), thing(asked.count + 10)] : [thing(99)]])
    }
    #expect(asked == [nil, "2", "3"])
    #expect(records.count == 5)
  }

  @Test(arguments: ["https://api.example.com/v1/things?page=2", "/v1/things?page=2"])
  func theNextURLIsFollowedOnTheSameHost(url: String) throws {
    var walk = try walk(try exampleFeed(paging: "{ next_url: next }"))
    var asked: [String] = []
    _ = try run(&walk, now: now) { request in
      asked.append(request.url)
      return answer(["data": [thing(1)], "next": asked.count == 1 ? .text(url) : nil])
    }
    #expect(asked == ["https://api.example.com/v1/things?limit=2", "https://api.example.com/v1/things?page=2"])
  }

  @Test(arguments: [
    "https://evil.example/v1/things", "http://api.example.com/v1/things", "https://api.example.com:8443/x", "//evil.example/x",
    "https://api.example.com@evil.example/", "https://api.example.com.evil.example/",
  ])
  func theNextURLNeverLeavesTheHost(url: String) throws {
    var walk = try walk(try exampleFeed(paging: "{ next_url: next }"))
    let failure = #expect(throws: FeedFailure.self) {
      try run(&walk, now: now) { _ in answer(["data": [thing(1)], "next": .text(url)]) }
    }
    #expect(failure?.message.contains("another host") == true)
  }

  @Test(arguments: [1, 2, 3])
  func aPageTokenThatComesAgainIsRefusedByName(cycle: Int) throws {
    var walk = try walk(try exampleFeed(paging: "{ token: next, query: after }"))
    var pages = 0
    let failure = #expect(throws: FeedFailure.self) {
      try run(&walk, now: now) { _ in
        pages += 1
        return answer(["data": [thing(pages)], "next": .text("token-\(pages % cycle)")])
      }
    }
    #expect(failure?.cause == .loop)
    #expect(failure?.message.contains("token-\(1 % cycle)") == true, "\(failure?.message ?? "")")
    #expect(pages == cycle + 1)
  }

  @Test func keysetMovesTheBoundAndUsesTheTokenOnlyAmongTies() throws {
    let feed = try exampleFeed(
      request: "{ path: /things, query: { since: \"{from}\", until: \"{to}\" } }",
      paging: "{ keyset: at, ties: { token: next, query: after } }", cursor: "{ format: seconds }", start: "2026-03-01")
    var walk = try walk(feed)
    let first = instant("2026-03-01T00:00:00Z").seconds
    let pages: [(JSON, JSON)] = [
      ([thing(1, at: "2026-03-01T00:00:05Z"), thing(2, at: "2026-03-01T00:00:09Z")], "a"),
      ([thing(2, at: "2026-03-01T00:00:09Z"), thing(3, at: "2026-03-01T00:00:09Z")], "b"),
      ([thing(4, at: "2026-03-01T00:00:09Z"), thing(5, at: "2026-03-01T00:00:11Z")], "c"), ([thing(5, at: "2026-03-01T00:00:11Z")], nil),
    ]
    var asked: [[String: String]] = []
    let records = try run(&walk, now: now) { request in
      asked.append(query(request))
      return answer(["data": pages[asked.count - 1].0, "next": pages[asked.count - 1].1])
    }
    #expect(asked.map { $0["since"] } == [String(first), String(first + 9), String(first + 9), String(first + 11)])
    #expect(asked.map { $0["after"] } == [nil, nil, "b", nil])
    #expect(records.map(\.id) == ["1", "2", "3", "4", "5"], "what stands on a border is read twice and told once")
    #expect(walk.completeThrough == now)
  }

  @Test func aFullPageOfOneTimeIsRefusedAndNotRepeatedForEver() throws {
    let feed = try exampleFeed(
      request: "{ path: /things, query: { since: \"{from}\", limit: 2 } }", paging: "{ keyset: at, size: 2 }",
      cursor: "{ format: iso8601, lower_bound: excluded }")
    var walk = try walk(feed)
    var pages = 0
    let failure = #expect(throws: FeedFailure.self) {
      try run(&walk, now: now) { _ in
        pages += 1
        return answer(["data": [thing(1), thing(2)]])
      }
    }
    #expect(failure?.cause == .loop)
    #expect(failure?.message.contains("2 records share the time 2026-03-01T00:00:00Z") == true)
    #expect(pages == 2)
  }

  @Test func anInterruptedNewestFirstWalkGoesOnWhereItStood() throws {
    let events = (0..<10).map { ["id": .text("e\($0)"), "at": JSON(instant("2026-03-01T00:00:00Z").seconds + Int64($0))] as JSON }
    func serve(_ request: HTTPRequest) -> HTTPResponse {
      let asked = query(request)
      var list = Array(events.reversed()).filter {
        let at = $0["at"].integer ?? 0
        return at >= Int64(asked["created[gte]"] ?? "") ?? 0 && at <= Int64(asked["created[lte]"] ?? "") ?? 0
      }
      if let after = asked["starting_after"], let index = list.firstIndex(where: { $0["id"].text == after }) {
        list = Array(list[(index + 1)...])
      }
      return answer(["data": .list(Array(list.prefix(2))), "has_more": .flag(list.count > 2)], date: now)
    }
    let feed = try exampleFeed(
      request: "{ path: /events, query: { \"created[gte]\": \"{from}\", \"created[lte]\": \"{to}\" } }",
      paging: "{ last: id, query: starting_after, more: has_more }", cursor: "{ format: seconds, newest_first: at, lag: 1m }")
    var stopped = try walk(feed)
    let before = try run(&stopped, now: now, maxPages: 3, vendor: serve)
    #expect(before.map(\.id) == ["e9", "e8", "e7", "e6", "e5", "e4"])
    #expect(stopped.completeThrough == nil, "nothing is known before the walk meets its floor")
    #expect(stopped.knownFrom == nil)
    let stored = try JSON(parsing: stopped.cursor.serialized())
    #expect(stored["walk"]["token"] == "e4")

    // An hour later, by another process: the old walk is finished first, under its own ceiling.
    let later = now + .hours(1)
    var resumed = try walk(feed, cursor: stored)
    let after = try run(&resumed, now: later, vendor: serve)
    #expect(after.map(\.id) == ["e3", "e2", "e1", "e0"])
    #expect(resumed.completeThrough == now - .minutes(1))
    #expect(resumed.knownFrom == now - .days(10))
    #expect(resumed.cursor["walk"] == nil)

    // The next walk begins where the finished one was complete.
    var next = try walk(feed, cursor: resumed.cursor)
    let request = next.next(now: later)
    #expect(request.map { query($0)["created[gte]"] } == String((now - .minutes(1)).seconds))
    #expect(request.map { query($0)["created[lte]"] } == String((later - .minutes(1)).seconds))
  }

  @Test func aListWithoutTheVendorsFilterEndsBelowTheFloor() throws {
    let feed = try exampleFeed(
      request: "{ path: /events, query: { until: \"{to}\", from: \"{from}\" } }",
      paging: "{ last: id, query: starting_after, more: has_more }", cursor: "{ format: seconds, newest_first: at }")
    var walk = try walk(feed, cursor: ["through": "2026-03-10T11:00:00Z", "known_from": "2026-01-01T00:00:00Z"])
    var pages = 0
    _ = try run(&walk, now: now) { _ in
      pages += 1
      return answer(["data": [thing(pages, at: pages == 1 ? "2026-03-10T11:30:00Z" : "2026-03-10T10:59:59Z")], "has_more": true])
    }
    #expect(pages == 2)
    #expect(walk.completeThrough == now)
  }

  /// The header's value, and the query of the next request; nil where the walk ends.
  @Test(
    arguments: [
      ("</v1/things?page=2>; rel=\"next\"", "page=2"), ("<?page=2>; rel=next", "page=2"), ("<things?page=2>; rel=NEXT", "page=2"),
      ("<https://api.example.com/v1/things?page=2>;rel=\"prev next\"", "page=2"),
      ("<?page=1>; rel=\"prev\", <?page=2>; title=\"a, <b>; rel=next\"; rel=\"next\", <?page=9>; rel=\"next\"", "page=2"),
      ("<?page=1>; rel=prev; rel=next", nil), ("<?page=1>; rel=nextish", nil), ("<?page=1; rel=next", nil), ("", nil), (";;,<>", nil),
      ("<?page=2> ; rel = next ; title=\"\\\"\"", "page=2"),
    ] as [(String, String?)])
  func aLinkHeaderIsReadAsRFC8288HasIt(header: String, next: String?) throws {
    var walk = try walk(try exampleFeed(paging: "{ link_header: next }"))
    var asked: [String] = []
    _ = try run(&walk, now: now) { request in
      asked.append(request.url)
      return answer(["data": [thing(1)]], headers: asked.count == 1 ? [HTTPHeader("link", header)] : [])
    }
    #expect(asked.dropFirst() == (next.map { ["https://api.example.com/v1/things?\($0)"] } ?? [])[...])
  }

  @Test(arguments: ["https://evil.example/v1/things", "http://api.example.com/v1/things", "//evil.example/x", "javascript:x"])
  func aLinkHeaderNeverLeavesTheHost(url: String) throws {
    var walk = try walk(try exampleFeed(paging: "{ link_header: next }"))
    let failure = #expect(throws: FeedFailure.self) {
      try run(&walk, now: now) { _ in answer(["data": [thing(1)]], headers: [HTTPHeader("Link", "<\(url)>; rel=next")]) }
    }
    #expect(failure?.message.contains("another host") == true)
  }

  @Test(arguments: [("", [nil, "2", "4"]), (", total: count", [nil, "2"])] as [(String, [String?])])
  func offsetsCountRecords(total: String, expected: [String?]) throws {
    var walk = try walk(try exampleFeed(paging: "{ offset: skip, size: 2\(total) }"))
    var asked: [String?] = []
    let records = try run(&walk, now: now) { request in
      asked.append(query(request)["skip"])
      return answer(["data": asked.count == 3 ? [] : [thing(asked.count * 2), thing(asked.count * 2 + 1)], "count": 4])
    }
    #expect(asked == expected)
    #expect(records.count == 4)
  }

  @Test func aTokenCanGoIntoAPartOfTheBodyOrAForm() throws {
    let json = try exampleFeed(
      request: "{ method: PUT, path: /s, body: { pagination: { per_page: 5 } } }",
      paging: "{ token: next, body: pagination.starting_after }")
    let form = try exampleFeed(
      request: "{ method: PATCH, path: /s, form: { q: \"a b&c\" } }", paging: "{ token: next, body: after }")
    for (feed, method, first, second) in [
      (json, "PUT", #"{"pagination":{"per_page":5}}"#, #"{"pagination":{"per_page":5,"starting_after":"t1"}}"#),
      (form, "PATCH", "q=a%20b%26c", "q=a%20b%26c&after=t1"),
    ] {
      var walk = try walk(feed)
      var bodies: [String] = []
      _ = try run(&walk, now: now) { request in
        #expect(request.method == method)
        #expect(request.headers.last?.value == (method == "PUT" ? "application/json" : "application/x-www-form-urlencoded"))
        bodies.append(String(decoding: request.body ?? [], as: UTF8.self))
        return answer(["data": [thing(1)], "next": bodies.count == 1 ? "t1" : nil])
      }
      #expect(bodies == [first, second])
    }
  }

  @Test func aVendorCanWantTheTokenAlone() throws {
    let feed = try exampleFeed(
      request: "{ path: /t, query: { limit: 2 }, first_page: { since: 1 }, page_size: { query: size, most: 9 }, next_page_drops: true }",
      paging: "{ token: next, query: after }")
    var walk = try walk(feed)
    var asked: [[String: String]] = []
    _ = try run(&walk, now: now) { request in
      asked.append(query(request))
      return answer(["data": [thing(1)], "next": asked.count == 1 ? "t1" : nil])
    }
    #expect(asked == [["limit": "2", "since": "1", "size": "9"], ["after": "t1"]])
  }

  @Test func bracesThatAreNoPlaceholderStay() throws {
    let feed = try exampleFeed(
      request: "{ method: POST, path: /graphql, body: { query: \"{ things(since: '{from}') { id at } }\" } }",
      cursor: "{ format: date }")
    var walk = try walk(feed)
    let request = walk.next(now: now)
    #expect(try body(try #require(request))["query"] == "{ things(since: '2026-02-28') { id at } }")
  }

  @Test func shrinkHalvesThePageDownToTheLeastAndTheNextWalkIsWholeAgain() throws {
    let feed = try exampleFeed(
      request: "{ path: /t, page_size: { query: size, most: 20, least: 4 } }", paging: "{ token: next, query: after }",
      extra: "errors: [{ status: 504, then: shrink }]")
    var first = try walk(feed)
    var asked: [String?] = []
    let failure = #expect(throws: FeedFailure.self) {
      try run(&first, now: now) { request in
        asked.append(query(request)["size"])
        return answer([], status: 504)
      }
    }
    // Twice for less, then six times for the least.
    #expect(asked == ["20", "10", "5", "4", "4", "4", "4", "4"])
    #expect(failure?.cause == .unavailable)
    #expect(first.cursor["walk"]["shrunk"] == 3)

    var resumed = try walk(feed, cursor: first.cursor)
    #expect(resumed.next(now: now).map { query($0)["size"] } == "4", "an unfinished walk goes on with the size it has")
    guard case .page = resumed.receive(answer(["data": []], date: now), now: now) else {
      Issue.record("no page")
      return
    }
    var next = try walk(feed, cursor: resumed.cursor)
    #expect(next.next(now: now).map { query($0)["size"] } == "20")
  }

  @Test func moreTiesThanACapHoldsAreRefused() throws {
    let feed = try exampleFeed(
      request: "{ path: /t, query: { a: \"{from}\" } }", paging: "{ page: p, size: 1, pages: 2 }",
      cursor: "{ format: seconds, field: at }", start: "2026-03-01")
    var walk = try walk(feed)
    let failure = #expect(throws: FeedFailure.self) { try run(&walk, now: now) { _ in answer(["data": [thing(1)]]) } }
    #expect(failure?.cause == .loop)
    #expect(failure?.message.contains("2 pages of records share the time 2026-03-01T00:00:00Z") == true)
  }
}
