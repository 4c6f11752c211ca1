import Events
import Features
import Revenue
import Rules

extension LogFold {
  /// How many whole months are looked back on: two, and up to six before them.
  private static let months = 8

  /// The figures of every cut over the days through one, in order of cut; those of days before billing is known are left out.
  func flagFigures(
    through last: Day, known: KnownRange, _ configuration: CompiledConfiguration, now: Instant
  ) -> [(cut: Cut, figures: CutFigures)] {
    let calendar = configuration.calendar
    // The level at the end of a day needs that day's end to be known.
    let isKnown = { (period: Period) in calendar.end(of: period.from) > known.from }
    let book = RevenueBook(accounts.keys.sorted().compactMap { accounts[$0] }, configuration, asOf: now)
    let revenue = book.portfolio
    var figures: [Cut: CutFigures] = [:]
    let fill = { (cut: Cut, values: [Figure: Int64?]) in
      var own = figures[cut] ?? CutFigures(texts: [.cut: cut.words, .dimension: cut.dimension.rawValue], currency: revenue.currency)
      for (figure, value) in values { if let value { own.numbers[figure] = Fixed(millionths: value) } }
      figures[cut] = own
    }
    for year in Period.last(1, .trailingYear, through: last) where isKnown(year) {
      let table = revenue.retention(year, by: Cut.Dimension.allCases)
      let total = table.first { $0.cut == .total }?.figures
      for (cut, own) in table { fill(cut, Self.yearly(own, total: total)) }
      fill(.total, [.top10Share: revenue.shareOfGreatest(10, on: year.to), .top10ShareYearAgo: revenue.shareOfGreatest(10, on: year.from)])
    }
    for quarter in Period.last(1, .quarter, through: last) where isKnown(quarter) {
      for (cut, own) in revenue.retention(quarter, by: Cut.Dimension.allCases) {
        let shrinking = Int64(own.composition.shrinking.accounts)
        fill(cut, [.quarterAccounts: Int64(own.n) * 1_000_000, .quarterShrinking: millionths(shrinking, of: Int64(own.n))])
      }
    }
    for (cut, months) in monthly(revenue, Period.last(Self.months, .month, through: last).filter(isKnown)) {
      let rates = months.map { $0?.nrrMillionths }
      fill(
        cut,
        [
          .monthAccounts: (months.last ?? nil).map { Int64($0.n) * 1_000_000 }, .monthNRR: rates.last ?? nil,
          .monthBeforeNRR: rates.dropLast().last ?? nil, .usualNRR: Self.usual(rates.dropLast(2)),
        ])
    }
    let pipeline = openPipeline(now: now)
    for (line, amount) in pipeline where pipeline.count > 1 {
      fill(Cut(dimension: .productLine, value: line), [.pipelineShare: millionths(amount, of: pipeline.values.reduce(0, +))])
    }
    return figures.sorted { $0.key < $1.key }.map { (cut: $0.key, figures: $0.value) }
  }

  /// Counts in millionths like all else, and money in minor units.
  private static func yearly(_ own: RetentionFigures, total: RetentionFigures?) -> [Figure: Int64?] {
    [
      .accounts: Int64(own.n) * 1_000_000, .lost: Int64(own.lost) * 1_000_000, .startMRR: own.start * 1_000_000,
      .nrr: own.nrrMillionths, .grr: own.grrMillionths, .logoChurn: millionths(Int64(own.lost), of: Int64(own.n)),
      .totalNRR: total?.nrrMillionths,
    ]
  }

  /// The figures of each month by cut, oldest first; nil of a month in which nobody was there.
  private func monthly(_ revenue: Portfolio, _ months: [Period]) -> [(cut: Cut, months: [RetentionFigures?])] {
    let tables = months.map { month in
      Dictionary(uniqueKeysWithValues: revenue.retention(month, by: Cut.Dimension.allCases).map { ($0.cut, $0.figures) })
    }
    return Set(tables.flatMap(\.keys)).sorted().map { cut in (cut: cut, months: tables.map { $0[cut] }) }
  }

  /// The median of months; nil of fewer than two.
  private static func usual(_ months: some Collection<Int64?>) -> Int64? {
    let known = months.compactMap { $0 }.sorted()
    guard known.count >= 2 else { return nil }
    let middle = known.count / 2
    return known.count % 2 == 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2
  }

  /// Open expansion opportunities by product line, minor units; what names no line is left out.
  private func openPipeline(now: Instant) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for state in accounts.values {
      for row in state.entities.rows(.opportunity, asOf: now) where row["type"]?.text == "expansion" && row["won"] == nil {
        guard row["closed_at"] == nil, let line = row["product_line"]?.text, let amount = row["amount"]?.integer, amount > 0 else {
          continue
        }
        sums[line, default: 0] += amount
      }
    }
    return sums
  }
}
