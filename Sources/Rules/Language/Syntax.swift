package import Events

/// An expression as it was written, each part with its place in the text.
package struct Syntax: Hashable, Sendable {
  package indirect enum Form: Hashable, Sendable {
    case number(Fixed, isPercent: Bool)
    case duration(Span)
    case text(String)
    case flag(Bool)
    case name(String)
    case list([Syntax])
    case call(function: String, nameRange: Range<Int>, [Argument])
    case negate(Syntax)
    case not(Syntax)
    case binary(BinaryOperator, Syntax, Syntax)
    case membership(Syntax, [Syntax])
    case contains(Syntax, [Syntax])
    case presence(Syntax, isKnown: Bool)
    case lasting(Syntax, Syntax)
    case occurring(Syntax, Syntax)
    /// A part that could not be read; its fault is already reported.
    case fault
  }

  package struct Argument: Hashable, Sendable {
    package let label: String?
    package let labelRange: Range<Int>
    package let value: Syntax
  }

  package let form: Form
  package let range: Range<Int>
}

/// An operator between two operands, weakest first.
package enum BinaryOperator: String, Hashable, Sendable {
  case or, and
  case equal = "="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case plus = "+"
  case minus = "-"
  case times = "*"
  case divide = "/"

  /// How strongly it binds its operands; comparisons do not chain.
  var strength: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: Self.comparison
    case .plus, .minus: 6
    case .times, .divide: 7
    }
  }

  static let negation = 3
  static let lasting = 4
  static let comparison = 5
  static let unaryMinus = 8

  var isComparison: Bool { strength == Self.comparison }
}

extension Syntax {
  /// The expression in one fixed spelling, with bound names replaced by what they stand for: the stable identity of references and
  /// cohort features.
  package func canonical(_ bindings: [String: Syntax] = [:]) -> String {
    switch form {
    case .number(let value, let isPercent): isPercent ? (value * Fixed(100)).description + "%" : value.description
    case .duration(let span): canonicalText(of: span)
    case .text(let text): "\"\(text)\""
    case .flag(let flag): flag ? "true" : "false"
    case .name(let name): bindings[name].map { "(\($0.canonical(bindings)))" } ?? name
    case .list(let items): "(\(items.map { $0.canonical(bindings) }.joined(separator: ", ")))"
    case .call(let function, _, let arguments):
      "\(function)(\(arguments.map { ($0.label.map { $0 + ": " } ?? "") + $0.value.canonical(bindings) }.joined(separator: ", ")))"
    case .negate(let operand): "-\(operand.canonical(bindings))"
    case .not(let operand): "not \(operand.canonical(bindings))"
    case .binary(let sign, let left, let right): "(\(left.canonical(bindings)) \(sign.rawValue) \(right.canonical(bindings)))"
    case .membership(let value, let items):
      "(\(value.canonical(bindings)) in (\(items.map { $0.canonical(bindings) }.joined(separator: ", "))))"
    case .contains(let value, let items):
      "(\(value.canonical(bindings)) contains (\(items.map { $0.canonical(bindings) }.joined(separator: ", "))))"
    case .presence(let value, let isKnown): "(\(value.canonical(bindings)) is \(isKnown ? "known" : "missing"))"
    case .lasting(let condition, let span): "(\(condition.canonical(bindings)) for \(span.canonical(bindings)))"
    case .occurring(let condition, let span): "(\(condition.canonical(bindings)) within \(span.canonical(bindings)))"
    case .fault: "?"
    }
  }
}

/// The shortest literal of a span: `14d`, `36h`.
func canonicalText(of span: Span) -> String {
  let seconds = span.microseconds / 1_000_000
  for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds % length == 0 && seconds != 0 {
    return "\(seconds / length)\(unit)"
  }
  return seconds == 0 ? "0d" : "\(seconds)s"
}
