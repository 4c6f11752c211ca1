import ConfigFiles
import Events
import Rules

/// A word of a rule file in which a typo must be noticed.
struct TypoSpot: Sendable {
  enum Part: String, CaseIterable, Sendable {
    case key, function, name, unit, choice, keyword
  }

  let file: SourceFile
  let part: Part
  /// The component that gets the typo, in UTF-8 bytes of the file.
  let offset: Int
  let word: String
  /// The whole dotted name around it: a report may point at all of it.
  let wholeOffset: Int
  let whole: String
}

/// One key press gone wrong.
struct Typo: Sendable, CustomStringConvertible {
  let spot: TypoSpot
  let typed: String

  /// The file with the typo in it.
  var file: SourceFile {
    let bytes = Array(spot.file.text.utf8)
    let text = bytes[..<spot.offset] + Array(typed.utf8) + bytes[(spot.offset + spot.word.utf8.count)...]
    return SourceFile(path: spot.file.path, text: String(decoding: text, as: UTF8.self))
  }

  var description: String {
    let place = SourceRange(file: spot.file, offset: spot.offset, length: spot.word.utf8.count)
    return "\(spot.file.path):\(place.line):\(place.column) \(spot.part.rawValue) \(spot.word) → \(typed)"
  }
}

/// Finds the words of rule files, and mistypes them.
struct Typist {
  /// Every spot, in order of file and place.
  let spots: [TypoSpot]
  /// Words that mean something somewhere: a typo that makes one of them is another rule, not a mistake that can be seen.
  private let valid: Set<String>

  init(_ files: [SourceFile]) {
    var finder = SpotFinder()
    for file in files { finder.find(in: file) }
    spots = finder.spots
    let fields = Kind.allCases.flatMap { EventSchema.fields(of: $0) }.flatMap { field -> [String] in
      switch field.type {
      case .object(let nested): [field.name] + nested.map(\.name)
      case .choice(let words): [field.name] + words
      default: [field.name]
      }
    }
    let vocabulary =
      LanguageVocabulary.functions + LanguageVocabulary.values + LanguageVocabulary.kinds + LanguageVocabulary.derivedFields
      + LanguageVocabulary.ruleKeys + Token.Keyword.allCases.map(\.rawValue) + fields + finder.names
    valid = Set(vocabulary.flatMap { [$0] + $0.split(separator: ".").map(String.init) })
  }

  /// A typo at a spot; nil where the key pressed makes another word that means something.
  func typo(at spot: TypoSpot, using random: inout SeededGenerator) -> Typo? {
    let typed = spot.part == .unit ? Self.mistypedUnit(spot.word, &random) : Self.mistyped(spot.word, &random)
    if typed.isEmpty || typed == spot.word || valid.contains(typed) { return nil }
    if spot.part == .unit, ["s", "m", "h", "d", "w"].contains(typed) { return nil }
    return Typo(spot: spot, typed: typed)
  }

  private static let letters = Array("abcdefghijklmnopqrstuvwxyz")

  private static func mistyped(_ word: String, _ random: inout SeededGenerator) -> String {
    var characters = Array(word)
    let index = Int.random(in: characters.indices, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: characters.remove(at: index)
    case 1: characters.insert(Bool.random(using: &random) ? characters[index] : letters.randomElement(using: &random) ?? "x", at: index)
    case 2: characters[index] = letters.randomElement(using: &random) ?? "x"
    default: if index + 1 < characters.count { characters.swapAt(index, index + 1) }
    }
    return String(characters)
  }

  /// A unit is never left out: a bare number means something of its own.
  private static func mistypedUnit(_ unit: String, _ random: inout SeededGenerator) -> String {
    let letter = String(letters.randomElement(using: &random) ?? "x")
    return [letter, unit + unit, unit + letter, unit.uppercased()].randomElement(using: &random) ?? letter
  }
}

/// Walks a rule file's nodes and collects the words that are not a person's own to choose.
private struct SpotFinder {
  private(set) var spots: [TypoSpot] = []
  /// Names that rules give: ids and bindings, and every word of an expression.
  private(set) var names: [String] = []

  private static let choices: Set<String> = ["about", "category", "subject", "level", "tier"]
  private static let templates: Set<String> = ["title", "action", "opener"]
  private static let expressions: Set<String> = ["needs", "only", "when", "clear", "low", "medium", "high", "critical"]

  mutating func find(in file: SourceFile) {
    var diagnostics = Diagnostics()
    for section in parse(file, into: &diagnostics)?.entries ?? [] {
      add(.key, section.key, file)
      if section.name == "define" { definitions(section.value, file) }
      for element in section.value.elements ?? [] {
        for entry in element.entries ?? [] { member(entry, file) }
      }
    }
  }

