internal import ConfigFiles
internal import Events

/// Reads the mapping notation of feed files.
///
/// A value is a path (`customer.id`), several with `|` between them (the first that has a value), a constant (`= note`), `<Date>` (the
/// answer's time), a list (the first that has a value), or a mapping with one of the forms in `Form`.
struct MappingCompiler {
  private(set) var paths: [ValuePath] = []
  private var slots: [String: Int] = [:]

  /// The most paths a stream's mappings may name.
  static let pathLimit = 2000

  private enum Form: String, CaseIterable {
    case words
    case `if`
    case join
    case prefix
    case plainText = "plain_text"
    case majorUnits = "major_units"
    case domain
    case lists
    case each
  }

  /// An expression for a value of the given type, whose constants are checked; nil, and a report, where it is none.
  mutating func expression(_ node: Node, type: EventSchema.FieldType, name: String, into diagnostics: inout Diagnostics) -> Expression? {
    if node.isUnresolved { return .constant(.null) }
    switch node.content {
    case .scalar(let text, _): return alternatives(text, in: node, type, name, &diagnostics)
    case .sequence(let elements):
      let choices = elements.compactMap { expression($0, type: type, name: name, into: &diagnostics) }
      return choices.count == elements.count && !choices.isEmpty ? .firstOf(choices) : nil
    case .mapping: return form(node, type, name, &diagnostics)
    case .null:
      diagnostics.report(
        .badMapping, "\(name) has no value", at: node.range, hint: "name a path such as properties.\(name), or leave it out")
      return nil
    }
  }

