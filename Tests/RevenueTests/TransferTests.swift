import Events
import Revenue
import Testing

/// Revenue that only changes places: between linked accounts, and between product lines.
@Suite struct TransferTests {
  private let year = Period(from: day("2025-12-31"), to: day("2026-12-31"))

  private func portfolio(_ members: Portfolio.Member...) -> Portfolio { Portfolio(members, currency: "usd") }

  private func lines(_ portfolio: Portfolio) -> [[String]] {
    portfolio.accounts.map { portfolio.members[$0]?.statement.movements.map(\.line) ?? [] }
  }

  /// A linked account whose seats change.
  private func target(_ seats: [(String, Int64)], account: Int64 = 2) -> Portfolio.Member {
    let versions = seats.map { version(noon($0.0), [item("core", $0.1, at: "1")], status: $0.1 == 0 ? "canceled" : "active") }
    return Portfolio.Member(statement(versions, account: account), family: AccountKey(9))
  }

  @Test func whatOneLostAndAnotherWonWithinAWeekMoved() {
    let merged = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), target([("2025-01-01", 300), ("2026-03-08", 420)]))
    #expect(
      lines(merged) == [
        ["2025-01-01 new plan 100", "2026-03-01 transfer consolidation -100"],
        ["2025-01-01 new plan 300", "2026-03-08 expansion seats 20", "2026-03-08 transfer consolidation 100"],
      ])
    let figures = merged.total(year)
    #expect(figures.n == 2 && figures.lost == 0 && figures.churn == 0 && figures.expansion == 20 && figures.transfer == 0)
    #expect(figures.kept == 420 && figures.retained == 400 && figures.difference == 0)
  }

  @Test func whatIsOnItsWayAtTheEndOfAPeriodIsNotLost() {
    let merged = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), target([("2025-01-01", 300), ("2026-03-05", 400)]))
    let before = merged.total(Period(from: day("2026-02-28"), to: day("2026-03-03")))
    #expect(before.transfer == -100 && before.end == 300 && before.kept == 400 && before.lost == 0)
    let after = merged.total(Period(from: day("2026-03-03"), to: day("2026-03-31")))
    #expect(after.transfer == 100 && after.start == 300 && after.kept == 300 && after.retained == 300 && after.end == 400)
  }

  @Test func eightDaysApartAreTwoThings() {
    let apart = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), target([("2025-01-01", 300), ("2026-03-09", 400)]))
    #expect(lines(apart).map(\.last) == ["2026-03-01 churn plan -100", "2026-03-09 expansion seats 100"])
    #expect(apart.total(year).lost == 1)
  }

  @Test func strangersExchangeNothing() {
    let strangers = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 8), target([("2025-01-01", 300), ("2026-03-01", 400)]))
    #expect(strangers.total(year).lost == 1 && strangers.total(year).transfer == 0)
  }

  @Test func aPriceADiscountOrAnUnpaidBillCannotMove() {
    let dearer = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), member(2, [("2025-01-01", 300), ("2026-03-01", 400)], family: 9))
    #expect(dearer.total(year).churn == 100 && dearer.total(year).expansion == 100)
    let unpaid = Portfolio.Member(
      statement([version(noon("2025-01-01"), [item(at: "100")]), version(noon("2026-03-01"), [item(at: "100")], status: "past_due")]),
      family: AccountKey(9))
    let late = portfolio(unpaid, target([("2025-01-01", 300), ("2026-03-31", 400)]))
    #expect(late.total(year).churn == 100 && late.total(year).transfer == 0)
  }

  @Test func whatMovedAndWasLostThereIsLost() {
    let merged = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), target([("2026-03-01", 100), ("2026-06-01", 0)]))
    let figures = merged.total(year)
    #expect(figures.n == 1 && figures.lost == 1 && figures.kept == 0 && figures.new == 0 && figures.churn == 100)
  }

  @Test func anAccountThatLeftTheFamilyIsJudgedByItself() {
    var merged = portfolio(
      member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 9), target([("2025-01-01", 300), ("2026-03-01", 400)]))
    #expect(merged.total(year).lost == 0)
    merged.update(member(1, [("2025-01-01", 100), ("2026-03-01", 0)], family: 1))
    #expect(merged.total(year).lost == 1 && merged.total(year).expansion == 100)
  }

  /// Two lines; 100 move from `core` to `flow` and 50 come on top.
  private let moved = Portfolio.Member(
    statement([
      version(noon("2025-01-01"), [item("core/pro", 100, at: "1", id: "a"), item("flow/pro", 10, at: "1", id: "b")]),
      version(noon("2026-02-01"), [item("flow/pro", 160, at: "1", id: "b")]),
    ]))

  @Test func byLineAMoveIsNeitherLossNorGain() {
    let table = portfolio(moved).retention(year, by: [.total, .productLine])
    #expect(table.map(\.cut.value) == ["total", "core", "flow"])
    let (total, core, flow) = (table[0].figures, table[1].figures, table[2].figures)
    #expect(total.expansion == 50 && total.contraction == 0 && total.transfer == 0 && total.kept == 160 && total.retained == 110)
    #expect(core.transfer == -100 && core.churn == 0 && core.end == 0 && core.kept == 100 && core.retained == 100 && core.lost == 0)
    #expect(flow.transfer == 100 && flow.expansion == 50 && flow.kept == 60 && flow.retained == 10 && flow.difference == 0)
  }

  @Test func aFamilyRolledUpIsOneCustomer() {
    let family = Portfolio.Member(
      statement(subscriptions: [
        [version(noon("2025-01-01"), [item("core", 1, at: "100")]), version(noon("2026-03-01"), [item()], status: "canceled")],
        [version(noon("2025-01-01"), [item("core", 300, at: "1")]), version(noon("2026-03-01"), [item("core", 420, at: "1")])],
      ]))
    let figures = portfolio(family).total(year)
    #expect(figures.n == 1 && figures.lost == 0 && figures.expansion == 20 && figures.retained == 400 && figures.kept == 420)
  }
}
