import ConfigFiles
import Events
import Testing

func parsed(_ text: String, path: String = "config/test.yaml") -> (node: Node?, diagnostics: Diagnostics) {
  var diagnostics = Diagnostics()
  let node = parse(SourceFile(path: path, text: text), into: &diagnostics)
  return (node, diagnostics)
}

@Suite struct ParseTests {
  @Test func readsNodesWithTheirPlaces() throws {
    let (node, diagnostics) = parsed("# über\nname: stripe\nitems:\n  - a: \"x y\"\n    b: ~\n  - 'it''s'\n")
    #expect(diagnostics.isEmpty)
    let root = try #require(node)
    #expect(root["name"]?.text == "stripe")
    #expect(root["name"]?.range.line == 2)
    #expect(root["name"]?.range.column == 7)
    let first = try #require(root["items"]?.elements?.first)
    #expect(first["a"]?.range.text == "x y")
    #expect(first["a"]?.range.column == 9)
    #expect(first["b"]?.isNull == true)
    #expect(root["items"]?.elements?.last?.text == "it's")
    #expect(root["items"]?.elements?.last?.range.text == "it''s")
  }

  @Test(arguments: [("3", false), ("\"3\"", true), ("'true'", true), ("|\n  x", true)])
  func knowsWhatIsQuoted(spelling: String, quoted: Bool) throws {
    let value = try #require(parsed("a: \(spelling)\n").node?["a"])
    guard case .scalar(_, let isQuoted) = value.content else {
      Issue.record("no scalar: \(value.content)")
      return
    }
    #expect(isQuoted == quoted)
  }

  @Test(arguments: [
    "when: drop >= sixty or more\n", "when: \"drop >= sixty or more\"\n", "when: 'drop >= sixty or more'\n",
    "when: |\n  drop >=\n    sixty or more\n", "when: >-\n  drop >=\n  sixty or more\n", "when: drop >=\n  sixty or more\n",
    "when: 'it''s >= sixty'\n", "é:\n  when: >\n\n    drop\n    >= sixty\n",
  ])
  func pointsInsideTexts(yaml: String) throws {
    let root = try #require(parsed(yaml).node)
    let value = try #require(root["when"] ?? root["é"]?["when"])
    let text = try #require(value.text)
    let found = try #require(text.firstRange(of: "sixty"))
    let range = value.range(ofTextAt: text.utf8.distance(from: text.startIndex, to: found.lowerBound), length: 5)
    #expect(range.text == "sixty")
  }

  @Test func anEscapedTextIsPointedAtAsAWhole() throws {
    let value = try #require(parsed("a: \"x\\u00e9 sixty\"\n").node?["a"])
    #expect(value.text == "xé sixty")
    #expect(value.range(ofTextAt: 4, length: 5).text == "x\\u00e9 sixty")
  }

  @Test(arguments: [
    ("a: b: c\n", 1, 5, "quotes"), ("a: [1, 2\nb: 3\n", 1, 4, "bracket"), ("a:\n\t- b\n", 2, 1, "tabs"),
    ("a: 1\n b: 2\n", 2, 3, "indentation"), ("a: \"open\n", 1, 4, "close"), ("a: 1\n---\nb: 2\n", 2, 1, "one document"),
    ("a: @x\n", 1, 4, "quotes"),
  ])
  func pointsAtSyntaxErrors(yaml: String, line: Int, column: Int, hint: String) throws {
    let (node, diagnostics) = parsed(yaml)
    #expect(node == nil)
    let fault = try #require(diagnostics.all.first)
    #expect(diagnostics.all.count == 1)
    #expect(fault.code == "BW0101")
    #expect(fault.range.line == line)
    #expect(fault.range.column == column)
    #expect(fault.hint?.contains(hint) == true, "\(fault.rendered())")
  }

  @Test func aKeyTwiceIsAnErrorAtTheSecond() throws {
    let fault = try #require(parsed("a:\n  id: x\n  when: 1\n  id: y\n").diagnostics.all.first)
    #expect(fault.code == "BW0102")
    #expect(fault.range.line == 4)
    #expect(fault.range.text == "id")
  }

  @Test(arguments: ["a: &x 1\nb: *x\n", "a: &x [1]\n", "a: &x {b: 1}\nc: *x\n"])
  func anchorsAreRefused(yaml: String) {
    let (node, diagnostics) = parsed(yaml)
    #expect(node == nil)
    #expect(diagnostics.all.contains { $0.code == "BW0103" })
  }

  @Test(arguments: [(0, false), (1, true)])
  func theFileLimitHolds(extra: Int, refused: Bool) {
    let text = "a: 1\n#" + String(repeating: "x", count: SourceFile.byteLimit - 6 + extra)
    let (node, diagnostics) = parsed(text)
    #expect((node == nil) == refused)
    #expect(diagnostics.all.map(\.code) == (refused ? ["BW0104"] : []))
  }

  @Test func nestingPastTheLimitIsAnErrorAndNoCrash() {
    let (node, diagnostics) = parsed(String(repeating: "[", count: 100_000))
    #expect(node == nil)
    #expect(diagnostics.hasErrors)
  }

  @Test(arguments: ["", "# nothing\n", "---\n"])
  func nothingIsNoFault(yaml: String) {
    let (node, diagnostics) = parsed(yaml)
    #expect(node == nil || node?.isNull == true)
    #expect(diagnostics.isEmpty)
  }
}
