import ConfigFiles
import Rules
import Testing

/// What lexicons find in texts as people write them.
@Suite struct LexiconTests {
  private static let text = """
    lexicons:
      rivals: { phrases: [rivalsoft, north star, cancel*], unless_after: [import* from] }
      worries: { phrases: [not happy], negation: false }
    """

  private static let lexicons: Lexicons = {
    var diagnostics = Diagnostics()
    let files = [SourceFile(path: "lexicons/a.yaml", text: text)]
    return CompiledRules.load(files: files, diagnostics: &diagnostics)?.lexicons ?? Lexicons()
  }()

  @Test(arguments: [
    ("RivalSoft is cheaper", ["rivalsoft"]), ("rívalsöft", ["rivalsoft"]), ("We cancelled. Cancelling was easy", ["cancel*"]),
    ("rivalsofts", []), ("the north-star app", ["north star"]), ("north. Star", []), ("importing data from RivalSoft", []),
    ("We import data from CSV. RivalSoft did it better", ["rivalsoft"]), ("we do not use RivalSoft", []),
    ("we don't like it and RivalSoft is better", ["rivalsoft"]), ("> RivalSoft\nThanks", []),
    ("Thanks\nOn Monday, Ann wrote:\nRivalSoft", []), ("Thanks\r\n> RivalSoft\r\nBye", []), ("", []),
    ("Thanks\r\nOn Monday, 3 March,\r\nAnn wrote:\r\nRivalSoft", []), ("On Monday we met.\nRivalSoft is better", ["rivalsoft"]),
  ]) func finds(text: String, expected: [String]) {
    #expect(Self.lexicons.all["rivals"]?.found(in: Prose(text)) == expected)
  }

  @Test func aLexiconWithoutNegationTakesThePhraseAsItStands() {
    #expect(Self.lexicons.all["worries"]?.found(in: Prose("Ann is never not happy")) == ["not happy"])
  }

  @Test func readsALongTextOnlyToItsLimit() {
    let filler = String(repeating: "a ", count: Prose.longestText / 2)
    #expect(Self.lexicons.all["rivals"]?.found(in: Prose(filler + "rivalsoft")) == [])
    #expect(Self.lexicons.all["rivals"]?.found(in: Prose(filler.dropLast(20) + " rivalsoft")) == ["rivalsoft"])
  }

  @Test(arguments: [
    ("lexicons: { rivals: { phrases: [] } }", "BW1041", "rivals"), ("lexicons: { rivals: { phrases: [\"…\"] } }", "BW1041", "…"),
    ("lexicons: { rivals: { phrases: [a, A] } }", "BW1041", "A"), ("lexicons: { Rivals: { phrases: [a] } }", "BW1033", "Rivals"),
    ("lexicons: { rivals: { phrases: [a], negations: true } }", "BW0105", "negations"),
  ]) func faults(text: String, code: String, under: String) {
    var diagnostics = Diagnostics()
    _ = CompiledRules.load(files: [SourceFile(path: "lexicons/a.yaml", text: text)], diagnostics: &diagnostics)
    #expect(diagnostics.all.contains { $0.code == code && $0.range.text.hasPrefix(under) }, "\(diagnostics.rendered())")
  }

  @Test func anUnknownLexiconIsAnErrorWithAHint() {
    let rule = """
      rules:
        - id: r
          about: risk
          category: support
          title: "t"
          when: count(ticket, 60d, mentions("rival")) >= 3
          level: low
          action: "a"
      """
    var diagnostics = Diagnostics()
    let files = [SourceFile(path: "lexicons/a.yaml", text: Self.text), SourceFile(path: "rules/a.yaml", text: rule)]
    #expect(CompiledRules.load(files: files, diagnostics: &diagnostics) == nil)
    #expect(diagnostics.all.map(\.code) == ["BW1015"])
    #expect(diagnostics.all.first?.hint == "did you mean rivals?")
  }
}
