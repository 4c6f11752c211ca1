import ConfigFiles
import Events
import Feeds
import Foundation
import Testing

/// A folder feed over a folder of its own, and a store that keeps what it is given.
private final class Exports {
  let folder: URL
  let feed: Connector
  /// Wall time; files are made to look older than it.
  var wall = instant("2026-03-01T12:00:00Z")
  private(set) var cursors: [String: JSON] = [:]
  private(set) var records: [Record] = []
  private(set) var pages: [PolledPage] = []

  static let usage = """
    - name: usage
      decode: [csv]
      completes: [usage]
      map:
        - { kind: usage, id: id, at: at, account: Company_ID, fields: { name: name, quantity: stats.count | = 1 } }
    """

  init(streams: String = Exports.usage, files: String = "\"*\"") throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("bellwether-folder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    feed = try connector(
      """
      name: exports
      enabled: true
      folder: { path: \(folder.path), files: \(files), settled_for: 1m }
      poll: 1m
      streams:
      \(streams.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
      """)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  func write(_ text: String, to name: String, modified: String = "2026-03-01T08:00:00Z") throws -> URL {
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: Double(instant(modified).seconds))], ofItemAtPath: file.path)
    return file
  }

  func text(_ name: String) -> String? { try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8) }

  struct Killed: Error {}

  /// Polls once; a page after `limit` others is received and not stored, as by a kill.
  @discardableResult
  func poll(
    after wait: Span = .days(36_000), killedAfter limit: Int = .max, keepingCursor: Bool = true, writesRejected: Bool = true
  ) async throws -> PollReport {
    guard case .folder(let plan) = feed.source else { throw Killed() }
    let source = FolderSource(connector: feed, folder: plan, writesRejected: writesRejected)
    var stored = 0
    // A file's time of change is the machine's own: settled is far ahead of it, unsettled is it.
    let now = instant("2026-03-01T12:00:00Z")
    let machine = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    return try await source.poll(at: now, wallNow: machine + wait, cursors: cursors) { page in
      guard stored < limit else { throw Killed() }
      stored += 1
      cursors[page.stream] = page.cursor
      records += page.records
      pages.append(page)
    }
  }

  var ids: [String] { records.map(\.id) }
}

@Suite struct FolderTests {
  @Test func `a table of other columns is told of once, with those that lack and those that are there`() async throws {
    let exports = try Exports()
    try exports.write("event,when,who\n" + String(repeating: "e,2026-02-01T08:00:00Z,a1\n", count: 50), to: "other.csv")
    try exports.write("id,when,name\nu1,2026-02-01T08:00:00Z,in\n", to: "partly.csv")
    try exports.write("at,id\n2026-02-01T08:00:00Z,u7\n", to: "right.csv")
    let report = try await exports.poll()
    let messages = report.failures.map(\.message)
    #expect(messages.count == 2 && report.files.rejected == 0, "\(report)")
    #expect(messages.first?.hasSuffix("other.csv has no id, at; it has event, when, who") == true, "\(messages)")
    #expect(messages.last?.hasSuffix("partly.csv has no at; it has id, name, when") == true, "\(messages)")
    #expect(report.failures.allSatisfy { $0.hint.contains("map:") })
    #expect(exports.ids == ["u7"], "the other files are read")
    #expect(exports.text("other.csv.rejected.csv") == nil)

    try exports.write("id,at\nu1,2026-02-01T08:00:00Z\n", to: "other.csv", modified: "2026-03-01T09:00:00Z")
    try exports.write("id,at\nu2,2026-02-01T08:00:00Z\n", to: "partly.csv", modified: "2026-03-01T09:00:00Z")
    #expect(try await exports.poll().failures.isEmpty)
    #expect(exports.ids == ["u7", "u1", "u2"])
  }

