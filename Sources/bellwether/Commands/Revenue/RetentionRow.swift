import Events
import Revenue

/// One cut of one period, as `nrr` gives it to programs.
struct RetentionRow {
  let period: Period
  let cut: Cut
  let figures: RetentionFigures
  let currency: String

  /// The columns of `--csv`; those of `--json` are the same, with period and cut as objects.
  static let columns = [
    "period_from", "period_to", "cut_dimension", "cut_value", "n", "start_mrr", "new", "reactivation", "expansion", "contraction", "churn",
    "transfer", "fx", "end_mrr", "nrr", "grr", "logo_churn", "durable_nrr", "top3_expansion_share", "currency",
  ]

  private var rates: [(name: String, value: JSON)] {
    let top3 = figures.greatestExpansions.reduce(0, +)
    return [
      ("nrr", RevenueText.fraction(figures.kept, of: figures.start)), ("grr", RevenueText.fraction(figures.retained, of: figures.start)),
      ("logo_churn", RevenueText.fraction(Int64(figures.lost), of: Int64(figures.n))),
      ("durable_nrr", RevenueText.fraction(figures.durable, of: figures.start)),
      ("top3_expansion_share", RevenueText.fraction(top3, of: figures.expansion)),
    ]
  }

  private var amounts: [(name: String, value: Int64)] {
    [
      ("start_mrr", figures.start), ("new", figures.new), ("reactivation", figures.reactivation), ("expansion", figures.expansion),
      ("contraction", figures.contraction), ("churn", figures.churn), ("transfer", figures.transfer), ("fx", figures.fx),
      ("end_mrr", figures.end),
    ]
  }

  /// Money in minor units, rates as fractions, days as YYYY-MM-DD; a rate of nobody is null.
  var json: JSON {
    var members: [String: JSON] = [
      "period": ["from": JSON(period.from), "to": JSON(period.to)],
      "cut": ["dimension": .text(cut.dimension.rawValue), "value": .text(cut.value)], "n": JSON(figures.n), "currency": .text(currency),
    ]
    for (name, value) in amounts { members[name] = JSON(value) }
    for (name, value) in rates { members[name] = value }
    return .object(members)
  }

  var csv: [String] {
    [period.from.description, period.to.description, cut.dimension.rawValue, CSVText.text(cut.value), String(figures.n)]
      + amounts.map { String($0.value) } + rates.map { $0.value.scalarText ?? "" } + [currency]
  }
}
