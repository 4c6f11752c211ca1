import Events
import Foundation
import Synchronization
import Testing
import Transport

/// A feed's first import, killed again and again, brings what an undisturbed one brings.
@Suite(.serialized) struct FirstImportTests {
  /// Kills over all cases: together at least 200.
  @Test(.timeLimit(.minutes(10)), arguments: [ImportCase.newestFirst, .oldestFirst, .vendorsToken])
  func `an import that is killed equals the undisturbed one`(kind: ImportCase) async throws {
    let vendor = PagedVendor(kind)
    let folder = try TemporaryFolder()
    try await LoopbackServer.serving(vendor.answer) { origin in
      let config = try folder.copyConfiguration()
      try folder.write(kind.feed(origin), to: "config/feeds/paged.yaml")
      let undisturbed = StoreFile(path: folder.path("undisturbed.sqlite"))
      _ = try await Self.importing(into: undisturbed, config, folder) { _ in nil }
      let seed: UInt64 = 11
      var random = SeededRandom(seed: seed)
      let killed = StoreFile(path: folder.path("killed.sqlite"))
      let kills = try await Self.importing(into: killed, config, folder) { _ in
        let point = Bool.random(using: &random) ? "page_received" : "between_transactions"
        // Two passages at least, or a start would die on the page that the one before it died on.
        return "\(point):\(Int.random(in: 2...3, using: &random))"
      }
      print("first import: killed \(kills) times (\(kind), seed \(seed)), \(vendor.pages) pages asked for")
      #expect(kills >= kind.kills)
      let expected = try await undisturbed.rows(Self.content)
      #expect(expected.count == PagedVendor.count)
      let difference = difference(try await killed.rows(Self.content), expected)
      #expect(difference == nil, "\(difference ?? "")")
      #expect(try await killed.rows(Self.streams) == undisturbed.rows(Self.streams))
    }
  }

  private static let content = """
    SELECT kind.name, source_id, version, revision, event.at, superseded, account_ref.external_id, body FROM event
    JOIN kind ON kind.key = event.kind LEFT JOIN account_ref ON account_ref.key = event.account_ref ORDER BY 1, 2, 3, 4
    """
  private static let streams = "SELECT kinds, known_from IS NOT NULL, complete_through IS NOT NULL FROM stream_state"
  private static let startLimit = 400

  /// Starts the daemon until the import is done; gives how often it was killed.
  private static func importing(
    into store: StoreFile, _ config: String, _ folder: TemporaryFolder, failpoint: (Int) -> String?
  ) async throws -> Int {
    for kills in 0..<startLimit {
      var environment: [String: String] = [:]
      if let failpoint = failpoint(kills) { environment["BELLWETHER_FAILPOINT"] = failpoint }
      let child = try Child(
        ["run", "--config", config, "--store", store.path, "--port", "0", "--log-level", "warning"], environment: environment, in: folder)
      while child.isRunning {
        if await isDone(store) {
          child.send(SIGTERM)
          guard case .status(0) = await child.ended() else { break }
          return kills
        }
        try await Task.sleep(for: .milliseconds(5))
      }
      let exit = await child.ended()
      #expect(exit == .signal(SIGKILL), "it ended by itself:\n\(child.errorText.suffix(2_000))")
      if await isDone(store) { return kills + 1 }
    }
    Issue.record("killed \(startLimit) times without coming to the end")
    return startLimit
  }

  private static func isDone(_ store: StoreFile) async -> Bool {
    guard FileManager.default.fileExists(atPath: store.path) else { return false }
    return (try? await store.rows("SELECT 1 FROM stream_state WHERE complete_through IS NOT NULL"))?.isEmpty == false
  }
}

/// How a vendor lists a history, and how the feed reads it.
enum ImportCase: Sendable {
  case newestFirst
  case oldestFirst
  case vendorsToken

  /// What its pages allow for, with some to spare: how far a start gets before it is killed depends on which of two tasks is faster.
  var kills: Int { 67 }

  func feed(_ origin: String) -> String {
    """
    name: paged
    enabled: true
    base_url: \(origin)
    allow_private: true
    poll: 1h
    start: 20d
    streams:
      - name: rows
        request: { path: /rows, \(request) }
        records: data
        \(walk)
        completes: [usage]
        map: [{ kind: usage, id: id, at: at, account: account, fields: { name: = thing } }]
    """
  }

  private var request: String {
    switch self {
    case .newestFirst, .oldestFirst: "method: POST, body: { from: \"{from}\", to: \"{to}\" }"
    case .vendorsToken: "method: POST, body: { limit: 2 }"
    }
  }

  private var walk: String {
    switch self {
    case .newestFirst: "paging: { last: id, body: after, more: more }\n    cursor: { format: seconds, newest_first: at }"
    case .oldestFirst: "paging: { keyset: at, ties: { token: next, body: after } }\n    cursor: { format: seconds }"
    case .vendorsToken: "paging: { token: cursor, body: cursor, stop: end }\n    cursor: { opaque: true, format: seconds }"
    }
  }
}

/// A history on a few hundred small pages, the same each time it is told.
final class PagedVendor: Sendable {
  static let count = 360
  private static let size = 2

  private struct Row: Sendable {
    let id: String
    let at: Int64
  }

  private let kind: ImportCase
  private let rows: [Row]
  private let asked = Mutex(0)

  init(_ kind: ImportCase) {
    self.kind = kind
    let end = Int64(Date().timeIntervalSince1970) - 86_400
    // Every third shares its time with the one before it, across the borders of pages too.
    rows = (0..<Self.count).map { Row(id: "r\($0)", at: end - Int64(Self.count - $0 + ($0 % 3 == 0 ? 1 : 0)) * 3_000) }
  }

  var pages: Int { asked.withLock(\.self) }

  @Sendable func answer(_ request: LoopbackRequest) async -> (status: Int, body: JSON) {
    asked.withLock { $0 += 1 }
    guard let question = try? JSON(parsing: request.body) else { return (400, ["error": "no JSON"]) }
    let from = question["from"].scalarText.flatMap { Int64($0) } ?? .min
    let to = question["to"].scalarText.flatMap { Int64($0) } ?? .max
    let after = question["after"].text
    var list = rows.filter { $0.at >= from && $0.at <= to }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    switch kind {
    case .newestFirst:
      list.reverse()
      if let place = list.firstIndex(where: { $0.id == after }) { list.removeFirst(place + 1) }
      return (200, ["data": Self.json(list), "more": .flag(list.count > Self.size)])
    case .oldestFirst:
      let offset = after.flatMap { Int($0) } ?? 0
      var answer: [String: JSON] = ["data": Self.json(list.dropFirst(offset))]
      if list.count > offset + Self.size { answer["next"] = .text(String(offset + Self.size)) }
      return (200, .object(answer))
    case .vendorsToken:
      let place = question["cursor"].text.flatMap { Int($0.dropFirst()) } ?? 0
      let end = min(place + Self.size, rows.count)
      return (200, ["data": Self.json(rows[place...]), "cursor": .text("c\(end)"), "end": .flag(end == rows.count)])
    }
  }

  private static func json(_ rows: some Sequence<Row>) -> JSON {
    .list(rows.prefix(size).map { ["id": .text($0.id), "at": JSON($0.at), "account": "acme"] })
  }
}
