import ConfigFiles
import Features
import Foundation
import Rules
import Testing

/// What stays of a text that is forgotten is found again, and nothing else is.
@Suite struct AskedWordsTests {
  private static let files: [SourceFile] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let read = { (path: String) in
      SourceFile(path: "config/\(path)", text: (try? String(contentsOf: root.appending(path: "config/\(path)"), encoding: .utf8)) ?? "")
    }
    let folder = { (name: String) in
      ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "config/\(name)").path)) ?? []).filter {
        $0.hasSuffix(".yaml")
      }.sorted().map { read("\(name)/\($0)") }
    }
    return [read("features.yaml")] + folder("rules") + folder("lexicons")
  }()
  private static let asked = AskedWords([files])
  private static let lexicons: Lexicons = {
    var diagnostics = Diagnostics()
    return CompiledRules.load(files: files.filter { !$0.path.hasSuffix("features.yaml") }, diagnostics: &diagnostics)?.lexicons
      ?? Lexicons()
  }()

  /// Texts of the lexicons' own phrases, half negated, behind exceptions, or beside each other.
  private func text(_ random: inout SeededGenerator) -> String {
    let lexicons = Self.lexicons.all.values.sorted { $0.id < $1.id }
    let glue = [
      ". ", ", ", " but ", " not ", " and we do not say ", " import from ", " integrated with ", " thanks for the ", " Ada ", " ",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let lexicon = lexicons[Int.random(in: lexicons.indices, using: &random)]
      let phrase = lexicon.phraseTexts[Int.random(in: lexicon.phraseTexts.indices, using: &random)]
      text += glue[Int.random(in: glue.indices, using: &random)] + phrase.replacing("*", with: Bool.random(using: &random) ? "ed" : "")
    }
    return text
  }

  @Test(arguments: 1...300 as ClosedRange<UInt64>) func everyLexiconFindsTheSameAfterwards(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let text = text(&random)
    let words = Self.asked.words(of: text)
    #expect(!words.contains("Ada") && !words.contains("ada "), "\(words)")
    for (id, lexicon) in Self.lexicons.all.sorted(by: { $0.key < $1.key }) {
      #expect(
        Set(lexicon.found(in: Prose(words))) == Set(lexicon.found(in: Prose(text))), "seed \(seed), \(id): “\(text)” became “\(words)”")
    }
  }

  @Test func phrasesOfRulesAndNamesOfFeaturesStay() {
    let words = Self.asked.words(of: "Ada here: the Invoice is wrong, and forecast_run hangs.")
    #expect(words.contains("invoice") && words.contains("forecast run") && !words.lowercased().contains("ada"), "\(words)")
    #expect(Self.asked.words(of: "Nothing of note") == "")
  }
}
