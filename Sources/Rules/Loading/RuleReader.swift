internal import ConfigFiles
internal import Events
internal import Revenue

/// Reads and checks the rules of rule files; reports every fault it meets.
struct RuleReader {
  /// All rule ids of all files, and what each is about.
  let catalogue: [String: RuleSubjectMatter]
  /// What `define:` adds to every rule; empty until the definitions are read.
  var shared = ExpressionScope()

  // MARK: A rule

  func rule(_ node: Node, into diagnostics: inout Diagnostics) -> Rule? {
    guard var reader = MappingReader(node, what: "rule", into: &diagnostics) else { return nil }
    let errorsBefore = diagnostics.errorCount
    let id = self.id(&reader, &diagnostics)
    let about = choice("about", as: RuleSubjectMatter.self, &reader, &diagnostics)
    let category = choice("category", as: RuleCategory.self, &reader, &diagnostics)
    let subject = reader.choice("subject", as: RuleSubject.self, into: &diagnostics) ?? .account
    let title = reader.required("title", into: &diagnostics)
    let onlyNode = reader.optional("only")
    let needsNode = reader.optional("needs")

    var scope = shared
    scope.hasCase = subject == .expansionCase
    let bindings = self.bindings(&reader, &scope, &diagnostics)
    let only = onlyNode.flatMap { condition($0, "only", scope, &diagnostics) }
    let needs = needsNode.flatMap { condition($0, "needs", scope, &diagnostics) }
    let when = reader.required("when", into: &diagnostics).flatMap { condition($0, "when", scope, &diagnostics) }
    let clear = reader.optional("clear").flatMap { condition($0, "clear", scope, &diagnostics) }
    let hold = reader.duration("hold", into: &diagnostics) ?? Span(microseconds: 0)
    let (level, points) = self.level(&reader, &diagnostics)
    let escalations = self.escalations(&reader, above: level, scope, &diagnostics)
    let action = reader.required("action", into: &diagnostics).flatMap { template($0, "action", scope, &diagnostics) }
    let opener = reader.optional("opener").flatMap { template($0, "opener", scope, &diagnostics) }
    let evidence = reader.list("evidence", into: &diagnostics).compactMap { evidenceLine($0, scope, &diagnostics) }
    let headline = title.flatMap { template($0, "title", scope, &diagnostics) }
    reader.finish(into: &diagnostics)

    guard diagnostics.errorCount == errorsBefore, let id, let about, let category, let headline, let when, let action, let level else {
      return nil
    }
    return Rule(
      id: id, about: about, category: category, subject: subject, title: headline, only: only, needs: needs, bindings: bindings, when: when,
      escalations: escalations, clear: clear, hold: hold, level: level, points: points ?? level.points, action: action, opener: opener,
      evidence: evidence)
  }

