internal import ConfigFiles
package import Events

/// A text with placeholders: `API calls down {{ drop }} in 14 days`.
package struct Template: Sendable {
  /// As it was written.
  package let text: String
  let pieces: [Piece]

  enum Piece: Sendable {
    case text(String)
    case value(CompiledExpression)
  }

  package var hasPlaceholders: Bool {
    pieces.contains { if case .value = $0 { true } else { false } }
  }

  /// Where placeholders stand: the offset and text of each, in bytes; nil and the offset of a `{{` that is not closed.
  static func split(_ text: String) -> (pieces: [(offset: Int, text: String, isPlaceholder: Bool)], unclosedAt: Int?) {
    let bytes = Array(text.utf8)
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    var pieces: [(offset: Int, text: String, isPlaceholder: Bool)] = []
    var start = 0
    var index = 0
    func slice(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    while index + 1 < bytes.count {
      guard bytes[index] == open, bytes[index + 1] == open else {
        index += 1
        continue
      }
      var end = index + 2
      while end + 1 < bytes.count, !(bytes[end] == close && bytes[end + 1] == close) { end += 1 }
      guard end + 1 < bytes.count else { return (pieces, index) }
      if start < index { pieces.append((start, slice(start..<index), false)) }
      pieces.append((index + 2, slice(index + 2..<end), true))
      index = end + 2
      start = index
    }
    if start < bytes.count { pieces.append((start, slice(start..<bytes.count), false)) }
    return (pieces, nil)
  }
}

/// A fact that proves a finding, in words, and the records it was read from: `ticket:zendesk/42`, `usage:api_call/2026-01-01..2026-01-14`.
package struct Evidence: Hashable, Sendable {
  package let text: String
  package let records: [String]
}

extension Evaluator {
  /// A template with its placeholders filled in; an unknown value reads `unknown`.
  package static func render(_ template: Template, _ facts: Facts) -> String {
    let format = OutcomeFormat(facts)
    return template.pieces.map { piece in
      switch piece {
      case .text(let text): return text
      case .value(let expression):
        let outcome = evaluate(expression, facts)
        return outcome.isMissing ? "unknown" : format.text(outcome, as: expression.type)
      }
    }.joined()
  }

  /// The most records a fact cites; an alert is read by people.
  package static let citationLimit = 20

  /// The strongest facts of a rule, strongest first; those unknown are left out.
  package static func evidence(of rule: Rule, _ facts: Facts) -> [Evidence] {
    let format = OutcomeFormat(facts)
    return rule.evidence.compactMap { line in
      guard let binding = rule.bindings.first(where: { $0.name == line.name }) else { return nil }
      var evaluation = Evaluation(facts)
      evaluation.citations = []
      let outcome = evaluation.value(of: binding.expression.root)
      if outcome.isMissing { return nil }
      var records: [String] = []
      for record in evaluation.citations ?? [] where !records.contains(record) { records.append(record) }
      let value = format.text(outcome, as: binding.expression.type)
      return Evidence(text: sentence(line, value, facts), records: Array(records.prefix(citationLimit)))
    }
  }

  /// The rule's named values for machines: numbers as numbers, days as YYYY-MM-DD, spans in seconds, money in minor units; those unknown
  /// are left out.
  package static func values(of rule: Rule, _ facts: Facts) -> [String: JSON] {
    var evaluation = Evaluation(facts, bindings: rule.bindings.count)
    var values: [String: JSON] = [:]
    for binding in rule.bindings {
      let outcome = evaluation.value(of: binding.expression.root)
      if !outcome.isMissing { values[binding.name] = outcome.json(facts.company.calendar) }
    }
    return values
  }

  private static func sentence(_ line: EvidenceLine, _ value: String, _ facts: Facts) -> String {
    guard let label = line.label else { return "\(line.name): \(value)" }
    let words = render(label, facts)
    return label.hasPlaceholders ? words : "\(words): \(value)"
  }
}
