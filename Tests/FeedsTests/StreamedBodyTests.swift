import ConfigFiles
import Events
import Feeds
import Synchronization
import Testing
import Transport

/// Streams whose bodies are read record by record.
@Suite struct StreamedBodyTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func feed(_ decode: String, records: String = ".", more: String = "") throws -> Connector {
    try connector(
      """
      name: example
      base_url: https://api.example.com
      start: 2026-03-09
      streams:
        - name: export
          request: { path: /export, query: { from: "{from}", to: "{to}" } }
          decode: \(decode)
          records: \(records)
          cursor: { format: hour\(more) }
          map: [{ kind: usage, id: id, at: at, fields: { name: name } }]
      """)
  }

  /// What a poll handed over, against a vendor that gives these answers in turn.
  private func poll(_ feed: Connector, cursor: JSON = .null, _ answers: [HTTPResponse]) async throws -> (
    pages: [PolledPage], report: PollReport, asked: [HTTPRequest]
  ) {
    let asked = Mutex<[HTTPRequest]>([])
    var poller = Poller(
      connector: feed, secrets: [:], tokens: TokenFolder(path: "/nonexistent"), budgets: nil, seed: 1,
      send: { request in
        let index = asked.withLock { asked in
          asked.append(request)
          return asked.count - 1
        }
        return answers[min(index, answers.count - 1)]
      }, sleep: { _ in })
    poller.spoolFolder = "/somewhere"
    var pages: [PolledPage] = []
    let report = try await poller.poll(at: now, cursors: cursor.isNull ? [:] : ["export": cursor]) { pages.append($0) }
    return (pages, report, asked.withLock(\.self))
  }

  private func good(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: [HTTPHeader("Date", httpDate(now))], body: body)
  }

  private func records(_ count: Int) -> [String] { (0..<count).map { #"{"id":\#($0),"at":"2026-03-09T08:00:00Z","name":"n"}"# } }

  /// The number of records, and how many each page holds.
  @Test(arguments: [(0, [0]), (1, [1]), (999, [999]), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500])])
  func pagesHoldAThousandAndTheLastMovesTheCursor(count: Int, sizes: [Int]) async throws {
    let (pages, report, asked) = try await poll(try feed("[jsonl]"), [good(joined(records(count)))])
    #expect(pages.map(\.records.count) == sizes)
    #expect(pages.dropLast().allSatisfy { $0.completeThrough == nil })
    #expect(pages.last?.completeThrough == now)
    #expect(Set(pages.flatMap(\.records).map(\.id)).count == count)
    #expect(report.failures.isEmpty)
    #expect(asked.map(\.spool?.folder) == ["/somewhere"])
    #expect(asked.first?.url == "https://api.example.com/export?from=20260309T00&to=20260310T11")
  }

  @Test func zippedGzippedLinesAreRead() async throws {
    let first = joined(records(3))
    let second = joined([#"{"id":"x","at":"2026-03-09T08:00:00Z"}"#])
    let body = try zip([("a.json.gz", try gzip(first)), ("b.json.gz", try gzip(second))])
    let (pages, _, _) = try await poll(try feed("[zip, gzip, jsonl]"), [good(body)])
    #expect(pages.flatMap(\.records).map(\.id) == ["0", "1", "2", "x"])
  }

  @Test func eachDocumentOfAnArchiveHoldsItsList() async throws {
    let body = try zip([("a", bytes(#"{"data":[{"id":1,"at":"2026-03-09"}]}"#)), ("b", bytes(#"{"data":[{"id":2,"at":"2026-03-09"}]}"#))])
    let (pages, _, _) = try await poll(try feed("[zip]", records: "data"), [good(body)])
    #expect(pages.flatMap(\.records).map(\.id) == ["1", "2"])
    let (none, report, _) = try await poll(try feed("[zip]", records: "items"), [good(body)])
    #expect(none.isEmpty)
    #expect(report.failures.first?.message == "the entry a holds no list at items")
  }

  @Test func aRowThatDoesNotFitIsRejectedByItsLine() async throws {
    let (pages, report, _) = try await poll(
      try feed("[csv]"), [good(bytes("id,at,name\n1,2026-03-09,a\n2,2026-03-09\n3,2026-03-09,c\n"))])
    #expect(pages.flatMap(\.records).map(\.id) == ["1", "3"])
    #expect(report.rejected.map(\.path) == ["line 3"])
  }

  /// What came before the break is stored, the cursor stays, and the same is asked for again.
  @Test func aBodyThatBreaksOffIsReadAgain() async throws {
    let whole = try gzip(joined(records(2500)))
    let feed = try feed("[gzip, jsonl]")
    let (pages, report, asked) = try await poll(feed, [good(Array(whole.dropLast(12))), good(whole)])
    #expect(asked.count == 2)
    #expect(report.retries.count == 1)
    #expect(pages.last?.completeThrough == now)
    #expect(Set(pages.flatMap(\.records).map(\.id)).count == 2500)
    #expect(pages.dropLast().allSatisfy { $0.completeThrough == nil })

    let (broken, failed, sixTimes) = try await poll(feed, [good(Array(whole.dropLast(12)))])
    #expect(sixTimes.count == 6)
    #expect(failed.failures.count == 1)
    #expect(broken.allSatisfy { $0.completeThrough == nil })
    // A later poll, from the last cursor stored.
    let (later, _, again) = try await poll(feed, cursor: try #require(broken.last?.cursor), [good(whole)])
    #expect(again.first?.url == asked.first?.url)
    #expect(later.last?.completeThrough == now)
  }

  @Test func aBodyThatIsSomethingElseFailsByName() async throws {
    let (pages, report, asked) = try await poll(try feed("[gzip, jsonl]"), [good(bytes("<html>sorry</html>"))])
    #expect(pages.isEmpty)
    #expect(asked.count == 6 || report.failures.first?.message.contains("gzip") == true, "\(report.failures)")
    #expect(report.failures.count == 1)
  }

  @Test func noDataIsAnEmptyPage() async throws {
    let text = try feed("[zip, gzip, jsonl]\n    errors: [{ status: 404, then: skip }]")
    let (pages, report, _) = try await poll(text, [good([], status: 404)])
    #expect(pages.map(\.records.count) == [0])
    #expect(pages.last?.completeThrough == now)
    #expect(report.failures.isEmpty)
  }

  /// A part of the stream replaced, and what stands under the caret.
  @Test(arguments: [
    ("decode: [jsonl]", "decode: [jsonl, zip]", "decode"), ("decode: [jsonl]", "decode: [tar]", "decode"),
    ("records: .", "records: data", "records"), ("decode: [jsonl]", "decode: [jsonl]\n  paging: { page: p, size: 5 }", "decode"),
    ("decode: [jsonl]", "decode: [jsonl]\n  expand: [{ into: a, records: b, request: { path: \"/{record.id}\" } }]", "decode"),
    ("decode: [jsonl]\n  records: .", "decode: [zip]\n  records: { columns: a, rows: b }", "records"),
  ])
  func pointsAtTheFault(old: String, new: String, under: String) throws {
    let good = """
      name: x
      base_url: https://api.example.com
      streams:
      - name: things
        request: { path: /t }
        decode: [jsonl]
        records: .
        map: [{ kind: pulse, id: id, at: at }]
      """
    #expect(good.contains(old))
    let text = good.replacing(old, with: new)
    var diagnostics = Diagnostics()
    _ = Connector(file: SourceFile(path: "x.yaml", text: text), environment: Environment([:]), into: &diagnostics)
    let fault = try #require(diagnostics.all.first { $0.code == "BW0221" }, "\(diagnostics.rendered())\n\(text)")
    #expect(fault.range.text.hasPrefix(under), "\(fault.rendered())")
  }
}