  private mutating func member(_ entry: Node.Entry, _ file: SourceFile) {
    add(.key, entry.key, file)
    switch entry.name {
    case "id": names.append(entry.value.text ?? "")
    case "let": definitions(entry.value, file)
    case "hold": duration(entry.value, file)
    case "evidence":
      for line in entry.value.elements ?? [] {
        let name = line.entries?.first?.key ?? line
        add(.name, name, file)
        if let label = line.entries?.first?.value { template(label, file) }
      }
    case let key where Self.choices.contains(key): add(.choice, entry.value, file)
    case let key where Self.templates.contains(key): template(entry.value, file)
    case let key where Self.expressions.contains(key): expression(entry.value.text ?? "", at: 0, of: entry.value, file)
    default: break
    }
  }

  private mutating func definitions(_ node: Node, _ file: SourceFile) {
    for entry in node.entries ?? [] {
      names.append(entry.name)
      expression(entry.value.text ?? "", at: 0, of: entry.value, file)
    }
  }

  private mutating func add(_ part: TypoSpot.Part, _ node: Node, _ file: SourceFile) {
    guard let text = node.text, text == node.range.text else { return }
    names.append(text)
    spots.append(
      TypoSpot(file: file, part: part, offset: node.range.offset, word: text, wholeOffset: node.range.offset, whole: text))
  }

  private mutating func duration(_ node: Node, _ file: SourceFile) {
    guard let text = node.text, let unit = text.last else { return }
    let offset = node.range.offset + text.utf8.count - 1
    spots.append(
      TypoSpot(file: file, part: .unit, offset: offset, word: String(unit), wholeOffset: node.range.offset, whole: text))
  }

  private mutating func template(_ node: Node, _ file: SourceFile) {
    guard let text = node.text else { return }
    let bytes = Array(text.utf8)
    var start: Int?
    for index in bytes.indices.dropLast() {
      let pair = String(decoding: bytes[index...index + 1], as: UTF8.self)
      if pair == "{{" { start = index + 2 }
      if pair == "}}", let begin = start, begin <= index {
        expression(String(decoding: bytes[begin..<index], as: UTF8.self), at: begin, of: node, file)
        start = nil
      }
    }
  }

  /// The words of an expression: texts in quotes are a person's own, but for the names of lexicons.
  private mutating func expression(_ text: String, at base: Int, of node: Node, _ file: SourceFile) {
    let bytes = Array(text.utf8)
    var index = 0
    func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (65...90).contains(byte) || byte == UInt8(ascii: "_") }
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    while index < bytes.count {
      let start = index
      if bytes[index] == UInt8(ascii: "\"") {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") { index += 1 }
        if String(decoding: bytes[..<start], as: UTF8.self).hasSuffix("mentions("), start + 1 < index {
          word(.choice, bytes, start + 1..<index, within: start..<index + 1, base, node, file)
        }
        index += 1
      } else if isDigit(bytes[index]) {
        while index < bytes.count, isDigit(bytes[index]) || bytes[index] == UInt8(ascii: ".") { index += 1 }
        let unit = index
        while index < bytes.count, isLetter(bytes[index]) { index += 1 }
        if unit < index { word(.unit, bytes, unit..<index, within: start..<index, base, node, file) }
      } else if isLetter(bytes[index]) {
        while index < bytes.count, isLetter(bytes[index]) || isDigit(bytes[index]) || bytes[index] == UInt8(ascii: ".") { index += 1 }
        name(bytes, start..<index, base, node, file)
      } else {
        index += 1
      }
    }
  }

  private mutating func name(_ bytes: [UInt8], _ range: Range<Int>, _ base: Int, _ node: Node, _ file: SourceFile) {
    let whole = String(decoding: bytes[range], as: UTF8.self)
    names.append(whole)
    let isCalled = range.upperBound < bytes.count && bytes[range.upperBound] == UInt8(ascii: "(")
    let isKeyword = Token.Keyword(rawValue: whole) != nil
    let part: TypoSpot.Part = isKeyword ? .keyword : isCalled ? .function : .name
    var start = range.lowerBound
    for component in whole.split(separator: ".") {
      let end = start + component.utf8.count
      word(part, bytes, start..<end, within: range, base, node, file)
      start = end + 1
    }
  }

  private mutating func word(
    _ part: TypoSpot.Part, _ bytes: [UInt8], _ range: Range<Int>, within whole: Range<Int>, _ base: Int, _ node: Node, _ file: SourceFile
  ) {
    let place = node.range(ofTextAt: base + range.lowerBound, length: range.count)
    let around = node.range(ofTextAt: base + whole.lowerBound, length: whole.count)
    let text = String(decoding: bytes[range], as: UTF8.self)
    guard place.text == text else { return }
    spots.append(
      TypoSpot(
        file: file, part: part, offset: place.offset, word: text, wholeOffset: around.offset,
        whole: String(decoding: bytes[whole], as: UTF8.self)))
  }
}
