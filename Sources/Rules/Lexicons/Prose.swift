/// What a person wrote, as lexicons read it: sentences of words in small letters without accents; what is quoted is left out.
package struct Prose: Hashable, Sendable {
  package let sentences: [[String]]

  /// More of a text than this is not read, in UTF-8 bytes.
  package static let longestText = 20_000

  package init(_ text: String) {
    let own = Self.withoutQuotes(text.utf8.count > Self.longestText ? String(text.prefix(Self.longestText)) : text)
    sentences = own.split(whereSeparator: { ".!?;|".contains($0) || $0.isNewline }).map { Self.words(of: String($0)) }.filter {
      !$0.isEmpty
    }
  }

  /// Words that take the meaning of what follows them shortly. "Don't" and its like are cut into two words, the second of which is `t`.
  static let negations: Set<String> = ["not", "no", "never", "nor", "neither", "without", "isnt", "arent", "wont", "dont", "cannot", "t"]

  /// Letters and digits in a row, small and without accents.
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    for character in text.lowercased() {
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
