package import Events

/// When a delivery is tried, and what an attempt's result leads to: a pure state machine over (attempts made, result, time).
///
/// The waits are Standard Webhooks' own: at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the attempt
/// before, each a little longer by a jitter that differs per delivery, so that receivers coming back are not hit by all at once.
package struct RetrySchedule: Hashable, Sendable {
  /// The wait before each attempt; the first is the wait before attempt 1.
  package var waits: [Span] = [
    .seconds(0), .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14), .hours(20), .hours(24),
  ]
  /// How much of a wait the jitter may add, in per cent; it never takes from it.
  package var jitterPercent: Int64 = 10
  /// The longest a receiver's Retry-After is obeyed.
  package var retryAfterLimit: Span = .hours(24)

  package init() {}

  package var attemptLimit: Int { waits.count }

  /// What an attempt led to.
  ///
  /// - Parameters:
  ///   - attempt: the attempt just made, from 1.
  ///   - id: the delivery's id, which seeds the jitter.
  ///   - now: wall time at which the result was known.
  package func verdict(attempt: Int, result: AttemptResult, id: String, now: Instant) -> Verdict {
    switch result {
    case .answered(let status, _) where (200..<300).contains(status): return .delivered
    case .answered(410, _): return .gone
    case .refused: return .dead
    case .answered, .failed: break
    }
    guard attempt < attemptLimit else { return .dead }
    let planned = jittered(waits[max(0, attempt)], id: id, attempt: attempt + 1)
    return .retry(at: now + max(planned, asked(by: result, now: now)))
  }

  /// A wait with its jitter, the same for the same delivery and attempt.
  package func jittered(_ wait: Span, id: String, attempt: Int) -> Span {
    let digest = Digest.sha256(Array("\(id)#\(attempt)".utf8))
    let draw = digest.prefix(4).reduce(Int128(0)) { $0 << 8 | Int128($1) }
    let most = Int128(wait.microseconds) * Int128(max(0, jitterPercent)) / 100
    return Span(microseconds: wait.microseconds + Int64(clamping: (most * draw) >> 32))
  }

  private func asked(by result: AttemptResult, now: Instant) -> Span {
    guard case .answered(_, let retryAfter?) = result else { return .seconds(0) }
    let wait =
      switch retryAfter {
      case .seconds(let seconds): Span.seconds(min(seconds, retryAfterLimit.microseconds / 1_000_000))
      case .date(let date): date - now
      }
    return min(max(wait, .seconds(0)), retryAfterLimit)
  }

  package enum Verdict: Hashable, Sendable {
    case delivered
    case retry(at: Instant)
    /// Not tried again by itself: listed as a dead letter.
    case dead
    /// The receiver wants no more, this or any other (410): a dead letter, and the sink is disabled.
    case gone
  }
}

/// How one attempt ended.
package enum AttemptResult: Hashable, Sendable {
  /// The receiver answered; only 2xx is a success, a redirect is none.
  case answered(status: Int, retryAfter: RetryAfter?)
  /// No complete answer: why.
  case failed(String)
  /// It cannot succeed by trying again, such as a sink that is no longer configured: why.
  case refused(String)

  /// For the list of attempts; nil on success.
  package var fault: String? {
    switch self {
    case .answered(let status, _):
      switch status {
      case 200..<300: nil
      case 300..<400: "HTTP \(status): a redirect, which is not followed; write the final address into the sink's url"
      case 410: "HTTP 410: the receiver is gone; the sink is disabled until the daemon is started again"
      default: "HTTP \(status)"
      }
    case .failed(let reason), .refused(let reason): reason
    }
  }

  package var status: Int? { if case .answered(let status, _) = self { status } else { nil } }
}

/// A receiver's wish about the next attempt (RFC 9110 §10.2.3).
package enum RetryAfter: Hashable, Sendable {
  case seconds(Int64)
  case date(Instant)

  /// Reads whole seconds or an HTTP date in its preferred form (`Sun, 06 Nov 1994 08:49:37 GMT`); nil for anything else.
  package init?(_ text: String) {
    let text = text.trimmingSpace
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
      // A number too long for 64 bits asks for more than any limit grants.
      self = .seconds(min(Int64(text) ?? Self.mostSeconds, Self.mostSeconds))
      return
    }
    guard let instant = Self.instant(httpDate: text) else { return nil }
    self = .date(instant)
  }

  private static let mostSeconds: Int64 = 1_000_000_000

  private static func instant(httpDate text: String) -> Instant? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
      let month = months.firstIndex(of: String(words[2])), let date = Day(year: year, month: month + 1, day: day)
    else { return nil }
    return Instant(iso8601: "\(date)T\(words[4])Z")
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
