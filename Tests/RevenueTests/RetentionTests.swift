import Events
import Revenue
import Testing

/// The figures that SIGNALS §E wants exactly.
@Suite struct RetentionTests {
  private let january = Period(from: day("2025-12-31"), to: day("2026-01-31"))

  /// Ten accounts of the same MRR and what becomes of the first of them in January 2026; in minor units.
  private func portfolio(start: Int64, changes: [Int64]) -> Portfolio {
    let each = start / 10
    var members: [Portfolio.Member] = []
    for index in Int64(0)..<10 {
      var levels = [("2025-01-01", each)]
      if index < changes.count { levels.append(("2026-01-10", each + changes[Int(index)])) }
      members.append(member(index + 1, levels))
    }
    return Portfolio(members, currency: "usd")
  }

  @Test(
    arguments: [
      // 1 000 k + 50 k − 15 k − 20 k, each in an account of its own.
      (100_000_000, [5_000_000, -1_500_000, -2_000_000], 101_500, 96_500, "119.6"),
      (10_000_000, [1_000_000, -500_000, -500_000], 100_000, 90_000, "100.0"),
      // 10 % churn and 15 % expansion.
      (100_000, [-10_000, 5_000, 10_000], 105_000, 90_000, "179.6"),
      // +4 % −16 %.
      (10_000, [400, -1_000, -600], 88_000, 84_000, "21.6"),
    ] as [(Int64, [Int64], Int, Int, String)])
  func areExact(start: Int64, changes: [Int64], nrr: Int, grr: Int, yearly: String) throws {
    let figures = portfolio(start: start, changes: changes).total(january)
    #expect(milliPercent(figures.nrr) == nrr)
    #expect(milliPercent(figures.grr) == grr)
    #expect(figures.difference == 0 && figures.nrrByMovements == figures.nrr && figures.grrByMovements == figures.grr)
    #expect(oneDecimal(annualised(try #require(figures.nrr), perYear: Period.Cadence.month.perYear)) == yearly)
  }

  @Test(arguments: [(0.99, "88.6"), (1.01, "112.7"), (1.02, "126.8"), (1.03, "142.6"), (1.015, "119.6")])
  func monthlyRatesCompound(monthly: Double, yearly: String) {
    #expect(oneDecimal(annualised(monthly, perYear: Period.Cadence.month.perYear)) == yearly)
  }

  private func oneDecimal(_ rate: Double) -> String {
    let tenths = Int((rate * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  @Test func logoChurnCountsAccountsWithoutMRR() {
    let members = [
      member(1, [("2025-01-01", 900), ("2026-01-05", 0)]), member(2, [("2025-01-01", 100), ("2026-01-05", 1)]),
      member(3, [("2025-01-01", 100), ("2026-01-05", 0), ("2026-01-20", 100)]), member(4, [("2026-01-05", 5000), ("2026-01-06", 0)]),
    ]
    let figures = Portfolio(members, currency: "usd").total(january)
    #expect(figures.n == 3 && figures.lost == 1)
    #expect(milliPercent(figures.logoChurn) == 33_333)
    #expect(figures.nrr == Double(101) / 1100 && figures.grr == figures.nrr)
    #expect(figures.churn == 6000 && figures.new == 5000 && figures.reactivation == 100 && figures.contraction == 99)
  }

  @Test func bothReadingsAndWhyTheyDiffer() {
    let members = [
      member(1, [("2025-01-01", 1000), ("2026-01-05", 1500), ("2026-01-20", 1200)]),
      member(2, [("2026-01-02", 400), ("2026-01-25", 700)]),
    ]
    let figures = Portfolio(members, currency: "usd").total(january)
    #expect(milliPercent(figures.nrr) == 120_000 && milliPercent(figures.grr) == 100_000)
    #expect(milliPercent(figures.nrrByMovements) == 150_000 && milliPercent(figures.grrByMovements) == 70_000)
    #expect(figures.newcomersNet == 300)
    #expect(figures.new == 400 && figures.expansion == 800 && figures.contraction == 300)
  }

  @Test func nothingIsSaidOfNobody() {
    let figures = Portfolio([member(1, [("2026-01-10", 5)])], currency: "usd").total(january)
    #expect(figures.n == 0 && figures.nrr == nil && figures.grr == nil && figures.logoChurn == nil && figures.durableNRR == nil)
    #expect(figures.top3ExpansionShare == nil && figures.new == 5 && figures.end == 5)
  }
}
