import ConfigFiles
import Engine
import Events
import Features
import Rules
import Store
import Testing

/// Links made, undone and moved at random, folded as the daemon folds them.
@Suite struct RelinkFoldTests {
  private static let rules = """
    rules:
      - id: many_tickets
        about: risk
        category: support
        title: "{{ filed }} tickets"
        let:
          filed: count(ticket)
        when: filed >= 3
        level: high
        action: "Call them."
    """

  private static func configuration() throws -> CompiledConfiguration {
    var diagnostics = Diagnostics()
    let rules = CompiledRules.load(files: [SourceFile(path: "rules/support.yaml", text: rules)], diagnostics: &diagnostics)
    let compiled = try #require(rules, "\(diagnostics.all.map { $0.rendered() })")
    return CompiledConfiguration(digest: "d", rules: compiled, catalog: ProductCatalog(), calendar: .utc)
  }

  /// An engine over a store, as the daemon has it.
  private struct Host {
    let store: EventStore
    var fold: LogFold

    mutating func catchUp(limit: Int = 50) async throws {
      while case let steps = try await store.steps(after: fold.portfolio.position, limit: limit), !steps.isEmpty {
        try await store.apply(try fold.fold(steps))
      }
    }
  }

  private func ticket(_ id: Int, of account: String, by person: String, at: Instant) -> Record {
    Record(
      kind: .ticket, id: "t\(id)", at: at, system: "app", account: account, person: person,
      fields: ["status": .text("open"), "opened_at": .instant(at)])
  }

  private func step(_ random: inout SeededRandom, _ round: Int, _ store: EventStore) async throws {
    let now = day(Int64(10 + round))
    let which = random.next(5)
    do {
      switch random.next(10) {
      case 0: try await store.link(system: "app", id: "a\(which)", to: AccountKey(Int64(1 + random.next(4))), at: now)
      case 1: try await store.unlink(system: "app", id: "a\(which)", at: now)
      case 2:
        let lines = (0..<random.next(4)).map {
          LinkMapping(subject: .account, system: "app", id: "a\($0)", target: "c\(random.next(4))")
        }
        try await store.setMappings(lines, at: now)
      case 9: _ = try await store.forget(PersonKey(Int64(1 + random.next(12))), at: now) { _ in "" }
      case 3:
        var record = account("c\(which)", "N\(round)", external: ["app": "a\(random.next(5))"], at: day(Int64(round)))
        record.fields["domain"] = .text("d\(random.next(3)).com")
        _ = try await store.commit([page("crm.a", [record], at: now)], at: now)
      case 4:
        let contact = Record(
          kind: .contact, id: "p\(which)", at: day(Int64(round)), system: "crm", account: "c\(which)",
          fields: ["email": .text("p\(which)@d1.com"), "external": .object(["app": .text("u\(random.next(6))")])])
        _ = try await store.commit([page("crm.c", [contact], at: now)], at: now)
      default:
        let records = (0..<5).map { n -> Record in
          let id = round * 10 + n
          let person = random.next(3) == 0 ? "p\(random.next(5))@d\(random.next(3)).com" : "u\(random.next(6))"
          if random.next(3) == 0 { return ticket(id, of: "a\(random.next(5))", by: person, at: day(Int64(round))) }
          return usage("u\(id)", of: random.next(3) == 0 ? nil : "a\(random.next(5))", by: person, at: day(Int64(round)))
        }
        var brought = page("app.events", records, through: now, at: now)
        brought.kinds = [.usage, .ticket]
        _ = try await store.commit([brought], at: now)
      }
    } catch let error as StoreError {
      // Linked already, or to nothing: a refusal changes nothing.
      #expect([.outOfOrder, .unknown].contains(error.reason), "\(error)")
    }
  }