  private func id(_ reader: inout MappingReader, _ diagnostics: inout Diagnostics) -> String? {
    guard let node = reader.required("id", into: &diagnostics), let id = node.text(for: "id", into: &diagnostics) else { return nil }
    guard Self.isName(id) else {
      diagnostics.report(.badName, "\(id) is no id", at: node.range, hint: "ids are lower-case words joined by underscores")
      return nil
    }
    return id
  }

  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, as type: Choice.Type, _ reader: inout MappingReader, _ diagnostics: inout Diagnostics
  ) -> Choice? {
    guard let node = reader.required(key, into: &diagnostics) else { return nil }
    return node.choice(for: key, among: Choice.allCases.map(\.rawValue), into: &diagnostics).flatMap(Choice.init(rawValue:))
  }

  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
      && Token.Keyword(rawValue: text) == nil
  }

  // MARK: Bindings

  private func bindings(
    _ reader: inout MappingReader, _ scope: inout ExpressionScope, _ diagnostics: inout Diagnostics
  ) -> [RuleBinding] {
    var bindings: [RuleBinding] = []
    // No other key of a rule looks like it: what does was meant as it.
    let entries = reader.misspelt("let")?.entries ?? reader.mapping("let", into: &diagnostics)
    if entries.count > RuleLimits.bindings {
      diagnostics.report(
        .tooMany, "a rule has \(entries.count) bindings; at most \(RuleLimits.bindings) are read", at: reader.range(ofKey: "let"))
    }
    for (slot, entry) in entries.prefix(RuleLimits.bindings).enumerated() {
      let name = entry.name
      _ = isFree(name, entry.key, into: &diagnostics)
      if let place = shared.bindings[name]?.definedAt {
        diagnostics.report(
          .duplicateDefinition, "\(name) is defined for all rules", at: entry.key.range,
          hint: "the definition stands at \(place); choose another name here")
      }
      let compiled = expression(name, entry.value, scope, &diagnostics)
      if let compiled { bindings.append(RuleBinding(name: name, expression: compiled.0)) }
      let node = compiled?.0.root ?? TypedNode(.constant(.missing(.named("not checked"))), .unknown, source: name)
      let syntax = compiled?.1 ?? Syntax(form: .fault, range: 0..<0)
      scope.bindings[name] = ExpressionScope.Binding(slot: slot, syntax: syntax, node: node)
    }
    return bindings
  }

  // MARK: Expressions and templates

  func condition(_ node: Node, _ key: String, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics) -> CompiledExpression? {
    guard let text = node.text(for: key, into: &diagnostics) else { return nil }
    let (expression, faults) = CompiledExpression.compile(text, in: scope, expectingCondition: true)
    report(faults, at: node, &diagnostics)
    return expression
  }

  func report(_ faults: [Fault], at node: Node, offset: Int = 0, _ diagnostics: inout Diagnostics) {
    for fault in faults {
      let range = node.range(ofTextAt: offset + fault.range.lowerBound, length: fault.range.count)
      diagnostics.report(
        Diagnostic.Code(fault.code.rawValue, .error), fault.message, at: range,
        hint: fault.hint ?? "docs/rules/errors.md shows the right form under \(fault.code.rawValue)")
    }
  }

  private func template(_ node: Node, _ key: String, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics) -> Template? {
    guard let text = node.text(for: key, into: &diagnostics) else { return nil }
    let (split, unclosedAt) = Template.split(text)
    if let unclosedAt {
      diagnostics.report(
        .badTemplate, "this placeholder is not closed", at: node.range(ofTextAt: unclosedAt, length: 2), hint: "end it with }}")
      return nil
    }
    var pieces: [Template.Piece] = []
    for piece in split {
      guard piece.isPlaceholder else {
        pieces.append(.text(piece.text))
        continue
      }
      let (expression, faults) = CompiledExpression.compile(piece.text, in: scope)
      report(faults, at: node, offset: piece.offset, &diagnostics)
      if let expression { pieces.append(.value(expression)) }
    }
    return Template(text: text, pieces: pieces)
  }

  private func evidenceLine(_ node: Node, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics) -> EvidenceLine? {
    let nameNode: Node
    var label: Template?
    if let entry = node.entries?.first, node.entries?.count == 1 {
      nameNode = entry.key
      label = template(entry.value, entry.name, scope, &diagnostics)
    } else {
      nameNode = node
    }
    guard let name = nameNode.text else {
      diagnostics.report(
        .badEvidence, "a piece of evidence is a name from let, or name: label", at: node.range, hint: "write - drop, or - drop: \"…\"")
      return nil
    }
    guard scope.bindings[name] != nil else {
      diagnostics.report(
        .badEvidence, "\(name) is no name from let", at: nameNode.range, hint: suggestion(for: name, among: scope.bindings.keys.sorted()))
      return nil
    }
    return EvidenceLine(name: name, label: label)
  }

  // MARK: Levels

  private func level(_ reader: inout MappingReader, _ diagnostics: inout Diagnostics) -> (Level?, Int?) {
    let level = reader.choice("level", as: Level.self, into: &diagnostics)
    let points = reader.integer("points", in: -100...100, into: &diagnostics).map(Int.init)
    let hasLevel = reader.node["level"] != nil
    let hasPoints = reader.node["points"] != nil
    if !hasLevel, !hasPoints, let other = reader.misspelt("level") {
      return (other.text.flatMap(Level.init(rawValue:)) ?? .low, nil)
    }
    if hasLevel == hasPoints {
      diagnostics.report(
        .badLevel, hasLevel ? "a rule has a level or points, not both" : "this rule has neither level nor points",
        at: reader.range(ofKey: hasLevel ? "points" : "level"),
        hint: "levels are \(Level.allCases.map { "\($0.rawValue) (\($0.points))" }.joined(separator: ", "))")
      return (nil, nil)
    }
    return (level ?? points.map { Level(points: $0) }, points)
  }

  private func escalations(
    _ reader: inout MappingReader, above base: Level?, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics
  ) -> [Escalation] {
    var escalations: [Escalation] = []
    for level in Level.allCases.reversed() where level != .context {
      guard let node = reader.optional(level.rawValue) else { continue }
      if let base, level <= base {
        diagnostics.report(
          .badLevel, "\(level.rawValue) does not raise a rule that is \(base.rawValue) already", at: reader.range(ofKey: level.rawValue))
      }
      guard let condition = condition(node, level.rawValue, scope, &diagnostics) else { continue }
      escalations.append(Escalation(level: level, condition: condition))
    }
    return escalations
  }

  // MARK: Verdicts

  /// The verdicts a file may define: where none of them holds, a case is proving.
  static let verdicts = CaseVerdict.allCases.filter { $0 != .proving }.map(\.rawValue)

  func verdict(_ node: Node, into diagnostics: inout Diagnostics) -> VerdictRule? {
    guard var reader = MappingReader(node, what: "verdict", into: &diagnostics) else { return nil }
    let errorsBefore = diagnostics.errorCount
    let word = reader.required("verdict", into: &diagnostics)?.choice(for: "verdict", among: Self.verdicts, into: &diagnostics)
    let title = reader.required("title", into: &diagnostics)
    var scope = shared
    scope.hasCase = true
    let bindings = self.bindings(&reader, &scope, &diagnostics)
    let when = reader.required("when", into: &diagnostics).flatMap { condition($0, "when", scope, &diagnostics) }
    let levelNode = reader.required("level", into: &diagnostics)
    let level = levelNode?.choice(for: "level", among: Level.allCases.map(\.rawValue), into: &diagnostics).flatMap(Level.init(rawValue:))
    let action = reader.required("action", into: &diagnostics).flatMap { template($0, "action", scope, &diagnostics) }
    let opener = reader.optional("opener").flatMap { template($0, "opener", scope, &diagnostics) }
    let evidence = reader.list("evidence", into: &diagnostics).compactMap { evidenceLine($0, scope, &diagnostics) }
    let headline = title.flatMap { template($0, "title", scope, &diagnostics) }
    reader.finish(into: &diagnostics)
    guard diagnostics.errorCount == errorsBefore, let verdict = word.flatMap(CaseVerdict.init(rawValue:)), let headline, let when,
      let level, let action
    else { return nil }
    return VerdictRule(
      verdict: verdict,
      rule: Rule(
        id: verdict.rawValue, about: .quality, category: .usage, subject: .expansionCase, title: headline, only: nil, needs: nil,
        bindings: bindings, when: when, escalations: [], clear: nil, hold: Span(microseconds: 0), level: level, points: 0, action: action,
        opener: opener, evidence: evidence))
  }

  // MARK: Flags

  /// A flag reads figures alone: what is defined for all rules speaks of an account.
  func flag(_ node: Node, into diagnostics: inout Diagnostics) -> Rule? {
    guard var reader = MappingReader(node, what: "flag", into: &diagnostics) else { return nil }
    let errorsBefore = diagnostics.errorCount
    let id = self.id(&reader, &diagnostics)
    let title = reader.required("title", into: &diagnostics)
    var scope = ExpressionScope()
    scope.hasFigures = true
    let bindings = self.bindings(&reader, &scope, &diagnostics)
    let when = reader.required("when", into: &diagnostics).flatMap { condition($0, "when", scope, &diagnostics) }
    let level = choice("level", as: Level.self, &reader, &diagnostics)
    let action = reader.required("action", into: &diagnostics).flatMap { template($0, "action", scope, &diagnostics) }
    let evidence = reader.list("evidence", into: &diagnostics).compactMap { evidenceLine($0, scope, &diagnostics) }
    let headline = title.flatMap { template($0, "title", scope, &diagnostics) }
    reader.finish(into: &diagnostics)
    guard diagnostics.errorCount == errorsBefore, let id, let headline, let when, let level, let action else { return nil }
    return Rule(
      id: id, about: .revenue, category: .market, subject: .account, title: headline, only: nil, needs: nil, bindings: bindings, when: when,
      escalations: [], clear: nil, hold: Span(microseconds: 0), level: level, points: 0, action: action, opener: nil, evidence: evidence)
  }

  // MARK: Tiers

  func tier(_ node: Node, into diagnostics: inout Diagnostics) -> TierRule? {
    guard var reader = MappingReader(node, what: "tier", into: &diagnostics) else { return nil }
    let tier = choice("tier", as: ExpansionTier.self, &reader, &diagnostics)
    let when = reader.required("when", into: &diagnostics).flatMap { condition($0, "when", shared, &diagnostics) }
    reader.finish(into: &diagnostics)
    guard let tier, let when else { return nil }
    return TierRule(tier: tier, when: when)
  }
}

extension Diagnostic.Code {
  static let duplicateRule = code(.duplicateRule)
  static let ruleCycle = code(.ruleCycle)
  static let badTemplate = code(.badTemplate)
  static let badName = code(.badName)
  static let badLevel = code(.badLevel)
  static let badEvidence = code(.badEvidence)
  static let badTiers = code(.badTiers)
  static let badVerdicts = code(.badVerdicts)
  static let tooMany = code(.tooMany)
  static let duplicateDefinition = code(.duplicateDefinition)
  static let definitionCycle = code(.definitionCycle)
  static let badTable = code(.badTable)

  private static func code(_ code: RuleCode) -> Diagnostic.Code { Diagnostic.Code(code.rawValue, .error) }
}
