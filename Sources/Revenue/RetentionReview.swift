package import Events

/// What stands beside the three figures of the last twelve months: levers and concentration.
package struct RetentionReview: Hashable, Sendable {
  /// The total of the twelve months.
  package let total: RetentionFigures
  /// The ten greatest customers' share of MRR now and a year ago, millionths.
  package let topTen: Int64?
  package let topTenYearAgo: Int64?
  /// By cut, in its order; the lever with most room first.
  package let levers: [CutLevers]

  package struct CutLevers: Hashable, Sendable {
    package let cut: Cut
    package let benchmark: RetentionBenchmarks.Segment
    package let levers: [RetentionLever]
  }

  /// - Parameters:
  ///   - day: the last day of the twelve months.
  ///   - dimensions: cuts beside the total and the segments.
  package init(_ portfolio: Portfolio, through day: Day, by dimensions: [Cut.Dimension] = [], benchmarks: RetentionBenchmarks) {
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
  }
}
