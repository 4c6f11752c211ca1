import Events
import Feeds
import Foundation
import Testing
import Transport

@Suite struct ArchiveTests {
  static let text = lines(200)

  private func ids(_ records: [DecodedRecord]) -> [Int64?] { records.map { $0.json?["id"].integer } }

  @Test func gzipMembersFollowEachOther() throws {
    let body = try gzip(joined(Array(Self.text[..<90]))) + gzip([]) + gzip(joined(Array(Self.text[90...])))
    #expect(ids(try decoded(body, ["gzip", "jsonl"])) == (0..<200).map { Int64($0) })
    #expect(try decoded(gzip([]), ["gzip", "jsonl"]).isEmpty)
    #expect(ids(try decoded(gzip(gzip(joined(lines(3)))), ["gzip", "gzip", "jsonl"])) == [0, 1, 2])
  }

  @Test func zipEntriesAreReadInTheirOrder() throws {
    let body = try zip([
      ("2026/", []), ("2026/a.jsonl", joined(lines(3))), ("empty", []), ("2026/b.jsonl", bytes("{\"id\":7}")),
    ])
    let records = try decoded(body, ["zip", "jsonl"])
    #expect(ids(records) == [0, 1, 2, 7])
    #expect(records.map(\.entry) == ["2026/a.jsonl", "2026/a.jsonl", "2026/a.jsonl", "2026/b.jsonl"])
    #expect(records.map(\.line) == [1, 2, 3, 1])
    #expect(try decoded(zip([]), ["zip", "jsonl"]).isEmpty)
  }

  /// Each entry has a header of its own.
  @Test func csvInAZip() throws {
    let records = try decoded(zip([("a", bytes("x\n1\n")), ("b", bytes("y\n2\n"))]), ["zip", "csv"])
    #expect(records.map(\.json) == [["x": "1"], ["y": "2"]])
  }

  /// A ZIP of gzipped JSONL whose sizes follow the entries, as Amplitude sends it; written by Python's zipfile into a pipe.
  static let streamed = """
    UEsDBBQACAAIAAA4P1wAAAAAAAAAAAAAAAAeAAAAMTIzLzEyM18yMDI2LTAxLTMxXzcjMC5qc29uLmd6k+/mYAABJubVYV663me1O/VX6niEbgo6pe9xNvhSoJaun27XeR\
    9GrilSWleLQhdrea3VOKGv5RiaxhLCxiDFVsbvA9QNAFBLBwg6N+FKRgAAAEYAAABQSwMEFAAIAAgAADg/XAAAAAAAAAAAAAAAAB4AAAAxMjMvMTIzXzIwMjYtMDEtMzFfO\
    CMwLmpzb24uZ3qT7+ZgAAEm5tVhXrreZ7U79VfqeIRuCvI6d1LfL/RSoJaun27XeR/GrilSWleLGBm2etYfUwNqAABQSwcIXH9WBTkAAAA5AAAAUEsBAhQDFAAIAAgAADg/\
    XDo34UpGAAAARgAAAB4AAAAAAAAAAAAAAIABAAAAADEyMy8xMjNfMjAyNi0wMS0zMV83IzAuanNvbi5nelBLAQIUAxQACAAIAAA4P1xcf1YFOQAAADkAAAAeAAAAAAAAAAA\
    AAACAAZIAAAAxMjMvMTIzXzIwMjYtMDEtMzFfOCMwLmpzb24uZ3pQSwUGAAAAAAIAAgCYAAAAFwEAAAAA
    """

