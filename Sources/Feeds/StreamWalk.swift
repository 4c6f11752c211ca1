package import Events
package import Transport

/// The walk over one stream in one poll: which request is next, and what an answer means. No input or output of its own.
///
/// Ask `next` for a request, give `receive` the answer, store the page with `cursor`, and so on until `next` is nil.
package struct StreamWalk: Sendable {
  /// What came of an answer.
  package enum Outcome: Sendable {
    /// Records to store in one transaction with `cursor`; then ask for the next request.
    case page(records: [Record], rejected: [RejectedRecord])
    /// Wait, then ask for the next request.
    case retry(after: Duration, reason: String)
    case failed(FeedFailure)
  }

  /// The most pages of one walk in one poll.
  package static let pageLimit = 100_000
  /// How often a walk begins again in one poll because the vendor forgot its token.
  package static let restartLimit = 3

  let feed: String
  let system: String
  /// Moves when a token answer names another.
  var baseURL: String
  let authentication: Authentication
  let rateReset: String?
  package let stream: Connector.Stream
  var position: WalkPosition
  var backoff: Backoff
  private var isFinished = false
  private var pages = 0
  private var restarts = 0
  private var seenTokens: Set<JSON> = []
  /// The vendor's records at the last page's end, which keyset paging reads again.
  private var border: Set<JSON> = []

  /// - Parameters:
  ///   - cursor: as it was stored with the last page; null at first.
  ///   - seed: of the jitter in waits.
  package init(_ stream: Connector.Stream, of connector: Connector, cursor: JSON, seed: UInt64) {
    feed = connector.name
    system = connector.system
    baseURL = connector.baseURL
    authentication = connector.authentication
    rateReset = connector.rateReset
    self.stream = stream
    position = WalkPosition(cursor)
    backoff = Backoff(seed: seed)
  }

  /// What to store, so that a later walk goes on from here.
  package var cursor: JSON { position.json }

  /// From when on the stream is known; nil before the first walk is finished.
  package var knownFrom: Instant? { position.through == nil ? nil : position.knownFrom }

  /// Through when the stream is known to be complete.
  package var completeThrough: Instant? { position.through }

  /// The next request, or nil when the walk is done. `now` is business time.
  package mutating func next(now: Instant) -> HTTPRequest? {
    if isFinished { return nil }
    if position.walk == nil, !begin(now: now) {
      isFinished = true
      return nil
    }
    guard let walk = position.walk else { return nil }
    var filling = RequestTemplate.Filling()
    filling.from = walk.from.map(stream.cursor.format.write)
    filling.to = walk.ceiling.map(stream.cursor.format.write)
    if let token = walk.token {
      if case .nextURL = stream.paging { return request(to: token.text ?? "") }
      filling.token = stream.paging.placement.map { (token, $0) }
    }
    return stream.request.request(base: baseURL, filling: filling)
  }

  private func request(to url: String) -> HTTPRequest {
    HTTPRequest(method: stream.request.method, url: url, headers: stream.request.headers, bodyCap: RequestTemplate.pageByteLimit)
  }

  /// False where there is nothing to walk yet.
  private mutating func begin(now: Instant) -> Bool {
    let plan = stream.cursor
    var walk = WalkPosition.Walk()
    switch plan.mode {
    case .list: if stream.isBackfill, position.listedAt != nil { return false }
    case .opaque:
      walk.token = position.token
      if position.token == nil {
        let from = position.through ?? stream.start.instant(now: now)
        walk.from = plan.format.floor(min(from, now - plan.lag))
        position.knownFrom = position.knownFrom ?? walk.from
      }
    case .window:
      let ceiling = plan.format.floor(now - plan.lag)
      var from = position.through.map { $0 - plan.lookback } ?? stream.start.instant(now: now)
      if let retention = plan.retention, from < ceiling - retention {
        from = ceiling - retention
        if let through = position.through, through < from { position.knownFrom = from }
      }
      from = plan.format.floor(from)
      guard position.through ?? from < ceiling, from < ceiling else { return false }
      position.knownFrom = position.knownFrom ?? from
      walk.floor = from
      walk.from = from
      walk.ceiling = ceiling
    }
    position.walk = walk
    return true
  }

  /// Takes the answer to the last request.
  package mutating func receive(_ response: HTTPResponse, now: Instant) -> Outcome {
    switch judge(response) {
    case .success: break
    case .skip:
      return finishPage(MappedPage(), isLast: true, date: date(of: response, now: now))
    case .restart:
      return restart()
    case .shrink(let reason):
      return wait(reason: reason, cause: .unavailable, atLeast: .zero)
    case .wait(let reason, let cause, let pause): return wait(reason: reason, cause: cause, pause)
    case .failed(let failure): return .failed(failure)
    }
    let answer: JSON
    do {
      answer = try JSON(parsing: response.body)
    } catch {
      return wait(reason: "the answer is \(error)", cause: .unexpectedAnswer, atLeast: .zero)
    }
    guard let records = stream.records(in: answer) else {
      return fail(
        .unexpectedAnswer, "the answer holds no list at \(stream.selection.description)",
        "compare the stream's records: with the vendor's answer; nothing was stored, and the cursor stays")
    }
    backoff.reset()
    return take(records, of: answer, date: date(of: response, now: now))
  }

  private mutating func restart() -> Outcome {
    restarts += 1
    guard restarts <= Self.restartLimit else {
      return fail(.loop, "the vendor forgot the page token \(restarts) times", "see whether anything else uses the same token")
    }
    position.walk = nil
    position.token = nil
    seenTokens = []
    return wait(reason: "the vendor forgot the page token; the walk begins again", cause: .unexpectedAnswer, atLeast: .zero)
  }

  /// Takes the news that no answer came.
  package mutating func receive(_ error: TransportError) -> Outcome {
    guard error.isTransient else { return fail(.unavailable, error.description, error.hint) }
    return wait(reason: error.description, cause: .unavailable, atLeast: .zero)
  }

  private func date(of response: HTTPResponse, now: Instant) -> Instant { response.header("Date").flatMap(HTTPDate.parse) ?? now }

  private mutating func take(_ records: [JSON], of answer: JSON, date: Instant) -> Outcome {
    let news = border.isEmpty ? records : records.filter { !border.contains($0) }
    let page = stream.map(news, of: answer, answerDate: date, system: system)
    let step = step(after: records, of: answer)
    if case .keyset(_, _, _, let total) = stream.paging { position.walk?.total = total?.value(in: answer) }
    switch step {
    case .failure(let failure): return .failed(failure)
    case .success(.end(let token)):
      if stream.cursor.mode == .opaque { position.token = token ?? position.walk?.token }
      return finishPage(page, isLast: true, date: date)
    case .success(.token(let token)):
      if let failure = guardAgainstLoops(token) { return .failed(failure) }
      position.walk?.token = token
      if stream.cursor.mode == .opaque { position.token = token }
      return finishPage(page, isLast: false, date: date)
    case .success(.from(let instant)):
      position.walk?.token = nil
      position.walk?.from = instant
      seenTokens = []
      border = readAgain(records, notBefore: instant, of: answer)
      return finishPage(page, isLast: false, date: date)
    }
  }

  /// Those at the end of an ascending page that keyset paging will read again.
  private func readAgain(_ records: [JSON], notBefore instant: Instant, of answer: JSON) -> Set<JSON> {
    guard case .keyset(let field, _, _, _) = stream.paging else { return [] }
    let reader = stream.reader(of: field, in: answer)
    let again = records.reversed().prefix { record in
      let time = try? EventSchema.FieldType.instant.cast(reader.value(in: record), at: field.text)?.instant
      return time.map { $0 >= instant } ?? false
    }
    return Set(again)
  }

  private mutating func finishPage(_ page: MappedPage, isLast: Bool, date: Instant) -> Outcome {
    let plan = stream.cursor
    let proven = plan.format.floor(date - plan.lag)
    // The server's clock has the last word: what it calls the future is not complete, whatever was asked for.
    if let bound = position.walk?.bound ?? position.walk?.ceiling { position.walk?.bound = min(bound, proven) }
    pages += 1
    if isLast {
      let reached = position.walk?.bound ?? proven
      position.through = max(position.through ?? position.knownFrom ?? reached, reached)
      if stream.isBackfill { position.listedAt = date }
      position.walk = nil
      isFinished = true
    }
    return .page(records: page.records, rejected: page.rejected)
  }

  /// Where the walk goes after a page.
  private enum Step {
    case end(token: JSON?)
    case token(JSON)
    /// On from a record's time.
    case from(Instant)
  }

  private func step(after records: [JSON], of answer: JSON) -> Result<Step, FeedFailure> {
    if isBelowFloor(records, of: answer) { return .success(.end(token: nil)) }
    return step(stream.paging, after: records, of: answer)
  }

  private func step(_ paging: Connector.Paging, after records: [JSON], of answer: JSON) -> Result<Step, FeedFailure> {
    switch paging {
    case .none: return .success(.end(token: nil))
    case .token(let path, _, let ends):
      let found = path.value(in: answer).known
      if ends.isOver(in: answer) { return .success(.end(token: found)) }
      if let found { return .success(.token(found)) }
      return ends.isOpen ? .success(.end(token: nil)) : .failure(missing(path, "the token of the next page"))
    case .last(let path, _, let ends):
      guard !ends.isOver(in: answer), let last = records.last else { return .success(.end(token: nil)) }
      let token = stream.reader(of: path, in: answer).value(in: last)
      return token.isNull ? .failure(missing(path, "the last record's id")) : .success(.token(token))
    case .nextURL(let path, let ends):
      guard !ends.isOver(in: answer), let text = path.value(in: answer).text, !text.isEmpty else { return .success(.end(token: nil)) }
      return sameOrigin(text).map { .token(.text($0)) }
    case .page(_, let first, let size):
      guard records.count >= size else { return .success(.end(token: nil)) }
      return .success(.token(JSON((position.walk?.token?.integer ?? first) + 1)))
    case .keyset(let field, let size, let ties, let total):
      let hasShifted = position.walk?.token != nil && position.walk?.total != total?.value(in: answer)
      if hasShifted, let from = position.walk?.from { return .success(.from(from)) }
      return keyset(field, size, ties, records, answer)
    }
  }

  private func keyset(_ field: JSONPath, _ size: Int64, _ ties: Connector.Paging, _ records: [JSON], _ answer: JSON) -> Result<
    Step, FeedFailure
  > {
    let tie = step(ties, after: records, of: answer)
    if case .none = ties {
      if records.count < size { return .success(.end(token: nil)) }
    } else if case .success(.end) = tie {
      return tie
    }
    guard let last = records.last else { return .success(.end(token: nil)) }
    let value = stream.reader(of: field, in: answer).value(in: last)
    guard let time = try? EventSchema.FieldType.instant.cast(value, at: field.text)?.instant else {
      return .failure(missing(field, "the last record's time"))
    }
    let plan = stream.cursor
    let from = plan.excludesLowerBound ? plan.format.floor(time) - plan.format.unit : plan.format.floor(time)
    if from > position.walk?.from ?? .distantPast { return .success(.from(from)) }
    if case .success(.token) = tie { return tie }
    return .failure(
      failure(
        .loop, "\(records.count) records share the time \(time); the walk cannot get past them",
        "raise size: above the most records that share one time"))
  }

  /// Whether a newest-first list has come below the walk's floor, where the vendor's own filter did not stop it.
  private func isBelowFloor(_ records: [JSON], of answer: JSON) -> Bool {
    guard let field = stream.cursor.field, let floor = position.walk?.floor, let last = records.last else { return false }
    guard let time = try? EventSchema.FieldType.instant.cast(stream.reader(of: field, in: answer).value(in: last), at: field.text)?.instant
    else { return false }
    return time < floor
  }

  private mutating func guardAgainstLoops(_ token: JSON) -> FeedFailure? {
    guard pages < Self.pageLimit else {
      return failure(.loop, "a walk of more than \(Self.pageLimit) pages", "ask for larger pages, or start later")
    }
    if token != position.walk?.token, seenTokens.insert(token).inserted { return nil }
    return failure(
      .loop, "the page token \(String(token.serialized().prefix(80))) came a second time, so the walk would never end",
      "check the stream's paging: the path of the token, and where it is sent")
  }

  private func missing(_ path: JSONPath, _ what: String) -> FeedFailure {
    failure(.unexpectedAnswer, "the answer has no \(path.text), \(what)", "compare the stream's paging: with the vendor's answer")
  }

  func failure(_ cause: FeedFailure.Cause, _ message: String, _ hint: String) -> FeedFailure {
    FeedFailure(feed: feed, stream: stream.name, cause: cause, message: message, hint: hint)
  }

  func fail(_ cause: FeedFailure.Cause, _ message: String, _ hint: String) -> Outcome { .failed(failure(cause, message, hint)) }

  private mutating func wait(reason: String, cause: FeedFailure.Cause, atLeast floor: Duration) -> Outcome {
    wait(reason: reason, cause: cause, Backoff.Pause(atLeast: floor))
  }

  private mutating func wait(reason: String, cause: FeedFailure.Cause, _ pause: Backoff.Pause) -> Outcome {
    guard pause.atLeast <= Backoff.longestWait else {
      return fail(cause, "\(reason); it asks to wait \(pause.atLeast.components.seconds) s", "it is asked again at the next poll")
    }
    guard let delay = backoff.next(pause) else {
      return fail(cause, "\(reason); \(Backoff.attemptLimit) attempts failed", "it is tried again at the next poll, from the same place")
    }
    return .retry(after: delay, reason: reason)
  }
}

extension Connector.Paging {
  var placement: Connector.Placement? {
    switch self {
    case .none, .nextURL: nil
    case .token(_, let placement, _), .last(_, let placement, _), .page(let placement, _, _): placement
    case .keyset(_, _, let ties, _): ties.placement
    }
  }
}

extension Connector.EndFlags {
  func isOver(in answer: JSON) -> Bool {
    stop.map { $0.value(in: answer) == .flag(true) } ?? false || more.map { $0.value(in: answer) != .flag(true) } ?? false
  }

  /// Whether the absence of a token is the only sign of the end.
  var isOpen: Bool { stop == nil && more == nil }
}

extension Connector.RecordSelection {
  var description: String {
    switch self {
    case .list(let path): path.text == "." ? "its root" : path.text
    case .rows(let columns, let rows): "\(columns.text) and \(rows.text)"
    }
  }
}
