import ConfigFiles
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

  @Test(arguments: ["<!DOCTYPE html><html>x", "  \n<html lang=en>", "<!doctype HTML>", "\u{FEFF}<HTML>"])
  func aWebPageIsNamedAndAskedForAgain(page: String) throws {
    var walk = try walk(try exampleFeed())
    for _ in 1..<6 {
      _ = walk.next(now: now)
      let outcome = walk.receive(HTTPResponse(status: 200, body: Array(page.utf8)), now: now)
      guard case .retry(_, let reason) = outcome else {
        Issue.record("no retry: \(outcome)")
        return
      }
      #expect(reason == "the vendor answered with a web page, not JSON")
    }
    let found = failure(walk.receive(HTTPResponse(status: 200, body: Array(page.utf8)), now: now))
    #expect(found?.message == "the vendor answered with a web page, not JSON; 6 attempts failed")
    #expect(found?.cause == .unexpectedAnswer)
  }

  @Test func aRuleCanFindAnErrorInAGoodAnswer() throws {
    let feed = try exampleFeed(
      extra:
        "errors: [{ status: 200, body: quota, then: retry }, { status: 200, body: gone, then: skip }, { status: 200, body: bad, then: fail }]"
    )
    #expect(delay(try receive(answer(["error": "quota is used up"]), feed)) != nil)
    guard case .page(let records, _) = try receive(answer(["error": "gone"]), feed) else {
      Issue.record("a skipped answer is an empty page")
      return
    }
    #expect(records.isEmpty)
    #expect(failure(try receive(answer(["error": "bad"]), feed))?.message.contains("the vendor answered 200: {") == true)
    guard case .page(let good, _) = try receive(answer(good), feed) else {
      Issue.record("a good answer is a page")
      return
    }
    #expect(good.count == 1)
  }

  @Test(arguments: [
    (199, "", true), (200, ", body: x", false), (200, "", true), (299, "", true), (300, "", false), (599, "", false), (600, "", true),
  ])
  func aRulesStatusIsChecked(status: Int, body: String, isRefused: Bool) {
    var diagnostics = Diagnostics()
    let text = """
      name: a
      base_url: https://api.example.com
      streams:
        - name: a
          request: { path: /a }
          records: data
          errors: [{ status: \(status)\(body), then: skip }]
          map: [{ kind: pulse, id: id, at: at }]
      """
    _ = Connector(file: SourceFile(path: "a.yaml", text: text), environment: Environment([:]), into: &diagnostics)
    #expect(diagnostics.hasErrors == isRefused, "\(diagnostics.rendered())")
  }

  // MARK: Rate limits

  private func limited(_ headers: [HTTPHeader], date: Instant? = instant("2030-01-01T00:00:00Z"), status: Int = 429) throws
    -> StreamWalk.Outcome
  {
    let text = """
      name: a
      base_url: https://api.example.com
      rate_reset: X-RateLimit-Reset
      streams: [{ name: a, request: { path: /a }, records: data, map: [{ kind: pulse, id: id, at: at }] }]
      """
    return try receive(answer([], status: status, date: date, headers: headers), try connector(text))
  }

  private let ninetySecondsOn = String(instant("2030-01-01T00:01:30Z").seconds)

  @Test func aResetIsReadAgainstTheServersClock() throws {
    let header = HTTPHeader("x-ratelimit-reset", ninetySecondsOn)
    #expect(delay(try limited([header])) == .seconds(90))
    #expect(delay(try limited([header, HTTPHeader("Retry-After", "7")])) == .seconds(7), "Retry-After wins")
    #expect(failure(try limited([HTTPHeader("X-RateLimit-Reset", ninetySecondsOn + "000")]))?.message.contains("it asks to wait") == true)
  }

  @Test func aResetThatSaysNothingIsBackedOffFrom() throws {
    let waits = Duration.seconds(1)...Duration.seconds(2)
    let past = HTTPHeader("X-RateLimit-Reset", String(instant("2029-12-31T23:59:00Z").seconds))
    for (headers, date) in [
      ([past], instant("2030-01-01T00:00:00Z")), ([HTTPHeader("X-RateLimit-Reset", "soon")], instant("2030-01-01T00:00:00Z")),
      ([HTTPHeader("X-RateLimit-Reset", ninetySecondsOn)], nil), ([], nil),
    ] as [([HTTPHeader], Instant?)] {
      let wait = try #require(delay(try limited(headers, date: date)))
      #expect(waits.contains(wait), "\(wait)")
    }
    let other = try #require(delay(try limited([HTTPHeader("X-RateLimit-Reset", ninetySecondsOn)], status: 503)))
    #expect(other <= .milliseconds(250), "only a rate limit has a reset")
  }

  @Test func aRateLimitWithoutAnyHintIsBackedOffFromLonger() throws {
    var walk = try walk(try exampleFeed())
    for attempt in 0..<5 {
      _ = walk.next(now: now)
      let wait = try #require(delay(walk.receive(answer([], status: 429), now: now)))
      let full = Duration.seconds(2) * (1 << attempt)
      #expect((full / 2...full).contains(wait), "attempt \(attempt + 1) waits \(wait)")
    }
    #expect(failure(walk.receive(answer([], status: 429), now: now))?.message == "the vendor answered 429; 6 attempts failed")
  }

  /// Every second answer is a 429 that asks for this many seconds: good answers in between must not let a poll wait for ever.
  @Test func aStormOfRateLimitsEndsThePollAndKeepsTheCursor() async throws {
    let vendor = ScriptedVendor { request, index in
      if index % 2 == 0 { return answer([], status: 429, headers: [HTTPHeader("Retry-After", "100")]) }
      let page = Int(query(request)["page"] ?? "1") ?? 1
      return answer(["data": [["id": JSON(page), "at": "2026-03-01T00:00:00Z"]], "next": JSON(page + 1)])
    }
    let feed = try exampleFeed(paging: "{ token: next, query: page }")
    let poller = vendor.poller(feed, secrets: ["example_key": "k"])
    var cursor = JSON.null
    let report = try await poller.poll(at: now, cursors: [:]) { cursor = $0.cursor }
    #expect(vendor.slept.reduce(.zero, +) == Poller.pauseLimit)
    #expect(report.records == 9)
    #expect(report.failures.map(\.message) == ["the vendor answered 429; this poll has waited 900 s for the vendor"])
    #expect(report.failures.map(\.cause) == [.unavailable])
    let next = try await poller.poll(at: now, cursors: ["things": cursor]) { _ in }
    #expect(next.records >= 9)
    #expect(vendor.urls.contains { $0.hasSuffix("page=10") })
  }
}
