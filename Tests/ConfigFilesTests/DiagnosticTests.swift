import ConfigFiles
import Events
import Testing

@Suite struct DiagnosticTests {
  @Test func rendersTheUsersOwnLineWithACaret() {
    let file = SourceFile(path: "config/rules/api.yaml", text: "rules:\n  - id: café\n\twhen: drpo >= 60%\n")
    let start = file.text.utf8.count - "drpo >= 60%\n".utf8.count
    let diagnostic = Diagnostic(
      "BW0301", "unknown name drpo", at: SourceRange(file: file, offset: start, length: 4), hint: "did you mean drop?")
    #expect(
      diagnostic.rendered() == """
        config/rules/api.yaml:3:8: error[BW0301]: unknown name drpo
         3 | \twhen: drpo >= 60%
           | \t      ^^^^
           = hint: did you mean drop?
        """)
    #expect(diagnostic.json["line"] == 3)
    #expect(diagnostic.json["column"] == 8)
    #expect(diagnostic.json["source"] == "\twhen: drpo >= 60%")
  }

  @Test func columnsCountCharacters() {
    let file = SourceFile(path: "x", text: "é👩‍👩‍👧: y\r\nz")
    let range = SourceRange(file: file, offset: "é👩‍👩‍👧: ".utf8.count, length: 1)
    #expect(range.column == 5)
    #expect(range.position.lineText == "é👩‍👩‍👧: y")
    #expect(Diagnostic("BW0001", "m", at: range).rendered().hasSuffix("|     ^"))
  }

  @Test func areSortedByFileAndPlaceAndHeldOnce() {
    let a = SourceFile(path: "a", text: "0123456789")
    let b = SourceFile(path: "b", text: "0123456789")
    var diagnostics = Diagnostics()
    diagnostics.report("BW0002", "late", at: SourceRange(file: b, offset: 1, length: 1))
    diagnostics.report("BW0001", "second", at: SourceRange(file: a, offset: 7, length: 1))
    diagnostics.report(.warning("BW0001"), "first", at: SourceRange(file: a, offset: 2, length: 1))
    diagnostics.report("BW0001", "second", at: SourceRange(file: a, offset: 7, length: 1))
    #expect(diagnostics.all.map(\.message) == ["first", "second", "late"])
    #expect(diagnostics.errorCount == 2)
  }

  @Test func aWarningIsNoError() {
    var diagnostics = Diagnostics()
    diagnostics.report(.warning("BW0001"), "m", at: SourceFile(path: "a", text: "x").range)
    #expect(!diagnostics.hasErrors)
    #expect(diagnostics.rendered().contains("warning[BW0001]"))
  }

  @Test(
    arguments: [
      ("frist", ["last", "first", "fist"], "first"), ("usage_collapse", ["api_usage_collapse", "usage"], nil),
      ("count", ["count"], "count"), ("Count", ["count"], "count"), ("cuont", ["count", "sum"], "count"), ("x", ["abc"], nil),
      ("requird", ["require", "required"], "required"), ("ag", ["ae", "age"], "age"), ("", ["a"], nil), ("ab", ["ba"], "ba"),
    ] as [(String, [String], String?)])
  func findsTheNearestWord(word: String, candidates: [String], expected: String?) {
    #expect(nearest(word, among: candidates) == expected)
  }
}
