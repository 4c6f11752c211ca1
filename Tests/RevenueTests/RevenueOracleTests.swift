import Events
import Revenue
import Testing

/// The figures against the oracle in plain SQL.
@Suite struct RevenueOracleTests {
  /// Ten times a hundred seeds, so that they run side by side.
  private static let hundred: UInt64 = 100

  @Test(arguments: 0..<10 as Range<UInt64>) func theFiguresAgreeWithPlainSQLInAThousandRandomPortfolios(part: UInt64) throws {
    var compared = 0
    for seed in (part * Self.hundred + 1)...((part + 1) * Self.hundred) {
      let billing = RandomBilling(seed: seed, accounts: 8)
      let portfolio = Portfolio(billing.members, currency: "usd")
      let oracle = try SQLOracle(billing)
      var random = SeededGenerator(seed: seed ^ 0x5EED)
      let cadence = Period.Cadence.allCases.randomElement(using: &random) ?? .month
      for period in Period.last(1, cadence, through: date(.random(in: 0..<1200, using: &random))) {
        let table = portfolio.retention(period, by: [.total, .segment])
        let ours = table.filter { $0.figures.n > 0 }.map { cut, figures in
          SQLOracle.Row(
            cut: cut.value, n: Int64(figures.n), lost: Int64(figures.lost), start: figures.start, kept: figures.kept,
            retained: figures.retained)
        }
        let theirs = try oracle.figures(from: period.from, to: period.to)
        if Set(ours) != Set(theirs.filter { $0.n > 0 }) {
          Issue.record("seed \(seed), \(period.from) to \(period.to)\nledger \(ours)\nSQL    \(theirs)")
        }
        compared += theirs.count { $0.n > 0 }
      }
    }
    #expect(compared > 2 * Self.hundred)
  }
}
