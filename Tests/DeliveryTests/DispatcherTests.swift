import Delivery
import Engine
import Events
import Store
import Synchronization
import Testing
import Transport

@Suite struct FreezingTests {
  private static func alert(_ account: Int64, _ level: Alert.Level, rule: String = "a_rule") -> Alert {
    var alert = Sample.alert(level, rule: rule)
    alert.account = .init(key: AccountKey(account), name: "Account \(account)")
    alert.subject = .account(AccountKey(account))
    return alert
  }

  @Test func anAccountsNoticesJoinIntoOneDelivery() async throws {
    let outbox = try TestOutbox()
    try await outbox.write([Self.alert(1, .medium, rule: "a"), Self.alert(2, .high, rule: "b"), Self.alert(1, .context, rule: "c")])
    try await outbox.write([Self.alert(1, .high, rule: "d")])
    let dispatcher = outbox.dispatcher()
    #expect(try await dispatcher.freezePending() == 2)
    #expect(try await dispatcher.freezePending() == 0)
    #expect(try await dispatcher.deliverDue(wallNow: outbox.clock.now) == 2)
    let taken = outbox.receiver.taken.sorted { $0.subject < $1.subject }
    #expect(taken.map(\.subject) == ["account:1", "account:2"])
    #expect(taken.map { $0.alerts.map(\.rule) } == [["d", "a", "c"], ["b"]])
    #expect(taken.map(\.sequence) == [1, 1])
    try await outbox.write([Self.alert(1, .high, rule: "e")])
    try await dispatcher.freezePending()
    try await dispatcher.deliverDue(wallNow: outbox.clock.now)
    #expect(outbox.receiver.taken.last?.sequence == 2)
  }

  @Test func smallThingsAreSettledWithoutADelivery() async throws {
    let outbox = try TestOutbox()
    try await outbox.write([Self.alert(1, .low), Self.alert(1, .context), Self.alert(2, .low)])
    let dispatcher = outbox.dispatcher()
    #expect(try await dispatcher.isIdle() == false)
    #expect(try await dispatcher.freezePending() == 0)
    #expect(try await dispatcher.isIdle())
    #expect(try await outbox.store.deliveries() == [])
  }

  @Test(arguments: [false, true]) func aSinkShowsPeopleOnlyIfItSaysSo(showsPeople: Bool) async throws {
    let outbox = try TestOutbox(showsPeople: showsPeople)
    try await outbox.write([Sample.alert])
    let dispatcher = outbox.dispatcher()
    try await dispatcher.freezePending()
    try await dispatcher.deliverDue(wallNow: outbox.clock.now)
    let body = String(decoding: try #require(outbox.receiver.posts.first).body, as: UTF8.self)
    #expect(body.contains("Dana Reyes") == showsPeople)
    #expect(outbox.receiver.taken.first?.alerts == [showsPeople ? Sample.alert : Sample.alert.hidingPeople()])
  }

  @Test func aNoticeThatCannotBeReadIsPassedOver() async throws {
    let outbox = try TestOutbox()
    let step = try await outbox.store.appendTick(at: Instant(seconds: 1))
    let bad = Notice(
      step: step, ordinal: 0, account: AccountKey(1), at: Instant(seconds: 1), topic: "finding", content: ["rule": "x"])
    let good = Notice(
      step: step, ordinal: 1, account: AccountKey(1), at: Instant(seconds: 1), topic: "finding", content: Self.alert(1, .high).json)
    try await outbox.store.apply(FoldOutcome(position: step, portfolio: .null, notices: [bad, good]))
    #expect(try await outbox.dispatcher().freezePending() == 1)
    #expect(try await outbox.store.pendingNotices() == [])
  }

  @Test func aDeliveryHoldsALimitedNumberOfNotices() async throws {
    let outbox = try TestOutbox()
    try await outbox.write((0...Dispatcher.noticesPerDelivery).map { Self.alert(1, .high, rule: "rule_\($0)") })
    let dispatcher = outbox.dispatcher()
    #expect(try await dispatcher.freezePending() == 2)
    try await dispatcher.deliverDue(wallNow: outbox.clock.now)
    #expect(outbox.receiver.taken.map(\.alerts.count) == [Dispatcher.noticesPerDelivery, 1])
    #expect(outbox.receiver.taken.map(\.sequence) == [1, 2])
  }

  @Test func eachSinkGetsItsOwnDelivery() async throws {
    let outbox = try TestOutbox()
    var other = outbox.sink
    other.name = "other"
    other.showsPeople = true
    let catalog = SinkCatalog(sinks: [outbox.sink, other], routes: [Route(sinks: ["team", "other"])])
    try await outbox.write([Sample.alert])
    #expect(try await outbox.dispatcher(catalog: catalog).freezePending() == 2)
    let deliveries = try await outbox.store.deliveries().map(\.delivery)
    #expect(Set(deliveries.map(\.sink)) == ["team", "other"])
    #expect(Set(deliveries.map(\.id)).count == 2)
    #expect(deliveries.map(\.sequence) == [1, 1])
  }

  private struct Killed: Error {}

  @Test func aKillBeforeTheDeliveryIsWrittenLeavesTheNotices() async throws {
    let outbox = try TestOutbox()
    try await outbox.write([Sample.alert])
    let doomed = outbox.dispatcher(atStage: { stage in if case .freezing = stage { throw Killed() } })
    await #expect(throws: Killed.self) { try await doomed.freezePending() }
    #expect(try await outbox.store.deliveries() == [])
    #expect(try await outbox.dispatcher().freezePending() == 1)
    // The flag that keeps two calls apart is lowered after a fault.
    await #expect(throws: Killed.self) {
      try await outbox.write([Sample.alert])
      try await doomed.freezePending()
    }
  }
}

