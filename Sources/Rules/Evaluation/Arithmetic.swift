internal import Events

/// Arithmetic and comparison of outcomes; missing spreads.
enum Arithmetic {
  static func negated(_ outcome: Outcome) -> Outcome {
    switch outcome {
    case .number(let value): .number(-value)
    case .duration(let span): .duration(Span(microseconds: 0 &- span.microseconds))
    case .money(let amount): .money(0 &- amount)
    default: outcome
    }
  }

  static func combine(_ sign: BinaryOperator, _ a: Outcome, _ b: Outcome) -> Outcome {
    if a.isMissing { return a }
    if b.isMissing { return b }
    switch sign {
    case .plus: return sum(a, b)
    case .minus: return difference(a, b)
    case .times: return product(a, b)
    default: return quotient(a, b)
    }
  }

  private static func sum(_ a: Outcome, _ b: Outcome) -> Outcome {
    switch (a, b) {
    case (.number(let x), .number(let y)): .number(x + y)
    case (.duration(let x), .duration(let y)): .duration(Span(microseconds: clampedSum(x.microseconds, y.microseconds)))
    case (.money(let x), .money(let y)): .money(clampedSum(x, y))
    case (.instant(let x), .duration(let y)): .instant(Instant(microseconds: clampedSum(x.microseconds, y.microseconds)))
    default: unfit
    }
  }

  private static func difference(_ a: Outcome, _ b: Outcome) -> Outcome {
    if case .instant(let x) = a, case .instant(let y) = b { return .duration(x - y) }
    return sum(a, negated(b))
  }

  private static func product(_ a: Outcome, _ b: Outcome) -> Outcome {
    switch (a, b) {
    case (.number(let x), .number(let y)): .number(x * y)
    case (.duration(let span), .number(let factor)), (.number(let factor), .duration(let span)):
      .duration(Span(microseconds: scaled(span.microseconds, by: factor)))
    case (.money(let amount), .number(let factor)), (.number(let factor), .money(let amount)): .money(scaled(amount, by: factor))
    default: unfit
    }
  }

  private static func quotient(_ a: Outcome, _ b: Outcome) -> Outcome {
    switch (a, b) {
    case (.number(let x), .number(let y)): x.divided(by: y).map(Outcome.number) ?? .missing(.because(.divisionByZero))
    case (.duration(let x), .duration(let y)): ratio(x.microseconds, y.microseconds)
    case (.money(let x), .money(let y)): ratio(x, y)
    case (.duration(let span), .number(let divisor)):
      divided(span.microseconds, by: divisor).map { .duration(Span(microseconds: $0)) } ?? .missing(.because(.divisionByZero))
    case (.money(let amount), .number(let divisor)):
      divided(amount, by: divisor).map(Outcome.money) ?? .missing(.because(.divisionByZero))
    default: unfit
    }
  }

  /// What no checked expression reaches.
  private static let unfit = Outcome.missing(.named("values that do not fit"))

  static func ratio(_ a: Int64, _ b: Int64) -> Outcome {
    guard b != 0 else { return .missing(.because(.divisionByZero)) }
    return .number(Fixed(clamping: Int128(roundedDividing: Int128(a) * 1_000_000, by: Int128(b))))
  }

  private static func clampedSum(_ a: Int64, _ b: Int64) -> Int64 { Int64(clamping: Int128(a) + Int128(b)) }

  private static func scaled(_ amount: Int64, by factor: Fixed) -> Int64 {
    Int64(clamping: Int128(roundedDividing: Int128(amount) * Int128(factor.millionths), by: 1_000_000))
  }

  private static func divided(_ amount: Int64, by divisor: Fixed) -> Int64? {
    guard divisor.millionths != 0 else { return nil }
    return Int64(clamping: Int128(roundedDividing: Int128(amount) * 1_000_000, by: Int128(divisor.millionths)))
  }

  static func compare(_ sign: BinaryOperator, _ a: Outcome, _ b: Outcome) -> Outcome {
    if a.isMissing { return a }
    if b.isMissing { return b }
    switch sign {
    case .equal: return .flag(a == b)
    case .notEqual: return .flag(a != b)
    case .less: return .flag(a.isLess(than: b) ?? false)
    case .greater: return .flag(b.isLess(than: a) ?? false)
    case .lessOrEqual: return .flag(b.isLess(than: a).map { !$0 } ?? false)
    default: return .flag(a.isLess(than: b).map { !$0 } ?? false)
    }
  }

  static func compareRank(_ sign: BinaryOperator, _ words: [String], _ a: Outcome, _ b: Outcome) -> Outcome {
    if a.isMissing { return a }
    if b.isMissing { return b }
    guard case .text(let x) = a, case .text(let y) = b else { return unfit }
    let ranks = (Fixed(words.firstIndex(of: x) ?? -1), Fixed(words.firstIndex(of: y) ?? -1))
    return compare(sign, .number(ranks.0), .number(ranks.1))
  }
}
