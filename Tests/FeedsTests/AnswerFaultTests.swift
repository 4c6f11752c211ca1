import Events
import Feeds
import Testing
import Transport

@Suite struct AnswerFaultTests {
  private let now = instant("2026-03-10T12:00:00Z")
  private let good: JSON = ["data": [["id": 1, "at": "2026-03-01T00:00:00Z"]]]

  private func receive(_ response: HTTPResponse, _ feed: Connector? = nil) throws -> StreamWalk.Outcome {
    var walk = try walk(try feed ?? exampleFeed())
    _ = walk.next(now: now)
    return walk.receive(response, now: now)
  }

  private func delay(_ outcome: StreamWalk.Outcome) -> Duration? { if case .retry(let delay, _) = outcome { delay } else { nil } }
  private func failure(_ outcome: StreamWalk.Outcome) -> FeedFailure? { if case .failed(let failure) = outcome { failure } else { nil } }

  @Test(arguments: [
    ("0", Duration.milliseconds(125)...Duration.milliseconds(250)), ("7", .seconds(7)...(.seconds(7))),
    ("0.5", .milliseconds(500)...(.milliseconds(500))),
  ])
  func aRateLimitIsObeyed(header: String, expected: ClosedRange<Duration>) throws {
    let outcome = try receive(answer([], status: 429, headers: [HTTPHeader("Retry-After", header)]))
    let wait = try #require(delay(outcome))
    #expect(expected.contains(wait), "\(wait)")
  }

  @Test func aRetryDateIsReadAgainstTheServersClock() throws {
    let date = instant("2030-01-01T00:00:00Z")
    let response = answer([], status: 503, date: date, headers: [HTTPHeader("Retry-After", httpDate(date + .seconds(90)))])
    #expect(delay(try receive(response)) == .seconds(90))
  }

  @Test func aRateLimitWithoutAnyHintIsASecondAtLeast() throws {
    #expect(try #require(delay(try receive(answer([], status: 429)))) >= .seconds(1))
  }

  @Test func aLongPauseEndsThePoll() throws {
    let found = failure(try receive(answer([], status: 429, headers: [HTTPHeader("Retry-After", "301")])))
    #expect(found?.cause == .unavailable)
    #expect(found?.message.contains("301 s") == true)
    #expect(delay(try receive(answer([], status: 429, headers: [HTTPHeader("Retry-After", "300")]))) == .seconds(300))
  }

  @Test(arguments: [500, 502, 503, 504, 408]) func backsOffAndGivesUpAfterSixAttempts(status: Int) throws {
    var walk = try walk(try exampleFeed())
    var delays: [Duration] = []
    for _ in 0..<5 {
      #expect(walk.next(now: now) != nil)
      delays.append(try #require(delay(walk.receive(answer([], status: status), now: now))))
    }
    for (index, delay) in delays.enumerated() {
      let full = Duration.milliseconds(250) * (1 << index)
      #expect((full / 2...full).contains(delay), "attempt \(index + 1) waits \(delay)")
    }
    let found = failure(walk.receive(answer([], status: status), now: now))
    #expect(found?.message == "the vendor answered \(status); 6 attempts failed")
    #expect(found?.cause == .unavailable)
  }

  @Test func aGoodAnswerResetsTheAttempts() throws {
    var walk = try walk(try exampleFeed(paging: "{ page: page, size: 1 }"))
    for _ in 0..<20 {
      _ = walk.next(now: now)
      #expect(delay(walk.receive(answer([], status: 500), now: now)) != nil)
      _ = walk.next(now: now)
      guard case .page = walk.receive(answer(good), now: now) else {
        Issue.record("no page")
        return
      }
    }
  }

  @Test func jitterFollowsTheSeed() throws {
    func delays(_ seed: UInt64) throws -> [Duration?] {
      let feed = try exampleFeed()
      var walk = StreamWalk(feed.streams[0], of: feed, cursor: .null, seed: seed)
      return (0..<5).map { _ in
        _ = walk.next(now: now)
        return delay(walk.receive(answer([], status: 500), now: now))
      }
    }
    #expect(try delays(1) == delays(1))
    #expect(try delays(1) != delays(2))
  }

  @Test(arguments: [401, 403]) func aRefusedCredentialNamesTheSecret(status: Int) throws {
    let found = failure(try receive(answer(["error": "no"], status: status)))
    #expect(found?.cause == .unauthorized)
    #expect(found?.hint.contains("example_key") == true)
  }

  @Test(arguments: [(301, "redirect"), (404, "/things"), (400, "400: {\"error\":\"bad thing\"}"), (422, "422")])
  func otherAnswersFail(status: Int, text: String) throws {
    let found = failure(try receive(answer(["error": "bad <b>thing"], status: status)))
    #expect(found?.cause == .unexpectedAnswer)
    #expect(found?.message.contains(text) == true, "\(found?.message ?? "none")")
  }

  @Test(arguments: [["items": []], ["data": nil], ["data": ["a": 1]], []] as [JSON])
  func anAnswerWithoutTheListIsNoEmptyList(body: JSON) throws {
    let found = failure(try receive(answer(body)))
    #expect(found?.cause == .unexpectedAnswer)
    #expect(found?.message.contains("data") == true)
  }

  @Test func aBrokenAnswerIsAskedForAgain() throws {
    let outcome = try receive(HTTPResponse(status: 200, body: Array("{\"data\": [".utf8)))
    #expect(delay(outcome) != nil)
  }

  @Test func aLostConnectionIsTriedAgainAndARefusedAddressIsNot() throws {
    var walk = try walk(try exampleFeed())
    _ = walk.next(now: now)
    #expect(delay(walk.receive(TransportError(.connectionLost(received: 5), target: "GET x"))) != nil)
    let refused = failure(walk.receive(TransportError(.bodyTooLarge(cap: 5), target: "GET x")))
    #expect(refused?.hint.contains("smaller pages") == true)
  }

  @Test func theFeedsOwnRulesComeFirst() throws {
    let feed = try exampleFeed(
      paging: "{ token: next, query: after }",
      extra: "errors: [{ status: 400, body: aged out, then: restart }, { status: 404, then: skip }, { status: 409, then: retry }]")
    guard case .page(let records, _) = try receive(answer([], status: 404), feed) else {
      Issue.record("a skipped answer is an empty page")
      return
    }
    #expect(records.isEmpty)
    #expect(delay(try receive(answer([], status: 409), feed)) != nil)
    #expect(failure(try receive(answer(["e": "other"], status: 400), feed)) != nil)

    var walk = try walk(feed, cursor: ["walk": ["token": "old"]])
    #expect(walk.next(now: now).map(query)?["after"] == "old")
    #expect(delay(walk.receive(answer(["e": "aged out of our retention"], status: 400), now: now)) != nil)
    #expect(walk.next(now: now).map { query($0)["after"] == nil } == true)
    for _ in 0..<2 { #expect(delay(walk.receive(answer(["e": "aged out"], status: 400), now: now)) != nil) }
    #expect(failure(walk.receive(answer(["e": "aged out"], status: 400), now: now))?.cause == .loop)
  }
}
