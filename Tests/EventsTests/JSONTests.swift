import Events
import Testing

@Suite struct JSONTests {
  @Test func membersStandInTheOrderOfTheirBytes() {
    let json: JSON = ["b": 1, "a": 2, "B": 3, "é": 4, "aa": 5, "": 6, "z": 7]
    #expect(json.serialized() == #"{"":6,"B":3,"a":2,"aa":5,"b":1,"z":7,"é":4}"#)
    #expect(json.serializedBytes() == Array(json.serialized().utf8))
  }

  @Test(
    arguments: [
      (nil, "null"), (true, "true"), (false, "false"), (-12, "-12"), (.decimal("1e3"), "1e3"), ([], "[]"), ([:], "{}"), ("", #""""#),
      ([1, [nil], ["a": []]], #"[1,[null],{"a":[]}]"#), ("a\"b\\c/d", #""a\"b\\c/d""#),
      ("\n\r\t\u{8}\u{C}\u{0}\u{1F}\u{7F}", "\"\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\u{7F}\""),
      ("ü😀\u{2028}", "\"ü😀\u{2028}\""),
    ] as [(JSON, String)])
  func writesCompactly(json: JSON, text: String) throws {
    #expect(json.serialized() == text)
    #expect(try JSON(parsing: text) == json)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func readsBackWhatItWrites(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let json = randomJSON(depth: 5, using: &random)
      let bytes = json.serializedBytes()
      let read = try JSON(parsing: bytes)
      #expect(read == json)
      #expect(read.serializedBytes() == bytes)
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func equalObjectsGiveEqualBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let names = (0..<40).map { "name\($0)" }
    let straight = JSON.object(Dictionary(names.map { ($0, JSON.text($0)) }) { $1 })
    for _ in 0..<20 {
      var members: [String: JSON] = [:]
      for name in names.shuffled(using: &random) { members[name] = .text(name) }
      #expect(JSON.object(members).serialized() == straight.serialized())
    }
  }

  @Test func reachesInsideAndFindsNullElsewhere() {
    let json: JSON = ["list": [1, "two"], "flag": true, "price": .decimal("0.50"), "none": nil]
    #expect(json["list"][1].text == "two")
    #expect(json["list"][2].isNull && json["list"][-1].isNull && json["absent"].isNull && json["none"].isNull && json["list"]["x"].isNull)
    #expect(json["flag"].flag == true && json["list"][0].integer == 1 && json["list"].list?.count == 2 && json.object?.count == 4)
    #expect(json["list"][0].text == nil && json["list"][1].integer == nil && json["flag"].integer == nil && json.list == nil)
    #expect(["list", "flag", "price", "none"].map { json[$0].scalarText } == [nil, "true", "0.50", nil])
    #expect(json["list"][0].scalarText == "1")
  }

  @Test func writesTheProductsOwnValues() {
    #expect(JSON(nil as String?) == nil && JSON("x" as String?) == "x")
    #expect(JSON(Int128.max) == .integer(.max) && JSON(UInt8(7)) == 7)
    #expect(JSON(Instant(seconds: 0)) == "1970-01-01T00:00:00Z" && JSON(nil as Instant?) == nil)
    #expect(JSON(Day(number: 0)) == "1970-01-01" && JSON(nil as Day?) == nil)
    #expect(JSON(Fixed(3)) == 3 && JSON(Fixed(millionths: -1_500_000)) == .decimal("-1.5"))
  }

  private func randomJSON(depth: Int, using random: inout SeededGenerator) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: .null
    case 1: .flag(.random(using: &random))
    case 2: .integer(.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<63, using: &random))
    case 3:
      .decimal(
        "\(Int.random(in: -99...99, using: &random)).\(Int.random(in: 0...99, using: &random))e-\(Int.random(in: 0...400, using: &random))")
    case 4, 5: .text(randomText(using: &random))
    case 6: .list((0..<Int.random(in: 0..<5, using: &random)).map { _ in randomJSON(depth: depth - 1, using: &random) })
    default:
      .object(
        Dictionary(
          (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            (randomText(using: &random), randomJSON(depth: depth - 1, using: &random))
          }
        ) { $1 })
    }
  }

  private func randomText(using random: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let limit: UInt32 = [0x20, 0x7F, 0x800, 0xFFFF, 0x10FFFF].randomElement(using: &random) ?? 0x7F
      text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0...limit, using: &random)) ?? "\u{FFFD}")
    }
    return text
  }
}
