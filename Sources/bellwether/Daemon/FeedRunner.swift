import ConfigFiles
import Events
import Feeds
import Logging
import Metrics
import Store
import Transport

/// One feed's polls, and where they stand in the store.
struct FeedRunner: Sendable {
  let connector: Connector
  private let poller: Poller
  private let store: EventStore
  private let logger: Logger

  /// - Throws: `SecretError` if the feed's credential is not to be had.
  init(_ connector: Connector, secrets: SecretSource, client: CurlClient, store: EventStore, logger: Logger) throws {
    self.connector = connector
    self.store = store
    var logger = logger
    logger[metadataKey: "feed"] = .string(connector.name)
    self.logger = logger
    poller = Poller(
      connector: connector, secret: try connector.authentication.secret.map { try secrets.value($0.name) },
      seed: UInt64.random(in: .min ... .max), send: { try await client.send($0) }, sleep: { try await Task.sleep(for: $0) })
  }

  /// Polls every stream once; each page goes to `commit`, failures into the store and the log.
  @discardableResult
  func poll(at now: Instant, commit: (Page) async throws -> Void) async throws -> PollReport {
    let states = try await store.streamStates()
    let cursors = connector.streams.compactMap { stream in
      states.first { $0.stream == storedName(stream.name) }?.cursor.map { (stream.name, $0) }
    }
    let report = try await poller.poll(at: now, cursors: Dictionary(cursors) { $1 }) { page in
      Failpoint.hit(.pageReceived)
      Counter(label: "bellwether_stream_records_total", dimensions: [("stream", storedName(page.stream))])
        .increment(by: page.records.count)
      try await commit(Page(page, stream: storedName(page.stream)))
    }
    try await note(report, at: now)
    return report
  }

  /// A stream's name in the store.
  func storedName(_ stream: String) -> String { "\(connector.name).\(stream)" }

  private func note(_ report: PollReport, at now: Instant) async throws {
    Counter(label: "bellwether_feed_records_total", dimensions: [("feed", connector.name)]).increment(by: report.records)
    Counter(label: "bellwether_feed_retries_total", dimensions: [("feed", connector.name)]).increment(by: report.retries.count)
    Counter(label: "bellwether_feed_rejected_total", dimensions: [("feed", connector.name)]).increment(by: report.rejected.count)
    for retry in report.retries { logger.debug("feed asked again", metadata: ["reason": .string(retry)]) }
    for rejected in report.rejected { logger.warning("record rejected", metadata: ["record": .string("\(rejected)")]) }
    for failure in report.failures {
      Counter(label: "bellwether_feed_failures_total", dimensions: [("feed", connector.name)]).increment()
      logger.warning("feed failed", metadata: ["error": .string(failure.description), "hint": .string(failure.hint)])
    }
    try await store.recordPolls(
      connector.streams.map { StreamPoll($0.name, of: connector, in: report, storedAs: storedName($0.name)) }, at: now,
      next: now + connector.pollInterval)
  }
}

extension StreamPoll {
  fileprivate init(_ name: String, of connector: Connector, in report: PollReport, storedAs stream: String) {
    var outcome: Outcome?
    if report.finished.contains(name) { outcome = .finished }
    if let failure = report.failures.last(where: { $0.stream == name }) { outcome = .failed("\(failure.message); \(failure.hint)") }
    self.init(stream: stream, system: connector.system, requests: report.requests[name] ?? 0, outcome: outcome)
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
