import Events
import Feeds
import Testing

@Suite struct CSVTests {
  private func rows(_ text: String) throws -> [JSON?] { try decoded(bytes(text), ["csv"]).map(\.json) }

  @Test(
    arguments: [
      ("a,b\n1,2\n3,4\n", [["a": "1", "b": "2"], ["a": "3", "b": "4"]]),
      ("a,b\r\n1,2\r\n\r\n3,4", [["a": "1", "b": "2"], ["a": "3", "b": "4"]]),
      ("\u{FEFF}a,b\n1,\n", [["a": "1", "b": ""]]),
      ("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", [["a": "x,y", "b": "say \"hi\""]]),
      ("a,b\r\n\"two\r\nlines\",\"\"\r\n5,6\r\n", [["a": "two\r\nlines", "b": ""], ["a": "5", "b": "6"]]),
      ("a,b\n5\" pipe,é\n", [["a": "5\" pipe", "b": "é"]]),
      ("a,,\n1,2,3\n", [["a": "1", "column 2": "2", "column 3": "3"]]),
      ("\"a\nb\",c\n1,2\n", [["a\nb": "1", "c": "2"]]),
      ("a\n", []), ("", []), ("\n\r\n", []),
    ] as [(String, [JSON])])
  func rowsAreObjects(text: String, expected: [JSON]) throws {
    #expect(try rows(text) == expected)
  }

  @Test func rowOfAnotherWidthEndsNothing() throws {
    let records = try decoded(bytes("a,b\n1,2\n3\n\"4\n5\",6,7\n8,9\n"), ["csv"], badLines: .quarantined)
    #expect(records.map(\.line) == [2, 3, 4, 6])
    #expect(records[0].json == ["a": "1", "b": "2"])
    #expect(records[1].content == .fault("the row has 1 fields, and the header 2"))
    #expect(records[2].content == .fault("the row has 3 fields, and the header 2"))
    #expect(records.map { String(decoding: $0.raw, as: UTF8.self) } == ["1,2", "3", "\"4\n5\",6,7", "8,9"])
    #expect(records[3].json == ["a": "8", "b": "9"])
  }

  @Test func rowsThatCannotBeReadEndNothing() throws {
    let text = bytes("a,b\n\"1\"x,2\n") + [0xFF, 0x2C, 0x31, 0x0A] + bytes("3,4\n\"open,5\n6,7\n")
    let records = try decoded(text, ["csv"], badLines: .quarantined)
    #expect(
      records.map(\.content) == [
        .fault("something follows a closing quote in field 1"), .fault("the field a is not UTF-8"), .record(["a": "3", "b": "4"]),
        .fault("a quote is opened and not closed before the file ends"),
      ])
    #expect(String(decoding: records[3].raw.prefix(11), as: UTF8.self) == "\"open,5\n6,7")
  }

  @Test func rowLimitHoldsAtTheLimitAndOnePastIt() throws {
    var limits = DecodingLimits()
    limits.recordBytes = 8
    let records = try decoded(bytes("a\n\"234567\"\n\"2345678\"\n\"2\n4\n678\"\n9\n"), ["csv"], badLines: .quarantined, limits: limits)
    let tooLong = DecodedRecord.Content.fault("the row has more than 8 bytes; if a quote is not closed, rows after it are part of it")
    #expect(records.map(\.content) == [.record(["a": "234567"]), tooLong, tooLong, .record(["a": "9"])])
    #expect(records.allSatisfy { $0.raw.count <= 8 })
  }

  @Test(arguments: [
    ("a,b,a\n", "names a twice"), ("\"a\"b,c\n", "cannot be read"), ("a\u{0}b\n", "is not UTF-8"),
  ])
  func badHeaderIsRefused(text: String, message: String) throws {
    let failure = try refusal(bytes(text), ["csv"])
    #expect(failure?.cause == .malformed)
    #expect(failure?.line == 1)
    #expect(failure?.message.contains(message) == true)
  }

  @Test(arguments: 1...20)
  func whatIsWrittenIsRead(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let alphabet = ["a", "é", ",", "\"", "\n", "\r", " ", "", "12"]
    let end = Bool.random(using: &random) ? "\r\n" : "\n"
    let width = Int.random(in: 2...5, using: &random)
    let table = (0..<50).map { _ in
      (0..<width).map { _ in (0..<Int.random(in: 0...6, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
      }
    }
    let header = (0..<width).map { "c\($0)" }
    let text = ([header] + table).map { $0.map(Self.quoted).joined(separator: ",") + end }.joined()
    let expected = table.map { JSON.object(Dictionary(uniqueKeysWithValues: zip(header, $0.map(JSON.text)))) }
    #expect(try rows(text) == expected, "seed \(seed)")
  }

  private static func quoted(_ field: String) -> String {
    "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}
