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
  /// How long the vendor's troubles held the poll up.
  package var paused = Duration.zero
  /// How much of the host's budget was used when the poll ended, by this and all other feeds of the host.
  package var budget: [BudgetUse] = []
  /// In a folder feed: what became of bad lines.
  package var files = FileReport()
  /// Streams walked to their end, or that had nothing to walk.
  package var finished: [String] = []
  /// Requests sent, by stream.
  package var requests: [String: Int] = [:]
  /// How many records were rejected, by stream.
  package var rejectedCounts: [String: Int] = [:]
  /// What is no fault, and may show one in the feed file.
  package var notes: [String] = []

  package init() {}

  /// The most rejected records a report holds; pages hold them all.
  package static let rejectedLimit = 100

  fileprivate mutating func count(_ records: [Record], _ rejected: [RejectedRecord]) {
    pages += 1
    self.records += records.count
    for record in rejected { rejectedCounts[record.stream, default: 0] += 1 }
    self.rejected.append(contentsOf: rejected.prefix(max(0, Self.rejectedLimit - self.rejected.count)))
  }
}

/// Polls one feed: walks each stream from its cursor to now and hands over page after page.
package struct Poller: Sendable {
  package typealias Send = @Sendable (HTTPRequest) async throws -> HTTPResponse
  package typealias Sleep = @Sendable (Duration) async throws -> Void

  /// The longest a poll waits for a vendor in all; past that a stream that must wait again is left for the next poll.
  package static let pauseLimit = Duration.seconds(900)

  package let connector: Connector
  /// Where bodies that are read record by record are put while they are downloaded; nil keeps them in memory.
  package var spoolFolder: String?
  private let credential: Credential
  private let budgets: HostBudgets?
  private let seed: UInt64
  private let send: Send
  private let sleep: Sleep

  /// - Parameters:
  ///   - secrets: the values of the secrets that the connector's `authentication` names, by name.
  ///   - tokens: where refresh tokens are kept.
  ///   - budgets: shared by all pollers of the process; nil for a vendor that sets no limits, such as a simulated one.
  ///   - seed: of the jitter in waits.
  ///   - now: wall time, for the life of access tokens.
  ///   - send: one HTTP exchange; a `TransportError` it throws is judged, any other error ends the poll.
  ///   - sleep: waits in wall time.
  package init(
    connector: Connector, secrets: [String: Secret], tokens: TokenFolder, budgets: HostBudgets?, seed: UInt64,
    now: @escaping HostBudgets.Clock = HostBudgets.steadyClock(), send: @escaping Send, sleep: @escaping Sleep
  ) {
    self.connector = connector
    self.budgets = budgets
    self.seed = seed
    self.sleep = sleep
    let host = connector.baseURL
    let paced: Send = { request in
      if let pause = try budgets?.turn(for: host), pause > .zero { try await sleep(pause) }
      return try await send(request)
    }
    self.send = paced
    budgets?.declare(connector.budget, for: host)
    credential = Credential(connector.authentication, secrets: secrets) { oauth2 in
      TokenSource(
        feed: connector.name,
        request: TokenRequest(oauth2: oauth2, baseURL: host, allowPrivate: connector.allowPrivate, secrets: secrets),
        folder: tokens, seed: seed, now: now, send: paced, sleep: sleep)
    }
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
    try await walkAll(at: now, cursors: cursors, report: &report, commit: commit)
    let redaction = credential.redaction
    report.failures = report.failures.map(redaction.failure)
    report.retries = report.retries.map(redaction.text)
    report.budget = budgets?.use(of: connector.baseURL) ?? []
    return report
  }

  private nonisolated(nonsending) func walkAll(
    at now: Instant, cursors: [String: JSON], report: inout PollReport, commit: nonisolated(nonsending) (PolledPage) async throws -> Void
  ) async throws {
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
    guard isListed else { return }
    for stream in connector.streams where !stream.isBackfill {
      _ = try await walk(stream, from: cursors[stream.name] ?? .null, at: now, report: &report, commit: commit)
    }
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
    // The cursor may hold a URL of the host that was in force when it was stored.
    walk.moveBase(to: connector.baseURL)
    var next = try await answer(to: walk, at: now)
    while let answer = next {
      walk = answer.walk
      report.requests[stream.name, default: 0] += 1
      var outcome = answer.outcome
      if case .body(let response) = outcome { outcome = try await read(response, &walk, at: now, report: &report, commit: commit) }
      switch outcome {
      case .page(let records, let rejected):
        report.count(records, rejected)
        let page = page(walk, records, rejected, now)
        // The next page is on its way while this one is stored.
        let reached = walk
        async let following = self.answer(to: reached, at: now)
        try await commit(page)
        next = try await following
        continue
      case .more, .body: break
      case .retry(let delay, let reason):
        report.retries.append("\(connector.name)/\(stream.name): \(reason)")
        report.paused += delay
        guard report.paused <= Self.pauseLimit else {
          report.failures.append(walk.pausedTooLong(reason))
          return false
        }
        try await sleep(delay)
      case .failed(let failure):
        report.failures.append(failure)
        return false
      }
      next = try await self.answer(to: walk, at: now)
    }
    if let path = walk.lonePage {
      report.notes.append(
        "\(connector.name)/\(stream.name): one page was read, and nothing stands at \(path.text) in it; if the vendor has more, correct paging:"
      )
    }
    report.finished.append(stream.name)
    return true
  }

  /// Reads a body page by page and hands over all pages but the last, whose outcome it gives: the walk moves on with that one alone.
  private nonisolated(nonsending) func read(
    _ response: HTTPResponse, _ walk: inout StreamWalk, at now: Instant, report: inout PollReport,
    commit: nonisolated(nonsending) (PolledPage) async throws -> Void
  ) async throws -> StreamWalk.Outcome {
    let reader = RecordReader(EncodedBody(response), decoding: walk.stream.decoding)
    var held: [DecodedRecord] = []
    while true {
      try Task.checkCancellation()
      let next = Result { () throws(DecodeFailure) in try reader.next(limit: StreamWalk.bodyPageLimit) }
      let isLast = if case .success(let records) = next { records.isEmpty } else { false }
      if isLast { return walk.take(held, of: response, isLast: true, now: now) }
      if !held.isEmpty {
        let outcome = walk.take(held, of: response, isLast: false, now: now)
        guard case .page(let records, let rejected) = outcome else { return outcome }
        report.count(records, rejected)
        try await commit(page(walk, records, rejected, now))
      }
      switch next {
      case .success(let records): held = records
      case .failure(let failure): return walk.receive(failure)
      }
    }
  }

  /// What came of a walk's next request, and the walk after it.
  private struct Answer: Sendable {
    let walk: StreamWalk
    let outcome: StreamWalk.Outcome
  }

  /// Nil when the walk is done.
  private nonisolated(nonsending) func answer(to walk: StreamWalk, at now: Instant) async throws -> Answer? {
    var walk = walk
    guard let request = walk.next(now: now) else { return nil }
    try Task.checkCancellation()
    let outcome = try await exchange(request, &walk, now)
    return Answer(walk: walk, outcome: outcome)
  }

  /// One request, asked once more with a new access token where the first was refused.
  private nonisolated(nonsending) func exchange(_ request: HTTPRequest, _ walk: inout StreamWalk, _ now: Instant) async throws
    -> StreamWalk.Outcome
  {
    var request = request
    do {
      let access = try await credential.access()
      var response = try await ask(&request, &walk, access, now)
      if let access, walk.isRefusal(ofToken: response) {
        response = try await ask(&request, &walk, try await credential.access(insteadOf: access), now)
      }
      // Before a piece of it is quoted: half a secret could not be found any more. Records are quoted nowhere, and are not searched.
      if walk.mayQuote(response) { response = credential.redaction.response(response) }
      return walk.receive(response, now: now)
    } catch let error as TransportError {
      if error.reason == .cancelled || error.reason == .stopped { throw CancellationError() }
      return walk.receive(error)
    } catch let failure as TokenFailure {
      return walk.fail(failure.cause, failure.message, failure.hint)
    } catch let spent as BudgetSpent {
      return walk.fail(.unavailable, spent.message, spent.hint)
    }
  }

  /// Sends a request with its credential; `request` itself is left without one.
  private nonisolated(nonsending) func ask(
    _ request: inout HTTPRequest, _ walk: inout StreamWalk, _ access: Access?, _ now: Instant
  ) async throws -> HTTPResponse {
    if let access, access.baseURL != walk.baseURL {
      // The same request, with the API where the token says it is.
      walk.moveBase(to: access.baseURL)
      request = walk.next(now: now) ?? request
    }
    var sent = request
    credential.apply(access, to: &sent)
    sent.allowPrivate = connector.allowPrivate
    if walk.stream.decoding.isStreamed { sent.spool = spoolFolder.map { HTTPRequest.Spool(folder: $0) } }
    return try await send(sent)
  }

  private func page(_ walk: StreamWalk, _ records: [Record], _ rejected: [RejectedRecord], _ now: Instant) -> PolledPage {
    PolledPage(
      feed: connector.name, system: connector.system, stream: walk.stream.name, records: records, rejected: rejected, cursor: walk.cursor,
      completes: walk.stream.completes, coversCustomers: walk.stream.coversCustomers, knownFrom: walk.knownFrom,
      completeThrough: walk.completeThrough, observedAt: now, lag: walk.stream.lag)
  }
}
