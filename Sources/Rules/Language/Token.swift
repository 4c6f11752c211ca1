package import Events

/// A word or sign of an expression with its place in the text.
package struct Token: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// `12`, `0.5`; `60%` is 0.6 with `isPercent`.
    case number(Fixed, isPercent: Bool)
    case duration(Span)
    case text(String)
    /// A name or a path joined by points: `usage.api`.
    case name(String)
    case keyword(Keyword)
    case sign(Sign)
    case end
  }

  package enum Keyword: String, CaseIterable, Sendable {
    case and, or, not, `in`, contains, `for`, within, `is`, missing, known, `true`, `false`
  }

  package enum Sign: String, Sendable {
    case open = "("
    case close = ")"
    case comma = ","
    case colon = ":"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  package let kind: Kind
  package let range: Range<Int>
}
