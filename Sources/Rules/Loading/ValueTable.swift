internal import ConfigFiles
internal import Events

/// `by:` tables: a value for each word of a field of the account.
extension RuleReader {
  /// The expression of a value: a text, or a table that is read as a chain of `if`.
  func value(_ name: String, _ node: Node, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics) -> (Syntax, TypedNode) {
    let compiled = expression(name, node, scope, &diagnostics)
    guard let compiled else {
      return (Syntax(form: .fault, range: 0..<0), TypedNode(.constant(.missing(.named("not checked"))), .unknown, source: name))
    }
    return (compiled.1, compiled.0.root)
  }

  func expression(
    _ name: String, _ node: Node, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics
  ) -> (CompiledExpression, Syntax)? {
    guard node.entries != nil else {
      guard let text = node.text(for: name, into: &diagnostics) else { return nil }
      let (expression, syntax, faults) = Checker.compile(text, in: scope)
      report(faults, at: node, &diagnostics)
      return expression.map { ($0, syntax) }
    }
    return table(name, node, scope, &diagnostics)
  }

  /// Each part is checked where it stands; only then are they joined, so that a fault is shown in the line it is in.
  private func table(
    _ name: String, _ node: Node, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics
  ) -> (CompiledExpression, Syntax)? {
    let errorsBefore = diagnostics.errorCount
    let entries = node.entries ?? []
    guard let by = entries.first(where: { $0.name == "by" })?.value else {
      diagnostics.report(
        .badTable, "\(name) is a table without by", at: node.range, hint: "add by: account.segment, or write an expression")
      return nil
    }
    guard let otherwise = entries.first(where: { $0.name == "else" })?.value else {
      diagnostics.report(
        .badTable, "the table \(name) has no else", at: by.range,
        hint: "else is the value of every other account, and of those whose field is not on record")
      return nil
    }
    let cases = entries.filter { $0.name != "by" && $0.name != "else" }
    if cases.count > RuleLimits.tableEntries {
      diagnostics.report(.tooMany, "the table has \(cases.count) entries; at most \(RuleLimits.tableEntries) are read", at: node.range)
    }
    let field = part("by", by, scope, &diagnostics)
    let last = part("else", otherwise, scope, &diagnostics)
    if let field, field.type != .text, field.words == nil {
      diagnostics.report(
        .badTable, "a table goes by words, not by \(field.type.description)", at: by.range, hint: "for instance by: account.segment")
    }
    var text = last?.text ?? ""
    for entry in cases.reversed() {
      guard let value = part(entry.name, entry.value, scope, &diagnostics), let field, let last else { continue }
      if !value.type.fits(last.type) {
        diagnostics.report(
          .badTable, "all values of a table are of one type: \(value.type.description) is not \(last.type.description)",
          at: entry.value.range)
      }
      if let words = field.words, !words.contains(entry.name) {
        diagnostics.report(
          .badTable, "\(field.text) is never \(entry.name)", at: entry.key.range, hint: suggestion(for: entry.name, among: words))
      }
      text = "if(\(field.text) is known and \(field.text) = \"\(entry.name)\", \(value.text), \(text))"
    }
    guard diagnostics.errorCount == errorsBefore else { return nil }
    let (expression, syntax, faults) = Checker.compile(text, in: scope)
    for fault in faults {
      diagnostics.report(.badTable, "the table cannot be read: \(fault.message)", at: node.range, hint: fault.hint)
    }
    return expression.map { ($0, syntax) }
  }

  private func part(_ key: String, _ node: Node, _ scope: ExpressionScope, _ diagnostics: inout Diagnostics) -> TablePart? {
    guard let text = node.text(for: key, into: &diagnostics) else { return nil }
    let (expression, _, faults) = Checker.compile(text, in: scope)
    report(faults, at: node, &diagnostics)
    return expression.map { TablePart(text: $0.text, type: $0.type) }
  }
}

private struct TablePart {
  let text: String
  let type: ExpressionType

  /// The words it may be, where they are fixed.
  var words: [String]? { if case .choice(let choice) = type { choice.words } else { nil } }
}
