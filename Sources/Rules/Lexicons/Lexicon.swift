internal import Events

/// Phrases that mean one thing, and what keeps them from meaning it: a list that people can read and change.
package struct Lexicon: Hashable, Sendable {
  package let id: String
  let phrases: [WordPattern]
  /// What may stand before a phrase, within the same sentence, and takes its meaning: "import from" before a competitor's name.
  let exceptions: [WordPattern]
  /// Whether "not", "no", "never" and the like shortly before a phrase take its meaning.
  let heedsNegation: Bool
  private let index: PhraseIndex

  init(id: String, phrases: [WordPattern], exceptions: [WordPattern], heedsNegation: Bool) {
    self.id = id
    self.phrases = phrases
    self.exceptions = exceptions
    self.heedsNegation = heedsNegation
    index = PhraseIndex(phrases)
  }

  /// Its phrases as the file has them.
  package var phraseTexts: [String] { phrases.map(\.text) }

  /// How many words before a phrase are looked at for exceptions, and for negations.
  static let reach = 4
  static let negationReach = 3

  /// The phrases found in a text, each once, in order of their places.
  package func found(in text: Prose) -> [String] {
    var found: [String] = []
    for sentence in text.sentences {
      for start in sentence.words.indices {
        let place = index.places(beginning: sentence.words[start]).first { phrases[$0].matches(sentence.words, at: start) }
        guard let phrase = place.map({ phrases[$0] }), !isTaken(in: sentence, at: start) else { continue }
        if !found.contains(phrase.text) { found.append(phrase.text) }
      }
    }
    return found
  }

  private func isTaken(in sentence: Prose.Sentence, at start: Int) -> Bool {
    let near = max(sentence.clauses[start], start - Self.negationReach)..<start
    if heedsNegation, sentence.words[near].contains(where: Prose.negations.contains) { return true }
    let before = sentence.words[max(0, start - Self.reach)..<start]
    return exceptions.contains { $0.standsLoosely(in: before) }
  }
}

/// Phrases by the word they begin with, so that a text costs its own words and not all phrases for each of them.
package struct PhraseIndex: Hashable, Sendable {
  private var whole: [String: [Int]] = [:]
  /// Those whose first word ends in `*`, by what stands before it.
  private var beginnings: [String: [Int]] = [:]
  private var lengths: [Int] = []

  package init(_ phrases: [WordPattern]) {
    for (place, phrase) in phrases.enumerated() {
      guard let first = phrase.words.first else { continue }
      if first.isBeginning { beginnings[first.text, default: []].append(place) } else { whole[first.text, default: []].append(place) }
    }
    lengths = Set(beginnings.keys.map(\.count)).sorted()
  }

  /// The phrases that may begin with a word, in their order.
  package func places(beginning word: String) -> [Int] {
    let exact = whole[word] ?? []
    if lengths.isEmpty { return exact }
    let count = word.count
    let begun = lengths.prefix { $0 <= count }.flatMap { beginnings[String(word.prefix($0))] ?? [] }
    return begun.isEmpty ? exact : (exact + begun).sorted()
  }
}

/// Words in a row; a word that ends in `*` stands for all that begin so.
package struct WordPattern: Hashable, Sendable {
  /// As the file has it.
  let text: String
  let words: [Word]

  struct Word: Hashable, Sendable {
    let text: String
    let isBeginning: Bool

    func matches(_ actual: String) -> Bool { isBeginning ? actual.hasPrefix(text) : actual == text }
  }

  /// Nil where no word is left.
  package init?(_ text: String) {
    self.text = text
    let parts = text.split(separator: " ").flatMap { part -> [Word] in
      let isBeginning = part.hasSuffix("*")
      let words = Prose.words(of: String(part))
      return words.enumerated().map { Word(text: $1, isBeginning: isBeginning && $0 == words.count - 1) }
    }
    guard !parts.isEmpty else { return nil }
    words = parts
  }

  package func matches(_ sentence: [String], at start: Int) -> Bool {
    guard start + words.count <= sentence.count else { return false }
    return words.indices.allSatisfy { words[$0].matches(sentence[start + $0]) }
  }

  /// Whether its words stand in their order, others between them or not: "import data from".
  func standsLoosely(in sentence: ArraySlice<String>) -> Bool {
    var rest = words[...]
    for actual in sentence where rest.first?.matches(actual) ?? false { rest = rest.dropFirst() }
    return rest.isEmpty
  }
}

/// All lexicons of a configuration.
package struct Lexicons: Hashable, Sendable {
  package let all: [String: Lexicon]

  package init(_ all: [String: Lexicon] = [:]) { self.all = all }

  package subscript(id: String) -> Lexicon? { all[id] }

  /// The lexicons that sentiment is read from.
  static let positive = "positive"
  static let negative = "negative"

  /// The named limits of lexicons.
  static let mostPhrases = 2_000
  static let longestPhrase = 120
}

extension Lexicons {
  /// How content a text sounds, from −1 to 1: (good − bad) / (good + bad) phrases, and a rating that was given beside it counts as two.
  /// Nil where neither is there.
  func sentiment(of text: Prose, rating: String?) -> Fixed? {
    let good = (all[Self.positive]?.found(in: text).count ?? 0) + (rating == "good" ? 2 : 0)
    let bad = (all[Self.negative]?.found(in: text).count ?? 0) + (rating == "bad" ? 2 : 0)
    return Fixed(good - bad).divided(by: Fixed(good + bad))
  }
}
