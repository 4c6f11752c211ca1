import ConfigFiles
import Events
import Feeds
import Testing
import Transport

/// What is asked beside a page: nested lists, children of parents, batches of ids.
@Suite struct ExpandTests {
  private let now = instant("2026-03-10T12:00:00Z")

  /// A feed whose records hold usage in `items.data`, one canonical record for each element.
  private func feed(_ expand: String, paging: String? = nil, cursor: String? = nil, request: String = "{ path: /things }") throws
    -> Connector
  {
    try connector(
      """
      name: example
      base_url: https://api.example.com/v1
      auth: { bearer: example_key }
      streams:
        - name: things
          request: \(request)
          records: data
          expand: \(expand)
          map: [{ kind: usage, each: items.data, id: id, at: =2026-03-01T00:00:00Z, fields: { name: kind } }]
      \(paging.map { "    paging: \($0)" } ?? "")
      \(cursor.map { "    cursor: \($0)" } ?? "")
      """)
  }

  private let nested = """
    [{ into: items.data, when: { items.has_more: true }, request: { path: /items, query: { of: "{record.id}", limit: 2 } },
             records: data, paging: { last: id, query: after, more: has_more } }]
    """

  private func item(_ id: String) -> JSON { ["id": .text(id), "kind": "seat"] }

  @Test func theRestOfANestedListTakesItsPlace() throws {
    var walk = try walk(try feed(nested))
    var asked: [String] = []
    let records = try run(&walk, now: now) { request in
      asked.append(String(request.url.dropFirst("https://api.example.com/v1".count)))
      switch asked.count {
      case 1:
        return answer([
          "data": [
            ["id": "a b", "items": ["has_more": true, "data": [item("a1")]]],
            ["id": "c", "items": ["has_more": false, "data": [item("c1")]]],
          ]
        ])
      case 2: return answer(["data": [item("a1"), item("a2")], "has_more": true])
      default: return answer(["data": [item("a3")], "has_more": false])
      }
    }
    #expect(asked == ["/things", "/items?of=a%20b&limit=2", "/items?of=a%20b&limit=2&after=a2"])
    #expect(records.map(\.id) == ["a1", "a2", "a3", "c1"])
  }

  @Test func aPageIsHandedOverWholeOrNotAtAll() throws {
    var walk = try walk(try feed(nested, paging: "{ page: page, size: 1 }"))
    let page = answer(["data": [["id": "a", "items": ["has_more": true, "data": [item("a1")]]]]])
    let before = walk.cursor
    _ = walk.next(now: now)
    guard case .more = walk.receive(page, now: now) else {
      Issue.record("the page was handed over before its items were there")
      return
    }
    #expect(walk.cursor["walk"]["token"] == .null, "the cursor stays until the page is whole")
    _ = walk.next(now: now)
    guard case .retry = walk.receive(answer([], status: 503), now: now) else {
      Issue.record("no retry")
      return
    }
    #expect(walk.next(now: now)?.url == "https://api.example.com/v1/items?of=a&limit=2", "the same is asked again")
    guard case .failed(let failure) = walk.receive(answer([], status: 401), now: now) else {
      Issue.record("no failure")
      return
    }
    #expect(failure.cause == .unauthorized)
    #expect(before == .object([:]))
  }

  @Test func aBatchAsksOnceAndTellsItsResultsApart() throws {
    let batch = """
      [{ into: items.data, batch: 2, match: { theirs: from.id, ours: id }, records: results,
               request: { method: POST, path: /read, body: { inputs: [{ id: "{record.id}" }] } } }]
      """
    var walk = try walk(
      try connector(
        """
        name: example
        base_url: https://api.example.com
        streams:
          - name: things
            request: { path: /things }
            records: data
            expand: \(batch)
            map: [{ kind: usage, id: id, at: =2026-03-01T00:00:00Z, account: items.data.0.to }]
        """))
    var bodies: [JSON] = []
    let records = try run(&walk, now: now) { request in
      guard request.method == "POST" else { return answer(["data": [["id": 1], ["id": 2], ["id": 3]]]) }
      bodies.append(try body(request))
      return answer(["results": bodies.count == 1 ? [["from": ["id": "2"], "to": "acme"]] : [["from": ["id": 3], "to": "bolt"]]])
    }
    #expect(bodies == [["inputs": [["id": 1], ["id": 2]]], ["inputs": [["id": 3]]]], "values keep their type")
    #expect(records.map(\.account) == [nil, "acme", "bolt"])
  }

