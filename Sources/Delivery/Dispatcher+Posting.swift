package import Events
import Logging
import Store
import Synchronization
import Transport

extension Dispatcher {
  /// Posts every delivery that is due and records how it went.
  ///
  /// Deliveries to one sink about one account go one after the other in their order; others go side by side. Returns at once with 0
  /// while another call is at it.
  ///
  /// - Returns: the number of attempts recorded.
  /// - Throws: what the store throws, or `CancellationError`; an attempt cut short counts for nothing and is made again, with its id.
  @discardableResult
  package func deliverDue(wallNow: Instant) async throws -> Int {
    guard state.withLock({ enter(&$0.isDelivering) }) else { return 0 }
    defer { state.withLock { $0.isDelivering = false } }
    var count = 0
    while true {
      let due = try await store.dueDeliveries(wallNow: wallNow, limit: Self.deliveriesPerRead)
      guard !due.isEmpty else { return count }
      try await post(lanes(of: due), notBefore: wallNow)
      count += due.count
    }
  }

  private struct Lane: Hashable {
    let sink: String
    let account: AccountKey
  }

  private func lanes(of due: [StoredDelivery]) -> [[StoredDelivery]] {
    var lanes: [[StoredDelivery]] = []
    var places: [Lane: Int] = [:]
    for stored in due {
      let lane = Lane(sink: stored.delivery.sink, account: stored.delivery.account)
      if let place = places[lane] {
        lanes[place].append(stored)
      } else {
        places[lane] = lanes.count
        lanes.append([stored])
      }
    }
    return lanes.map { $0.sorted { $0.delivery.sequence < $1.delivery.sequence } }
  }

  private func post(_ lanes: [[StoredDelivery]], notBefore wallNow: Instant) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, lane) in lanes.enumerated() {
        if index >= Self.postsInFlight { try await group.next() }
        group.addTask {
          for stored in lane { try await self.attempt(stored, notBefore: wallNow) }
        }
      }
      try await group.waitForAll()
    }
  }

  private func attempt(_ stored: StoredDelivery, notBefore wallNow: Instant) async throws {
    try Task.checkCancellation()
    let id = stored.delivery.id
    let number = stored.attempts + 1
    let result = try await post(stored.delivery, attempt: number)
    // The caller's time may be ahead of the clock's; the next attempt must lie after both, or this one would be due again at once.
    let now = max(clock.now(), wallNow)
    let verdict = schedule.verdict(attempt: number, result: result, id: id, now: now)
    if verdict == .gone { state.withLock { _ = $0.goneSinks.insert(stored.delivery.sink) } }
    try await store.recordAttempt(id, number: number, at: now, outcome: verdict.outcome(of: result))
    log(verdict, result, stored.delivery, number)
  }

  private func post(_ delivery: NewDelivery, attempt: Int) async throws -> AttemptResult {
    guard let sink = catalog[delivery.sink] else { return .refused("no sink is named \(delivery.sink) any more") }
    guard sink.isEnabled else { return .refused("the sink \(sink.name) is not enabled") }
    guard let signer = signers[sink.name] else { return .refused("the sink \(sink.name) has no signing key") }
    guard !state.withLock({ $0.goneSinks.contains(sink.name) }) else {
      return .refused("the sink \(sink.name) answered 410 Gone earlier and is disabled until the daemon is started again")
    }
    try await atStage(.posting(id: delivery.id, attempt: attempt))
    let signature = signer.headers(id: delivery.id, at: clock.now(), body: delivery.body)
    let timeout = Duration.microseconds(sink.timeout.microseconds)
    let request = HTTPRequest(
      method: "POST", url: sink.url, headers: [HTTPHeader("content-type", Envelope.contentType)] + signature, body: delivery.body,
      connectTimeout: timeout, totalTimeout: timeout, bodyCap: Self.answerByteLimit, allowPrivate: sink.allowsPrivate, hidesPath: true)
    let result: AttemptResult
    do {
      let response = try await send(request)
      result = .answered(status: response.status, retryAfter: response.header("retry-after").flatMap(RetryAfter.init))
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as TransportError where error.reason == .cancelled || error.reason == .stopped {
      throw CancellationError()
    } catch {
      result = .failed("\(error)")
    }
    try await atStage(.answered(id: delivery.id, attempt: attempt))
    return result
  }

  /// Bytes of an answer read; only its status and Retry-After matter.
  package static let answerByteLimit = 1 << 20

  private func log(_ verdict: RetrySchedule.Verdict, _ result: AttemptResult, _ delivery: NewDelivery, _ attempt: Int) {
    var metadata: Logger.Metadata = ["delivery.id": "\(delivery.id)", "sink": "\(delivery.sink)", "attempt": "\(attempt)"]
    if let fault = result.fault { metadata["error"] = "\(fault)" }
    switch verdict {
    case .delivered: logger.debug("delivered", metadata: metadata)
    case .retry(let at):
      metadata["next"] = "\(at)"
      logger.warning("an attempt to deliver failed and will be made again", metadata: metadata)
    case .dead, .gone: logger.error("a delivery is given up", metadata: metadata)
    }
  }
}

extension RetrySchedule.Verdict {
  func outcome(of result: AttemptResult) -> AttemptOutcome {
    switch self {
    case .delivered: .delivered(status: result.status ?? 0)
    case .retry(let at): .retry(at: at, error: result.fault ?? "failed", status: result.status)
    case .dead, .gone: .dead(error: result.fault ?? "failed", status: result.status)
    }
  }
}
