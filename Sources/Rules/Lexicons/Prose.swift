/// What a person wrote, as lexicons read it: sentences of words in small letters without accents; what is quoted is left out.
package struct Prose: Hashable, Sendable {
  let sentences: [Sentence]

  struct Sentence: Hashable, Sendable {
    let words: [String]
    /// For each word the place at which its clause begins: behind a comma or a "but".
    let clauses: [Int]

    init(_ text: Substring) {
      var words: [String] = []
      var clauses: [Int] = []
      for part in text.split(separator: ",") {
        var clause = words.count
        for word in Prose.words(of: String(part)) {
          words.append(word)
          clauses.append(clause)
          if word == "but" { clause = words.count }
        }
      }
      self.words = words
      self.clauses = clauses
    }
  }

  /// More of a text than this is not read, in UTF-8 bytes.
  package static let longestText = 20_000

  package init(_ text: String) {
    let own = Self.withoutQuotes(text.utf8.count > Self.longestText ? String(text.prefix(Self.longestText)) : text)
    sentences = own.split(whereSeparator: { ".!?;|".contains($0) || $0.isNewline }).map(Sentence.init).filter { !$0.words.isEmpty }
  }

  /// Words that take the meaning of what follows them shortly, up to the next comma or "but".
  static let negations: Set<String> = [
    "not", "no", "never", "nor", "neither", "without", "cannot", "aint", "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hadnt",
    "hasnt",
    "havent", "isnt", "mustnt", "neednt", "shouldnt", "wasnt", "werent", "wont", "wouldnt",
  ]

  /// Letters and digits in a row, small and without accents; "don't" and its like are one word, `dont`.
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    let characters = Array(text.lowercased())
    for (place, character) in characters.enumerated() {
      if isApostrophe(character), word.last == "n", place + 1 < characters.count, characters[place + 1] == "t",
        place + 2 == characters.count || plain(characters[place + 2]) == nil
      {
        continue
      }
      if let plain = plain(character) {
        word += plain
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private static func isApostrophe(_ character: Character) -> Bool {
    character == "'" || character == "\u{2019}" || character == "\u{02BC}"
  }

  /// A letter or digit without its accent; nil for what parts words.
  private static func plain(_ character: Character) -> String? {
    if let known = Self.accents[character] { return known }
    return character.isLetter || character.isNumber ? String(character) : nil
  }

  private static let accents: [Character: String] = {
    var table: [Character: String] = [:]
    let groups = [
      "a": "àáâãäåāăą", "c": "çćĉċč", "d": "ďđ", "e": "èéêëēĕėęě", "g": "ĝğġģ", "i": "ìíîïĩīĭįı", "l": "ĺļľł", "n": "ñńņň",
      "o": "òóôõöøōŏő",
      "r": "ŕŗř", "s": "śŝşš", "t": "ţťŧ", "u": "ùúûüũūŭůűų", "y": "ýÿŷ", "z": "źżž", "ss": "ß", "ae": "æ", "oe": "œ",
    ]
    for (plain, accented) in groups { for character in accented { table[character] = plain } }
    return table
  }()

  /// The lines a person wrote anew: none that begin with `>`, and nothing behind "On … wrote:", which may stand on two lines, or behind a
  /// forwarded head. Mails end their lines with CR and LF, which Swift takes as one character.
  private static func withoutQuotes(_ text: String) -> String {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
    var kept: [Substring] = []
    for (index, line) in lines.enumerated() {
      if line.hasPrefix(">") { continue }
      let next = index + 1 < lines.count ? lines[index + 1] : ""
      let isHead = line.hasPrefix("On ") && (line.hasSuffix("wrote:") || !line.hasSuffix(".") && next.hasSuffix("wrote:"))
      if isHead || line.hasPrefix("-----Original Message-----") || line.hasPrefix("---------- Forwarded message") { break }
      kept.append(line)
    }
    return kept.joined(separator: "\n")
  }
}