  @Test(arguments: [("query: { ids: \"{record.id}\" }", "?ids=1%2C2"), ("method: POST, form: { ids: \"{record.id}\" }", "")])
  func aBatchInAQueryOrFormHasCommas(place: String, inURL: String) throws {
    var walk = try walk(
      try feed("[{ into: items.data, batch: 5, match: { theirs: of, ours: id }, records: data, request: { path: /items, \(place) } }]"))
    var asked: [HTTPRequest] = []
    _ = try run(&walk, now: now) { request in
      asked.append(request)
      return answer(["data": asked.count == 1 ? [["id": 1], ["id": 2]] : []])
    }
    #expect(asked.count == 2)
    let last = try #require(asked.last)
    #expect(last.url == "https://api.example.com/v1/items" + inURL)
    #expect(last.body.map { String(decoding: $0, as: UTF8.self) } == (inURL.isEmpty ? "ids=1%2C2" : nil))
  }

  @Test func childrenOfParentsAreAskedForByPath() throws {
    var walk = try walk(
      try feed("[{ into: items.data, records: list, request: { path: \"/things/{record.id}/children\" }, paging: { next_url: next } }]"))
    var asked: [String] = []
    let records = try run(&walk, now: now) { request in
      asked.append(String(request.url.dropFirst("https://api.example.com".count)))
      switch asked.count {
      case 1: return answer(["data": [["id": "a/b"], ["id": "c"]]])
      case 2: return answer(["list": [item("1")], "next": "?page=2"])
      default: return answer(["list": [item(String(asked.count))], "next": ""])
      }
    }
    #expect(asked == ["/v1/things", "/v1/things/a%2Fb/children", "/v1/things/a%2Fb/children?page=2", "/v1/things/c/children"])
    #expect(records.map(\.id) == ["1", "3", "4"])
  }

  @Test func aLaterEntrySeesWhatAnEarlierOneBrought() throws {
    var walk = try walk(
      try feed(
        """
        [{ into: plan, records: plans, request: { path: /plans, query: { of: "{record.id}" } } },
                 { into: items.data, records: data, request: { path: /items, query: { plan: "{record.plan.0.id}" } } }]
        """))
    var asked: [String] = []
    _ = try run(&walk, now: now) { request in
      asked.append(query(request).map { "\($0)=\($1)" }.joined())
      return answer(asked.count == 1 ? ["data": [["id": "a"]]] : ["plans": [["id": "p"]], "data": []])
    }
    #expect(asked == ["", "of=a", "plan=p"])
  }

  @Test func aChildThatIsGoneCanBeSkipped() throws {
    var walk = try walk(
      try feed(
        "[{ into: items.data, records: data, request: { path: \"/things/{record.id}/items\" }, errors: [{ status: 404, then: skip }] }]"))
    let records = try run(&walk, now: now) { request in
      if request.url.hasSuffix("/gone/items") { return answer([], status: 404) }
      return answer(["data": request.url.hasSuffix("/items") ? [item("x")] : [["id": "gone"], ["id": "here"]]])
    }
    #expect(records.map(\.id) == ["x"])
  }

