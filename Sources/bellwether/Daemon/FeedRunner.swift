import ConfigFiles
import Events
import Feeds
import Logging
import Metrics
import Store
import Synchronization
import Transport

/// One feed's polls, and where they stand in the store.
struct FeedRunner: Sendable {
  let connector: Connector
  private let poller: Poller
  private let store: EventStore
  private let logger: Logger
  private let failures = Failures()

  /// What was told of failures; a class, so that every copy of the runner knows it.
  private final class Failures: Sendable {
    let log = Mutex(FailureLog())
  }

  /// - Parameters:
  ///   - budgets: shared by all feeds; nil beside a simulator, whose time has nothing to do with the clock on the wall.
  ///   - spoolFolder: where large answers are written while they are read.
  /// - Throws: `SecretError` if a secret of the feed is not to be had.
  init(
    _ connector: Connector, secrets: SecretSource, tokens: TokenFolder, spoolFolder: String, budgets: HostBudgets?, client: CurlClient,
    store: EventStore, logger: Logger
  ) throws {
    self.connector = connector
    self.store = store
    var logger = logger
    logger[metadataKey: "feed"] = .string(connector.name)
    self.logger = logger
    var poller = Poller(
      connector: connector, secrets: try connector.secrets(from: secrets), tokens: tokens, budgets: budgets,
      seed: UInt64.random(in: .min ... .max), send: { try await client.send($0) }, sleep: { try await Task.sleep(for: $0) })
    poller.spoolFolder = spoolFolder
    self.poller = poller
  }

  /// Polls every stream once; each page goes to `commit`, failures into the store and the log.
  @discardableResult
  func poll(at now: Instant, commit: (Page) async throws -> Void) async throws -> PollReport {
    let states = try await store.streamStates()
    let cursors = connector.streamNames.compactMap { name in
      states.first { $0.stream == storedName(name) }?.cursor.map { (name, $0) }
    }
    let isFirst = connector.streamNames.contains { name in
      states.first { $0.stream == storedName(name) }?.completeThrough == nil
    }
    var progress = FirstImport(isFirst: isFirst, logger: logger)
    let report = try await read(at: now, cursors: Dictionary(cursors) { $1 }) { page in
      Failpoint.hit(.pageReceived)
      Counter(label: "bellwether_stream_records_total", dimensions: [("stream", storedName(page.stream))])
        .increment(by: page.records.count)
      try await commit(Page(page, stream: storedName(page.stream)))
      progress.note(page.records.count)
    }
    try await note(report, at: now)
    // Later polls mostly have one page, and mean nothing by it.
    if isFirst { for note in report.notes { logger.notice("feed may be read in part", metadata: ["note": .string(note)]) } }
    return report
  }

  private func read(
    at now: Instant, cursors: [String: JSON], commit: (PolledPage) async throws -> Void
  ) async throws -> PollReport {
    guard case .folder(let folder) = connector.source else { return try await poller.poll(at: now, cursors: cursors, commit: commit) }
    return try await FolderSource(connector: connector, folder: folder)
      .poll(at: now, wallNow: WallClock.now(), cursors: cursors, commit: commit)
  }

  /// A stream's name in the store.
  func storedName(_ stream: String) -> String { "\(connector.name).\(stream)" }

  private func note(_ report: PollReport, at now: Instant) async throws {
    Counter(label: "bellwether_feed_records_total", dimensions: [("feed", connector.name)]).increment(by: report.records)
    Counter(label: "bellwether_feed_retries_total", dimensions: [("feed", connector.name)]).increment(by: report.retries.count)
    Counter(label: "bellwether_feed_rejected_total", dimensions: [("feed", connector.name)]).increment(by: report.rejected.count)
    for retry in report.retries { logger.debug("feed asked again", metadata: ["reason": .string(retry)]) }
    for rejected in report.rejected { logger.warning("record rejected", metadata: ["record": .string("\(rejected)")]) }
    note(report.files)
    for failure in report.failures {
      Counter(label: "bellwether_feed_failures_total", dimensions: [("feed", connector.name)]).increment()
      guard failures.log.withLock({ $0.tells("\(failure.message); \(failure.hint)", of: failure.stream, at: now) }) else { continue }
      logger.warning("feed failed", metadata: ["error": .string(failure.description), "hint": .string(failure.hint)])
    }
    for stream in report.finished where failures.log.withLock({ $0.hasRecovered(stream) }) {
      logger.notice("feed works again", metadata: ["stream": .string(stream)])
    }
    try await store.recordPolls(
      connector.streamNames.map { StreamPoll($0, of: connector, in: report, storedAs: storedName($0)) }, at: now,
      next: now + connector.pollInterval)
  }
}

extension StreamPoll {
  fileprivate init(_ name: String, of connector: Connector, in report: PollReport, storedAs stream: String) {
    var outcome: Outcome?
    if report.finished.contains(name) { outcome = .finished }
    if let failure = report.failures.last(where: { $0.stream == name }) { outcome = .failed("\(failure.message); \(failure.hint)") }
    self.init(
      stream: stream, system: connector.system, requests: report.requests[name] ?? 0,
      rejected: report.rejectedCounts[name] ?? 0, outcome: outcome)
  }
}

extension FeedRunner {
  private func note(_ files: FileReport) {
    guard files.rejected > 0 else { return }
    Counter(label: "bellwether_feed_rejected_total", dimensions: [("feed", connector.name)]).increment(by: files.rejected)
    logger.warning(
      "lines rejected",
      metadata: ["count": .stringConvertible(files.rejected), "advice": "see the .rejected files in the folder, or the lines logged here"])
    for line in files.unwritten { logger.warning("line rejected", metadata: ["line": .string(line)]) }
  }
}

/// Tells in the log how a feed's first import goes, every so often.
struct FirstImport {
  private let isFirst: Bool
  private let logger: Logger
  private var line: ProgressLine

  init(isFirst: Bool, logger: Logger) {
    self.isFirst = isFirst
    self.logger = logger
    line = ProgressLine("first import", unit: "records", isTerminal: false)
  }

  mutating func note(_ records: Int) {
    guard isFirst, let text = line.advance(by: Int64(records)) else { return }
    logger.info("first import goes on", metadata: ["progress": .string(text)])
  }
}

extension Page {
  fileprivate init(_ page: PolledPage, stream: String) {
    self.init(
      stream: stream, system: page.system, records: page.records, cursor: page.cursor, kinds: page.completes,
      coversCustomers: page.coversCustomers, knownFrom: page.knownFrom, completeThrough: page.completeThrough, observedAt: page.observedAt,
      lag: page.lag)
  }
}
