package import ConfigFiles
internal import Features

/// The words that rules ever asked texts for: all that may stay of a forgotten text, so that what was found in it is found again.
package struct AskedWords: Sendable {
  private let phrases: [String]
  private let lexicons: [Lexicon]
  private let features: [FeatureNames]

  /// Every quoted text of every rule that was ever in force, which is more than rules look for in texts and nobody's name; every lexicon;
  /// and what features were called.
  ///
  /// - Parameter configurations: the files of each.
  package init(_ configurations: [[SourceFile]]) {
    var phrases: Set<String> = []
    var lexicons: Set<Lexicon> = []
    var features: Set<FeatureNames> = []
    for files in configurations {
      var unheard = Diagnostics()
      for file in files where file.path.split(separator: "/").last == "features.yaml" {
        features.insert(FeatureNames(CatalogFiles.features(file, tiers: [], into: &unheard)))
      }
      let ofLexicons = files.filter(LexiconFiles.isLexicon)
      lexicons.formUnion(LexiconFiles.read(ofLexicons, into: &unheard).all.values)
      for file in files where !LexiconFiles.isLexicon(file) {
        for match in file.text.matches(of: /"([^"\n]+)"/) { phrases.insert(match.output.1.lowercased()) }
      }
    }
    self.phrases = phrases.sorted()
    self.lexicons = lexicons.sorted { ($0.id, $0.phraseTexts.joined()) < ($1.id, $1.phraseTexts.joined()) }
    self.features = Array(features)
  }

  /// What was found, each find a sentence of its own, so that none can take another's meaning.
  package func words(of text: String) -> String {
    let prose = Prose(text)
    let finds = lexicons.map { Set($0.found(in: prose)) }
    var pieces: [String] = []
    let small = text.lowercased()
    for piece in lexicons.flatMap({ $0.found(in: prose).map(Self.plain) }) + phrases.filter({ Self.stands($0, in: small) })
      + features.flatMap({ $0.words(in: text) }).sorted() where !pieces.contains(piece)
    { pieces.append(piece) }
    return pieces.map { guarded($0, finds) }.joined(separator: " | ")
  }

  /// A find with what keeps other lexicons from finding in it what they passed over: a word before it that takes its meaning for them alone.
  private func guarded(_ piece: String, _ finds: [Set<String>]) -> String {
    let found = { (text: String) in zip(lexicons, finds).map { Set($0.found(in: Prose(text))).subtracting($1) } }
    let excess = found(piece)
    guard excess.contains(where: { !$0.isEmpty }) else { return piece }
    let own = zip(lexicons, finds).map { Set($0.found(in: Prose(piece))).intersection($1) }
    let befores = zip(lexicons, excess).filter { !$1.isEmpty }.flatMap { lexicon, _ in
      lexicon.exceptionTexts.map(Self.plain) + (lexicon.heedsNegation ? ["not"] : [])
    }
    for before in befores {
      let guarded = "\(before) \(piece)"
      let kept = zip(lexicons, finds).map { Set($0.found(in: Prose(guarded))).intersection($1) }
      if found(guarded).allSatisfy(\.isEmpty), zip(own, kept).allSatisfy({ $0.isSubset(of: $1) }) { return guarded }
    }
    return piece
  }

  /// A phrase without its stars: a word that begins so.
  private static func plain(_ phrase: String) -> String { phrase.replacing("*", with: "") }

  /// Whether a phrase stands in a text from the start of a word on, as rules read it.
  private static func stands(_ phrase: String, in text: String) -> Bool {
    text.ranges(of: phrase).contains { range in
      guard range.lowerBound > text.startIndex else { return true }
      let before = text[text.index(before: range.lowerBound)]
      return !(before.isLetter || before.isNumber)
    }
  }
}

extension Lexicon {
  fileprivate var exceptionTexts: [String] { exceptions.map(\.text) }
}
