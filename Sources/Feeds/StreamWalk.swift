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
    /// The page wants more requests before it is whole; ask for the next one. Nothing is to be stored yet.
    case more
    /// The answer's body is read record by record: give what is in it to `take`.
    case body(HTTPResponse)
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
  /// The page that waits for what is asked beside it.
  var followUp: PageFollowUp?
  /// How often the vendor wanted less to be asked beside a page.
  private var followUpsShrunk = 0
  /// The URL last asked for.
  private(set) var askedURL = ""

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

  /// What the feed file says of errors, for what is being asked now.
  var errorRules: [Connector.ErrorRule] { (followUp?.current.errorRules ?? []) + stream.errorRules }

  /// The path now asked for, as the feed file has it.
  var askedPath: String { followUp?.current.request.path ?? stream.request.path }

  /// Set where the walk's one page ended it for want of a token, at whose path the answer names nothing, not even null.
  private(set) var lonePage: JSONPath?

  /// The next request, or nil when the walk is done. `now` is business time.
  package mutating func next(now: Instant) -> HTTPRequest? {
    if isFinished { return nil }
    if position.walk == nil, !begin(now: now) {
      isFinished = true
      return nil
    }
    guard let walk = position.walk else { return nil }
    var filling = RequestTemplate.Filling()
    filling.from = walk.from.map(stream.cursor.written(from:))
    filling.to = walk.ceiling.map(stream.cursor.written(to:))
    let request = followUp.map { self.request(beside: $0, filling) } ?? pageRequest(walk, filling)
    askedURL = request.url
    return request
  }

  private func request(beside followUp: PageFollowUp, _ filling: RequestTemplate.Filling) -> HTTPRequest {
    let current = followUp.current
    if let token = followUp.token, current.paging.followsLinks { return request(to: token.text ?? "", current.request, filling) }
    var filling = filling
    filling.records = followUp.batch
    filling.shrunk = followUp.shrunk
    if let token = followUp.token { filling.token = current.paging.placement.map { (token, $0) } }
    return current.request.request(base: baseURL, filling: filling)
  }

  private func pageRequest(_ walk: WalkPosition.Walk, _ filling: RequestTemplate.Filling) -> HTTPRequest {
    var filling = filling
    filling.shrunk = walk.shrunk
    if let tie = walk.tie, case .keyset(_, _, .byID(let ties), _) = stream.paging {
      filling.at = stream.cursor.format.write(tie)
      filling.last = walk.token?.scalarText ?? ties.least
      return ties.request.request(base: baseURL, filling: filling)
    }
    if let token = walk.token, stream.paging.followsLinks { return request(to: token.text ?? "", stream.request, filling) }
    if let token = walk.token { filling.token = stream.paging.placement.map { (token, $0) } }
    return stream.request.request(base: baseURL, filling: filling)
  }

  private func request(to url: String, _ template: RequestTemplate, _ filling: RequestTemplate.Filling) -> HTTPRequest {
    HTTPRequest(
      method: template.method, url: url, headers: template.headers.map { HTTPHeader($0.name, $0.value.fill(filling)) },
      bodyCap: RequestTemplate.pageByteLimit)
  }

  /// False where there is nothing to walk yet.
  private mutating func begin(now: Instant) -> Bool {
    let plan = stream.cursor
    var walk = WalkPosition.Walk()
    switch plan.mode {
    case .list:
      if stream.isBackfill {
        if position.listedAt != nil { return false }
      } else {
        position.knownFrom = position.knownFrom ?? stream.start.instant(now: now)
      }
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
      // What is read again for late records does not count: a step may be shorter than the lookback.
      let known = max(from, position.through ?? from)
      walk.floor = from
      walk.from = from
      walk.ceiling = plan.stretch(from: known, through: ceiling, shrunk: 0)
      walk.target = plan.step == nil ? nil : ceiling
    }
    position.walk = walk
    return true
  }

  /// Takes the answer to the last request.
  package mutating func receive(_ response: HTTPResponse, now: Instant) -> Outcome {
    switch judge(response) {
    case .success: break
    case .skip: return skip(date(of: response, now: now))
    case .restart: return restart()
    case .shrink(let reason): return shrink(reason)
    case .wait(let reason, let cause, let pause): return wait(reason: reason, cause: cause, pause)
    case .failed(let failure): return .failed(failure)
    }
    if stream.decoding.isStreamed { return .body(response) }
    let answer: JSON
    do {
      answer = try JSON(parsing: response.body)
    } catch {
      return wait(reason: "the answer is \(error)", cause: .unexpectedAnswer, atLeast: .zero)
    }
    let list = followUp.map { $0.current.records.value(in: answer).list } ?? stream.records(in: answer)
    guard let list else {
      let place = followUp?.current.records.text ?? stream.selection.description
      return fail(
        .unexpectedAnswer, "the answer holds no list at \(place)",
        "compare the stream's records: with the vendor's answer; nothing was stored, and the cursor stays")
    }
    backoff.reset()
    let page = ReadPage(
      answer: answer, records: list, links: response.headerValues("Link"), date: date(of: response, now: now), url: askedURL,
      token: followUp == nil ? position.walk?.token : followUp?.token, size: askedSize)
    return followUp == nil ? take(page) : takeBeside(page, bytes: response.body.count)
  }

  private var askedSize: Int64? {
    if let followUp { return followUp.current.request.pageSize?.size(shrunk: followUp.shrunk) }
    return position.walk.flatMap { stream.request.pageSize?.size(shrunk: $0.shrunk) }
  }

  /// As if the page were empty and the last.
  private mutating func skip(_ date: Instant) -> Outcome {
    backoff.reset()
    let page = ReadPage(answer: .null, records: [], links: [], date: date, url: askedURL, token: nil, size: nil)
    if followUp != nil { return settle([], next: nil, bytes: 0) }
    return land(position.walk?.tie.map { .from(stream.cursor.start(behind: $0)) } ?? .end(token: nil), page, MappedPage())
  }

  private mutating func restart() -> Outcome {
    restarts += 1
    guard restarts <= Self.restartLimit else {
      return fail(.loop, "the vendor forgot the page token \(restarts) times", "see whether anything else uses the same token")
    }
    position.walk = nil
    position.token = nil
    seenTokens = []
    border = []
    followUp = nil
    return wait(reason: "the vendor forgot the page token; the walk begins again", cause: .unexpectedAnswer, atLeast: .zero)
  }

  /// Asks for less, where the feed file says how; otherwise for the same again.
  private mutating func shrink(_ reason: String) -> Outcome {
    guard followUp == nil ? shrinkPage() : shrinkFollowUp() else { return wait(reason: reason, cause: .unavailable, atLeast: .zero) }
    backoff.reset()
    return wait(reason: "\(reason); less is asked for", cause: .unavailable, atLeast: .zero)
  }

  private mutating func shrinkFollowUp() -> Bool {
    guard followUp?.shrink() ?? false else { return false }
    followUpsShrunk = followUp?.shrunk ?? followUpsShrunk
    return true
  }

  private mutating func shrinkPage() -> Bool {
    guard var walk = position.walk else { return false }
    let before = askedSize
    let shortened = shortenedStretch(walk)
    guard shortened != nil || before ?? 0 > stream.request.pageSize?.least ?? 0 else { return false }
    walk.shrunk = shortened?.shrunk ?? walk.shrunk + 1
    if let shortened {
      walk.ceiling = shortened.ceiling
      walk.bound = nil
      walk.token = nil
      walk.tie = nil
    } else if let token = walk.token, let before, let now = stream.request.pageSize?.size(shrunk: walk.shrunk) {
      walk.token = stream.paging.token(token, whereSizeWas: before, isNow: now)
    }
    seenTokens = []
    position.walk = walk
    return true
  }

  /// Half the stretch now walked, and how many halvings of the step that is; nil where it cannot be shorter.
  private func shortenedStretch(_ walk: WalkPosition.Walk) -> (ceiling: Instant, shrunk: Int)? {
    guard stream.cursor.step != nil, let from = walk.from, let ceiling = walk.ceiling else { return nil }
    for shrunk in walk.shrunk + 1..<Int(WalkPosition.Walk.shrinkLimit) {
      let shorter = stream.cursor.stretch(from: from, through: ceiling, shrunk: shrunk)
      if shorter < ceiling { return (shorter, shrunk) }
    }
    return nil
  }

  /// Takes the news that no answer came.
  package mutating func receive(_ error: TransportError) -> Outcome {
    guard error.isTransient else { return fail(.unavailable, error.description, error.hint) }
    return wait(reason: error.description, cause: .unavailable, atLeast: .zero)
  }

  func date(of response: HTTPResponse, now: Instant) -> Instant { response.header("Date").flatMap(HTTPDate.parse) ?? now }

  private mutating func take(_ page: ReadPage) -> Outcome {
    let news = news(in: page)
    guard !stream.followUps.isEmpty, !news.isEmpty else {
      return land(page, stream.map(news, of: page.answer, answerDate: page.date, system: system))
    }
    // A page that cannot be gone on from fails before anything is asked beside it.
    if case .failure(let failure) = pageStep(page) { return .failed(failure) }
    followUp = PageFollowUp(stream.followUps, page, records: news, shrunk: followUpsShrunk)
    return advance()
  }

  /// What was not read before, as far as the walk can tell.
  func news(in page: ReadPage) -> [JSON] {
    let news = border.isEmpty ? page.records : page.records.filter { !border.contains($0) }
    guard stream.cursor.granularity != nil, let floor = position.walk?.floor else { return news }
    return news.filter { record in time(of: record, in: page).map { $0 >= floor } ?? true }
  }

  private func time(of record: JSON, in page: ReadPage) -> Instant? {
    stream.cursor.time(of: record) { stream.reader(of: $0, in: page.answer).value(in: $1) }
  }

  /// Asks for what is still missing of the page, or hands it over.
  private mutating func advance() -> Outcome {
    guard var waiting = followUp else { return .more }
    do throws(PageFollowUp.Fault) {
      let asksMore = try waiting.advance()
      followUp = asksMore ? waiting : nil
      if asksMore { return .more }
    } catch {
      return fail(error.cause, error.message, error.hint)
    }
    let page = waiting.page
    return land(page, stream.map(waiting.records, of: page.answer, answerDate: page.date, system: system))
  }

  private mutating func takeBeside(_ page: ReadPage, bytes: Int) -> Outcome {
    guard let paging = followUp?.current.paging else { return .more }
    switch step(paging, after: page, read: { $0.value(in: $1) }) {
    case .failure(let failure): return .failed(failure)
    case .success(.token(let token)): return settle(page.records, next: token, bytes: bytes)
    case .success: return settle(page.records, next: nil, bytes: bytes)
    }
  }

  private mutating func settle(_ records: [JSON], next: JSON?, bytes: Int) -> Outcome {
    do throws(PageFollowUp.Fault) {
      try followUp?.take(records, bytes: bytes, next: next)
      return advance()
    } catch {
      return fail(error.cause, error.message, error.hint)
    }
  }

  mutating func land(_ page: ReadPage, _ mapped: MappedPage) -> Outcome {
    switch pageStep(page) {
    case .failure(let failure): return .failed(failure)
    case .success(let step): return land(step, page, mapped)
    }
  }

  private func pageStep(_ page: ReadPage) -> Result<PageStep, FeedFailure> {
    if isBelowFloor(page) { return .success(.end(token: nil)) }
    return step(stream.paging, after: page) { stream.reader(of: $0, in: page.answer).value(in: $1) }
  }

  /// Moves the walk behind a page that is whole.
  private mutating func land(_ step: PageStep, _ page: ReadPage, _ mapped: MappedPage) -> Outcome {
    position.walk?.total = stream.paging.total?.value(in: page.answer).known
    position.walk?.pages += 1
    switch step {
    case .end(let token):
      lonePage = page.records.isEmpty || position.walk?.token != nil ? nil : stream.paging.unnamedToken(in: page.answer)
      if stream.cursor.mode == .opaque { position.token = token ?? position.walk?.token }
      return finishPage(mapped, isLast: true, date: page.date)
    case .token(let token):
      if let failure = guardAgainstLoops(token) { return .failed(failure) }
      position.walk?.token = token
      if stream.cursor.mode == .opaque { position.token = token }
    case .from(let instant):
      if let ceiling = position.walk?.ceiling, stream.cursor.isEmpty(from: instant, through: ceiling) {
        return finishPage(mapped, isLast: true, date: page.date)
      }
      position.walk?.token = nil
      position.walk?.tie = nil
      position.walk?.pages = 0
      position.walk?.from = instant
      seenTokens = []
      border = readAgain(page, notBefore: instant)
    case .tie(let instant, let last):
      if let last, let failure = guardAgainstLoops(last) { return .failed(failure) }
      position.walk?.token = last
      if position.walk?.tie == nil { border = Set(page.records) }
      position.walk?.tie = instant
    }
    return finishPage(mapped, isLast: false, date: page.date)
  }

  /// Those at the end of an ascending page that paging by time will read again.
  private func readAgain(_ page: ReadPage, notBefore instant: Instant) -> Set<JSON> {
    let format = stream.cursor.format
    let again = page.records.reversed().prefix { record in
      if case .keyset(let field, _, _, _) = stream.paging {
        return format.read(stream.reader(of: field, in: page.answer).value(in: record), at: field.text).map { $0 >= instant } ?? false
      }
      return time(of: record, in: page).map { $0 >= instant } ?? false
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
      position.walk = position.walk.flatMap(stretch(after:))
      isFinished = position.walk == nil
      seenTokens = []
      border = []
    }
    return .page(records: page.records, rejected: page.rejected)
  }

  /// The next stretch of a walk by steps; nil where the walk has come to its end, or the server's clock has not come so far.
  private func stretch(after walk: WalkPosition.Walk) -> WalkPosition.Walk? {
    guard let target = walk.target, let ceiling = walk.ceiling, ceiling < target, walk.bound == ceiling else { return nil }
    var next = WalkPosition.Walk(floor: ceiling, from: ceiling, target: target)
    next.shrunk = walk.shrunk
    next.ceiling = stream.cursor.stretch(from: ceiling, through: target, shrunk: walk.shrunk)
    return next
  }

  /// Whether a newest-first list has come below the walk's floor, where the vendor's own filter did not stop it.
  private func isBelowFloor(_ page: ReadPage) -> Bool {
    guard stream.cursor.isNewestFirst, let floor = position.walk?.floor, let last = page.records.last else { return false }
    return time(of: last, in: page).map { $0 < floor } ?? false
  }

  private mutating func guardAgainstLoops(_ token: JSON) -> FeedFailure? {
    guard pages < Self.pageLimit else {
      return failure(.loop, "a walk of more than \(Self.pageLimit) pages", "ask for larger pages, or start later")
    }
    // An offset may go back, where records have left the list.
    if case .offset = stream.paging, let next = token.integer, next < position.walk?.token?.integer ?? 0 { seenTokens = [] }
    if token != position.walk?.token, seenTokens.insert(token).inserted { return nil }
    return failure(
      .loop, "the page token \(String(token.serialized().prefix(80))) came a second time, so the walk would never end",
      "check the stream's paging: the path of the token, and where it is sent")
  }

  func failure(_ cause: FeedFailure.Cause, _ message: String, _ hint: String) -> FeedFailure {
    FeedFailure(feed: feed, stream: stream.name, cause: cause, message: message, hint: hint)
  }

  func fail(_ cause: FeedFailure.Cause, _ message: String, _ hint: String) -> Outcome { .failed(failure(cause, message, hint)) }

  mutating func wait(reason: String, cause: FeedFailure.Cause, atLeast floor: Duration) -> Outcome {
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

extension Connector.RecordSelection {
  var description: String {
    switch self {
    case .list(let path): path.text == "." ? "its root" : path.text
    case .rows(let columns, let rows): "\(columns.text) and \(rows.text)"
    }
  }
}