  @Test func zipOfGzippedLines() throws {
    let body = [UInt8](try #require(Data(base64Encoded: Self.streamed)))
    let records = try decoded(body, ["zip", "gzip", "jsonl"])
    #expect(records.map { $0.json?["event_type"].text } == ["open", "export", "close"])
    #expect(records.map(\.entry) == ["123/123_2026-01-31_7#0.json.gz", "123/123_2026-01-31_7#0.json.gz", "123/123_2026-01-31_8#0.json.gz"])
    // Inside another layer it can only be read from the front.
    #expect(try decoded(gzip(body), ["gzip", "zip", "gzip", "jsonl"]).count == 3)
  }

  /// Wherever a body is cut, a reader that comes to the end without a failure has given every record.
  @Test(arguments: [["gzip", "jsonl"], ["zip", "jsonl"], ["zip", "gzip", "jsonl"], ["gzip", "zip", "jsonl"]])
  func cutBodyIsNeverTakenForAWholeOne(layers: [String]) throws {
    let first = joined(Array(Self.text[..<120]))
    let second = joined(Array(Self.text[120...]))
    let body =
      switch layers {
      case ["gzip", "jsonl"]: try gzip(first + second)
      case ["zip", "jsonl"]: try zip([("a", first), ("b", second)])
      case ["zip", "gzip", "jsonl"]: try zip([("a", gzip(first)), ("b", gzip(second))])
      default: try gzip(zip([("a", first), ("b", second)]))
      }
    #expect(try decoded(body, layers, limit: 1000).count == 200)
    var refused = 0
    for length in 0..<body.count {
      do {
        #expect(try decoded(Array(body[..<length]), layers, limit: 1000).count == 200, "cut at \(length) of \(body.count)")
      } catch let failure as DecodeFailure {
        refused += 1
        #expect(failure.isTransient, "cut at \(length) of \(body.count): \(failure)")
      }
    }
    #expect(refused >= body.count / 2)
  }

  /// A second member that is cut in its header, where libarchive itself ends without a word.
  @Test(arguments: 1..<10) func memberCutInItsHeader(length: Int) throws {
    let failure = try refusal(try gzip(joined(lines(3))) + gzip(joined(lines(3))).prefix(length), ["gzip", "jsonl"])
    #expect(failure?.cause == .incomplete)
  }

  @Test(arguments: 1...40) func damageIsRefusedOrHarmless(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let whole = try zip([("a", gzip(joined(Self.text))), ("b", gzip(joined(lines(5))))])
    for _ in 0..<10 {
      var body = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do {
        _ = try decoded(body, ["zip", "gzip", "jsonl"], limit: 1000)
      } catch let failure as DecodeFailure {
        #expect(!failure.message.isEmpty, "seed \(seed)")
      }
    }
  }

  @Test(arguments: [["gzip", "jsonl"], ["zip", "jsonl"], ["gzip", "json"]])
  func otherFormatIsNamed(layers: [String]) throws {
    let failure = try refusal(joined(lines(3000)), layers)
    #expect(failure?.cause == .malformed)
    #expect(failure?.message.hasPrefix(layers[0] == "gzip" ? "the body is no gzip" : "zip is damaged") == true)
  }

  @Test func failureNamesItsEntry() throws {
    let body = try zip([("good.gz", gzip(bytes("1\n"))), ("bad.gz", gzip(bytes("2\nx\n3\n")))])
    #expect(try refusal(body, ["zip", "gzip", "jsonl"])?.description.hasPrefix("entry bad.gz, line 2, byte 2: the line is not") == true)
    let plain = try zip([("good.gz", gzip(bytes("1\n"))), ("plain", bytes("2222222222222222222222222222"))])
    #expect(try refusal(plain, ["zip", "gzip", "jsonl"])?.description == "entry plain: the body is no gzip")
  }

  @Test func namesInErrorsAreHarmless() throws {
    let body = try zip([("a\u{1B}[2J\n" + String(repeating: "n", count: 300), bytes("x\ny\n"))])
    let entry = try #require(try refusal(body, ["zip", "jsonl"])?.entry)
    #expect(entry.hasPrefix("a[2Jnnn"))
    #expect(entry.count <= 200)
  }

  @Test(arguments: [["gzip", "jsonl"], ["zip", "jsonl"]])
  func decodedBytesHoldAtTheLimitAndOnePastIt(layers: [String]) throws {
    let text = joined(Self.text)
    let body = try layers[0] == "gzip" ? gzip(text) : zip([("a", joined(Array(Self.text[..<50]))), ("b", joined(Array(Self.text[50...])))])
    var limits = DecodingLimits()
    limits.decodedBytes = text.count
    #expect(try decoded(body, layers, limits: limits).count == 200)
    limits.decodedBytes = text.count - 1
    let failure = try refusal(body, layers, limits: limits)
    #expect(failure?.cause == .tooLarge)
    #expect(failure?.message == "\(layers[0]) unfolds to more than \(text.count - 1) bytes")
  }

  @Test func bombIsRefused() throws {
    let bomb = try gzip(gzip([UInt8](repeating: 0x0A, count: 50_000_000)))
    #expect(bomb.count < 20_000)
    var limits = DecodingLimits()
    limits.decodedBytes = 10_000_000
    #expect(try refusal(bomb, ["gzip", "gzip", "jsonl"], limits: limits)?.message == "gzip unfolds to more than 10000000 bytes")
  }

  @Test func entryLimitHoldsAtTheLimitAndOnePastIt() throws {
    var limits = DecodingLimits()
    limits.entries = 5
    func archive(_ count: Int) throws -> [UInt8] { try zip((0..<count).map { ("e\($0)", bytes("1\n")) }) }
    #expect(try decoded(archive(5), ["zip", "jsonl"], limits: limits).count == 5)
    #expect(try refusal(archive(6), ["zip", "jsonl"], limits: limits)?.message == "the archive has more than 5 entries")
  }

  @Test(arguments: [["jsonl"], ["gzip", "jsonl"], ["zip", "jsonl"]])
  func filesAreReadAsBodiesInMemory(layers: [String]) throws {
    let text = joined(lines(20_000))
    let body = try layers[0] == "gzip" ? gzip(text) : layers[0] == "zip" ? zip([("a", text)]) : text
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("decoding-\(UUID().uuidString)")
    try Data(body).write(to: url)
    let file = try BodyFile(path: url.path)
    try FileManager.default.removeItem(at: url)
    let reader = RecordReader(.file(file), decoding: try Decoding(layers: layers))
    var count = 0
    while let page = Optional(try reader.next(limit: 1000)), !page.isEmpty { count += page.count }
    #expect(count == 20_000)
  }
}