  @Test func aMissingValueIsNamedAndNothingIsAsked() throws {
    var walk = try walk(try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.owner.id}\" } }]"))
    let failure = #expect(throws: FeedFailure.self) { try run(&walk, now: now) { _ in answer(["data": [["id": "a"]]]) } }
    #expect(failure?.message == "expand asks about a record that has no owner.id")
    #expect(failure?.hint.contains("present: true") == true)
  }

  @Test func aRepeatedTokenInsideIsRefused() throws {
    var walk = try walk(
      try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.id}\" }, paging: { token: next, query: after } }]"))
    let failure = #expect(throws: FeedFailure.self) { try run(&walk, now: now) { _ in answer(["data": [["id": "a"]], "next": "again"]) } }
    #expect(failure?.cause == .loop)
    #expect(failure?.message.contains("again") == true)
  }

  @Test(arguments: ["https://evil.example/x", "//evil.example/x"]) func aLinkInsideNeverLeavesTheHost(url: String) throws {
    var walk = try walk(
      try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.id}\" }, paging: { next_url: next } }]"))
    let failure = #expect(throws: FeedFailure.self) {
      try run(&walk, now: now) { _ in answer(["data": [["id": "a"]], "next": .text(url)]) }
    }
    #expect(failure?.message.contains("another host") == true)
  }

  @Test(arguments: [(1000, false), (1001, true)]) func theRequestsBesideAPageHaveALimit(count: Int, isRefused: Bool) throws {
    var walk = try walk(try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.id}\" } }]"))
    var isFirst = true
    let outcome = Result {
      try run(&walk, now: now) { _ in
        defer { isFirst = false }
        return answer(["data": isFirst ? .list((0..<count).map { ["id": JSON($0)] }) : []])
      }
    }
    switch outcome {
    case .success: #expect(!isRefused)
    case .failure(let error): #expect(isRefused && (error as? FeedFailure)?.message.contains("1000 requests") == true)
    }
  }

  @Test(arguments: [(10_000, false), (10_001, true)]) func theListOfARecordHasALimit(count: Int, isRefused: Bool) throws {
    var walk = try walk(try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.id}\" } }]"))
    let list = JSON.list(Array(repeating: nil, count: count))
    var isFirst = true
    let outcome = Result {
      try run(&walk, now: now) { _ in
        defer { isFirst = false }
        return answer(["data": isFirst ? [["id": "a"]] : list])
      }
    }
    switch outcome {
    case .success: #expect(!isRefused)
    case .failure(let error): #expect(isRefused && (error as? FeedFailure)?.message.contains("10000 elements") == true)
    }
  }

  @Test(arguments: [(64, false), (65, true)]) func theBytesBesideAPageHaveALimit(megabytes: Int, isRefused: Bool) throws {
    var walk = try walk(try feed("[{ into: items.data, records: data, request: { path: \"/t/{record.id}\" } }]"))
    let head = Array("{\"data\":[]".utf8)
    var isFirst = true
    let outcome = Result {
      try run(&walk, now: now) { _ in
        defer { isFirst = false }
        if isFirst { return answer(["data": .list((0..<megabytes / 4 + megabytes % 4).map { ["id": JSON($0)] })]) }
        // Blanks are read fast; the byte past the limit is in the answer after the sixteenth.
        return HTTPResponse(status: 200, body: head + [UInt8](repeating: 0x20, count: 4 * 1024 * 1024 - head.count - 1) + [0x7D])
      }
    }
    switch outcome {
    case .success: #expect(!isRefused)
    case .failure(let error): #expect(isRefused && (error as? FeedFailure)?.message.contains("67108864 bytes") == true)
    }
  }

  @Test func shrinkHalvesABatchAndStartsItAgain() throws {
    let batch = """
      [{ into: items.data, batch: 4, match: { theirs: of, ours: id }, records: data, errors: [{ status: 413, then: shrink }],
               request: { path: /items, query: { ids: "{record.id}" } } }]
      """
    var walk = try walk(try feed(batch))
    var asked: [String?] = []
    let records = try run(&walk, now: now) { request in
      guard let ids = query(request)["ids"] else { return answer(["data": .list((1...5).map { ["id": JSON($0)] })]) }
      asked.append(ids)
      if ids.utf8.count > 3 { return answer([], status: 413) }
      return answer(["data": .list(ids.split(separator: ",").map { ["id": .text("i\($0)"), "of": .text(String($0))] })])
    }
    #expect(asked == ["1,2,3,4", "1,2", "3,4", "5"])
    #expect(records.map(\.id) == ["i1", "i2", "i3", "i4", "i5"])
  }

  /// A stream's text with one part replaced, the code, and what stands under the caret.
  @Test(arguments: [
    ("into: items, ", "", "BW0106", "{"), ("into: items", "into: .", "BW0220", "into"),
    ("{record.id}", "all", "BW0220", "{"), ("{record.id}", "{recrd.id}", "BW0204", "{recrd.id}"),
    ("{record.id}", "{record.i..d}", "BW0204", "{record.i..d}"),
    ("records: list", "records: list, batch: 10", "BW0220", "batch"),
    ("records: list", "records: list, match: { theirs: a, ours: b }", "BW0220", "match"),
    ("records: list", "records: list, batch: 1001, match: { theirs: a, ours: b }", "BW0107", "1001"),
    ("records: list", "records: list, paging: { keyset: at, size: 5 }", "BW0205", "at"),
    ("records: list", "records: list, paging: { page: p, size: 5, pages: 3 }", "BW0205", "pages"),
    ("path: /i", "path: \"/i?of={record.id}\"", "BW0201", "/i?of={record.id}"),
    ("records: data", "records: { columns: a, rows: b }", "BW0220", "expand"),
    ("\"{since}\"", "\"{record.id}\"", "BW0204", "{record.id}"),
  ])
  func pointsAtTheFault(old: String, new: String, code: String, under: String) throws {
    let good = """
      name: x
      base_url: https://api.example.com
      streams:
        - name: things
          request: { path: /things, query: { a: "{since}" } }
          records: data
          expand: [{ into: items, request: { path: /i, query: { of: "{record.id}" } }, records: list }]
          map: [{ kind: pulse, id: id, at: at }]
      """
    #expect(good.contains(old))
    var text = good.replacing(old, with: new, maxReplacements: 1)
    if old != "\"{since}\"" { text = text.replacing("{since}", with: "s") }
    var diagnostics = Diagnostics()
    _ = Connector(file: SourceFile(path: "x.yaml", text: text), environment: Environment([:]), into: &diagnostics)
    let fault = try #require(diagnostics.all.first { $0.code == code }, "\(diagnostics.rendered())")
    #expect(fault.range.text.hasPrefix(under), "\(fault.rendered())")
    #expect(fault.hint?.isEmpty == false || code == "BW0107", "\(fault.rendered())")
  }
}
