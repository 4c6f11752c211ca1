import ArgumentParser
import ConfigFiles
import Events
import Feeds
import Foundation
import Store
import Transport

/// What `Benchmarks/run` times: the daemon's own path, from a feed file to committed rows, without the daemon around it.
@main struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures Bellwether for Benchmarks/run.", subcommands: [Ingest.self, Poll.self])
}

/// Polls one feed from its beginning and commits every page to a new store.
struct Ingest: AsyncParsableCommand {
  @Argument(help: "The feed file.") var feed: String
  @Option(help: "The store to make.") var store: String

  func run() async throws {
    let connector = try FeedText.connector(feed)
    let client = CurlClient()
    let store = try EventStore(path: store, access: .exclusive)
    let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
    let begin = ContinuousClock.now
    var rows = 0
    let report = try await FeedText.poller(connector, client).poll(at: now, cursors: [:]) { page in
      rows += try await store.commit([Page(page)], at: now).reduce(0) { $0 + $1.new }
    }
    try Outcome(rows: rows, pages: report.pages, since: begin).print(failures: report.failures)
    await client.shutDown()
  }
}

/// Polls several feeds side by side and maps every record, but stores nothing.
struct Poll: AsyncParsableCommand {
  @Argument(help: "The feed files, polled side by side.") var feeds: [String]

  func run() async throws {
    let connectors = try feeds.map(FeedText.connector)
    let client = CurlClient()
    let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
    let begin = ContinuousClock.now
    let reports = try await withThrowingTaskGroup(of: PollReport.self) { group in
      for connector in connectors { group.addTask { try await FeedText.poller(connector, client).poll(at: now, cursors: [:]) { _ in } } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let pages = reports.reduce(0) { $0 + $1.pages }
    try Outcome(rows: reports.reduce(0) { $0 + $1.records }, pages: pages, since: begin).print(failures: reports.flatMap(\.failures))
    await client.shutDown()
  }
}

/// Reads feed files as the daemon does.
enum FeedText {
  static func connector(_ path: String) throws -> Connector {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var diagnostics = Diagnostics()
    guard let connector = Connector(file: SourceFile(path: path, text: text), environment: Environment([:]), into: &diagnostics) else {
      throw ValidationError(diagnostics.rendered())
    }
    return connector
  }

  static func poller(_ connector: Connector, _ client: CurlClient) -> Poller {
    var poller = Poller(
      connector: connector, secrets: [:], tokens: TokenFolder(path: "tokens"), budgets: nil, seed: 1,
      send: { try await client.send($0) }, sleep: { try await Task.sleep(for: $0) })
    poller.spoolFolder = FileManager.default.temporaryDirectory.path
    return poller
  }
}

/// One measurement, as a JSON object on a line.
struct Outcome {
  let rows: Int
  let pages: Int
  let seconds: Double
  /// The most memory that was ever resident, in KiB (proc(5), VmHWM).
  let peak: Int

  struct NoMemory: Error {}

  init(rows: Int, pages: Int, since begin: ContinuousClock.Instant) throws {
    self.rows = rows
    self.pages = pages
    let elapsed = begin.duration(to: .now).components
    seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let line = status.first { $0.hasPrefix("VmHWM:") }
    guard let kibibytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }) else { throw NoMemory() }
    peak = kibibytes
  }

  func print(failures: [FeedFailure]) throws {
    guard failures.isEmpty else { throw ValidationError(failures.map { "\($0); \($0.hint)" }.joined(separator: "\n")) }
    FileHandle.standardOutput.write(
      Data("{\"rows\": \(rows), \"pages\": \(pages), \"seconds\": \(seconds), \"peak_kib\": \(peak)}\n".utf8))
  }
}

extension Page {
  /// As the daemon hands it to the store.
  init(_ page: PolledPage) {
    self.init(
      stream: "\(page.feed).\(page.stream)", system: page.system, records: page.records, cursor: page.cursor, kinds: page.completes,
      knownFrom: page.knownFrom, completeThrough: page.completeThrough, observedAt: page.observedAt, lag: page.lag)
  }
}
