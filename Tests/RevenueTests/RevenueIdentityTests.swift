import Events
import Revenue
import Testing

/// What must hold of every portfolio, to the minor unit.
@Suite struct RevenueIdentityTests {
  /// Ten times a hundred seeds, so that they run side by side.
  private static let hundred: UInt64 = 100

  @Test(arguments: 0..<10 as Range<UInt64>) func theFiguresAddUpInAThousandRandomPortfolios(part: UInt64) {
    var kinds: Set<Movement.Kind> = []
    var causes: Set<Movement.Cause> = []
    for seed in (part * Self.hundred + 1)...((part + 1) * Self.hundred) {
      let portfolio = Portfolio(RandomBilling(seed: seed, accounts: 8).members, currency: "usd")
      for member in portfolio.members.values {
        kinds.formUnion(member.statement.movements.map(\.kind))
        causes.formUnion(member.statement.movements.map(\.cause))
      }
      checkAccounts(portfolio, seed)
      for period in periods(seed) { checkCuts(portfolio, period, seed) }
    }
    #expect(kinds == Set(Movement.Kind.allCases) && causes == Set(Movement.Cause.allCases), "something was never reached")
  }

  /// One account's change leaves the figures as if all had been built anew.
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func anUpdatedPortfolioIsThePortfolioBuiltAnew(seed: UInt64) {
    let (old, new) = (RandomBilling(seed: seed, accounts: 12), RandomBilling(seed: seed + 1000, accounts: 12))
    var portfolio = Portfolio(old.members, currency: "usd")
    let count = min(old.members.count, new.members.count)
    for member in new.members.prefix(count) { portfolio.update(member) }
    for key in portfolio.accounts where key.number > count { portfolio.remove(key) }
    var board = RetentionBoard(Portfolio(old.members, currency: "usd"), periods(seed), by: Cut.Dimension.allCases)
    for member in new.members.prefix(count) { board.update(member) }
    for period in periods(seed) {
      let (kept, read) = (board.figures(period), board.portfolio.retention(period, by: Cut.Dimension.allCases))
      #expect(kept.map(\.cut) == read.map(\.cut) && kept.map(\.figures) == read.map(\.figures), "seed \(seed)")
    }
    let anew = Portfolio(Array(new.members.prefix(count)), currency: "usd")
    for period in periods(seed) {
      let (a, b) = (portfolio.retention(period, by: Cut.Dimension.allCases), anew.retention(period, by: Cut.Dimension.allCases))
      #expect(a.map(\.cut) == b.map(\.cut) && a.map(\.figures) == b.map(\.figures), "seed \(seed)")
    }
  }

  /// A week, a month, a quarter and a year somewhere in the three years.
  private func periods(_ seed: UInt64) -> [Period] {
    var random = SeededGenerator(seed: seed ^ 0xABCD)
    return Period.Cadence.allCases.flatMap { Period.last(1, $0, through: date(.random(in: 0..<1200, using: &random))) }
  }

  /// Each day's movements are the difference of its levels, line by line.
  private func checkAccounts(_ portfolio: Portfolio, _ seed: UInt64) {
    for key in portfolio.accounts {
      guard let statement = portfolio.members[key]?.statement else { continue }
      var sums: [String: Int64] = [:]
      var rest = statement.movements[...]
      for level in statement.levels {
        while let movement = rest.first, movement.day <= level.day {
          sums[movement.productLine, default: 0] += movement.amount
          rest.removeFirst()
        }
        let lines = Dictionary(uniqueKeysWithValues: level.lines.map { ($0.productLine, $0.mrr) })
        #expect(sums.filter { $0.value != 0 } == lines, "seed \(seed), account \(key.number), \(level.day)")
      }
      #expect(rest.isEmpty && statement.movements.allSatisfy { $0.amount != 0 && hasRightSign($0) }, "seed \(seed), account \(key.number)")
    }
  }

  private func hasRightSign(_ movement: Movement) -> Bool {
    switch movement.kind {
    case .new, .expansion, .reactivation: movement.amount > 0
    case .contraction, .churn: movement.amount < 0
    case .transfer, .fx: true
    }
  }

  private func checkCuts(_ portfolio: Portfolio, _ period: Period, _ seed: UInt64) {
    let table = portfolio.retention(period, by: Cut.Dimension.allCases)
    let total = table.first { $0.cut == .total }?.figures ?? RetentionFigures()
    for (cut, figures) in table {
      let place: Comment = "seed \(seed), \(period.from) to \(period.to), \(cut.dimension) \(cut.value)"
      #expect(figures.difference == 0, place)
      #expect(figures.start >= figures.retained && figures.kept >= figures.retained && figures.retained >= 0, place)
      #expect(figures.durable <= figures.kept && figures.lost <= figures.n, place)
    }
    for dimension in Cut.Dimension.allCases {
      let parts = table.filter { $0.cut.dimension == dimension }.map(\.figures)
      let place: Comment = "seed \(seed), \(period.from) to \(period.to), \(dimension)"
      let sum = { (value: KeyPath<RetentionFigures, Int64>) in parts.reduce(0) { $0 + $1[keyPath: value] } }
      for value in [\.start, \.new, \.reactivation, \.expansion, \.contraction, \.churn, \.transfer, \.fx, \.end]
        as [KeyPath<RetentionFigures, Int64>]
      {
        #expect(sum(value) == total[keyPath: value], place)
      }
      // A line's loss may be another line's gain in the same account, so these add up only where each account has one value.
      guard dimension != .productLine else { continue }
      #expect(sum(\.kept) == total.kept && sum(\.retained) == total.retained && sum(\.durable) == total.durable, place)
      #expect(parts.reduce(0) { $0 + $1.n } == total.n && parts.reduce(0) { $0 + $1.lost } == total.lost, place)
    }
  }
}
