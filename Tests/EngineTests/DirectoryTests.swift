import Engine
import Events
import Features
import Testing

/// What contacts and account records of all customers say together: who went to a prospect, and when a CRM was cleaned up.
@Suite struct DirectoryTests {
  private static let rules = """
    rules:
      - id: left
        about: risk
        category: people
        title: "Left"
        when: count(contact, role = champion and not gone) = 0
        hold: 2d
        level: high
        action: "Call."
      - id: moved
        about: expansion
        category: people
        title: "Now at {{ to }}"
        let:
          to: last(contact.moved_to, role = champion and moved_to is known)
        when: to is known
        level: high
        action: "Call."
    """

  private func champion(_ account: Int64, at: Instant, _ fields: [String: Value] = [:]) -> LinkedRecord {
    let start: [String: Value] = ["role": .text("champion"), "status": .text("active"), "email": .text("c@acme\(account).example")]
    return told(.contact, "c\(account)", account: account, at: at, start.merging(fields) { $1 })
  }

  private func company(_ account: Int64, at: Instant, _ status: String, name: String = "Globex") -> LinkedRecord {
    told(.account, "a\(account)", account: account, at: at, ["name": .text(name), "status": .text(status)])
  }

  private func start(customers: Int64 = 1) throws -> Engine {
    var engine = try Engine(rules: Self.rules)
    try engine.known(.contact, through: day(1, hour: 0))
    try engine.step(.records((1...customers).map { champion($0, at: day(1)) }), at: day(1))
    return engine
  }

  // MARK: Prospects

  @Test func theAccountIsLookedAtWhenTheProspectIsEntered() throws {
    var engine = try start(customers: 3)
    try engine.step(.records([champion(1, at: day(2), ["email": .text("c@globex.example")])]), at: day(2))
    #expect(!engine.firing("moved"))
    let globex = told(
      .account, "g", account: 9, at: day(3), ["name": .text("Globex"), "domain": .text("globex.example"), "status": .text("prospect")])
    let outcome = try engine.step(.records([globex]), at: day(3))
    #expect(engine.firing("moved") && outcome.transitions.filter { $0.finding.rule == "moved" }.map(\.at) == [day(3)])
    // A customer is no prospect, by its status or by what it pays.
    let paying = try engine.step(.records([subscribed(account: 9, at: day(4))]), at: day(4))
    #expect(!engine.firing("moved") && paying.transitions.filter { $0.finding.rule == "moved" }.map(\.at) == [day(4)])
  }

  @Test func aProspectThatIsToldOtherwiseIsTakenBack() throws {
    var engine = try start()
    try engine.step(.records([champion(1, at: day(2), ["company": .text("Acme")])]), at: day(2))
    try engine.step(.records([champion(1, at: day(3), ["company": .text("Globex")])]), at: day(3))
    try engine.step(.records([company(9, at: day(3), "prospect")]), at: day(3))
    #expect(engine.firing("moved"))
    try engine.step(.rebuild(Rebuild(account: AccountKey(9), records: [], begins: true, ends: true)), at: day(4))
    #expect(!engine.firing("moved"))
    try engine.step(
      .rebuild(Rebuild(account: AccountKey(9), records: [company(9, at: day(3), "prospect")], begins: true, ends: true)), at: day(5))
    #expect(engine.firing("moved"))
    try engine.step(.records([company(8, at: day(5), "prospect")]), at: day(5))
    #expect(!engine.firing("moved"), "two of that name")
  }

  @Test func anEngineReadFromTheStoreKnowsTheSame() throws {
    var engine = try start(customers: 2)
    try engine.step(.records([champion(1, at: day(2), ["email": .text("c@globex.example")])]), at: day(2))
    let (portfolio, configuration) = (engine.fold.portfolio.json, engine.fold.configuration)
    let states = engine.fold.accounts.keys.sorted().compactMap { key in engine.fold.accounts[key].map { (key: key, state: $0.json) } }
    engine.fold = try LogFold(portfolio: portfolio, accounts: states) { _ in try #require(configuration) }
    let globex = told(.account, "g", account: 9, at: day(3), ["domain": .text("globex.example"), "status": .text("prospect")])
    try engine.step(.records([globex]), at: day(3))
    #expect(engine.firing("moved"))
  }

  // MARK: Bulk edits

  /// So many of the customers' champions leave on the third day.
  private func leave(_ leaving: Int64, of customers: Int64) throws -> (engine: Engine, notices: [Alert]) {
    var engine = try start(customers: customers)
    var notices: [Alert] = []
    for account in 1...leaving {
      let outcome = try engine.step(.records([champion(account, at: day(3), ["status": .text("left")])]), at: day(3) + .minutes(account))
      notices += try outcome.notices.filter { $0.topic == Notice.ops }.map { try Alert(json: $0.content) }
    }
    notices += try engine.step(.tick, at: day(8)).notices.filter { $0.topic == Notice.ops }.map { try Alert(json: $0.content) }
    return (engine, notices)
  }

  @Test func nobodyLeftByABulkEditAndOpsHearOnce() throws {
    let (engine, notices) = try leave(25, of: 300)
    #expect((1...300).allSatisfy { !engine.firing("left", $0) })
    #expect(notices.map(\.title) == ["20 of 300 contacts of app left or moved on 2026-01-04: a bulk edit?"])
    #expect(engine.fold.portfolio.heldBulkEdits == ["app.contacts.2026-01-04"])
  }

  @Test(arguments: [(19, 100), (20, 400)] as [(Int64, Int64)])
  func fewerAreTakenAtTheirWord(leaving: Int64, customers: Int64) throws {
    let (engine, notices) = try leave(leaving, of: customers)
    #expect((1...leaving).allSatisfy { engine.firing("left", $0) } && !engine.firing("left", leaving + 1))
    #expect(notices.isEmpty && engine.fold.portfolio.heldBulkEdits.isEmpty)
  }

  @Test func whoLeavesOnAnotherDayHasLeft() throws {
    var (engine, _) = try leave(25, of: 300)
    try engine.step(.records([champion(1, at: day(9))]), at: day(9))
    try engine.step(.records([champion(1, at: day(10), ["status": .text("left")])]), at: day(10))
    try engine.step(.records([champion(40, at: day(10), ["status": .text("left")])]), at: day(10))
    try engine.step(.tick, at: day(14))
    #expect(engine.firing("left", 1) && engine.firing("left", 40) && !engine.firing("left", 2))
  }

  @Test func aPersonCanSayThatItIsReal() throws {
    var (engine, _) = try leave(25, of: 300)
    let accepted = try engine.step(.outageAccepted(system: "app.contacts.2026-01-04"), at: day(8))
    #expect(accepted.transitions.filter { $0.finding.rule == "bulk_edit" }.map(\.reason) == ["accepted"])
    try engine.step(.tick, at: day(11))
    #expect((1...25).allSatisfy { engine.firing("left", $0) } && !engine.firing("left", 26))
  }

  @Test func noIntroductionFollowsFromABulkEdit() throws {
    var engine = try start(customers: 100)
    try engine.step(.records([company(999, at: day(2), "prospect")]), at: day(2))
    try engine.step(.records((1...100).map { champion($0, at: day(2), ["company": .text("Acme")]) }), at: day(2))
    try engine.step(.records((1...30).map { champion($0, at: day(3), ["company": .text("Globex")]) }), at: day(3))
    #expect((1...30).allSatisfy { !engine.firing("moved", $0) })
    try engine.step(.records([champion(40, at: day(5), ["company": .text("Globex")])]), at: day(5))
    #expect(engine.firing("moved", 40))
  }
}