  @Test(arguments: [11 as UInt64, 13, 14, 15, 16, 17])
  func `whatever is relinked, folding the log again gives the same, and each account has what its links say`(seed: UInt64) async throws {
    let configuration = try Self.configuration()
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.activate(digest: "d", content: "{}", at: day(0))
    let companies = (0..<4).map { account("c\($0)", "Company \($0)") }
    _ = try await store.commit([page("crm.a", companies)], at: day(1))
    var random = SeededRandom(seed: seed)
    var host = Host(store: store, fold: LogFold { _ in configuration })
    for round in 0..<80 {
      try await step(&random, round, store)
      try await host.catchUp()
    }

    for limit in [1, 1_000] {
      var again = LogFold { _ in configuration }
      var outcomes: [FoldOutcome] = []
      while case let steps = try await store.steps(after: again.portfolio.position, limit: limit), !steps.isEmpty {
        outcomes.append(try again.fold(steps))
      }
      #expect(outcomes.flatMap(\.transitions) == (try await store.transitions()), "seed \(seed)")
      #expect(outcomes.flatMap(\.scores) == (try await store.scores()), "seed \(seed)")
      let stored = try await store.loadStates()
      #expect(again.portfolio.json == stored.portfolio, "seed \(seed)")
      #expect(stored.accounts.allSatisfy { again.accounts[$0.key]?.json == $0.state }, "seed \(seed)")
    }

    var homes = 0
    for (key, state) in host.fold.accounts {
      var usage = UsageHistory()
      let events = try await store.events(of: key, kind: .usage)
      for event in events {
        usage.add(
          name: "export", person: event.person, quantity: Fixed(1), on: CompanyCalendar.utc.day(of: event.record.at))
      }
      homes += events.count
      #expect(state.usage == usage, "seed \(seed), account \(key.number)")
      let tickets = try await store.events(of: key, kind: .ticket).map(\.record.id)
      #expect(state.entities.timelines(of: .ticket).map(\.id).sorted() == tickets.sorted(), "seed \(seed), account \(key.number)")
    }
    #expect(homes > 5, "seed \(seed) is too tame to show anything")
    let reasons = Set(try await store.transitions().map(\.reason))
    #expect(reasons.contains("opened"), "seed \(seed)")
  }

  @Test func `an account that loses every record closes its findings and says nothing`() async throws {
    let configuration = try Self.configuration()
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.activate(digest: "d", content: "{}", at: day(0))
    var known = page("app.t", [], through: day(0))
    known.kinds = [.ticket]
    _ = try await store.commit([known], at: day(1))
    var tickets = page(
      "app.t", [account("a1", "Twin", system: "app")] + (0..<3).map { ticket($0, of: "a1", by: "x", at: day(1)) }, through: day(2))
    tickets.kinds = [.ticket]
    _ = try await store.commit([page("crm.a", [account("1", "Acme")]), tickets], at: day(2))
    var host = Host(store: store, fold: LogFold { _ in configuration })
    try await host.catchUp()
    let twin = AccountKey(2)
    #expect(try await store.findings(of: twin).map(\.id.rule) == ["many_tickets"])
    let said = try await store.notices(of: twin).count
    try await store.link(system: "app", id: "a1", to: AccountKey(1), at: day(3))
    try await host.catchUp()
    #expect(try await store.findings(of: twin).isEmpty)
    #expect(try await store.transitions(of: twin).last?.reason == "unlinked")
    #expect(try await store.notices(of: twin).count == said)
    let points = try await store.scores(of: twin).map { $0.content["risk"]["milli_points"].integer ?? 0 }
    #expect(points.last == points.first && points.max() ?? 0 > points.last ?? 0, "\(points)")
    #expect(try await store.findings(of: AccountKey(1)).map(\.id.rule) == ["many_tickets"])
    // It may come back: then as another episode.
    try await store.unlink(system: "app", id: "a1", at: day(4))
    #expect(host.fold.accounts[twin]?.isEmpty == true)
    try await store.link(system: "app", id: "a1", to: twin, at: day(5))
    try await host.catchUp()
    #expect(try await store.findings(of: twin).map(\.id.episode) == [2])
  }
}
