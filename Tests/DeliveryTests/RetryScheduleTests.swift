import Delivery
import Events
import Testing

@Suite struct RetryScheduleTests {
  private let schedule = RetrySchedule()
  private let start = Instant(seconds: 1_774_000_000)

  @Test func theWaitsAreThoseOfStandardWebhooks() {
    var schedule = schedule
    schedule.jitterPercent = 0
    var now = start
    var waits: [Int64] = []
    var attempt = 1
    while case .retry(let at) = schedule.verdict(attempt: attempt, result: .failed("no answer"), id: "msg_1", now: now) {
      waits.append((at - now).microseconds / 1_000_000)
      now = at
      attempt += 1
    }
    #expect(waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])
    #expect(schedule.verdict(attempt: attempt, result: .failed("no answer"), id: "msg_1", now: now) == .dead)
  }

  @Test(arguments: [200, 202, 204, 299]) func everySuccessDelivers(status: Int) {
    #expect(schedule.verdict(attempt: 1, result: .answered(status: status, retryAfter: nil), id: "a", now: start) == .delivered)
  }

  @Test(arguments: [100, 301, 302, 304, 307, 308, 400, 401, 404, 408, 429, 500, 503]) func everythingElseIsTriedAgain(status: Int) {
    let result = AttemptResult.answered(status: status, retryAfter: nil)
    guard case .retry(let at) = schedule.verdict(attempt: 1, result: result, id: "a", now: start) else {
      Issue.record("\(status) is not tried again")
      return
    }
    #expect(at >= start + .seconds(5))
    #expect(result.fault?.contains("\(status)") == true)
  }

  @Test func goneEndsTheSinkAndARefusalTheDelivery() {
    #expect(schedule.verdict(attempt: 1, result: .answered(status: 410, retryAfter: .seconds(5)), id: "a", now: start) == .gone)
    #expect(schedule.verdict(attempt: 1, result: .refused("no such sink"), id: "a", now: start) == .dead)
  }

  @Test(
    arguments: [
      (.seconds(60), 60), (.seconds(1), 5), (.seconds(.max), 86_400), (.date(Instant(seconds: 1_774_000_090)), 90),
      (.date(Instant(seconds: 1)), 5), (.date(.distantFuture), 86_400),
    ] as [(RetryAfter, Int64)])
  func retryAfterIsObeyedWithinItsLimit(wish: RetryAfter, seconds: Int64) {
    var schedule = schedule
    schedule.jitterPercent = 0
    let verdict = schedule.verdict(attempt: 1, result: .answered(status: 429, retryAfter: wish), id: "a", now: start)
    #expect(verdict == .retry(at: start + .seconds(seconds)))
  }

  @Test(
    arguments: [
      ("120", .seconds(120)), (" 0 ", .seconds(0)), ("99999999999999999999999", .seconds(1_000_000_000)),
      ("Sun, 06 Nov 1994 08:49:37 GMT", .date(Instant(seconds: 784_111_777))), ("-1", nil), ("1.5", nil), ("soon", nil), ("", nil),
      ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
    ] as [(String, RetryAfter?)])
  func retryAfterIsReadInBothForms(text: String, wish: RetryAfter?) { #expect(RetryAfter(text) == wish) }

  @Test func jitterOnlyAddsAndDiffersPerDelivery() {
    let wait = Span.hours(2)
    let waits = (0..<200).map { schedule.jittered(wait, id: "msg_\($0)", attempt: 5) }
    #expect(waits.allSatisfy { $0 >= wait && $0 < .minutes(132) })
    #expect(Set(waits).count > 190)
    #expect((waits.max() ?? wait) > .minutes(130) && (waits.min() ?? wait) < .minutes(122))
    #expect(waits.first == schedule.jittered(wait, id: "msg_0", attempt: 5))
  }

  /// Whatever a receiver answers, a delivery ends, within its attempts, none before its time.
  @Test(arguments: 0..<200 as Range<UInt64>) func everySequenceOfAnswersEnds(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var now = start
    var attempts = 0
    var verdict = RetrySchedule.Verdict.retry(at: now)
    while case .retry(let at) = verdict {
      #expect(at >= now, "seed \(seed)")
      let planned = schedule.waits[attempts]
      #expect(attempts == 0 || at - now >= planned, "seed \(seed)")
      #expect(at - now <= max(Span(microseconds: planned.microseconds * 11 / 10), schedule.retryAfterLimit), "seed \(seed)")
      now = at + .seconds(Int64.random(in: 0...100, using: &generator))
      attempts += 1
      let result: AttemptResult =
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: .answered(status: 204, retryAfter: nil)
        case 1: .answered(status: 410, retryAfter: nil)
        case 2: .answered(status: 503, retryAfter: .date(now + .hours(Int64.random(in: -5...50, using: &generator))))
        case 3...6: .answered(status: 429, retryAfter: .seconds(Int64.random(in: 0...200_000, using: &generator)))
        case 7...12: .answered(status: Int.random(in: 300...599, using: &generator), retryAfter: nil)
        default: .failed("no answer")
        }
      verdict = schedule.verdict(attempt: attempts, result: result, id: "msg_\(seed)", now: now)
      if verdict == .dead { #expect(attempts == schedule.attemptLimit, "seed \(seed)") }
    }
    #expect(attempts <= schedule.attemptLimit, "seed \(seed)")
  }
}
