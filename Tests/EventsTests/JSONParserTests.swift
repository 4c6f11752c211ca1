import Events
import Testing

@Suite struct JSONParserTests {
  private func nested(_ depth: Int, _ open: String, _ close: String) -> String {
    String(repeating: open, count: depth) + (open == "[" ? "" : "null") + String(repeating: close, count: depth)
  }

  @Test(arguments: [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")])
  func nestsToTheLimitAndNotOneDeeper(open: String, close: String) throws {
    let levels = open.hasPrefix("[{") ? 2 : 1
    let deepest = JSON.depthLimit / levels
    _ = try JSON(parsing: nested(deepest, open, close))
    let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(deepest + 1, open, close)) }
    #expect(error?.message == "nested deeper than 128 levels")
    // Depth is nesting, not a count of brackets.
    _ = try JSON(parsing: "[" + Array(repeating: nested(deepest - 1, open, close), count: 3).joined(separator: ",") + "]")
  }

  @Test(arguments: [
    ("", 0), ("  ", 2), ("nul", 0), ("nulL", 0), ("True", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("{", 1),
    (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), ("{a:1}", 1), ("{1:1}", 1), (#"{"a":1 "b":2}"#, 7), ("1 2", 2), ("[]]", 2),
    ("+1", 0), ("01", 2), ("-01", 3), ("-", 1), ("1.", 2), (".5", 0), ("1.e3", 2), ("1e", 2), ("1e+", 3), ("-a", 1), ("0x10", 1),
    ("NaN", 0),
    ("Infinity", 0), ("-Infinity", 1), ("'a'", 0), (#""a"#, 2), ("\"a\u{0}b\"", 3), ("\"\n\"", 2), (#""\x""#, 3), (#""\"#, 2),
    (#""\u12"#, 3),
    (#""\u12g4""#, 3), (#""\uD83D\uZZZZ""#, 9), ("// note\n1", 0), ("\u{FEFF}1", 0), ("[1}", 2), (#"{"a":1]"#, 6), ("\u{A0}1", 0),
  ])
  func refusesMalformedTextAtItsByte(text: String, offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error?.offset == offset, "\(error?.message ?? "")")
    #expect(error?.description.hasPrefix("not valid JSON at byte \(error?.offset ?? -1): ") == true)
  }

  @Test(
    arguments: [
      (" \t\r\n[ 1 , { \"a\" : null } ] \n", [1, ["a": nil]]), ("0", 0), ("-0", 0), ("9223372036854775807", .integer(.max)),
      ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .decimal("9223372036854775808")),
      ("-9223372036854775809", .decimal("-9223372036854775809")), ("12.50", .decimal("12.50")), ("1E+2", .decimal("1E+2")),
      ("0.1000000000000000055511151231257827", .decimal("0.1000000000000000055511151231257827")), ("1.0", .decimal("1.0")),
    ] as [(String, JSON)])
  func keepsNumbersAsTheyAreWritten(text: String, json: JSON) throws {
    #expect(try JSON(parsing: text) == json)
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9\u2028""#, "Aéé\u{2028}"), (#""\uD83D\uDE00""#, "😀"),
    (#""\ud83d\ude00!""#, "😀!"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\u0000""#, "\u{0}"), (#""a\u0062c\td""#, "abc\td"),
    // Vendors cut texts in the middle of a pair.
    (#""\uD83D""#, "\u{FFFD}"), (#""\uDE00""#, "\u{FFFD}"), (#""\uD83Dx""#, "\u{FFFD}x"), (#""\uD83D\n""#, "\u{FFFD}\n"),
    (#""\uD83D\u0041""#, "\u{FFFD}A"), (#""\uD83D\uD83D\uDE00""#, "\u{FFFD}😀"), (#""\uDE00\uD83D""#, "\u{FFFD}\u{FFFD}"),
  ])
  func readsEscapes(text: String, content: String) throws {
    #expect(Array(try #require(JSON(parsing: text).text).unicodeScalars) == Array(content.unicodeScalars))
  }

  @Test func repairsBytesThatAreNoUTF8() throws {
    let quote = UInt8(ascii: "\"")
    #expect(try JSON(parsing: [quote, 0x61, 0xFF, 0x62, quote]) == "a\u{FFFD}b")
    #expect(try JSON(parsing: [quote, 0x5C, 0x6E, 0xE2, 0x82, quote]) == "\n\u{FFFD}")
  }

  /// The size of an object says nothing of what is in the next.
  @Test func objectsOfManySizesStandSideBySide() throws {
    let sizes = [0, 1, 100, 0, 1, 7, 1000, 2]
    let objects = sizes.map { size in JSON.object(Dictionary(uniqueKeysWithValues: (0..<size).map { ("m\($0)", JSON($0)) })) }
    let nested = objects.reduce(JSON.object([:])) { ["inner": $0, "next": $1] }
    for json in [.list(objects), nested] { #expect(try JSON(parsing: json.serialized()) == json) }
  }

  @Test func theLastOfRepeatedNamesWins() throws {
    #expect(try JSON(parsing: #"{"a":1,"b":2,"a":{"c":3},"\u0061":4}"#) == ["a": 4, "b": 2])
  }

  /// Whatever is cut off or changed in a text, the parser answers or refuses; it never traps.
  @Test(arguments: [1, 2] as [UInt64])
  func survivesDamage(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let whole = Array(#"{"a":[1,-2.5e3,"x\u00e9\uD83D\uDE00\n",true,null,{}],"b":{"c":[[]]}}"#.utf8)
    _ = try JSON(parsing: whole)
    for length in 0..<whole.count { #expect(throws: JSONError.self) { try JSON(parsing: whole.prefix(length)) } }
    for _ in 0..<2_000 {
      var bytes = whole
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      guard let read = try? JSON(parsing: bytes) else { continue }
      #expect(try JSON(parsing: read.serializedBytes()) == read)
    }
  }
}
