package import Events

/// A figure of one cut of the portfolio, which only flags read. Over the trailing twelve months where nothing else is said.
package enum Figure: String, CaseIterable, Sendable {
  /// `segment SMB`; `all accounts` for the total.
  case cut
  /// `total`, `segment`, `region` and so on.
  case dimension = "cut.dimension"
  /// Accounts with MRR at the start.
  case accounts
  /// Those of them without any at the end.
  case lost
  case startMRR = "start_mrr"
  case nrr, grr
  case logoChurn = "logo_churn"
  /// NRR of all accounts over the same time.
  case totalNRR = "total.nrr"
  /// Accounts with MRR at the start of the last whole quarter, and of the last whole month.
  case quarterAccounts = "quarter.accounts"
  case monthAccounts = "month.accounts"
  /// The share of the accounts that paid less at the end of the last whole quarter than at its start.
  case quarterShrinking = "quarter.shrinking"
  /// NRR of the last whole month, and of the one before it.
  case monthNRR = "month.nrr"
  case monthBeforeNRR = "month_before.nrr"
  /// The median of up to six months before those two; missing where there are fewer than two.
  case usualNRR = "usual_month.nrr"
  /// The ten greatest customers' share of MRR, of all accounts alone.
  case top10Share = "top10.share"
  case top10ShareYearAgo = "top10.share_year_ago"
  /// The product line's share of the open expansion pipeline; missing of other cuts.
  case pipelineShare = "pipeline.share"

  var type: ExpressionType {
    switch self {
    case .cut, .dimension: .text
    case .accounts, .lost, .quarterAccounts, .monthAccounts: .number
    case .startMRR: .money
    case .nrr, .grr, .logoChurn, .totalNRR, .quarterShrinking, .monthNRR, .monthBeforeNRR, .usualNRR, .top10Share, .top10ShareYearAgo,
      .pipelineShare:
      .percent
    }
  }

  /// The functions a flag may use: all others look at an account.
  static let functions: Set<String> = ["abs", "if", "max", "min"]
}

/// All figures of one cut; one that is not there is missing.
package struct CutFigures: Sendable {
  package var texts: [Figure: String]
  /// Rates as fractions, money in minor units.
  package var numbers: [Figure: Fixed]
  package let currency: String

  package init(texts: [Figure: String] = [:], numbers: [Figure: Fixed] = [:], currency: String) {
    self.texts = texts
    self.numbers = numbers
    self.currency = currency
  }

  func value(of figure: Figure) -> Outcome {
    if let text = texts[figure] { return .text(text) }
    return numbers[figure].map { Outcome($0, as: figure.type) } ?? .missing(.because(.noFigure))
  }
}
