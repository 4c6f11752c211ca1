import Engine
import Events
import Store
import Testing

@Suite struct ReplayTests {
  @Test(arguments: [1 as UInt64, 2, 3, 4, 5, 6])
  func `the log read back later is the log as it was, in any batch size`(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let folder = try TemporaryFolder()
    var asWritten: [Step] = []
    var stored: [Record] = []
    do {
      let store = try folder.open()
      for round in 0..<30 {
        let pages = (0..<random.next(3)).map { _ in randomPage(&random, at: day(Int64(round))) }
        _ = try await store.commit(pages, at: day(Int64(round)))
        asWritten += try await store.steps(after: Int64(asWritten.count), limit: 100)
        stored += pages.flatMap(\.records)
      }
      try store.close()
    }
    let reopened = try folder.open(.readOnly)
    for limit in [1, 3, 1_000] {
      var replayed: [Step] = []
      while case let more = try await reopened.steps(after: Int64(replayed.count), limit: limit), !more.isEmpty { replayed += more }
      #expect(replayed == asWritten, "seed \(seed), limit \(limit)")
    }
    #expect(asWritten.map(\.sequence) == Array(1...Int64(asWritten.count)))
    #expect(zip(asWritten, asWritten.dropFirst()).allSatisfy { $0.at <= $1.at })

    // Every usage record that has an account came home exactly once, and no other did.
    let told = asWritten.flatMap(linked).filter { $0.record.kind == .usage }.map(\.record.id)
    let linkedIDs = Set(try await reopened.accounts().flatMap(\.references).filter { $0.system == "app" }.map(\.id))
    let expected = Set(stored.filter { $0.kind == .usage && $0.account.map(linkedIDs.contains) == true }.map(\.id))
    #expect(told.sorted() == expected.sorted(), "seed \(seed)")
    #expect(expected.count > 20, "seed \(seed) is too tame to show anything")
  }

  private func randomPage(_ random: inout SeededRandom, at: Instant) -> Page {
    let records = (0..<random.next(12)).map { _ -> Record in
      let which = random.next(6)
      switch random.next(10) {
      case 0: return account("c\(which)", "Name \(which)", external: ["app": "a\(which)"], at: day(Int64(random.next(9))))
      case 1: return seats(random.next(3), at: day(Int64(random.next(9))), account: "a\(which)")
      default:
        let id = random.next(400)
        // The same id always tells the same, as a feed polled again does.
        return usage("u\(id)", of: id % 11 == 0 ? nil : "a\(id % 6)", by: "p\(id % 13)", at: day(Int64(id % 20)))
      }
    }
    return page("app.s\(random.next(3))", records, cursor: .integer(Int64(random.next(99))), through: day(Int64(random.next(30))), at: at)
  }
}

/// SplitMix64: small, seeded, the same everywhere.
struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A number from 0 up to, not including, a bound.
  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
