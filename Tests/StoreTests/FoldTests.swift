import Engine
import Events
import Store
import Testing

@Suite struct FoldTests {
  private let one = AccountKey(1)

  private func transition(_ step: Int64, _ ordinal: Int, from: FindingState?, to: FindingState, level: String = "high") -> Transition {
    Transition(
      finding: FindingID(rule: "api_usage_collapse", subject: .account(one), episode: 1), step: step, ordinal: ordinal,
      at: day(step), from: from, to: to, level: level, reason: to == .resolved ? "cleared" : "opened", evidence: ["drop": .decimal("0.62")])
  }

  private func notice(_ step: Int64, _ ordinal: Int) -> Notice {
    Notice(step: step, ordinal: ordinal, account: one, at: day(step), topic: "finding", content: ["title": "API calls down"])
  }

  private func score(_ step: Int64, _ points: Int64) -> ScoreRow {
    ScoreRow(account: one, step: step, at: day(step), content: ["risk": .integer(points)])
  }

  private func store(_ folder: TemporaryFolder, steps: Int64) async throws -> EventStore {
    let store = try folder.open()
    for n in 1...steps { try await store.appendTick(at: day(n)) }
    return store
  }

  @Test func `an outcome is stored whole and read back`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, steps: 5)
    #expect(try await store.loadStates().position == 0)
    let caseFinding = Transition(
      finding: FindingID(rule: "expansion_use_abandoned", subject: .expansionCase(AccountKey(2), 3), episode: 2), step: 3, ordinal: 0,
      at: day(3), from: nil, to: .firing, level: "critical", reason: "opened", evidence: [])
    let opened = [transition(2, 0, from: nil, to: .pending), transition(2, 1, from: .pending, to: .firing), caseFinding]
    try await store.apply(
      FoldOutcome(
        position: 3, portfolio: ["day": 1], accounts: [(AccountKey(2), ["n": 2]), (one, ["n": 1])], transitions: opened,
        notices: [notice(2, 1)], scores: [score(2, 70)]))
    let resolved = transition(4, 0, from: .firing, to: .resolved)
    try await store.apply(
      FoldOutcome(position: 4, portfolio: ["day": 2], accounts: [(one, ["n": 9])], transitions: [resolved], scores: [score(4, 35)]))

    let loaded = try await store.loadStates()
    #expect(loaded.position == 4)
    #expect(loaded.portfolio == ["day": 2])
    #expect(loaded.accounts.map(\.key) == [one, AccountKey(2)])
    #expect(loaded.accounts.map(\.state) == [["n": 9], ["n": 2]])
    #expect(try await store.state(of: AccountKey(2))?.position == 3)

    #expect(try await store.transitions() == opened + [resolved])
    #expect(try await store.transitions(of: AccountKey(2)) == [caseFinding])
    #expect(try await store.findings().map(\.id) == [caseFinding.finding])
    let all = try await store.findings(openOnly: false)
    #expect(all.map(\.state) == [.resolved, .firing])
    #expect(all[0].beganAt == day(2))
    #expect(all[0].firedAt == day(2))
    #expect(all[0].changedAt == day(4))
    #expect(try await store.findings(of: one).isEmpty)
    #expect(try await store.findings(of: one, openOnly: false).count == 1)
    #expect(try await store.scores(of: one) == [score(2, 70), score(4, 35)])
    #expect(try await store.latestScores() == [score(4, 35)])
    #expect(try await store.pendingNotices().map(\.notice) == [notice(2, 1)])
  }

  @Test func `an outcome with one row that fails leaves nothing`() async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, steps: 5)
    try await store.apply(
      FoldOutcome(position: 1, portfolio: [], accounts: [(one, 1)], transitions: [transition(1, 0, from: nil, to: .firing)]))
    let twice = transition(2, 0, from: .firing, to: .resolved)
    let bad: [FoldOutcome] = [
      FoldOutcome(position: 2, portfolio: [2], accounts: [(one, 2)], transitions: [twice, twice], scores: [score(2, 1)]),
      FoldOutcome(position: 2, portfolio: [2], accounts: [(one, 2)], transitions: [twice], notices: [notice(2, 0), notice(2, 0)]),
      FoldOutcome(
        position: 2, portfolio: [2], accounts: [(one, .text(String(repeating: "x", count: StoreLimits.stateBytes)))],
        transitions: [twice]),
    ]
    for outcome in bad {
      await #expect(throws: StoreError.self) { try await store.apply(outcome) }
      let loaded = try await store.loadStates()
      #expect(loaded.position == 1)
      #expect(loaded.portfolio == [])
      #expect(loaded.accounts.map(\.state) == [1])
      #expect(try await store.transitions().count == 1)
      #expect(try await store.findings().map(\.state) == [.firing])
      #expect(try await store.pendingNotices().isEmpty)
      #expect(try await store.scores().isEmpty)
    }
  }

  @Test(arguments: [(2, false), (3, false), (4, true), (5, true), (6, false)] as [(Int64, Bool)])
  func `a position must lie after the stored one and within the log`(position: Int64, isAllowed: Bool) async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, steps: 5)
    try await store.apply(FoldOutcome(position: 3, portfolio: 3))
    let outcome = FoldOutcome(position: position, portfolio: .integer(position))
    if isAllowed {
      try await store.apply(outcome)
      #expect(try await store.loadStates().position == position)
    } else {
      let error = await #expect(throws: StoreError.self) { try await store.apply(outcome) }
      #expect(error?.reason == .outOfOrder)
      #expect(try await store.loadStates().portfolio == 3)
    }
  }

  @Test(arguments: [0, 1])
  func `a state has at most so many bytes`(over: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try await store(folder, steps: 1)
    // Two bytes are the quotes.
    let state = JSON.text(String(repeating: "x", count: StoreLimits.stateBytes - 2 + over))
    let outcome = FoldOutcome(position: 1, portfolio: [], accounts: [(one, state)])
    if over == 0 {
      try await store.apply(outcome)
    } else {
      let error = await #expect(throws: StoreError.self) { try await store.apply(outcome) }
      #expect(error?.reason == .overLimit)
    }
  }
}
