import ConfigFiles
import Events
import Feeds
import Foundation
import GRDB
import Store
import Synchronization
import Testing
import Transport

/// Every record that was visible in at least one poll is stored exactly once, whatever the vendor does.
///
/// `make test` runs a share of the seeds; `BELLWETHER_HOSTILE_SEEDS=1-1000` (as `make hostile` sets it) names others.
@Suite struct HostileVendorTests {
  /// In a process of its own, since memory is counted for the whole process.
  @Test func nothingVisibleIsLostOrStoredTwice() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { try await runAll() }
    print(String(decoding: result?.standardOutputContent ?? [], as: UTF8.self))
  }
}

private func runAll() async throws {
  let seeds = try SeedRange(ProcessInfo.processInfo.environment["BELLWETHER_HOSTILE_SEEDS"] ?? "1-70")
  print("hostile vendor: seeds \(seeds)")
  let client = CurlClient()
  let before = try Memory.peak()
  var total = Tally()
  try await withThrowingTaskGroup(of: Tally.self) { group in
    var waiting = seeds.numbers.makeIterator()
    for _ in 0..<4 { if let seed = waiting.next() { group.addTask { try await HostileRun(seed: seed, client: client).tally() } } }
    while let tally = try await group.next() {
      total.add(tally)
      if let seed = waiting.next() { group.addTask { try await HostileRun(seed: seed, client: client).tally() } }
    }
  }
  await client.shutDown()
  let growth = try Memory.peak() - before
  print("hostile vendor: \(total); memory grew by \(growth >> 20) MiB at most")
  #expect(total.visible > 0 && total.stored >= total.visible)
  if seeds.numbers.count >= 70 { for fault in Fault.allCases { #expect(total.faults[fault, default: 0] > 0, "\(fault) never came") } }
  #expect(growth <= Memory.bound, "memory grew by \(growth) bytes")
}

/// One seed: a company's day with a vendor, polled again and again.
struct HostileRun {
  let seed: UInt64
  let client: CurlClient
  private static let begin = Instant(seconds: 1_772_000_000)
  /// Enough calm polls for anything that one poll can leave open.
  private static let calmPolls = 12

  func tally() async throws -> Tally {
    let vendor = Mutex(HostileVendor(seed: seed, begin: Self.begin))
    return try await run(Shared(vendor))
  }

  /// The vendor, shared by the server's threads and the test.
  private final class Shared: Sendable {
    let vendor: Mutex<HostileVendor>
    init(_ vendor: consuming Mutex<HostileVendor>) { self.vendor = vendor }
  }

  private func run(_ shared: Shared) async throws -> Tally {
    let server = try RawServer { request in shared.vendor.withLock { $0.answer(request) } }
    let (dialect, pageSize, usesTokens) = shared.vendor.withLock { ($0.dialect, $0.pageSize, $0.usesTokens) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hostile-\(seed)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("store.sqlite").path
    let store = try EventStore(path: path, access: .exclusive)
    let poller = try poller(dialect.feed(port: server.port, pageSize: pageSize, usesTokens: usesTokens), in: folder)
    var tally = Tally()
    var random = SeededRandom(state: seed &* 31)
    var now = Self.begin
    for _ in 0..<Int.random(in: 4...9, using: &random) {
      try await poll(poller, store, shared, at: now, &tally, cutAfter: random.oneIn(3) ? Int.random(in: 0...4, using: &random) : nil)
      now = now + .seconds(Int64.random(in: 30...4000, using: &random))
      shared.vendor.withLock { [now] in $0.live(until: now) }
    }
    shared.vendor.withLock { $0.isCalm = true }
    // Late enough for all that is promised to have come within reach of a poll.
    now = now + dialect.promised + .minutes(30)
    var calm = 0
    repeat {
      shared.vendor.withLock { [now] in $0.now = now }
      try await poll(poller, store, shared, at: now, &tally, cutAfter: nil)
      now = now + .minutes(1)
      calm += 1
    } while calm < 3 || (tally.failedLast && calm < Self.calmPolls)
    #expect(!tally.failedLast, "seed \(seed) (\(dialect)): the last calm poll still failed")
    try verify(path, shared.vendor.withLock(\.records), dialect, &tally)
    return tally
  }

  private func poller(_ yaml: String, in folder: URL) throws -> Poller {
    var diagnostics = Diagnostics()
    let connector = Connector(
      file: SourceFile(path: "hostile.yaml", text: yaml), environment: Environment([:]), into: &diagnostics)
    #expect(diagnostics.isEmpty, "\(diagnostics.rendered())")
    let client = client
    let secrets = ["hostile_secret": Secret("s3cret"), "hostile_id": Secret("us")]
    var poller = Poller(
      connector: try #require(connector), secrets: secrets, tokens: TokenFolder(path: folder.path + "/tokens"), budgets: nil, seed: seed,
      send: { request in
        var request = request
        request.totalTimeout = .seconds(5)
        request.spool?.totalTimeout = .seconds(5)
        request.spool?.cap = 256 << 20
        return try await client.send(request)
      }, sleep: { _ in })
    poller.spoolFolder = folder.path
    return poller
  }

  private struct Cut: Error {}

  /// One poll, which may be cut off as a kill would after some pages.
  private func poll(
    _ poller: Poller, _ store: EventStore, _ shared: Shared, at now: Instant, _ tally: inout Tally, cutAfter limit: Int?
  ) async throws {
    let cursors = try await store.streamStates().compactMap { state in
      state.cursor.map { (String(state.stream.dropFirst(poller.connector.name.count + 1)), $0) }
    }
    var pages = 0
    var said: [String] = []
    do {
      let report = try await poller.poll(at: now, cursors: Dictionary(cursors) { $1 }) { page in
        if let limit, pages >= limit { throw Cut() }
        pages += 1
        _ = try await store.commit([page.stored], at: now)
      }
      said = report.retries + report.failures.map(\.message)
      tally.polls += 1
      tally.failedLast = !report.failures.isEmpty
    } catch is Cut {
      tally.failedLast = true
      tally.cuts += 1
    }
    let faults = shared.vendor.withLock { $0.takeFaults() }
    tally.count(faults)
    let known = Set(faults.flatMap(\.said))
    for reason in said {
      #expect(known.contains { reason.contains($0) }, "seed \(seed): \(reason), where there was only \(faults)")
    }
  }

  private func verify(_ path: String, _ records: VendorRecords, _ dialect: Dialect, _ tally: inout Tally) throws {
    let counts = try DatabaseQueue(path: path).read { db in
      try Row.fetchAll(db, sql: "SELECT source_id, count(*) FROM event GROUP BY source_id").map {
        (id: $0[0] as String, count: $0[1] as Int)
      }
    }
    let stored = Set(counts.map(\.id))
    // Whatever appeared as promptly as the feed file allows for must have been visible, or this test would prove nothing.
    let promised = Set(records.rows.filter { $0.lateness <= dialect.promised && $0.at >= Self.begin }.map(\.id))
    let name = "seed \(seed) (\(dialect), clock \(records.skew.microseconds / 1_000_000) s ahead)"
    #expect(promised.isSubset(of: records.visible), "\(name): never asked for \(promised.subtracting(records.visible).sorted())")
    #expect(records.visible.isSubset(of: stored), "\(name): lost \(records.visible.subtracting(stored).sorted())")
    #expect(counts.allSatisfy { $0.count == 1 }, "\(name): stored twice: \(counts.filter { $0.count > 1 })")
    #expect(stored.isSubset(of: records.rows.map(\.id)), "\(name): invented \(stored.subtracting(records.rows.map(\.id)))")
    tally.visible += records.visible.count
    tally.stored += stored.count
  }
}