  private let table = """
    id,at,Company ID,name,stats.count
    u1,2026-02-01T08:00:00Z,a1,signed_in,
    u2,2026-02-01T09:00:00Z,a1,"export, large",3
    """

  @Test func `a table's columns are the paths of its mapping`() async throws {
    let exports = try Exports()
    try exports.write(table, to: "usage.csv")
    let report = try await exports.poll()
    #expect(report.failures.isEmpty && report.files.rejected == 0)
    #expect(exports.ids == ["u1", "u2"])
    #expect(exports.records.map(\.account) == ["a1", "a1"])
    #expect(exports.records.map { $0.fields["name"]?.text } == ["signed_in", "export, large"])
    #expect(exports.records.map { $0.fields["quantity"]?.number } == [Fixed(1), Fixed(3)])
  }

  @Test func `a file is read once, and again when it has changed`() async throws {
    let exports = try Exports()
    try exports.write(table, to: "usage.csv")
    try await exports.poll()
    try await exports.poll()
    #expect(exports.ids == ["u1", "u2"])
    try exports.write(table + "\nu3,2026-02-02T08:00:00Z,a1,signed_in,1\n", to: "usage.csv", modified: "2026-03-01T09:00:00Z")
    try await exports.poll()
    #expect(exports.ids == ["u1", "u2", "u1", "u2", "u3"])
    try FileManager.default.removeItem(at: exports.folder.appendingPathComponent("usage.csv"))
    try await exports.poll()
    #expect(FolderCursor(exports.cursors["usage"] ?? .null).files.isEmpty, "a file that is gone is still remembered")
  }

  @Test func `a file that may still be written is left alone until it has settled`() async throws {
    let exports = try Exports()
    // Its time of modification says it is old, as a copy's does; the system knows better.
    try exports.write(table, to: "usage.csv", modified: "2020-01-01T00:00:00Z")
    try await exports.poll(after: .seconds(59))
    #expect(exports.ids.isEmpty)
    try await exports.poll(after: .seconds(61))
    #expect(exports.ids == ["u1", "u2"])
  }

  @Test func `only the feed's own files are read, in order of name`() async throws {
    let exports = try Exports(files: "\"usage-*.csv\"")
    let elsewhere = try Exports()
    func row(_ id: String) -> String { "id,at,Company ID,name,stats.count\n\(id),2026-02-01T08:00:00Z,a1,x,1\n" }
    try exports.write(row("b"), to: "usage-2.csv")
    try exports.write(row("a"), to: "usage-1.csv")
    try exports.write(row("no1"), to: ".usage-3.csv")
    try exports.write(row("no2"), to: "other.csv")
    try exports.write("line,reason,text\n", to: "usage-2.csv.rejected.csv")
    let outside = try elsewhere.write(row("no3"), to: "outside.csv")
    try FileManager.default.createSymbolicLink(
      at: exports.folder.appendingPathComponent("usage-4.csv"), withDestinationURL: outside)
    try FileManager.default.createDirectory(
      at: exports.folder.appendingPathComponent("usage-5.csv"), withIntermediateDirectories: false)
    try await exports.poll()
    #expect(exports.ids == ["a", "b"])
  }