@Suite struct PostingTests {
  private func frozen(_ answers: [TestReceiver.Answer], count: Int = 1) async throws -> TestOutbox {
    let outbox = try TestOutbox(answers: answers)
    try await outbox.write(
      (0..<count).map { index in
        var alert = Sample.alert(.high)
        alert.account = .init(key: AccountKey(Int64(index + 1)), name: "Account \(index + 1)")
        return alert
      })
    try await outbox.dispatcher().freezePending()
    return outbox
  }

  private func only(_ outbox: TestOutbox) async throws -> StoredDelivery { try #require(try await outbox.store.deliveries().first) }

  @Test func aRetryKeepsIdAndBodyAndComesInItsTime() async throws {
    let outbox = try await frozen([.status(500), .status(503, retryAfter: "600"), .lost, .taken])
    let dispatcher = outbox.dispatcher()
    var times: [Instant] = []
    while try await only(outbox).state == .pending {
      let due = try #require(try await outbox.store.nextAttempt())
      if !times.isEmpty { #expect(try await dispatcher.deliverDue(wallNow: due - Span(microseconds: 1)) == 0) }
      outbox.clock.advance(to: due)
      #expect(try await dispatcher.deliverDue(wallNow: outbox.clock.now) == 1)
      times.append(outbox.clock.now)
    }
    let posts = outbox.receiver.posts
    #expect(posts.map(\.at) == times)
    #expect(posts.count == 4)
    #expect(Set(posts.map(\.id)).count == 1 && Set(posts.map(\.body)).count == 1)
    #expect(Set(posts.map(\.timestamp)).count == 4 && Set(posts.map(\.signature)).count == 4)
    #expect(posts[1].at - posts[0].at >= .seconds(5) && posts[1].at - posts[0].at < .seconds(6))
    #expect(posts[2].at - posts[1].at >= .seconds(600))
    #expect(posts[3].at - posts[2].at >= .minutes(30))
    // The third post was taken though its answer was lost: the fourth is a repeat.
    #expect(outbox.receiver.receptions.map(\.status) == [204, 204])
    #expect(outbox.receiver.receptions.last == .repeated(id: posts[0].id))
    let last = try await only(outbox)
    #expect(last.state == .delivered && last.attempts == 4 && last.lastStatus == 204)
  }

  @Test func afterTheLastAttemptADeliveryIsADeadLetter() async throws {
    let outbox = try await frozen(Array(repeating: .status(500), count: 20))
    let dispatcher = outbox.dispatcher()
    while let due = try await outbox.store.nextAttempt() {
      outbox.clock.advance(to: due)
      try await dispatcher.deliverDue(wallNow: outbox.clock.now)
    }
    let dead = try #require(try await outbox.store.deliveries(.dead).first)
    #expect(outbox.receiver.posts.count == 10)
    #expect(dead.attempts == 10 && dead.lastStatus == 500 && dead.lastError == "HTTP 500")
    #expect(try await dispatcher.isIdle())
  }

  @Test func aGoneReceiverGetsNoMorePosts() async throws {
    let outbox = try await frozen([.status(410)], count: 30)
    let dispatcher = outbox.dispatcher()
    let first = try #require(try await outbox.store.dueDeliveries(wallNow: outbox.clock.now, limit: 1).first)
    try await dispatcher.deliverDue(wallNow: outbox.clock.now)
    // The posts in flight beside the one that was answered so may still go out.
    #expect(outbox.receiver.posts.count <= Dispatcher.postsInFlight)
    #expect(first.attempts == 0)
    let dead = try await outbox.store.deliveries(.dead)
    #expect(dead.count { $0.lastError?.hasPrefix("HTTP 410") == true } == 1)
    #expect(dead.count >= 30 - Dispatcher.postsInFlight + 1)
    #expect(try await outbox.store.outboxCounts().pending == 0)
    // A new start asks again.
    let before = outbox.receiver.posts.count
    try await outbox.write([Sample.alert(.high)])
    let restarted = outbox.dispatcher()
    try await restarted.freezePending()
    try await restarted.deliverDue(wallNow: outbox.clock.now)
    #expect(outbox.receiver.posts.count == before + 1)
  }

  @Test func aRedirectIsAFailure() async throws {
    let outbox = try await frozen([.status(302)])
    try await outbox.dispatcher().deliverDue(wallNow: outbox.clock.now)
    let delivery = try await only(outbox)
    #expect(delivery.state == .pending && delivery.attempts == 1)
    #expect(delivery.lastError?.contains("redirect") == true)
  }

  @Test func aDeliveryWhoseSinkWentAwayIsADeadLetterWithItsReason() async throws {
    let outbox = try await frozen([])
    var disabled = outbox.sink
    disabled.isEnabled = false
    let catalogs: [(SinkCatalog, String)] = [
      (SinkCatalog(), "no sink is named team any more"), (SinkCatalog(single: disabled), "the sink team is not enabled"),
    ]
    for (catalog, reason) in catalogs {
      try await outbox.write([Sample.alert(.high)])
      try await outbox.dispatcher().freezePending()
      try await outbox.dispatcher(catalog: catalog).deliverDue(wallNow: outbox.clock.now)
      #expect(try await outbox.store.deliveries(.dead).first?.lastError == reason)
    }
    #expect(outbox.receiver.posts == [])
  }

  @Test func aClosedPortAndAPrivateAddressAreFailuresThatHideTheURL() async throws {
    let outbox = try await frozen([])
    let client = CurlClient()
    for allowsPrivate in [true, false] {
      var sink = outbox.sink
      sink.url = "http://127.0.0.1:1/token-in-the-path"
      sink.allowsPrivate = allowsPrivate
      let dispatcher = outbox.dispatcher(
        catalog: SinkCatalog(single: sink), send: { try await client.send($0) })
      outbox.clock.advance(to: try #require(try await outbox.store.nextAttempt()))
      try await dispatcher.deliverDue(wallNow: outbox.clock.now)
      let delivery = try await only(outbox)
      #expect(delivery.state == .pending && delivery.lastStatus == nil)
      #expect(delivery.lastError?.isEmpty == false && delivery.lastError?.contains("token-in-the-path") == false)
    }
    #expect(try await only(outbox).attempts == 2)
    await client.shutDown()
  }

  @Test func twoCallsDoNotPostTheSameDelivery() async throws {
    let outbox = try await frozen([], count: 40)
    let dispatcher = outbox.dispatcher()
    let now = outbox.clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { try await dispatcher.deliverDue(wallNow: now) } }
      try await group.waitForAll()
    }
    #expect(outbox.receiver.posts.count == 40)
    #expect(Set(outbox.receiver.posts.map(\.id)).count == 40)
  }

  @Test(arguments: [TransportError.Reason.cancelled, .stopped]) func anAttemptCutShortIsNotRecorded(reason: TransportError.Reason)
    async throws
  {
    let outbox = try await frozen([])
    let dispatcher = outbox.dispatcher(send: { _ in throw TransportError(reason, target: "POST https://hooks.example.com/…") })
    await #expect(throws: CancellationError.self) { try await dispatcher.deliverDue(wallNow: outbox.clock.now) }
    let delivery = try await only(outbox)
    #expect(delivery.state == .pending && delivery.attempts == 0)
  }

  private struct Killed: Error {}

  /// Whatever a receiver answers and wherever the sender is killed: each delivery ends, is taken at most once as new, and comes again
  /// only with an id and a body already seen.
  @Test(arguments: 0..<25 as Range<UInt64>) func killsAndAnswersLeaveOnlyRepeats(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let answers: [TestReceiver.Answer] = (0..<60).map { _ in
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: .status(Int.random(in: 300...599, using: &generator), retryAfter: nil)
      case 1: .status(429, retryAfter: "\(Int.random(in: 0...100_000, using: &generator))")
      case 2, 3: .lost
      default: .taken
      }
    }
    let outbox = try TestOutbox(answers: answers)
    let kills = Mutex(generator)
    let doom: @Sendable (Dispatcher.Stage) async throws -> Void = { _ in
      if kills.withLock({ Int.random(in: 0..<4, using: &$0) == 0 }) { throw Killed() }
    }
    var dispatcher = outbox.dispatcher(atStage: doom)
    for round in 0..<6 {
      try await outbox.write([Sample.alert(.high, rule: "rule_\(round)"), Sample.alert(.low, rule: "small_\(round)")])
    }
    var rounds = 0
    while try await !isDone(outbox) {
      rounds += 1
      try #require(rounds < 2_000, "seed \(seed): the outbox never empties")
      do {
        try await dispatcher.freezePending()
        if let due = try await outbox.store.nextAttempt() { outbox.clock.advance(to: due) }
        try await dispatcher.deliverDue(wallNow: outbox.clock.now)
      } catch is Killed {
        dispatcher = outbox.dispatcher(atStage: doom)
      }
    }
    try await check(outbox, seed)
  }

