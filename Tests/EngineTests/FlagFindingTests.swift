import Engine
import Events
import Features
import Revenue
import Testing

/// Flags on retention figures open and end at the start of a month, and are told once.
@Suite struct FlagFindingTests {
  private static let rules = """
    flags:
      - id: weak_month
        title: "{{ cut }}: {{ rate }}"
        let:
          rate: month.nrr
        when: month.accounts >= 10 and rate < 95%
        level: high
        evidence:
          - rate: "NRR of the month"
        action: "Look."
    """

  /// Twelve accounts of USD 100 a month, of which four are small; in March (from day 68 on) three pay half.
  private func company() throws -> Engine {
    var engine = try Engine(rules: Self.rules)
    for account in Int64(1)...12 {
      let segment = told(.account, "a", account: account, at: day(0), ["segment": .text(account > 8 ? "SMB" : "enterprise")])
      try engine.step(.records([segment, subscribed(account: account, at: day(0))]), at: day(0))
    }
    try engine.known(.subscription, through: day(50))
    for account in Int64(1)...3 { try engine.step(.records([subscribed(account: account, units: 5, at: day(68))]), at: day(68)) }
    return engine
  }

  @Test func `a flag opens when the month is over, is told once, and ends with a better month`() throws {
    var engine = try company()
    // 31 March, then 1 April.
    #expect(try engine.step(.tick, at: day(89)).transitions.isEmpty)
    let opened = try engine.step(.tick, at: day(91))
    // Three of twelve by half: 10.5 of 12. Cuts that hold all twelve, or those nobody has described, would only repeat it.
    #expect(opened.transitions.map(\.finding.subject) == [.cut(.total)])
    let alert = try Alert(json: try #require(opened.notices.first { $0.topic == Notice.revenue }).content)
    #expect(alert.about == .revenue && alert.title == "all accounts: 87.5%" && alert.play == "Look.")
    #expect(alert.subject == .cut(.total) && alert.account.key == .none && alert.values["rate"] == JSON(Fixed(millionths: 875_000)))
    #expect(try engine.step(.tick, at: day(100)).transitions.isEmpty)
    let ended = try engine.step(.tick, at: day(121))
    #expect(ended.transitions.contains { $0.finding.subject == .cut(.total) && $0.to == .resolved && $0.reason == "cleared" })
  }

  @Test func `a cut with fewer accounts is not judged`() throws {
    var engine = try company()
    let opened = try engine.step(.tick, at: day(91))
    #expect(!opened.transitions.isEmpty)
    #expect(!opened.transitions.contains { $0.finding.subject == .cut(Cut(dimension: .segment, value: "enterprise")) })
  }

  @Test func `while billing does not get on nothing opens or ends`() throws {
    var engine = try company()
    try engine.stale(.subscription, since: day(80), at: day(85))
    #expect(try engine.step(.tick, at: day(91)).transitions.allSatisfy { $0.finding.rule != "weak_month" })
    try engine.stale(.subscription, since: nil, at: day(92))
    #expect(try engine.step(.tick, at: day(93)).transitions.isEmpty)
  }

  @Test func `a month that began before billing is known has no figures`() throws {
    var engine = try Engine(rules: Self.rules)
    for account in Int64(1)...12 { try engine.step(.records([subscribed(account: account, at: day(0))]), at: day(0)) }
    for account in Int64(1)...3 { try engine.step(.records([subscribed(account: account, units: 5, at: day(10))]), at: day(10)) }
    try engine.known(.subscription, through: day(20))
    #expect(try engine.step(.tick, at: day(32)).transitions.isEmpty)
  }

  /// 102, 102, 98, 98 per cent, as whole units allow: 1,000, 1,020, 1,040, 1,019, 998.
  @Test func `two months two points below the usual one raise a flag`() throws {
    var engine = try Engine(
      rules: """
        flags:
          - id: declining
            title: "{{ cut }}: {{ month_before.nrr }} and {{ month.nrr }}, usually {{ usual_month.nrr }}"
            when: month.accounts >= 10 and month.nrr <= usual_month.nrr - 2% and month_before.nrr <= usual_month.nrr - 2%
            level: high
            action: "Look."
        """)
    for account in Int64(1)...10 { try engine.step(.records([subscribed(account: account, units: 100, at: day(0))]), at: day(0)) }
    try engine.known(.subscription, through: day(1))
    // In the middle of February, March, April and May.
    for (month, units) in [120, 140, 119, 98].enumerated() {
      let instant = day(Int64(month) * 30 + 40)
      try engine.step(.records([subscribed(units: units, at: instant)]), at: instant)
    }
    let outcome = try engine.step(.tick, at: day(152))
    #expect(outcome.transitions.contains { $0.finding.subject == .cut(.total) && $0.to == .firing })
    let told = try #require(outcome.notices.first { $0.topic == Notice.revenue })
    #expect(try Alert(json: told.content).title == "all accounts: 98% and 97.9%, usually 102%")
  }

  @Test func `what is open is kept in the state`() throws {
    var engine = try company()
    let opened = try engine.step(.tick, at: day(91))
    let findings = try #require(opened.portfolio["company_findings"].list)
    #expect(findings.contains { $0["rule"].text == "weak_month" && $0["subject"].text == "cut:total/total" && $0["open"].flag == true })
    #expect(PortfolioState(json: opened.portfolio)?.json == opened.portfolio)
  }
}
