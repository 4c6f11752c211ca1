internal import ConfigFiles

/// Reads `config/lexicons/*.yaml`.
enum LexiconFiles {
  /// Whether a file holds lexicons: it stands in a folder of that name.
  static func isLexicon(_ file: SourceFile) -> Bool { file.path.split(separator: "/").dropLast().last == "lexicons" }

  static func read(_ files: [SourceFile], into diagnostics: inout Diagnostics) -> Lexicons {
    var all: [String: Lexicon] = [:]
    for file in files {
      guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "lexicon file", into: &diagnostics) else {
        continue
      }
      for entry in reader.mapping("lexicons", into: &diagnostics) {
        if all[entry.name] != nil {
          diagnostics.report(.badLexicon, "there are two lexicons \(entry.name)", at: entry.key.range, hint: "join their phrases")
        }
        all[entry.name] = lexicon(entry, into: &diagnostics)
      }
      reader.finish(into: &diagnostics)
    }
    return Lexicons(all)
  }

  private static func lexicon(_ entry: Node.Entry, into diagnostics: inout Diagnostics) -> Lexicon? {
    if !RuleReader.isName(entry.name) {
      diagnostics.report(
        .badName, "\(entry.name) is no name for a lexicon", at: entry.key.range, hint: "names are lower-case words joined by underscores")
    }
    guard var reader = MappingReader(entry.value, what: "lexicon", into: &diagnostics) else { return nil }
    let phrases = patterns("phrases", of: &reader, into: &diagnostics)
    let exceptions = patterns("unless_after", of: &reader, into: &diagnostics)
    let heedsNegation = reader.flag("negation", into: &diagnostics) ?? true
    if phrases.isEmpty {
      diagnostics.report(.badLexicon, "the lexicon \(entry.name) has no phrases", at: entry.key.range, hint: "add phrases: [\"…\"]")
    }
    reader.finish(into: &diagnostics)
    return Lexicon(id: entry.name, phrases: phrases, exceptions: exceptions, heedsNegation: heedsNegation)
  }

  private static func patterns(_ key: String, of reader: inout MappingReader, into diagnostics: inout Diagnostics) -> [WordPattern] {
    var patterns: [WordPattern] = []
    let nodes = reader.list(key, into: &diagnostics)
    if nodes.count > Lexicons.mostPhrases {
      diagnostics.report(.badLexicon, "\(nodes.count) phrases; at most \(Lexicons.mostPhrases) are read", at: reader.range(ofKey: key))
    }
    for node in nodes.prefix(Lexicons.mostPhrases) {
      guard let text = node.text(for: key, into: &diagnostics) else { continue }
      guard let pattern = WordPattern(text), text.utf8.count <= Lexicons.longestPhrase else {
        diagnostics.report(
          .badLexicon, "a phrase has letters, at most \(Lexicons.longestPhrase) bytes of them", at: node.range,
          hint: "for instance \"price match\" or cancel*")
        continue
      }
      if patterns.contains(where: { $0.words == pattern.words }) {
        diagnostics.report(.badLexicon, "\(text) stands here twice", at: node.range, hint: "remove one of them")
      }
      patterns.append(pattern)
    }
    return patterns
  }
}

extension Diagnostic.Code {
  static let badLexicon = Diagnostic.Code(RuleCode.badLexicon.rawValue, .error)
}
