package import Events

/// What stands beside the three figures of the last twelve months: levers, concentration and flags.
package struct RetentionReview: Hashable, Sendable {
  /// The total of the twelve months.
  package let total: RetentionFigures
  /// The ten greatest customers' share of MRR now and a year ago, millionths.
  package let topTen: Int64?
  package let topTenYearAgo: Int64?
  /// By cut, in its order; the lever with most room first.
  package let levers: [CutLevers]
  package let flags: [RetentionFlag]

  package struct CutLevers: Hashable, Sendable {
    package let cut: Cut
    package let benchmark: RetentionBenchmarks.Segment
    package let levers: [RetentionLever]
  }

  /// Months looked at for a decline: two, and up to six before.
  private static let months = 8

  /// - Parameters:
  ///   - day: the last day of the twelve months.
  ///   - pipeline: open expansion by product line, minor units.
  ///   - dimensions: cuts beside the total and the segments.
  package init(
    _ portfolio: Portfolio, through day: Day, by dimensions: [Cut.Dimension] = [], benchmarks: RetentionBenchmarks,
    pipeline: [String: Int64] = [:]
  ) {
    let base: [Cut.Dimension] = [.total, .segment]
    let all = base + dimensions.filter { !base.contains($0) }
    let period = Period(from: day.adding(months: -12), to: day)
    let year = portfolio.retention(period, by: all)
    let total = year.first { $0.cut == .total }?.figures ?? RetentionFigures()
    self.total = total
    topTen = portfolio.shareOfGreatest(10, on: day)
    topTenYearAgo = portfolio.shareOfGreatest(10, on: period.from)
    levers = year.compactMap { cut, figures in
      benchmarks.segment(for: cut).map { CutLevers(cut: cut, benchmark: $0, levers: RetentionLever.all(figures, $0)) }
    }.filter { !$0.levers.isEmpty }
    var flags = RetentionFlag.ofYear(year)
    flags += RetentionFlag.ofConcentration(now: topTen, yearAgo: topTenYearAgo, accounts: total.n)
    if let quarter = Period.last(1, .quarter, through: day).first {
      flags += RetentionFlag.ofQuarter(portfolio.retention(quarter, by: base))
    }
    flags += RetentionFlag.ofPipeline(pipeline)
    flags += Self.declines(portfolio, through: day, by: base)
    self.flags = flags
  }

  private static func declines(_ portfolio: Portfolio, through day: Day, by dimensions: [Cut.Dimension]) -> [RetentionFlag] {
    let tables = Period.last(months, .month, through: day).map { period in
      Dictionary(uniqueKeysWithValues: portfolio.retention(period, by: dimensions).map { ($0.cut, $0.figures) })
    }
    return Set(tables.flatMap(\.keys)).sorted().compactMap { cut in
      RetentionFlag.ofMonths(tables.map { $0[cut]?.nrrMillionths }, cut: cut, accounts: tables.last?[cut]?.n ?? 0)
    }
  }
}
