package import Events

/// What a part of an expression came to, and the parts it came from.
package struct Explanation: Sendable {
  /// As it was written.
  package let source: String
  package let outcome: Outcome
  package let type: ExpressionType
  /// The days looked at, the reference frozen, and the like.
  package let note: String?
  package let children: [Explanation]

  /// The tree as lines, values in a column at the right.
  package func rendered(_ format: OutcomeFormat) -> String {
    var lines: [(left: String, right: String)] = []
    collect(into: &lines, format, first: "", rest: "")
    let width = min(lines.map(\.left.count).max() ?? 0, Self.widestColumn)
    return lines.map { line in
      line.left + String(repeating: " ", count: max(0, width - line.left.count)) + "  " + line.right
    }.joined(separator: "\n")
  }

  private static let widestColumn = 100

  private func collect(into lines: inout [(left: String, right: String)], _ format: OutcomeFormat, first: String, rest: String) {
    let value = format.text(outcome, as: type)
    lines.append((first + source.split(whereSeparator: \.isWhitespace).joined(separator: " "), note.map { "\(value)  [\($0)]" } ?? value))
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      child.collect(into: &lines, format, first: rest + (isLast ? "└ " : "├ "), rest: rest + (isLast ? "  " : "│ "))
    }
  }

  /// `source value missing note children` for machines.
  package func json(_ format: OutcomeFormat) -> JSON {
    [
      "source": .text(source), "value": .text(format.text(outcome, as: type)), "missing": JSON(outcome.missing?.description),
      "note": JSON(note), "children": .list(children.map { $0.json(format) }),
    ]
  }
}

/// A rule's conditions, each with the value of its parts.
package struct RuleExplanation: Sendable {
  /// `only`, `needs`, `when`, the levels gravest first, `clear`; those the rule has.
  package let parts: [(name: String, explanation: Explanation)]

  package func rendered(_ format: OutcomeFormat) -> String {
    parts.map { part in
      let lines = part.explanation.rendered(format).split(separator: "\n", omittingEmptySubsequences: false)
      return "\(part.name):\n" + lines.map { "  \($0)" }.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  package func json(_ format: OutcomeFormat) -> JSON {
    .list(parts.map { part in ["condition": .text(part.name), "explanation": part.explanation.json(format)] })
  }
}

extension Evaluation {
  /// What a reader of an explanation should know beside the value.
  func note(on node: TypedNode) -> String? {
    switch node.operation {
    case .aggregate(.usage(let aggregate)): return describeDays(of: aggregate.window)
    case .ownLevel(_, _, let reference), .belowOwnLevel(_, _, let reference), .peak(_, _, let reference):
      return frozen(reference, as: .number) == nil ? nil : "frozen when this opened"
    case .adjusted(let inner, let feature): return note(onAdjusted: inner, feature)
    case .percentile(let inner, _, let feature): return note(onPercentile: inner, feature)
    case .rare(_, _, _, let feature):
      let rate = cohortFigure(feature, followsUsage: false).map { ($0.value * Fixed(30), CohortName.text($0.cohort)) }
      return rate.map { "\(OutcomeFormat(facts).text(.number($0), as: .number)) in 30 days, mean of \($1)" }
    case .lasting(let condition, let days), .occurring(let condition, let days):
      let held = (0..<days).count { Evaluator.evaluate(condition, facts.shifted(byDays: $0)).isTrue }
      return "held on \(held) of the last \(days) days"
    default: return nil
    }
  }
}
