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
    // A comma or a "but" ends a negation's reach, and only words that negate do.
    ("not today, RivalSoft is open", ["rivalsoft"]), ("no problem but RivalSoft is cheaper", ["rivalsoft"]),
    ("but not RivalSoft", []), ("fine, but we won't take RivalSoft", []), ("we don\u{2019}t want RivalSoft", []),
    ("we haven't RivalSoft", []),
    ("part t RivalSoft", ["rivalsoft"]), ("T RivalSoft", ["rivalsoft"]), ("Brit's RivalSoft", ["rivalsoft"]),
    ("RivalSoft's price", ["rivalsoft"]), ("don't-know RivalSoft", []), ("importing data, from RivalSoft", []),
    ("north, star", ["north star"]),
    ("Thanks\r\nOn Monday, 3 March,\r\nAnn wrote:\r\nRivalSoft", []), ("On Monday we met.\nRivalSoft is better", ["rivalsoft"]),
  ]) func finds(text: String, expected: [String]) {
    #expect(Self.lexicons.all["rivals"]?.found(in: Prose(text)) == expected)
  }

  @Test func aLexiconWithoutNegationTakesThePhraseAsItStands() {
    #expect(Self.lexicons.all["worries"]?.found(in: Prose("Ann is never not happy")) == ["not happy"])
  }

  /// The index finds what comparing each phrase at each word finds.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func theIndexFindsWhatComparingAllWould(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let words = ["a", "ab", "abc", "b", "ba", "not", "c"]
    let pick = { (count: Int, random: inout SeededGenerator) in
      (0..<count).map { _ in words[Int.random(in: words.indices, using: &random)] }
    }
    var phrases: [WordPattern] = []
    for _ in 0..<12 {
      let star = Bool.random(using: &random) ? "*" : ""
      let phrase = pick(Int.random(in: 1...3, using: &random), &random).joined(separator: " ") + star
      let lead = Bool.random(using: &random) ? "b* " : ""
      if let pattern = WordPattern(lead + phrase) { phrases.append(pattern) }
    }
    let index = PhraseIndex(phrases)
    for _ in 0..<50 {
      let text = pick(8, &random)
      for start in text.indices {
        let all = phrases.firstIndex { $0.matches(text, at: start) }
        #expect(index.places(beginning: text[start]).first { phrases[$0].matches(text, at: start) } == all, "seed \(seed): \(text)")
      }
    }
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
