package import Events
import Features
package import Revenue
package import Rules

/// The figures that flags are judged by, of every cut of a portfolio.
package struct FlagFigures: Sendable {
  /// How many whole months are looked back on: two, and up to six before them.
  private static let months = 8

  private var figures: [Cut: CutFigures] = [:]
  private let portfolio: Portfolio

  /// - Parameters:
  ///   - last: the last day that is over.
  ///   - isKnown: whether billing is known at the end of a day; periods that begin on another have no figures.
  ///   - pipeline: open expansion by product line, minor units.
  package init(_ portfolio: Portfolio, through last: Day, pipeline: [String: Int64], isKnown: (Day) -> Bool) {
    self.portfolio = portfolio
    func known(_ count: Int, _ cadence: Period.Cadence) -> [Period] {
      Period.last(count, cadence, through: last).filter { isKnown($0.from) }
    }
    for year in known(1, .trailingYear) { addYear(year) }
    for quarter in known(1, .quarter) { addQuarter(quarter) }
    addMonths(known(Self.months, .month))
    addPipeline(pipeline)
  }

  /// In order of cut; without those that would only repeat the total, and without the accounts that nobody has described.
  package var rows: [(cut: Cut, figures: CutFigures)] {
    figures.sorted { $0.key < $1.key }.filter { tellsMoreThanTheTotal($0.key, $0.value) }.map { (cut: $0.key, figures: $0.value) }
  }

  private func tellsMoreThanTheTotal(_ cut: Cut, _ own: CutFigures) -> Bool {
    if cut == .total || own.numbers[.pipelineShare] != nil { return true }
    let counts = { (figures: CutFigures?) in [Figure.accounts, .quarterAccounts, .monthAccounts].map { figures?.numbers[$0] } }
    return cut.value != Cut.unknown && counts(own) != counts(figures[.total])
  }

  /// A flag whose condition holds for a cut.
  package struct Raised: Sendable {
    package let cut: Cut
    package let rule: String
    package let title: String
  }

  /// The flags that are up, in order of cut and flag.
  package func raised(_ flags: [Rule], _ calendar: CompanyCalendar) -> [Raised] {
    let company = CompanyFacts(calendar: calendar, catalog: ProductCatalog(), known: KnownRanges(), cohort: CohortTable())
    return rows.flatMap { cut, figures -> [Raised] in
      let facts = Self.facts(figures, company, now: .distantPast)
      return flags.compactMap { flag -> Raised? in
        guard case .met = Evaluator.reading(of: flag, facts) else { return nil }
        return Raised(cut: cut, rule: flag.id, title: Evaluator.render(flag.title, facts))
      }
    }
  }

  /// What a flag may know of a cut.
  static func facts(_ figures: CutFigures, _ company: CompanyFacts, now: Instant) -> Facts {
    var facts = Facts(account: nobody, company: company, now: now)
    facts.figures = figures
    return facts
  }

  private static let nobody = AccountFacts(
    key: .none, usage: UsageHistory(), entities: EntityHistory(), ledger: LogFold.ledger(of: EntityHistory(), nil))

  /// - Parameter value: millionths, of counts and money too; nil for what cannot be reckoned.
  private mutating func put(_ value: Int64?, as figure: Figure, of cut: Cut) {
    let empty = CutFigures(texts: [.cut: cut.words, .dimension: cut.dimension.rawValue], currency: portfolio.currency)
    figures[cut, default: empty].numbers[figure] = value.map { Fixed(millionths: $0) }
  }

  private mutating func addYear(_ year: Period) {
    let table = portfolio.retention(year, by: Cut.Dimension.allCases)
    let total = table.first { $0.cut == .total }?.figures
    for (cut, own) in table {
      put(Int64(own.n) * 1_000_000, as: .accounts, of: cut)
      put(Int64(own.lost) * 1_000_000, as: .lost, of: cut)
      put(own.start * 1_000_000, as: .startMRR, of: cut)
      put(own.nrrMillionths, as: .nrr, of: cut)
      put(own.grrMillionths, as: .grr, of: cut)
      put(millionths(Int64(own.lost), of: Int64(own.n)), as: .logoChurn, of: cut)
      put(total?.nrrMillionths, as: .totalNRR, of: cut)
    }
    put(portfolio.shareOfGreatest(10, on: year.to), as: .top10Share, of: .total)
    put(portfolio.shareOfGreatest(10, on: year.from), as: .top10ShareYearAgo, of: .total)
  }

  private mutating func addQuarter(_ quarter: Period) {
    for (cut, own) in portfolio.retention(quarter, by: Cut.Dimension.allCases) {
      put(Int64(own.n) * 1_000_000, as: .quarterAccounts, of: cut)
      put(millionths(Int64(own.composition.shrinking.accounts), of: Int64(own.n)), as: .quarterShrinking, of: cut)
    }
  }

  /// - Parameter months: oldest first.
  private mutating func addMonths(_ months: [Period]) {
    let tables = months.map { month in
      Dictionary(uniqueKeysWithValues: portfolio.retention(month, by: Cut.Dimension.allCases).map { ($0.cut, $0.figures) })
    }
    for cut in Set(tables.flatMap(\.keys)).sorted() {
      let own = tables.map { $0[cut] }
      let rates = own.map { $0?.nrrMillionths }
      if let last = own.last ?? nil { put(Int64(last.n) * 1_000_000, as: .monthAccounts, of: cut) }
      put(rates.last ?? nil, as: .monthNRR, of: cut)
      put(rates.dropLast().last ?? nil, as: .monthBeforeNRR, of: cut)
      put(Self.median(rates.dropLast(2).compactMap { $0 }), as: .usualNRR, of: cut)
    }
  }

  /// Nil of fewer than two.
  private static func median(_ values: [Int64]) -> Int64? {
    guard values.count >= 2 else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private mutating func addPipeline(_ pipeline: [String: Int64]) {
    guard pipeline.count > 1 else { return }
    let sum = pipeline.values.reduce(0, +)
    for (line, amount) in pipeline { put(millionths(amount, of: sum), as: .pipelineShare, of: Cut(dimension: .productLine, value: line)) }
  }
}
