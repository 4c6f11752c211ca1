package import ConfigFiles
package import Events
package import Transport

/// A page of records on its way into the log.
package struct PolledPage: Sendable {
  package let feed: String
  package let system: String
  package let stream: String
  package let records: [Record]
  package let rejected: [RejectedRecord]
  /// To be stored in the same transaction; the next poll is given it back.
  package let cursor: JSON
  /// The kinds for which `knownFrom` and `completeThrough` hold.
  package let completes: [Kind]
  /// Whether absence means zero for every paying account.
  package let coversCustomers: Bool
  /// Nil until a first walk is finished.
  package let knownFrom: Instant?
  package let completeThrough: Instant?
  /// Business time of the poll.
  package let observedAt: Instant
  /// The source's declared delay.
  package let lag: Span
}

/// What a poll did.
package struct PollReport: Sendable {
  package var pages = 0
  package var records = 0
  package var rejected: [RejectedRecord] = []
  /// Streams that could not be read to their end; each goes on from its cursor at the next poll.
  package var failures: [FeedFailure] = []
  /// Requests sent again, with the reason.
  package var retries: [String] = []
  /// Streams walked to their end, or that had nothing to walk.
  package var finished: [String] = []
  /// Requests sent, by stream.
  package var requests: [String: Int] = [:]

  package init() {}

  /// The most rejected records a report holds; pages hold them all.
  package static let rejectedLimit = 100
}

/// Polls one feed: walks each stream from its cursor to now and hands over page after page.
package struct Poller: Sendable {
  package typealias Send = @Sendable (HTTPRequest) async throws -> HTTPResponse
  package typealias Sleep = @Sendable (Duration) async throws -> Void

  package let connector: Connector
  private let authorization: Authorization
  private let seed: UInt64
  private let send: Send
  private let sleep: Sleep

  /// - Parameters:
  ///   - secret: the credential that the connector's `authentication` names; nil where it names none.
  ///   - seed: of the jitter in waits.
  ///   - send: one HTTP exchange; a `TransportError` it throws is judged, any other error ends the poll.
  ///   - sleep: waits in wall time.
  package init(connector: Connector, secret: Secret?, seed: UInt64, send: @escaping Send, sleep: @escaping Sleep) {
    self.connector = connector
    authorization = Authorization(connector.authentication, secret: secret)
    self.seed = seed
    self.send = send
    self.sleep = sleep
  }

  /// Polls every stream once.
  ///
  /// Backfills come first; until they are done the other streams wait, so that a stream never looks complete over missing ground. A
  /// stream that fails does not keep the others from being polled.
  ///
  /// - Parameters:
  ///   - now: business time.
  ///   - cursors: by stream, as stored with the last page of each.
  ///   - commit: stores a page with its cursor; an error it throws ends the poll.
  /// - Throws: what `commit`, `sleep` or cancellation throws; the vendor's failures stand in the report.
  package nonisolated(nonsending) func poll(
    at now: Instant, cursors: [String: JSON], commit: nonisolated(nonsending) (PolledPage) async throws -> Void
  ) async throws -> PollReport {
    var report = PollReport()
    let oldest = holeEnd(now: now, cursors: cursors)
    var isListed = true
    for stream in connector.streams where stream.isBackfill {
      let cursor = cursors[stream.name] ?? .null
      if stream.isListed(cursor: cursor, since: oldest) {
        report.finished.append(stream.name)
        continue
      }
      // A finished list that is too old begins again; an unfinished one goes on.
      let start = stream.isListed(cursor: cursor, since: nil) ? .null : cursor
      if try await !walk(stream, from: start, at: now, report: &report, commit: commit) { isListed = false }
    }
    guard isListed else { return report }
    for stream in connector.streams where !stream.isBackfill {
      _ = try await walk(stream, from: cursors[stream.name] ?? .null, at: now, report: &report, commit: commit)
    }
    return report
  }

  /// Where a stream has lost ground to the vendor's retention: backfills older than this must be listed again.
  private func holeEnd(now: Instant, cursors: [String: JSON]) -> Instant? {
    connector.streams.compactMap { stream in
      guard let retention = stream.cursor.retention, stream.hasHole(cursor: cursors[stream.name] ?? .null, now: now) else { return nil }
      return now - stream.cursor.lag - retention
    }.max()
  }

  /// Whether the stream was walked to its end.
  private nonisolated(nonsending) func walk(
    _ stream: Connector.Stream, from cursor: JSON, at now: Instant, report: inout PollReport,
    commit: nonisolated(nonsending) (PolledPage) async throws -> Void
  ) async throws -> Bool {
    var walk = StreamWalk(stream, of: connector, cursor: cursor, seed: seed)
    while let request = walk.next(now: now) {
      try Task.checkCancellation()
      report.requests[stream.name, default: 0] += 1
      switch try await exchange(request, &walk, now) {
      case .page(let records, let rejected):
        report.pages += 1
        report.records += records.count
        report.rejected.append(contentsOf: rejected.prefix(max(0, PollReport.rejectedLimit - report.rejected.count)))
        try await commit(page(walk, records, rejected, now))
      case .retry(let delay, let reason):
        report.retries.append("\(connector.name)/\(stream.name): \(reason)")
        try await sleep(delay)
      case .failed(let failure):
        report.failures.append(failure)
        return false
      }
    }
    report.finished.append(stream.name)
    return true
  }

  private nonisolated(nonsending) func exchange(_ request: HTTPRequest, _ walk: inout StreamWalk, _ now: Instant) async throws
    -> StreamWalk.Outcome
  {
    var request = request
    authorization.apply(to: &request)
    request.allowPrivate = connector.allowPrivate
    do {
      return walk.receive(try await send(request), now: now)
    } catch let error as TransportError {
      if error.reason == .cancelled || error.reason == .stopped { throw CancellationError() }
      return walk.receive(error)
    }
  }

  private func page(_ walk: StreamWalk, _ records: [Record], _ rejected: [RejectedRecord], _ now: Instant) -> PolledPage {
    PolledPage(
      feed: connector.name, system: connector.system, stream: walk.stream.name, records: records, rejected: rejected, cursor: walk.cursor,
      completes: walk.stream.completes, coversCustomers: walk.stream.coversCustomers, knownFrom: walk.knownFrom,
      completeThrough: walk.completeThrough, observedAt: now, lag: walk.stream.lag)
  }
}

/// Adds the credential to requests, and to nothing else.
private struct Authorization: Sendable {
  private enum Form: Sendable {
    case none
    case header(String, Secret)
    case query(String, Secret)
  }
  private let form: Form

  init(_ authentication: Authentication, secret: Secret?) {
    switch (authentication, secret) {
    case (.none, _), (_, nil): form = .none
    case (.bearer, let secret?): form = .header("Authorization", Secret("Bearer " + secret.revealed))
    case (.basic(let user, _), let secret?):
      form = .header("Authorization", Secret("Basic " + base64("\(user):\(secret.revealed)")))
    case (.header(let name, _), let secret?): form = .header(name, secret)
    case (.query(let name, _), let secret?): form = .query(name, secret)
    }
  }

  func apply(to request: inout HTTPRequest) {
    switch form {
    case .none: break
    case .header(let name, let value): request.headers.append(HTTPHeader(name, value.revealed))
    case .query(let name, let value):
      request.url += (request.url.contains("?") ? "&" : "?") + "\(name)=" + RequestTemplate.percentEncoded(value.revealed)
    }
  }
}

/// RFC 4648 §4.
private func base64(_ text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  let bytes = Array(text.utf8)
  var result = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
    for place in 0..<4 { result.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : "=") }
  }
  return result
}
