import ConfigFiles
import Engine
import Events
import Features
import Rules
import Testing

/// What the engine works out of whole cohorts.
@Suite struct CohortFigureTests {
  private static let rules = """
    rules:
      - id: below_its_like
        about: risk
        category: usage
        title: "Below its like"
        when: count(usage, 7d) < percentile(count(usage, 7d), 50%) and count(ticket) <= percentile(count(ticket), 50%)
        level: low
        action: "Call."
    """

  private let usage = "percentile(count(usage, 7d), 50%)"
  private let asked = "percentile(count(ticket), 50%)"

  /// Accounts 1 to `small` are `smb`, the next `large` are `enterprise`; the latter use three times as much.
  private func company(small: Int, large: Int) throws -> Engine {
    var engine = try Engine(rules: Self.rules)
    var records: [LinkedRecord] = []
    for number in 1...Int64(small + large) {
      let isSmall = number <= Int64(small)
      records.append(told(.account, "a\(number)", account: number, at: day(1), ["segment": .text(isSmall ? "smb" : "enterprise")]))
      records.append(subscribed(account: number, at: day(1)))
      for use in 0..<(isSmall ? 1 : 3) { records.append(used("u\(number).\(use)", account: number, at: day(8))) }
    }
    try engine.step(.records(records), at: day(9))
    try engine.known(.ticket, through: day(9))
    try engine.known(through: day(9, hour: 0), at: day(9))
    return engine
  }

  @Test func twentyAccountsAreACohortAndNineteenAreNone() throws {
    let table = try company(small: 20, large: 19).fold.portfolio.cohort
    let last = CompanyCalendar.utc.day(of: day(8))
    #expect(table.value(of: usage, in: "smb", on: last) == Fixed(1))
    #expect(table.value(of: usage, in: "enterprise", on: last) == nil)
    #expect(table.value(of: usage, in: CohortName.all, on: last) == Fixed(1))
    #expect(table.value(of: asked, in: "smb", on: last + 1) == .zero)
  }

  @Test(arguments: [(2, 2, false), (2, 3, true)])
  func fiveAccountsAreEnoughForTheCohortOfAll(_ small: Int, _ large: Int, _ isKnown: Bool) throws {
    let table = try company(small: small, large: large).fold.portfolio.cohort
    #expect((table.value(of: usage, in: CohortName.all, on: CompanyCalendar.utc.day(of: day(8))) != nil) == isKnown)
  }

  @Test func lateUsageDoesNotMoveAFigureThatStands() throws {
    var engine = try company(small: 20, large: 0)
    let last = CompanyCalendar.utc.day(of: day(8))
    let late = (1...20).flatMap { account in (0..<5).map { used("late\(account).\($0)", account: account, at: day(8)) } }
    try engine.step(.records(late), at: day(9, hour: 20))
    try engine.known(through: day(10, hour: 0))
    #expect(engine.fold.portfolio.cohort.value(of: usage, in: "smb", on: last) == Fixed(1))
    #expect(engine.fold.portfolio.cohort.value(of: usage, in: "smb", on: last + 1) == Fixed(6))
  }
}