  private mutating func alternatives(
    _ text: String, in node: Node, _ type: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> Expression? {
    var choices: [Expression] = []
    var offset = 0
    for part in text.split(separator: "|", omittingEmptySubsequences: false) {
      let leading = part.prefix { $0 == " " }.utf8.count
      let trimmed = part.drop { $0 == " " }
      let word = String(trimmed.reversed().drop { $0 == " " }.reversed())
      let range = node.range(ofTextAt: offset + leading, length: max(1, word.utf8.count))
      guard let choice = single(word, at: range, type, name, &diagnostics) else { return nil }
      choices.append(choice)
      offset += part.utf8.count + 1
    }
    return choices.count == 1 ? choices[0] : .firstOf(choices)
  }

  private mutating func single(
    _ word: String, at range: SourceRange, _ type: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> Expression? {
    if word.hasPrefix("=") {
      let constant = String(word.dropFirst().drop { $0 == " " })
      return check(constant, type, name, at: range, &diagnostics) ? .constant(.text(constant)) : nil
    }
    if word == "<Date>" { return .answerDate }
    let isFromRoot = word.hasPrefix("/")
    guard let path = JSONPath(isFromRoot ? String(word.dropFirst()) : word), paths.count < Self.pathLimit else {
      diagnostics.report(
        .badPath, "\(word.isEmpty ? "nothing" : word) is no path", at: range,
        hint: "write names with dots between them, such as data.object.id; a constant begins with =")
      return nil
    }
    return .path(valuePath(path, isFromRoot))
  }

  private mutating func valuePath(_ path: JSONPath, _ isFromRoot: Bool) -> ValuePath {
    let slot = slots[path.text] ?? paths.count
    let value = ValuePath(path: path, isFromRoot: isFromRoot, slot: slot)
    if slot == paths.count {
      paths.append(value)
      slots[path.text] = slot
    }
    return value
  }

  /// Whether a constant fits the field.
  private func check(
    _ constant: String, _ type: EventSchema.FieldType, _ name: String, at range: SourceRange, _ diagnostics: inout Diagnostics
  ) -> Bool {
    do {
      _ = try type.cast(.text(constant), at: name)
      return true
    } catch {
      let words: [String] = if case .choice(let words) = type { words } else { [] }
      diagnostics.report(
        .badMapping, "\(constant) does not fit \(name): \(error.message)", at: range, hint: suggestion(for: constant, among: words))
      return false
    }
  }

  private mutating func form(
    _ node: Node, _ type: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> Expression? {
    let form = Form.allCases.first { node[$0.rawValue] != nil }
    guard let form, form != .each, var reader = MappingReader(node, what: "value", into: &diagnostics) else {
      let known = Form.allCases.map(\.rawValue)
      let first = node.entries?.first
      diagnostics.report(
        .badMapping, "\(name) is no known form of value", at: node.range,
        hint: first.flatMap { suggestion(for: $0.name, among: known) } ?? "known here: \(known.joined(separator: ", "))")
      return nil
    }
    let before = diagnostics.errorCount
    let result: Expression? =
      switch form {
      case .words: lookup(&reader, type, name, &diagnostics)
      case .if: conditional(&reader, type, name, &diagnostics)
      case .join: .join(reader.list("join", into: &diagnostics).compactMap { expression($0, type: .text, name: name, into: &diagnostics) })
      case .prefix: prefixed(&reader, name, &diagnostics)
      case .plainText:
        reader.optional("plain_text").flatMap { expression($0, type: .text, name: name, into: &diagnostics) }.map { .plainText($0) }
      case .majorUnits: majorUnits(&reader, name, &diagnostics)
      case .domain: reader.optional("domain").flatMap { expression($0, type: .text, name: name, into: &diagnostics) }.map { .domain($0) }
      case .lists:
        .joinedLists(reader.list("lists", into: &diagnostics).compactMap { expression($0, type: .text, name: name, into: &diagnostics) })
      case .each: nil
      }
    reader.finish(into: &diagnostics)
    return diagnostics.errorCount == before ? result : nil
  }

  private mutating func lookup(
    _ reader: inout MappingReader, _ type: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> Expression? {
    let path = reader.required("path", into: &diagnostics)
    let separator = reader.text("split", into: &diagnostics)
    var words: [(theirs: String, ours: JSON)] = []
    for entry in reader.mapping("words", into: &diagnostics) {
      guard let word = entry.value.text(for: entry.name, into: &diagnostics) else { continue }
      if check(word, type, name, at: entry.value.range, &diagnostics) { words.append((entry.name, .text(word))) }
    }
    var otherwise = JSON.null
    if let node = reader.optional("else"), let word = node.text(for: "else", into: &diagnostics),
      check(word, type, name, at: node.range, &diagnostics)
    {
      otherwise = .text(word)
    }
    guard let path, let expression = expression(path, type: .text, name: name, into: &diagnostics) else { return nil }
    if let separator = separator?.first { return .lookupAmong(expression, separator: separator, words: words, otherwise: otherwise) }
    return .lookup(expression, words: Dictionary(words.map { ($0.theirs, $0.ours) }) { $1 }, otherwise: otherwise)
  }

  private mutating func conditional(
    _ reader: inout MappingReader, _ type: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> Expression? {
    guard let node = reader.required("if", into: &diagnostics), let condition = condition(node, into: &diagnostics) else {
      _ = (reader.optional("then"), reader.optional("else"))
      return nil
    }
    guard let then = reader.optional("then") else {
      if type != .flag {
        diagnostics.report(.badMapping, "\(name) has an if: without then:", at: node.range, hint: "only a flag can be a condition alone")
      }
      return .test(condition)
    }
    let otherwise = reader.optional("else").map { expression($0, type: type, name: name, into: &diagnostics) }
    guard let value = expression(then, type: type, name: name, into: &diagnostics) else { return nil }
    return .conditional(condition, then: value, otherwise: otherwise ?? nil)
  }

  private mutating func prefixed(_ reader: inout MappingReader, _ name: String, _ diagnostics: inout Diagnostics) -> Expression? {
    guard let prefix = reader.requiredText("prefix", into: &diagnostics), let path = reader.required("path", into: &diagnostics),
      let expression = expression(path, type: .text, name: name, into: &diagnostics)
    else { return nil }
    return .withPrefix(expression, prefix: prefix)
  }

  private mutating func majorUnits(_ reader: inout MappingReader, _ name: String, _ diagnostics: inout Diagnostics) -> Expression? {
    let currency = reader.optional("currency").flatMap { expression($0, type: .text, name: name, into: &diagnostics) }
    guard let node = reader.required("major_units", into: &diagnostics),
      let amount = expression(node, type: .text, name: name, into: &diagnostics)
    else { return nil }
    return .majorUnits(amount, currency: currency)
  }
}

extension MappingCompiler {
  private enum Operator: String, CaseIterable {
    case `is`
    case not
    case startsWith = "starts_with"
    case contains
    case lessThan = "less_than"
    case present
  }

  /// A condition: a mapping of paths to what is asked of them, all of which must hold; `any:` holds a list of such mappings.
  ///
  /// What is asked is a text (equal to it), a list (one of them), or a mapping of `is not starts_with contains less_than present`.
  mutating func condition(_ node: Node, into diagnostics: inout Diagnostics) -> Condition? {
    guard let entries = node.entries, !entries.isEmpty else {
      diagnostics.report(
        .badMapping, "a condition is a mapping of paths to values, not \(node.description)", at: node.range,
        hint: "write { status: active }")
      return nil
    }
    var conditions: [Condition] = []
    for entry in entries {
      if entry.name == "any" {
        let choices = entry.value.list(for: "any", into: &diagnostics).compactMap { condition($0, into: &diagnostics) }
        conditions.append(.any(choices))
      } else if let path = expression(entry.key, type: .text, name: "the condition", into: &diagnostics) {
        conditions.append(contentsOf: tests(entry.value, into: &diagnostics).map { .value(path, $0) })
      }
    }
    return conditions.isEmpty ? nil : .all(conditions)
  }

  private func tests(_ node: Node, into diagnostics: inout Diagnostics) -> [Test] {
    if node.isUnresolved { return [.present(true)] }
    guard let entries = node.entries else {
      if node.isNull { return [.present(false)] }
      return [.equals(words(node))]
    }
    var tests: [Test] = []
    for entry in entries {
      switch Operator(rawValue: entry.name) {
      case .is: tests.append(.equals(words(entry.value)))
      case .not: tests.append(.differs(words(entry.value)))
      case .startsWith: tests.append(.startsWith(entry.value.text ?? ""))
      case .contains: tests.append(.contains(words(entry.value)))
      case .present: if let flag = entry.value.flag(for: "present", into: &diagnostics) { tests.append(.present(flag)) }
      case .lessThan:
        if let bound = entry.value.text.flatMap({ Fixed($0) }) {
          tests.append(.lessThan(bound))
        } else {
          diagnostics.report(.badMapping, "less_than needs a number", at: entry.value.range)
        }
      case nil:
        diagnostics.report(
          .badMapping, "unknown test \(entry.name)", at: entry.key.range,
          hint: suggestion(for: entry.name, among: Operator.allCases.map(\.rawValue)))
      }
    }
    return tests
  }

  /// The words of a list, or of a text with commas, as a variable can give them.
  private func words(_ node: Node) -> [String] {
    let texts = node.elements.map { $0.compactMap(\.text) } ?? (node.text ?? "").split(separator: ",").map(String.init)
    return texts.map { $0.split(separator: " ").joined(separator: " ") }
  }
}

extension MappingCompiler {
  /// The fields of a record or object, checked against its schema.
  mutating func fields(
    _ entries: [Node.Entry], of schema: [EventSchema.Field], what: String, into diagnostics: inout Diagnostics
  ) -> [FieldMapping] {
    var mappings: [FieldMapping] = []
    for entry in entries {
      guard let field = schema.first(where: { $0.name == entry.name }) else {
        diagnostics.report(
          .unknownField, "\(what) has no field \(entry.name)", at: entry.key.range,
          hint: entry.name == "person" ? "write person: beside fields:, not in it" : suggestion(for: entry.name, among: schema.map(\.name)))
        continue
      }
      if let shape = shape(entry.value, of: field.type, name: "\(what).\(entry.name)", into: &diagnostics) {
        mappings.append(FieldMapping(name: field.name, shape: shape))
      }
    }
    return mappings
  }

  private mutating func shape(
    _ node: Node, of type: EventSchema.FieldType, name: String, into diagnostics: inout Diagnostics
  ) -> FieldShape? {
    switch type {
    case .object(let schema):
      guard let entries = mapping(node, name, &diagnostics) else { return nil }
      return .object(fields(entries, of: schema, what: name, into: &diagnostics))
    case .names:
      guard let entries = mapping(node, name, &diagnostics) else { return nil }
      return .names(
        entries.compactMap { entry in
          expression(entry.value, type: .text, name: "\(name).\(entry.name)", into: &diagnostics).map { (entry.name, $0) }
        })
    case .list(let element):
      guard node["each"] == nil else { return each(node, element, name, &diagnostics) }
      return expression(node, type: type, name: name, into: &diagnostics).map { .value($0, type) }
    default:
      return expression(node, type: type, name: name, into: &diagnostics).map { .value($0, type) }
    }
  }

  private func mapping(_ node: Node, _ name: String, _ diagnostics: inout Diagnostics) -> [Node.Entry]? {
    if let entries = node.entries { return entries }
    diagnostics.report(.badMapping, "\(name) has fields of its own", at: node.range, hint: "write them below it, one per line")
    return nil
  }

  /// `{ each: items.data, when: …, id: id, … }`: a list whose elements are objects, or with `value:` single values.
  private mutating func each(
    _ node: Node, _ element: EventSchema.FieldType, _ name: String, _ diagnostics: inout Diagnostics
  ) -> FieldShape? {
    guard let source = node["each"], let list = expression(source, type: .text, name: name, into: &diagnostics) else { return nil }
    let wanted = node["when"].flatMap { condition($0, into: &diagnostics) }
    let entries = (node.entries ?? []).filter { $0.name != "each" && $0.name != "when" }
    if case .object(let schema) = element {
      return .each(list, when: wanted, .object(fields(entries, of: schema, what: name, into: &diagnostics)))
    }
    guard let value = node["value"], entries.count == 1 else {
      diagnostics.report(.badMapping, "\(name) needs each: and value:", at: node.range)
      return nil
    }
    return expression(value, type: element, name: name, into: &diagnostics).map { .each(list, when: wanted, .value($0, element)) }
  }
}
