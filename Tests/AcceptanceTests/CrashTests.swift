import Delivery
import Engine
import Events
import Simulation
import Store
import Testing

/// The daemon is killed where it hurts most, again and again, and comes to the same end as if nothing had happened.
@Suite(.serialized) struct CrashTests {
  /// Kills at each place, at least.
  private static let enough = 20

  @Test(.timeLimit(.minutes(10)), arguments: CompanyRun.Place.allCases)
  func `a run that is killed comes to the same end`(place: CompanyRun.Place) async throws {
    let seed: UInt64 = 4
    let run = try await CompanyRun(killedAt: place, seed: seed)
    let undisturbed = try await CompanyRun.undisturbed()
    print("crash: killed \(run.kills) times at \(place.rawValue) (seed \(seed)), \(run.posts.count) posts")
    #expect(run.kills >= Self.enough)
    try await expectSameStore(run.store, undisturbed.store)
    try await expectServedStoredOnce(run)
    try await expectOneTransitionPerAlert(run)
    try expectOnlyKnownRepeats(run, undisturbed, isRepeating: place == .postUnanswered)
  }

  @Test(.timeLimit(.minutes(10)))
  func `an undisturbed run has something to lose`() async throws {
    let run = try await CompanyRun.undisturbed()
    #expect(run.kills == 0)
    #expect(run.posts.count > 100)
    #expect(Set(run.posts.map(\.id)).count == run.posts.count)
    #expect(Set(run.served.map(\.kind)).count >= 8)
    try await expectServedStoredOnce(run)
    try await expectOneTransitionPerAlert(run)
    #expect(try await run.store.rows("SELECT DISTINCT rule FROM finding_transition WHERE reason = 'opened'").count >= 4)
  }

  private func expectSameStore(_ store: StoreFile, _ expected: StoreFile) async throws {
    let queries = [
      StoreFile.events, StoreFile.findings, StoreFile.transitions, StoreFile.scores, StoreFile.notices, StoreFile.states, StoreFile.engine,
    ]
    for sql in queries {
      let difference = difference(try await store.rows(sql), try await expected.rows(sql))
      #expect(difference == nil, "\(sql): \(difference ?? "")")
    }
  }

  /// Every record that went out in a successful page stands in the store once. Of versions that differ in nothing a feed keeps the
  /// first must stand; a later one stands too if it was told before the first, since what is stored is never taken back.
  private func expectServedStoredOnce(_ run: CompanyRun) async throws {
    let stored = try await run.store.rows(
      """
      SELECT kind.name || ' ' || system.name || ' ' || source_id || ' ' || event.at, count(*) FROM event
      JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system WHERE superseded = 0 GROUP BY 1 ORDER BY 1
      """)
    let things = Dictionary(grouping: run.served) { "\($0.kind.rawValue) \($0.system) \($0.id)" }
    let expected = things.flatMap { name, records in
      Self.distinct(records).map { "\(name) \($0.at.microseconds)|1" }
    }
    let served = Set(things.flatMap { name, records in records.map { "\(name) \($0.at.microseconds)|1" } })
    let missing = Set(expected).subtracting(stored).sorted()
    let strange = Set(stored).subtracting(served).sorted()
    #expect(missing == [], "\(missing.count) of \(expected.count) served records are not stored once")
    #expect(strange == [], "records stored twice, or never served so")
  }

  /// One record's versions without those equal to the version before.
  private static func distinct(_ records: [ServedRecord]) -> [ServedRecord] {
    records.sorted { ($0.at, $0.revision) < ($1.at, $1.revision) }.reduce(into: []) { kept, record in
      if kept.last?.revision != record.revision || record.kind == .usage { kept.append(record) }
    }
  }

  /// The notices of findings and the transitions that are worth one are the same things, one to one; and so is what was posted.
  private func expectOneTransitionPerAlert(_ run: CompanyRun) async throws {
    let store = try EventStore(path: run.store.path, access: .readOnly)
    // Why an account stays flat is for whoever asks; nobody is alerted.
    let transitions = try await store.transitions().filter {
      ["opened", "escalated"].contains($0.reason) && !$0.finding.rule.hasPrefix("flat_")
    }
    let rows = transitions.map { Self.name($0.finding, $0.reason, $0.level, $0.at) }.sorted()
    var notices: [String] = []
    for account in try await store.accounts() {
      for notice in try await store.notices(of: account.key) where notice.topic == "finding" {
        let alert = try Alert(json: notice.content)
        notices.append(Self.name(alert.finding, alert.change.rawValue, alert.level.rawValue, notice.at))
      }
    }
    #expect(Set(rows).count == rows.count)
    let difference = difference(notices.sorted(), rows)
    #expect(difference == nil, "\(difference ?? "")")

    let envelopes = try Dictionary(run.posts.map { ($0.id, $0.body) }) { first, _ in first }.values.map { try Envelope(parsing: $0) }
    let told = envelopes.flatMap(\.alerts).filter { $0.change == .opened || $0.change == .escalated }
    let known = Set(transitions.map { "\($0.finding) \($0.reason) \($0.level)" })
    let names = told.map { "\($0.finding) \($0.change.rawValue) \($0.level.rawValue)" }
    #expect(Set(names).count == names.count, "an alert was told in two deliveries")
    #expect(Set(names).isSubset(of: known))
    let counts = try await store.outboxCounts()
    #expect(counts.notices == 0 && counts.pending == 0 && counts.dead == 0 && counts.delivered == envelopes.count, "\(counts)")
  }

  private static func name(_ finding: FindingID, _ change: String, _ level: String, _ at: Instant) -> String {
    "\(finding.rule) \(finding.subject) \(finding.episode) \(change) \(level) \(at)"
  }

  private func expectOnlyKnownRepeats(_ run: CompanyRun, _ undisturbed: CompanyRun, isRepeating: Bool) throws {
    #expect(run.refusals.isEmpty, "\(run.refusals.first ?? "")")
    var bodies: [String: [UInt8]] = [:]
    var repeats = 0
    for post in run.posts {
      if let first = bodies[post.id] {
        repeats += 1
        #expect(first == post.body, "\(post.id) came again with another body")
      }
      bodies[post.id] = post.body
    }
    #expect(isRepeating ? repeats >= Self.enough : true, "only \(repeats) repeats")
    let difference = difference(try Self.contents(bodies.values), try Self.contents(undisturbed.posts.map(\.body)))
    #expect(difference == nil, "\(difference ?? "")")
  }

  /// Deliveries without their random ids, in an order of their own.
  private static func contents(_ bodies: some Sequence<[UInt8]>) throws -> [String] {
    try bodies.map { body in
      var members = try JSON(parsing: body).object ?? [:]
      members["id"] = nil
      return JSON.object(members).serialized()
    }.sorted()
  }
}