  private func isDone(_ outbox: TestOutbox) async throws -> Bool {
    let counts = try await outbox.store.outboxCounts()
    return counts.notices == 0 && counts.pending == 0
  }

  private func check(_ outbox: TestOutbox, _ seed: UInt64) async throws {
    let deliveries = try await outbox.store.deliveries()
    let bodies = Dictionary(uniqueKeysWithValues: deliveries.map { ($0.delivery.id, $0.delivery.body) })
    for post in outbox.receiver.posts { #expect(bodies[post.id] == post.body, "seed \(seed)") }
    for reception in outbox.receiver.receptions { #expect(reception.status == 204, "seed \(seed): \(reception)") }
    let taken = outbox.receiver.taken.map(\.id)
    #expect(Set(taken).count == taken.count, "seed \(seed)")
    #expect(Set(deliveries.filter { $0.state == .delivered }.map(\.delivery.id)).isSubset(of: taken), "seed \(seed)")
    #expect(deliveries.flatMap(\.delivery.notices).sorted() == Array(1...12), "seed \(seed): each notice is carried once")
  }
}

@Suite struct DispatcherServiceTests {
  /// Waits for a condition, at most twenty seconds.
  private func until(_ wish: String, _ isMet: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try await !isMet() {
      try #require(ContinuousClock.now < limit, "it never came to: \(wish)")
      await Task.yield()
    }
  }

  @Test(.timeLimit(.minutes(10))) func runDeliversWhenWokenRetriesInTimeAndEndsWhenCancelled() async throws {
    let outbox = try TestOutbox(answers: [.taken, .status(500), .lost, .taken])
    var schedule = RetrySchedule()
    schedule.waits = [.seconds(0), Span(microseconds: 5_000), Span(microseconds: 5_000)]
    let receiver = outbox.receiver
    let dispatcher = outbox.dispatcher(
      schedule: schedule, clock: .system,
      send: { try receiver.answer($0, at: DeliveryClock.system.now()) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await dispatcher.run() }
      try await outbox.write([Sample.alert(.high)])
      dispatcher.wake()
      try await until("the first delivery") { try await outbox.store.outboxCounts().delivered == 1 }
      #expect(try await dispatcher.isIdle())
      try await outbox.write([Sample.alert(.high)])
      dispatcher.wake()
      try await until("the retried delivery") { try await outbox.store.outboxCounts().delivered == 2 }
      group.cancelAll()
      try await group.waitForAll()
    }
    #expect(receiver.posts.count == 4)
    #expect(receiver.taken.count == 2)
  }

  @Test(.timeLimit(.minutes(10))) func runEndsInTheMiddleOfAPost() async throws {
    let outbox = try TestOutbox()
    try await outbox.write([Sample.alert(.high)])
    let began = Mutex(false)
    let dispatcher = outbox.dispatcher(send: { _ in
      began.withLock { $0 = true }
      do { try await Task.sleep(for: .seconds(3600)) } catch { throw TransportError(.cancelled, target: "POST") }
      return HTTPResponse(status: 204)
    })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await dispatcher.run() }
      try await until("the post") { began.withLock { $0 } }
      group.cancelAll()
      try await group.waitForAll()
    }
    let delivery = try #require(try await outbox.store.deliveries().first)
    #expect(delivery.state == .pending && delivery.attempts == 0)
  }
}
