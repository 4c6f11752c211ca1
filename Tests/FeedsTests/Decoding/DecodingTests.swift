import Events
import Feeds
import Testing

@Suite struct DecodingTests {
  @Test(arguments: [
    ([], Decoding(), false),
    (["json"], Decoding(), false),
    (["jsonl"], Decoding(format: .jsonl), true),
    (["gzip"], Decoding(wrappings: [.gzip]), true),
    (["zip", "gzip", "jsonl"], Decoding(wrappings: [.zip, .gzip], format: .jsonl), true),
    (["gzip", "gzip", "gzip", "gzip", "csv"], Decoding(wrappings: [.gzip, .gzip, .gzip, .gzip], format: .csv), true),
  ])
  func layersAreRead(layers: [String], expected: Decoding, isStreamed: Bool) throws {
    #expect(try Decoding(layers: layers) == expected)
    #expect(expected.isStreamed == isStreamed)
  }

  @Test(arguments: [
    (["tar"], Decoding.Fault.unknown("tar")),
    (["jsonl", "gzip"], .notLast("jsonl")),
    (["json", "csv"], .notLast("json")),
    (["zip", "gzip", "zip"], .twoArchives),
    (["gzip", "gzip", "gzip", "gzip", "gzip"], .tooMany),
  ])
  func otherLayersAreRefused(layers: [String], fault: Decoding.Fault) {
    #expect(throws: fault) { try Decoding(layers: layers) }
  }
}

@Suite struct JSONLinesTests {
  @Test func eachLineIsARecord() throws {
    let records = try decoded(bytes("{\"a\":1}\n\n  \r\n[2]\r\n\"three\"\n"), ["jsonl"])
    #expect(records.map(\.json) == [["a": 1], [2], "three"])
    #expect(records.map(\.line) == [1, 4, 5])
    #expect(records.allSatisfy { $0.entry == nil && $0.raw.isEmpty })
  }

  @Test(arguments: ["", "\n", "\u{FEFF}"]) func nothingIsNoRecords(body: String) throws {
    #expect(try decoded(bytes(body), ["jsonl"]).isEmpty)
  }

  @Test func lastLineNeedsNoEndAndTheFirstMayHaveAMark() throws {
    #expect(try decoded(bytes("\u{FEFF}{\"a\":1}\n{\"a\":2}"), ["jsonl"]).map(\.json) == [["a": 1], ["a": 2]])
  }

  @Test func linesCrossPieces() throws {
    let long = (0..<40).map { #"{"id":\#($0),"text":"\#(String(repeating: "x", count: 20_000))"}"# }
    #expect(try decoded(joined(long), ["jsonl"]).map { $0.json?["id"].integer } == (0..<40).map { Int64($0) })
  }

  @Test func lineThatIsNoJSONIsNamed() throws {
    let failure = try refusal(bytes("{\"a\":1}\n{\"a\":oops}\n{\"a\":3}\n"), ["jsonl"])
    #expect(failure?.cause == .malformed)
    #expect(failure?.isTransient == false)
    #expect(failure?.description == "line 2, byte 8: the line is not valid JSON at byte 5: a value should stand here")
  }

  /// The good lines before a bad one are not lost with it, and the failure stays.
  @Test func failureComesAgain() throws {
    let reader = RecordReader(.bytes(bytes("1\n2\n3\nx\n4\n")), decoding: Decoding(format: .jsonl))
    #expect(try reader.next(limit: 3).map(\.json) == [1, 2, 3])
    for _ in 0..<2 { #expect(throws: DecodeFailure.self) { try reader.next(limit: 3) } }
  }

  @Test(arguments: ["{\"a\":2", "{\"a\":2}}", "terminated early", "terminated early\n"])
  func lastLineThatIsNoJSONMeansAnIncompleteBody(last: String) throws {
    let failure = try refusal(bytes("{\"a\":1}\n" + last), ["jsonl"])
    #expect(failure?.cause == .incomplete)
    #expect(failure?.isTransient == true)
    #expect(failure?.line == 2)
  }

  @Test func lineLimitHoldsAtTheLimitAndOnePastIt() throws {
    var limits = DecodingLimits()
    limits.recordBytes = 10
    #expect(try decoded(bytes("\"12345678\"\n1"), ["jsonl"], limits: limits).count == 2)
    let failure = try refusal(bytes("1\n\"123456789\"\n1\n"), ["jsonl"], limits: limits)
    #expect(failure?.description == "line 2, byte 2: the line has more than 10 bytes")
    #expect(failure?.cause == .tooLarge)
  }

  @Test func pagesEndByTheirBytes() throws {
    var limits = DecodingLimits()
    limits.pageBytes = 30
    let reader = RecordReader(.bytes(joined((0..<7).map { "\"1234567\($0)\"" })), decoding: Decoding(format: .jsonl), limits: limits)
    var counts: [Int] = []
    while let count = Optional(try reader.next(limit: 1000).count), count > 0 { counts.append(count) }
    #expect(counts == [3, 3, 1])
  }

  @Test func badLinesAreQuarantinedWithTheirText() throws {
    var limits = DecodingLimits()
    limits.recordBytes = 10
    let records = try decoded(bytes("1\noops\n\"123456789\"\n2\ncut"), ["jsonl"], badLines: .quarantined, limits: limits)
    #expect(records.map(\.json) == [1, nil, nil, 2, nil])
    #expect(records.map(\.line) == [1, 2, 3, 4, 5])
    #expect(records.map { String(decoding: $0.raw, as: UTF8.self) } == ["1", "oops", "\"123456789", "2", "cut"])
    #expect(records[2].content == .fault("the line has more than 10 bytes"))
  }

  @Test(arguments: [["jsonl"], ["json"], ["gzip", "jsonl"]])
  func deepJSONIsRefused(layers: [String]) throws {
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    let body = bytes(layers.last == "jsonl" ? "1\n" + deep + "\n2\n" : deep)
    let failure = try refusal(layers.first == "gzip" ? try gzip(body) : body, layers)
    #expect(failure?.cause == .malformed)
    #expect(failure?.message.contains("nested deeper than \(JSON.depthLimit) levels") == true)
  }

  @Test func depthLimitHoldsAtTheLimitAndOnePastIt() throws {
    func nested(_ depth: Int) -> String { String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth) }
    _ = try JSON(parsing: nested(JSON.depthLimit))
    #expect(throws: JSONError.self) { try JSON(parsing: nested(JSON.depthLimit + 1)) }
  }
}

@Suite struct JSONDocumentTests {
  @Test func theWholeIsOneRecord() throws {
    #expect(try decoded(bytes("{\"data\":\n[1,2]}\n"), ["json"]).map(\.json) == [["data": [1, 2]]])
    #expect(try decoded(zip([("a", bytes("[1]")), ("b", bytes("[2]"))]), ["zip"]).map(\.json) == [[1], [2]])
  }

  @Test(arguments: [("", true), ("{\"data\": [", true), ("<html>", false), ("[1] [2]", false)])
  func otherDocumentsAreRefused(body: String, isTransient: Bool) throws {
    #expect(try refusal(bytes(body), ["json"])?.isTransient == isTransient)
  }

  @Test func limitHoldsAtTheLimitAndOnePastIt() throws {
    var limits = DecodingLimits()
    limits.documentBytes = 10
    #expect(try decoded(bytes("\"12345678\""), ["json"], limits: limits).count == 1)
    #expect(try refusal(bytes("\"123456789\""), ["json"], limits: limits)?.message == "the document has more than 10 bytes")
  }
}
