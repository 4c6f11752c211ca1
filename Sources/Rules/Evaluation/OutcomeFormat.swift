package import Events
internal import Revenue

/// How values are shown to people: `82%`, `14 days`, `20 Mar 2026`, `USD 1,200`.
package struct OutcomeFormat: Sendable {
  private let calendar: CompanyCalendar
  private let currency: String
  /// Whether per cents are shown to a tenth, as retention is told.
  private let showsTenths: Bool

  package init(calendar: CompanyCalendar, currency: String, showsTenths: Bool = false) {
    self.calendar = calendar
    self.currency = currency
    self.showsTenths = showsTenths
  }

  init(_ facts: Facts) {
    self.init(
      calendar: facts.company.calendar, currency: facts.figures?.currency ?? facts.account.ledger.currency,
      showsTenths: facts.figures != nil)
  }

  package func text(_ outcome: Outcome, as type: ExpressionType) -> String {
    switch outcome {
    case .number(let value): type == .percent ? percent(value) : Self.number(value)
    case .duration(let span): Self.duration(span)
    case .money(let amount): money(amount)
    case .text(let text): text
    case .flag(let flag): flag ? "yes" : "no"
    case .instant(let instant): Self.day(calendar.day(of: instant))
    case .list(let texts): texts.joined(separator: ", ")
    case .missing(let reason): "unknown (\(reason))"
    }
  }

  private func percent(_ ratio: Fixed) -> String {
    let isFine = showsTenths || ratio.millionths.magnitude < 95_000
    return Self.rounded(ratio * Fixed(100), places: isFine ? 1 : 0) + "%"
  }

  private static func number(_ value: Fixed) -> String { rounded(value, places: value.millionths.magnitude < 100_000_000 ? 1 : 0) }

  /// Decimal places without trailing zeros, thousands set apart.
  private static func rounded(_ value: Fixed, places: Int) -> String {
    let unit: Int128 = places == 0 ? 1_000_000 : 100_000
    let steps = Int128(roundedDividing: Int128(value.millionths), by: unit)
    let perWhole: Int128 = places == 0 ? 1 : 10
    let whole = grouped(UInt64(steps.magnitude / perWhole.magnitude))
    let fraction = steps.magnitude % perWhole.magnitude
    return (steps < 0 ? "-" : "") + whole + (fraction == 0 ? "" : ".\(fraction)")
  }

  private static func grouped(_ whole: UInt64) -> String {
    var digits = Array(String(whole))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return String(digits)
  }

  private static func duration(_ span: Span) -> String {
    let hours = Int64(roundedDividing: Int128(span.microseconds), by: 3_600_000_000)
    if hours.magnitude < 48, hours % 24 != 0 || hours == 0 { return counted(hours, "hour") }
    return counted(Int64(roundedDividing: Int128(span.microseconds), by: 86_400_000_000), "day")
  }

  private static func counted(_ count: Int64, _ word: String) -> String { "\(count) \(word)\(count.magnitude == 1 ? "" : "s")" }

  private static func day(_ day: Day) -> String { "\(day.short) \(day.civil.year)" }

  private func money(_ amount: Int64) -> String {
    let magnitude = amount.magnitude
    let cents = magnitude % 100
    let fraction = cents == 0 ? "" : "." + (cents < 10 ? "0" : "") + String(cents)
    return "\(amount < 0 ? "-" : "")\(currency.uppercased()) \(Self.grouped(magnitude / 100))\(fraction)"
  }
}

extension Int64 {
  fileprivate init(roundedDividing a: Int128, by b: Int128) { self.init(clamping: Int128(roundedDividing: a, by: b)) }
}