  @Test func `bad lines lie beside the file and everything else is stored`() async throws {
    let exports = try Exports()
    try exports.write(
      #"""
      id,at,Company ID,name,stats.count
      u1,2026-02-01T08:00:00Z,a1,signed_in,1
      u2,2026-02-01T08:00:00Z,a1
      u3,yesterday,a1,"say ""hi""",1
      u4,2026-02-01T08:00:00Z,a1,signed_in,1

      """#, to: "usage.csv")
    let report = try await exports.poll()
    #expect(exports.ids == ["u1", "u4"])
    #expect(report.files.rejected == 2 && report.files.unwritten.isEmpty)
    let lines = exports.text("usage.csv.rejected.csv")?.split(separator: "\n") ?? []
    #expect(lines.count == 3 && lines.first == "line,reason,text", "\(lines)")
    #expect(
      lines.dropFirst().first?.hasPrefix("3,\"") == true && lines.dropFirst().first?.hasSuffix("\"u2,2026-02-01T08:00:00Z,a1\"") == true)
    #expect(
      lines.last?.hasPrefix("4,\"usage.at: ") == true
        && lines.last?.contains("\"u3,yesterday,a1,\"\"say \"\"\"\"hi\"\"\"\"\"\",1\"") == true)
    #expect(FolderCursor(exports.cursors["usage"] ?? .null).files["usage.csv"]?.rejected == 2)
    try exports.write(table, to: "usage.csv", modified: "2026-03-01T09:00:00Z")
    try await exports.poll()
    #expect(exports.text("usage.csv.rejected.csv") == nil, "the corrected file is still accused")
  }

  @Test func `bad lines of JSON Lines are told with their text`() async throws {
    let exports = try Exports(
      streams: """
        - name: usage
          decode: [jsonl]
          map: [{ kind: usage, id: id, at: at, fields: { name: name } }]
        """)
    try exports.write(
      """
      {"id":"u1","at":"2026-02-01T08:00:00Z","name":"x"}
      {"id":"u2",
      5
      {"at":"2026-02-01T08:00:00Z"}
      """, to: "usage.jsonl")
    try await exports.poll()
    #expect(exports.ids == ["u1"])
    let told = try (exports.text("usage.jsonl.rejected.jsonl") ?? "").split(separator: "\n").map { try JSON(parsing: String($0)) }
    #expect(told.map { $0["line"].integer } == [2, 3, 4])
    #expect(told.map { $0["text"].text } == ["{\"id\":\"u2\",", "5", "{\"at\":\"2026-02-01T08:00:00Z\"}"])
    #expect(told.allSatisfy { $0["reason"].text?.isEmpty == false })
  }

  @Test func `what cannot be written beside the file is told in the report`() async throws {
    let exports = try Exports()
    try exports.write("id,at,Company ID,name,stats.count\nu1\n", to: "usage.csv")
    let report = try await exports.poll(writesRejected: false)
    #expect(report.files.rejected == 1)
    #expect(report.files.unwritten.first?.hasPrefix("usage.csv:2: ") == true, "\(report.files.unwritten)")
    #expect(exports.text("usage.csv.rejected.csv") == nil)
  }

  @Test func `a reading that is killed goes on from the last page, and comes to the same end`() async throws {
    var text = "id,at,Company ID,name,stats.count\n"
    for number in 0..<5_500 {
      text += number % 7 == 3 ? "bad\(number)\n" : "u\(number),2026-02-01T08:00:00Z,a1,\"two\nlines\",1\n"
    }
    let undisturbed = try Exports()
    try undisturbed.write(text, to: "usage.csv")
    try await undisturbed.poll()
    let killed = try Exports()
    try killed.write(text, to: "usage.csv")
    var kills = 0
    for limit in [0, 1, 1, 0, 2, 1] {
      await #expect(throws: Exports.Killed.self) { try await killed.poll(killedAfter: limit) }
      kills += 1
    }
    try await killed.poll()
    #expect(kills == 6 && killed.ids == undisturbed.ids, "\(killed.ids.count) records, not \(undisturbed.ids.count)")
    #expect(killed.text("usage.csv.rejected.csv") == undisturbed.text("usage.csv.rejected.csv"))
    #expect(killed.pages.allSatisfy { $0.records.count <= FolderLimits.pageRecords })
    #expect(undisturbed.text("usage.csv.rejected.csv")?.split(separator: "\n").count == 787)
  }

  @Test func `it is known through the newest file, as far as none before it is missing`() async throws {
    let exports = try Exports()
    try exports.write(table, to: "usage-1.csv", modified: "2026-02-10T00:00:00Z")
    try await exports.poll()
    #expect(exports.pages.last?.completeThrough == instant("2026-02-10T00:00:00Z"))
    #expect(exports.pages.last?.knownFrom == instant("2026-02-01T08:00:00Z"))
    try exports.write("", to: "usage-2.csv", modified: "2026-02-12T00:00:00Z")
    try await exports.poll()
    #expect(exports.pages.last?.completeThrough == instant("2026-02-12T00:00:00Z"))
    try exports.write("id,id\n1,2\n", to: "usage-3.csv", modified: "2026-02-14T00:00:00Z")
    let report = try await exports.poll()
    #expect(report.failures.count == 1 && report.failures.first?.message.contains("usage-3.csv") == true)
    #expect(exports.pages.last?.completeThrough == instant("2026-02-12T00:00:00Z"), "known beyond a file that cannot be read")
  }

  @Test func `a file belongs to the first stream that names it`() async throws {
    let exports = try Exports(
      streams: """
        - name: people
          files: "people*"
          decode: [csv]
          map: [{ kind: contact, id: id, at: at, fields: { name: name } }]
        - name: usage
          decode: [csv]
          map: [{ kind: usage, id: id, at: at, fields: { name: name } }]
        """)
    try exports.write("id,at,name\np1,2026-02-01,Ada\n", to: "people.csv")
    try exports.write("id,at,name\nu1,2026-02-01,x\n", to: "usage.csv")
    try await exports.poll()
    #expect(exports.records.map(\.kind) == [.contact, .usage])
  }

  @Test func `a folder that is gone fails each of its streams`() async throws {
    let exports = try Exports()
    try FileManager.default.removeItem(at: exports.folder)
    let report = try await exports.poll()
    #expect(report.failures.map(\.stream) == ["usage"] && report.failures.first?.message.contains(exports.folder.path) == true)
  }

  @Test(arguments: [(FolderLimits.files, 0), (FolderLimits.files + 1, 1)])
  func `more files than the limit are refused`(count: Int, failures: Int) async throws {
    let exports = try Exports()
    for number in 0..<count { try Data().write(to: exports.folder.appendingPathComponent("\(number).csv")) }
    let report = try await exports.poll()
    #expect(report.failures.count == failures, "\(report.failures)")
  }

  @Test(arguments: [(1_024, 0), (1_025, 1)])
  func `an id beyond the limit is a bad line, not a page that can never be stored`(length: Int, rejected: Int) async throws {
    let exports = try Exports()
    let id = String(repeating: "x", count: length)
    try exports.write("id,at,Company ID,name,stats.count\n\(id),2026-02-01,a1,x,1\nu2,2026-02-01,a1,x,1\n", to: "usage.csv")
    let report = try await exports.poll()
    #expect(report.files.rejected == rejected && exports.ids.last == "u2" && exports.ids.count == 2 - rejected)
  }
}

@Suite struct FilePatternTests {
  @Test(arguments: [
    ("*", "a.csv", true), ("*.csv", "a.csv", true), ("*.csv", "a.csv.gz", true), ("*.csv", "a.csv.zip", false), ("a?c", "abc", true),
    ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true), ("*a*b", "ab ba", false), ("usage-*.csv", "usage-.csv", true),
    ("usage-*.csv", "Usage-1.csv", false), ("", "", false),
  ])
  func `names fit or do not`(pattern: String, name: String, fits: Bool) throws {
    let feed = """
      name: x
      folder: { path: /tmp, files: "\(pattern)" }
      streams: [{ name: a, decode: [csv], map: [{ kind: usage, id: i, at: t }] }]
      """
    var diagnostics = Diagnostics()
    let found = Connector(file: SourceFile(path: "x.yaml", text: feed), environment: Environment([:]), into: &diagnostics)
    guard let found, case .folder(let folder) = found.source else {
      #expect(!fits && pattern.isEmpty)
      return
    }
    #expect(folder.takes(name) == fits)
  }
}
