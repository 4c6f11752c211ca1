import Engine
import Events
import Features
import Revenue
import Testing

/// The life of a verdict: given, recovered from, final, kept.
@Suite struct CaseJudgementTests {
  /// One whole story by the number of open tickets: two are bad, three are worse, none with seats enough is healthy.
  private static let rules = """
    rules:
      - { id: blocked_by_case, about: risk, category: usage, title: Open, when: case.open, level: low, action: Wait. }
    verdicts:
      - verdict: last_resort
        title: "{{ open_tickets }} tickets are open"
        let: { open_tickets: "count(ticket, status = open)" }
        when: open_tickets >= 3
        level: high
        evidence: [open_tickets: "{{ open_tickets }} open tickets"]
        action: "Call."
      - verdict: unadopted
        title: "{{ open_tickets }} tickets are open"
        let: { open_tickets: "count(ticket, status = open)" }
        when: open_tickets >= 2
        level: medium
        action: "Call."
      - verdict: healthy
        title: "No ticket is open"
        when: case.age >= 10d and count(ticket, status = open) = 0
        level: medium
        action: "Ask."
    tiers:
      - { tier: blocked, when: case.open }
      - { tier: low, when: "true" }
    """

  private func subscribed(_ seats: Int64, at: Instant, status: String = "active") -> Step.Content {
    let item: Value = .object([
      "plan": .text("team"), "quantity": .number(Fixed(seats)), "unit_amount": .price(Rational(1000)), "interval": .text("month"),
      "interval_count": .integer(1),
    ])
    return .records([told(.subscription, "s", at: at, ["status": .text(status), "items": .list([item])])])
  }

  private func ticket(_ id: String, _ status: String, at: Instant) -> Step.Content {
    .records([told(.ticket, id, at: at, ["status": .text(status), "opened_at": .instant(day(30))])])
  }

  /// A case that opened on day 20; what it was told about is in `notices`.
  private struct Followed {
    var engine: Engine
    var notices: [String] = []

    var judgement: ExpansionCase.Judgement? { engine.fold.accounts[AccountKey(1)]?.cases.first?.judgement }
    var verdict: CaseVerdict? { judgement?.verdict }
    var tier: String? { engine.fold.accounts[AccountKey(1)]?.score["expansion"]["tier"].text }

    mutating func step(_ content: Step.Content, at instant: Instant) throws {
      let outcome = try engine.step(content, at: instant)
      notices += outcome.notices.filter { $0.topic == "case" }.compactMap { try? Alert(json: $0.content) }
        .filter { $0.change == .verdictChanged }.map(\.title)
    }
  }

  private func followed() throws -> Followed {
    var followed = Followed(engine: try Engine(rules: Self.rules))
    try followed.step(subscribed(10, at: day(1)), at: day(1))
    try followed.engine.known(.ticket, through: day(300), at: day(2))
    try followed.step(subscribed(20, at: day(20)), at: day(20))
    try followed.step(.tick, at: day(21))
    #expect(followed.verdict == .proving && followed.tier == "blocked")
    return followed
  }

  @Test func settlesQuietlyAndNoLongerBlocks() throws {
    var followed = try followed()
    try followed.step(.tick, at: day(30))
    #expect(followed.verdict == .healthy && followed.notices == [] && followed.tier == "low")
    #expect(followed.judgement?.since == Day("2026-01-31"))
  }

  @Test func turnsBadWorseAndRecovers() throws {
    var followed = try followed()
    for number in 1...3 { try followed.step(ticket("t\(number)", "open", at: day(22)), at: day(22)) }
    #expect(followed.notices == ["2 tickets are open", "3 tickets are open"])
    #expect(followed.verdict == .lastResort && followed.judgement?.tags == [.unadopted])
    #expect(followed.judgement?.evidence.map(\.text) == ["3 open tickets"])
    for number in 1...3 { try followed.step(ticket("t\(number)", "solved", at: day(23)), at: day(23)) }
    #expect(followed.verdict == .proving && followed.judgement?.wasBad == true)
    try followed.step(.tick, at: day(31))
    #expect(followed.verdict == .healthy && followed.notices.last == "Recovered: No ticket is open")
  }

  @Test func aHealthyCaseTurnsBadOnlyByABadVerdict() throws {
    var followed = try followed()
    try followed.step(.tick, at: day(31))
    try followed.step(ticket("t1", "open", at: day(32)), at: day(32))
    #expect(followed.verdict == .healthy)
    try followed.step(ticket("t2", "open", at: day(33)), at: day(33))
    #expect(followed.verdict == .unadopted && followed.tier == "blocked")
  }

  @Test(arguments: [(200, CaseVerdict.unadopted), (201, .healthy)] as [(Int64, CaseVerdict)])
  func isFinalAfter180Days(last: Int64, expected: CaseVerdict) throws {
    var followed = try followed()
    try followed.step(.tick, at: day(31))
    // The case opened on day 20, so day 200 is the last.
    for number in 1...2 { try followed.step(ticket("t\(number)", "open", at: day(last)), at: day(last)) }
    try followed.step(.tick, at: day(last + 5))
    #expect(followed.verdict == expected)
  }

  @Test func staysAsItWasWhenTheAccountLeaves() throws {
    var followed = try followed()
    for number in 1...2 { try followed.step(ticket("t\(number)", "open", at: day(22)), at: day(22)) }
    try followed.step(subscribed(20, at: day(30), status: "canceled"), at: day(30))
    for number in 1...2 { try followed.step(ticket("t\(number)", "solved", at: day(31)), at: day(31)) }
    try followed.step(.tick, at: day(60))
    #expect(followed.verdict == .unadopted && followed.notices == ["2 tickets are open"])
  }

  @Test func aCaseThatWasOverBeforeAnybodyCouldFollowItIsToldToNobody() throws {
    var engine = try Engine(rules: Self.rules)
    try engine.step(.tick, at: day(250))
    var notices: [Notice] = []
    notices += try engine.step(subscribed(10, at: day(1)), at: day(250, hour: 13)).notices
    notices += try engine.step(subscribed(20, at: day(20)), at: day(250, hour: 14)).notices
    #expect(engine.fold.accounts[AccountKey(1)]?.cases.map(\.verdict) == [.proving])
    #expect(notices.filter { $0.topic == "case" }.isEmpty)
  }
}
