import Engine
import Events
import Features
import Testing

/// A feed that does not get on freezes what depends on it, and only ops hear of it, once.
@Suite struct FreshnessTests {
  private func quiet() throws -> Engine {
    var engine = try Engine()
    try engine.step(.records([subscribed(at: day(0)), used("u", at: day(1))]), at: day(1))
    try engine.known(through: day(6, hour: 0))
    return engine
  }

  @Test func `a stale stream warns ops once and says once that it is back`() throws {
    var engine = try quiet()
    let warned = try engine.stale(since: day(6), at: day(7))
    #expect(warned.notices.map(\.topic) == [Notice.ops] && warned.notices.map(\.account) == [.none])
    #expect(warned.transitions.map(\.finding.subject) == [.feed("app.usage")])
    #expect(try engine.stale(since: day(6), at: day(8)).notices.isEmpty)
    let back = try engine.stale(since: nil, at: day(9))
    #expect(back.notices.count == 1 && back.transitions.map(\.reason) == ["recovered"])
    #expect(try engine.stale(since: nil, at: day(10)).notices.isEmpty)
    let alert = try Alert(json: try #require(back.notices.first).content)
    #expect(alert.about == .ops && alert.change == .resolved && alert.subject == .feed("app.usage"))
  }

  @Test func `while it is stale nothing opens, and coverage drops`() throws {
    var engine = try quiet()
    try engine.stale(since: day(6), at: day(7))
    try engine.known(through: day(12, hour: 0))
    #expect(!engine.firing("went_quiet"))
    let coverage = try #require(engine.fold.accounts[AccountKey(1)]?.score["risk"]["coverage"].integer)
    #expect(coverage == 0)
    try engine.stale(since: nil, at: day(13))
    #expect(engine.firing("went_quiet"))
  }

  @Test func `while it is stale nothing clears`() throws {
    var engine = try quiet()
    try engine.known(through: day(12, hour: 0))
    #expect(engine.firing("went_quiet"))
    try engine.stale(since: day(12), at: day(13))
    try engine.step(.records([used("v", at: day(12))]), at: day(13))
    try engine.known(through: day(14, hour: 0))
    #expect(engine.firing("went_quiet"))
    try engine.stale(since: nil, at: day(15))
    #expect(!engine.firing("went_quiet"))
  }

  @Test func `rules that do not need it go on`() throws {
    var engine = try quiet()
    try engine.known(.ticket, through: day(6, hour: 0))
    try engine.stale(since: day(6), at: day(7))
    let tickets = (1...2).map { told(.ticket, "t\($0)", at: day(7), ["status": .text("open")]) }
    try engine.step(.records(tickets), at: day(7))
    #expect(engine.firing("many_tickets"))
  }

  @Test(arguments: [false, true])
  func `silence is zero only where a feed covers every customer`(covers: Bool) throws {
    var engine = try Engine()
    try engine.step(.records([subscribed(at: day(0))]), at: day(0))
    try engine.known(through: day(9, hour: 0), covers: covers)
    #expect(engine.firing("went_quiet") == covers)
  }

  @Test(arguments: [(2, true), (9, false)])
  func `a window across a hole is missing`(holeDay: Int64, opens: Bool) throws {
    var engine = try quiet()
    try engine.known(through: day(12, hour: 0), holes: [Hole(from: day(holeDay), until: day(holeDay) + .hours(1))])
    #expect(engine.firing("went_quiet") == opens)
  }
}

/// What a source tells otherwise counts once.
@Suite struct SupersessionTests {
  private func count(_ engine: Engine, _ name: String, account: Int64 = 1) -> Fixed? {
    engine.fold.accounts[AccountKey(account)]?.usage
      .total(UsageSelection(names: [name]), Day(number: 20_454)...Day(number: 20_500), .utc)
  }

  private func former(_ linked: LinkedRecord) -> Superseded {
    Superseded(record: linked.record, account: linked.account, person: linked.person)
  }

  @Test func `another quantity, name, day or account takes the place of the former`() throws {
    var engine = try Engine()
    let first = used("u", at: day(1), quantity: 5)
    try engine.step(.records([first]), at: day(1))
    let second = used("u", at: day(1), supersedes: former(first), quantity: 7)
    try engine.step(.records([second]), at: day(2))
    #expect(count(engine, "export") == Fixed(7))
    let third = used("u", at: day(2), name: "import", supersedes: former(second), quantity: 7)
    try engine.step(.records([third]), at: day(2))
    #expect(count(engine, "export") == .zero && count(engine, "import") == Fixed(7))
    try engine.step(.records([used("u", account: 2, at: day(2), name: "import", supersedes: former(third))]), at: day(3))
    #expect(count(engine, "import") == .zero && count(engine, "import", account: 2) == Fixed(1))
  }
}

/// A tracker that falls silent is not customers who stopped.
@Suite struct SuspectedOutageTests {
  /// Four weeks of 100 records an hour from twenty accounts, known through their end.
  private func busy() throws -> Engine {
    var engine = try Engine()
    for dayNumber in Int64(0)..<28 {
      try engine.step(.records((0..<24).flatMap { hourful(dayNumber, $0) }), at: day(dayNumber, hour: 23))
    }
    try engine.known(through: day(28, hour: 0))
    return engine
  }

  private func hourful(_ dayNumber: Int64, _ hour: Int64, _ number: Int = 100) -> [LinkedRecord] {
    (0..<number).map { used("u\(dayNumber)/\(hour)/\($0)", account: Int64($0 % 20) + 1, at: day(dayNumber, hour: hour)) }
  }

  private func through(_ engine: Engine) -> Instant? { engine.fold.portfolio.known.range(of: .usage)?.through }

  @Test func `usage is held from the first silent hour, ops hear of it once, and after 48 hours it counts`() throws {
    var engine = try busy()
    let suspected = try engine.known(through: day(28, hour: 2))
    #expect(suspected.notices.map(\.topic) == [Notice.ops] && through(engine) == day(28, hour: 0))
    #expect(try engine.known(through: day(29, hour: 3)).notices.isEmpty && through(engine) == day(28, hour: 0))
    let real = try engine.known(through: day(30, hour: 1))
    #expect(real.transitions.contains { $0.reason == "taken_as_real" } && through(engine) == day(30, hour: 1))
  }

  @Test func `the hold ends at midnight even where nothing more comes`() throws {
    var engine = try busy()
    try engine.known(through: day(28, hour: 2))
    let ended = try engine.step(.tick, at: day(30, hour: 1))
    #expect(ended.transitions.contains { $0.reason == "taken_as_real" })
  }

  @Test func `ops may accept it`() throws {
    var engine = try busy()
    try engine.known(through: day(28, hour: 2))
    let accepted = try engine.step(.outageAccepted(system: "app"), at: day(28, hour: 3))
    #expect(accepted.notices.count == 1 && accepted.transitions.map(\.reason) == ["accepted"])
    #expect(through(engine) == day(28, hour: 2))
  }

  @Test func `records that come late end it, and the state comes back from JSON held as it was`() throws {
    var engine = try busy()
    try engine.known(through: day(28, hour: 1))
    let state = try #require(PortfolioState(json: engine.fold.portfolio.json))
    #expect(state.known.range(of: .usage)?.through == day(28, hour: 0) && state.json == engine.fold.portfolio.json)
    try engine.step(.records(hourful(28, 0, 60) + hourful(28, 1)), at: day(28, hour: 2))
    #expect(try engine.known(through: day(28, hour: 2)).transitions.map(\.reason) == ["recovered"])
    #expect(through(engine) == day(28, hour: 2))
  }
}
