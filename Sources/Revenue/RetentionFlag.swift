import Events

/// Something the three figures say only together, or only over time (SIGNALS §E, Flags).
package struct RetentionFlag: Hashable, Sendable {
  package let id: ID
  package let cut: Cut
  /// The numbers that raised it, for a person.
  package let words: String

  package enum ID: String, CaseIterable, Sendable {
    /// GRR ≤ 90 % with NRR > 100 %: expansion hides a leak.
    case leakBehindGrowth = "leak_behind_growth"
    /// NRR ≥ 130 % with GRR ≤ 70 %.
    case growthOnFewShoulders = "growth_on_few_shoulders"
    /// NRR < 90 %.
    case lowRetention = "low_retention"
    /// NRR > 150 %: perhaps the entry price is too low.
    case underpriced
    /// A segment ≥ 15 points below the total.
    case segmentBehind = "segment_behind"
    /// Logo churn ≥ 15 % with NRR > 100 %.
    case logosLeaving = "logos_leaving"
    /// The ten greatest customers' share rose by 5 points in a year.
    case concentrationRising = "concentration_rising"
    /// ≥ 10 % of a segment's accounts shrank in a quarter.
    case manyContractions = "many_contractions"
    /// ≥ 50 % of the open expansion pipeline in one product line.
    case pipelineInOneLine = "pipeline_in_one_line"
    /// Two months ≥ 2 points below the median of up to six before.
    case decliningMonths = "declining_months"
  }

  /// The least number of accounts a cut must have for its rates to say anything.
  package static let leastAccounts = 10

  package init(id: ID, cut: Cut, words: String) {
    self.id = id
    self.cut = cut
    self.words = words
  }
}

extension RetentionFlag {
  /// What trailing-12-month figures raise, in order of cut and flag. Comparisons are exact.
  ///
  /// - Parameter table: cuts of one period, the total among them.
  package static func ofYear(_ table: [(cut: Cut, figures: RetentionFigures)]) -> [RetentionFlag] {
    let total = table.first { $0.cut == .total }?.figures
    return table.filter { $0.figures.n >= leastAccounts && $0.figures.start > 0 }.flatMap { cut, figures in
      var flags: [RetentionFlag] = []
      let both = "NRR \(percent(figures.nrrMillionths)), GRR \(percent(figures.grrMillionths)), n \(figures.n)"
      let raise = { (id: ID, words: String) in flags.append(RetentionFlag(id: id, cut: cut, words: words)) }
      let grows = figures.kept > figures.start
      if grows, compare(figures.retained, 90, of: figures.start) <= 0 { raise(.leakBehindGrowth, both) }
      if compare(figures.kept, 130, of: figures.start) >= 0, compare(figures.retained, 70, of: figures.start) <= 0 {
        raise(.growthOnFewShoulders, both)
      }
      if compare(figures.kept, 90, of: figures.start) < 0 { raise(.lowRetention, both) }
      if compare(figures.kept, 150, of: figures.start) > 0 { raise(.underpriced, both) }
      if cut.dimension == .segment, let total, total.start > 0, isBehind(figures, total) {
        raise(.segmentBehind, "NRR \(percent(figures.nrrMillionths)), total \(percent(total.nrrMillionths)), n \(figures.n)")
      }
      if grows, figures.lost * 100 >= figures.n * 15 {
        raise(.logosLeaving, "\(figures.lost) of \(figures.n) accounts lost, NRR \(percent(figures.nrrMillionths))")
      }
      return flags
    }
  }

  /// Fifteen points or more below: own NRR + 15 % ≤ total NRR.
  private static func isBehind(_ own: RetentionFigures, _ total: RetentionFigures) -> Bool {
    let raised = Int128(own.kept) * 100 + Int128(own.start) * 15
    return raised * Int128(total.start) <= Int128(total.kept) * 100 * Int128(own.start)
  }

  /// The sign of part − share %.
  private static func compare(_ part: Int64, _ share: Int64, of whole: Int64) -> Int128 {
    (Int128(part) * 100 - Int128(whole) * Int128(share)).signum()
  }

  /// - Parameters:
  ///   - now, yearAgo: the ten greatest customers' share of MRR, millionths; nil where there was none.
  package static func ofConcentration(now: Int64?, yearAgo: Int64?, accounts: Int) -> [RetentionFlag] {
    guard let now, let yearAgo, accounts >= leastAccounts, now - yearAgo >= 50_000 else { return [] }
    let words = "the ten greatest customers make \(percent(now)) of MRR, a year ago \(percent(yearAgo))"
    return [RetentionFlag(id: .concentrationRising, cut: .total, words: words)]
  }

  /// - Parameter table: cuts of one quarter; those by segment count, and the total.
  package static func ofQuarter(_ table: [(cut: Cut, figures: RetentionFigures)]) -> [RetentionFlag] {
    table.filter { $0.cut.dimension == .segment || $0.cut == .total }.compactMap { cut, figures in
      let shrinking = figures.composition.shrinking.accounts
      guard figures.n >= leastAccounts, shrinking * 10 >= figures.n else { return nil }
      return RetentionFlag(id: .manyContractions, cut: cut, words: "\(shrinking) of \(figures.n) accounts shrank in a quarter")
    }
  }

  /// - Parameter pipeline: open expansion by product line, minor units.
  package static func ofPipeline(_ pipeline: [String: Int64]) -> [RetentionFlag] {
    let total = pipeline.values.reduce(0) { $0 + max($1, 0) }
    return pipeline.sorted { $0.key < $1.key }.compactMap { line, amount in
      guard pipeline.count > 1, total > 0, let share = millionths(amount, of: total), Int128(amount) * 2 >= Int128(total) else {
        return nil
      }
      let cut = Cut(dimension: .productLine, value: line)
      return RetentionFlag(id: .pipelineInOneLine, cut: cut, words: "\(percent(share)) of the open expansion pipeline")
    }
  }

  /// - Parameter months: NRR by month in millionths, oldest first; nil where nobody was there.
  package static func ofMonths(_ months: [Int64?], cut: Cut, accounts: Int) -> RetentionFlag? {
    let known = months.compactMap { $0 }
    guard accounts >= leastAccounts, known.count >= 4, months.suffix(2).allSatisfy({ $0 != nil }) else { return nil }
    let before = known.dropLast(2).suffix(6).sorted()
    // Twice the median, which may lie between two.
    let median = before[(before.count - 1) / 2] + before[before.count / 2]
    let last = known.suffix(2)
    guard last.allSatisfy({ 2 * $0 <= median - 2 * 20_000 }) else { return nil }
    let words = "NRR \(last.map { percent($0) }.joined(separator: " and ")) in two months, \(percent(median / 2)) before"
    return RetentionFlag(id: .decliningMonths, cut: cut, words: words)
  }

  /// `96.5 %`
  static func percent(_ millionths: Int64?) -> String {
    guard let millionths else { return "–" }
    let tenths = Int64(Int128(roundedDividing: Int128(millionths), by: 1_000))
    return Fixed(millionths: tenths * 100_000).description + " %"
  }
}
