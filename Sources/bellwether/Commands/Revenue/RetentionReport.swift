import Engine
import Events
import Revenue

/// What `bellwether nrr` shows: the three figures by period and cut, what they are made of, and why two readings of them differ.
struct RetentionReport {
  let rows: [RetentionRow]
  private let book: RevenueBook
  private let cadence: Period.Cadence

  init(_ book: RevenueBook, _ cadence: Period.Cadence, last count: Int, by dimensions: [Cut.Dimension]) {
    self.book = book
    self.cadence = cadence
    let cuts = [.total] + Cut.Dimension.allCases.filter { $0 != .total && dimensions.contains($0) }
    var rows: [RetentionRow] = []
    for period in Period.last(count, cadence, through: book.lastDay) {
      var table = book.portfolio.retention(period, by: cuts, unsound: book.unsound)
      if !table.contains(where: { $0.cut == .total }) { table.insert((cut: .total, figures: RetentionFigures()), at: 0) }
      rows += table.map { RetentionRow(period: period, cut: $0.cut, figures: $0.figures, currency: book.currency) }
    }
    self.rows = rows.enumerated().sorted { ($0.element.cut, $0.offset) < ($1.element.cut, $1.offset) }.map(\.element)
  }

  var isEmpty: Bool { rows.allSatisfy { $0.figures == RetentionFigures() } }

  var csv: String {
    var text = CSVText(RetentionRow.columns)
    for row in rows { text.add(row.csv) }
    return text.rendered()
  }

  func text(_ benchmarks: RetentionBenchmarks) -> String {
    [heading, rates(benchmarks), movements, readings].filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var isOnePeriod: Bool { Set(rows.map(\.period)).count == 1 }

  private var heading: String {
    guard let first = rows.first?.period, let last = rows.last?.period else { return "" }
    let span = isOnePeriod ? "after \(first.from) and through \(first.to)" : "by \(cadence.rawValue), through \(last.to)"
    let late = book.pastDue > 0 ? "\n\(money(book.pastDue)) of MRR is past due: at risk, and counted until it is lost" : ""
    return "Revenue retention \(span), in \(book.currency.uppercased())\(late)"
  }

  private func money(_ minor: Int64) -> String { MoneyText.short(minor, currency: book.currency) }

  private func name(_ row: RetentionRow) -> [String] {
    [row.cut == .total ? "total" : "\(row.cut.dimension.rawValue) \(row.cut.value)"] + (isOnePeriod ? [] : [row.period.to.description])
  }

  private var nameColumns: [(title: String, alignment: TextTable.Alignment)] {
    [("CUT", .left)] + (isOnePeriod ? [] : [("THROUGH", .left)])
  }

  private func rates(_ benchmarks: RetentionBenchmarks) -> String {
    let isYear = cadence == .trailingYear
    var table = TextTable(
      nameColumns + [
        ("N", .right), ("START MRR", .right), ("NRR", .right), ("", .left), ("GRR", .right), ("LOGO CHURN", .right), ("DURABLE", .right),
        ("TOP 3", .right), ("WITH USAGE", .right), (isYear ? "BENCHMARK" : "NRR A YEAR", isYear ? .left : .right),
      ])
    for row in rows {
      let figures = row.figures
      let yearly = figures.nrr.map { annualised($0, perYear: cadence.perYear) }
      let beside = isYear ? benchmark(row, benchmarks) : RevenueText.percent(yearly)
      table.add(
        name(row) + [
          String(figures.n), money(figures.start), RevenueText.percent(figures.nrr), RevenueText.bar(figures.nrr, limit: 1.5),
          RevenueText.percent(figures.grr), RevenueText.percent(figures.logoChurn), RevenueText.percent(figures.durableNRR),
          RevenueText.percent(figures.top3ExpansionShare), RevenueText.percent(figures.withUsage.nrr), beside,
        ])
    }
    return ([table.rendered()] + series).joined(separator: "\n")
  }

  private func benchmark(_ row: RetentionRow, _ benchmarks: RetentionBenchmarks) -> String {
    guard let nrr = row.figures.nrrMillionths else { return "" }
    let standing = RetentionStanding(nrr: nrr).rawValue
    guard let segment = benchmarks.segment(for: row.cut) else { return standing }
    let range = { (bounds: ClosedRange<Int64>) in "\(bounds.lowerBound / 10_000)–\(bounds.upperBound / 10_000)" }
    return "\(standing); \(segment.name) \(range(segment.nrr)), top \(range(segment.top))"
  }

  /// The three figures of each cut over all periods, from the least to the greatest.
  private var series: [String] {
    guard !isOnePeriod else { return [] }
    var cuts: [Cut] = []
    for row in rows where cuts.last != row.cut { cuts.append(row.cut) }
    return [""]
      + cuts.map { cut in
        let own = rows.filter { $0.cut == cut }.map(\.figures)
        let name = cut == .total ? "total" : "\(cut.dimension.rawValue) \(cut.value)"
        return "\(name)  NRR \(RevenueText.sparkline(own.map(\.nrr)))  GRR \(RevenueText.sparkline(own.map(\.grr)))"
          + "  logo churn \(RevenueText.sparkline(own.map(\.logoChurn)))"
      }
  }

  private var movements: String {
    var table = TextTable(
      nameColumns + [
        ("START", .right), ("NEW", .right), ("BACK", .right), ("EXPANSION", .right), ("CONTRACTION", .right), ("CHURN", .right),
        ("TRANSFER", .right), ("FX", .right), ("END", .right),
      ])
    for row in rows {
      let figures = row.figures
      table.add(
        name(row)
          + [
            figures.start, figures.new, figures.reactivation, figures.expansion, -figures.contraction, -figures.churn, figures.transfer,
            figures.fx, figures.end,
          ].map(money))
    }
    return table.rendered()
  }

  /// The figures above follow the accounts of the start; the sum of movements follows the money.
  private var readings: String {
    guard isOnePeriod, let total = rows.first?.figures, total.n > 0 else { return "" }
    var words =
      "By movements alone NRR is \(RevenueText.percent(total.nrrByMovements)) and GRR \(RevenueText.percent(total.grrByMovements))"
    if total.nrrByMovements == total.nrr, total.grrByMovements == total.grr { return words + ": the same." }
    var reasons: [String] = []
    if total.newcomersNet != 0 { reasons.append("accounts that came after the start moved by \(money(total.newcomersNet))") }
    if total.reactivation != 0 { reasons.append("\(money(total.reactivation)) came back after a churn") }
    if total.fx != 0 || total.transfer != 0 { reasons.append("\(money(total.fx + total.transfer)) is transfer or fx") }
    reasons.append("an account that rose and fell counts both ways there, and here only by where it ended")
    words += ". They differ because " + reasons.joined(separator: "; ") + "."
    return words
  }
}
