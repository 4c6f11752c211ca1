import ConfigFiles
import Events
import Feeds
import Foundation
import Testing
import Transport

/// Getting, using, renewing and losing access tokens, through the poller.
@Suite struct AccessTokenTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func isToken(_ request: HTTPRequest) -> Bool { request.url.hasSuffix("/token") }

  private func poll(_ poller: Poller) async throws -> (PollReport, [String]) {
    var ids: [String] = []
    let report = try await poller.poll(at: now, cursors: [:]) { ids += $0.records.map(\.id) }
    return (report, ids)
  }

  @Test func exchangesTheRefreshTokenAndAsksWhereTheAnswerSays() async throws {
    let folder = try TemporaryFolder()
    let vendor = ScriptedVendor { request, index in
      switch index {
      case 0: answer(["access_token": "acc3ss-1", "instance_url": "https://na1.crm.example/", "token_type": "Bearer", "scope": "api"])
      case 1: answer(["data": [thing(1)], "next": "/api/things?page=2"])
      default: answer(["data": [thing(2)]])
      }
    }
    let feed = try tokenFeed(
      "grant: refresh_token, refresh_token: the_refresh_token, client_secret: the_client_secret, scope: api",
      base: "{ path: instance_url, under: [crm.example] }")
    let (report, ids) = try await poll(vendor.poller(feed, secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
    #expect(report.failures.isEmpty)
    #expect(ids == ["1", "2"])
    #expect(
      vendor.urls == ["https://login.crm.example/token", "https://na1.crm.example/things", "https://na1.crm.example/api/things?page=2"])
    let first = try #require(vendor.tokenRequests.first)
    #expect(first.method == "POST")
    #expect(header("Content-Type", of: first) == "application/x-www-form-urlencoded")
    #expect(
      form(first) == [
        "grant_type": "refresh_token", "refresh_token": "r3fresh-0", "client_id": "cl1ent-id", "client_secret": "cl1ent-s3cret",
        "scope": "api",
      ])
    #expect(vendor.asked.dropFirst().allSatisfy { header("Authorization", of: $0.request) == "Bearer acc3ss-1" })
  }

  @Test func theClientCanAskForItself() async throws {
    let vendor = ScriptedVendor { request, index in index == 0 ? answer(["access_token": "a"]) : answer(["data": [thing(1)]]) }
    let feed = try tokenFeed("grant: client_credentials, client_secret: the_client_secret, client_in: header")
    var secrets = clientSecrets
    secrets["the_client_secret"] = "a:b/c"
    // No folder can be made at the default path: none is needed.
    let (report, ids) = try await poll(vendor.poller(feed, secrets: secrets))
    #expect(report.failures.isEmpty)
    #expect(ids == ["1"])
    #expect(form(vendor.tokenRequests[0]) == ["grant_type": "client_credentials"])
    #expect(header("Authorization", of: vendor.tokenRequests[0]) == "Basic " + Data("cl1ent-id:a%3Ab%2Fc".utf8).base64EncodedString())
    #expect(vendor.urls.last == "https://login.crm.example/api/things")
  }

  @Test func aTokenThatRunsOutMidWalkLosesNothing() async throws {
    let folder = try TemporaryFolder()
    // Token answers at 0 and 3; the second page is refused once.
    let vendor = ScriptedVendor { request, index in
      if request.url.hasSuffix("/token") { return answer(["access_token": .text("acc3ss-\(index)")]) }
      guard request.url.hasSuffix("page=2") else { return answer(["data": [thing(1)], "next": "/api/things?page=2"]) }
      if header("Authorization", of: request) == "Bearer acc3ss-0" {
        return answer([["message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"]], status: 401)
      }
      return answer(["data": [thing(2)]])
    }
    let (report, ids) = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
    #expect(report.failures.isEmpty)
    #expect(ids == ["1", "2"])
    #expect(vendor.urls.map { $0.split(separator: "/").last } == ["token", "things", "things?page=2", "token", "things?page=2"])
  }

  @Test func aSecondRefusalInARowIsAFailureThatSaysWhatToDo() async throws {
    let folder = try TemporaryFolder()
    let vendor = ScriptedVendor { request, index in
      request.url.hasSuffix("/token") ? answer(["access_token": .text("acc3ss-\(index)")]) : answer([], status: 401)
    }
    let (report, _) = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
    let failure = try #require(report.failures.first)
    #expect(failure.cause == .unauthorized)
    #expect(failure.message == "the vendor refuses a new access token as well (401)")
    #expect(failure.hint.contains("the_client_id"))
    #expect(vendor.tokenRequests.count == 2)
    #expect(vendor.asked.count == 4)
  }

  @Test func aRuleCanCallAnyAnswerARefusedToken() async throws {
    let folder = try TemporaryFolder()
    let vendor = ScriptedVendor { request, index in
      if request.url.hasSuffix("/token") { return answer(["access_token": .text("acc3ss-\(index)")]) }
      return index == 1 ? answer(["error": "session is over"], status: 200) : answer(["data": [thing(1)]])
    }
    let feed = try tokenFeed(extra: "errors: [{ status: 200, body: session is over, then: refresh }]")
    let (report, ids) = try await poll(vendor.poller(feed, secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
    #expect(report.failures.isEmpty)
    #expect(ids == ["1"])
    #expect(vendor.tokenRequests.count == 2)
  }

  @Test func aRefusedFixedCredentialIsAskedOnce() async throws {
    let vendor = ScriptedVendor { _, _ in answer([], status: 401) }
    let (report, _) = try await poll(vendor.poller(try exampleFeed(), secrets: ["example_key": "k"]))
    #expect(report.failures.map(\.cause) == [.unauthorized])
    #expect(vendor.asked.count == 1)
  }

  /// Seconds of life, seconds that pass, and whether the token is then still used.
  @Test(arguments: [
    (JSON.integer(3600), 3539, true), (.integer(3600), 3540, false), (.text("100"), 89, true), (.text("100"), 90, false),
    (nil, 1_000_000, true), (.integer(0), 1_000_000, true), (.integer(-5), 1_000_000, true), (.text("soon"), 1_000_000, true),
  ])
  func isReplacedBeforeItRunsOut(life: JSON, passed: Int, isUsed: Bool) async throws {
    let vendor = ScriptedVendor { request, _ in
      request.url.hasSuffix("/token") ? answer(["access_token": "a", "expires_in": life]) : answer(["data": []])
    }
    let poller = vendor.poller(try tokenFeed("grant: client_credentials, client_secret: the_client_secret"), secrets: clientSecrets)
    _ = try await poll(poller)
    vendor.pass(.seconds(passed))
    let (report, _) = try await poll(poller)
    #expect(report.failures.isEmpty)
    #expect(vendor.tokenRequests.count == (isUsed ? 1 : 2))
  }

  /// Where a token answer may send requests to, and where not.
  @Test(arguments: [
    ("https://na1.salesforce.com", true), ("https://salesforce.com", true), ("https://NA1.Salesforce.com/", true),
    ("https://a.b.force.com:443", true), ("https://login.crm.example", true), ("https://evil.com/salesforce.com", false),
    ("https://salesforce.com.evil.com", false), ("https://evilsalesforce.com", false), ("https://na1.salesforce.com@evil.com", false),
    ("https://user:pass@na1.salesforce.com", false), ("https://na1.salesforce.com:8443", false), ("http://na1.salesforce.com", false),
    ("http://login.crm.example", false), ("https://login.crm.example:444", false), ("https://na1.salesforce.com?x=.force.com", false),
    ("https://evil.com#.salesforce.com", false), ("https://na1.salesforce.com\\.evil.com", false), ("https://na1.salesforce.com.", false),
    ("//na1.salesforce.com", false), ("", true), ("javascript:alert(1)", false), ("https://[::1]", false),
  ])
  func theBaseStaysWithTheVendor(url: String, isTaken: Bool) async throws {
    let vendor = ScriptedVendor { request, _ in
      request.url.hasSuffix("/token") ? answer(["access_token": "a", "instance_url": .text(url)]) : answer(["data": []])
    }
    let feed = try tokenFeed(
      "grant: client_credentials, client_secret: the_client_secret",
      base: "{ path: instance_url, under: [salesforce.com, force.com] }")
    let (report, _) = try await poll(vendor.poller(feed, secrets: clientSecrets))
    #expect(vendor.asked.count == (isTaken ? 2 : 1), "\(vendor.urls)")
    #expect(report.failures.isEmpty == isTaken)
    if !isTaken {
      #expect(report.failures[0].message == "the token answer's instance_url is no https URL under salesforce.com, force.com")
    }
  }

  @Test func anotherBaseMeansAnotherOriginForNextPages() async throws {
    let vendor = ScriptedVendor { request, _ in
      if request.url.hasSuffix("/token") { return answer(["access_token": "a", "instance_url": "https://na1.crm.example"]) }
      return answer(["data": [thing(1)], "next": "https://login.crm.example/api/things?page=2"])
    }
    let feed = try tokenFeed(
      "grant: client_credentials, client_secret: the_client_secret", base: "{ path: instance_url, under: [crm.example] }")
    let (report, _) = try await poll(vendor.poller(feed, secrets: clientSecrets))
    #expect(report.failures.map(\.message) == ["the next page is said to be on another host"])
  }

  @Test func aStoredNextURLMovesWithTheBase() async throws {
    let vendor = ScriptedVendor { request, _ in
      if request.url.hasSuffix("/token") { return answer(["access_token": "a", "instance_url": "https://na2.crm.example"]) }
      return answer(["data": [thing(1)]])
    }
    let feed = try tokenFeed(
      "grant: client_credentials, client_secret: the_client_secret", base: "{ path: instance_url, under: [crm.example] }")
    let cursor: JSON = ["walk": ["token": "https://na1.crm.example/api/things?page=7"]]
    let report = try await vendor.poller(feed, secrets: clientSecrets).poll(at: now, cursors: ["things": cursor]) { _ in }
    #expect(report.failures.isEmpty)
    #expect(vendor.urls.last == "https://na2.crm.example/api/things?page=7")
  }

  /// Status, body, and what the failure says. Each body repeats the secrets it was sent.
  @Test(arguments: [
    (400, "{\"error\":\"invalid_grant\",\"error_description\":\"ECHO\"}", "no longer accepts the refresh token", "the_refresh_token"),
    (401, "{\"error\":\"invalid_client\",\"error_description\":\"ECHO\"}", "does not know the client", "the_client_secret"),
    (400, "{\"error\":\"invalid_scope\"}", "gives no access token (400, invalid_scope)", "scope"),
    (400, "{\"error\":\"ECHO\"}", "answered 400", "token_url"), (403, "<html>ECHO</html>", "answered 403 with a web page", "token_url"),
    (302, "", "a redirect, which is not followed", "token_url"), (404, "ECHO", "answered 404", "token_url"),
    (200, "<!DOCTYPE html><p>ECHO", "answered with a web page, not JSON", "token_url"), (200, "ECHO", "no JSON object", "token_url"),
    (200, "[]", "no JSON object", "token_url"), (200, "{}", "no access_token", "documentation"),
    (200, "{\"access_token\":17}", "no access_token", "documentation"), (200, "{\"access_token\":\"a b\"}", "no access_token", ""),
    (200, "{\"access_token\":\"a\\r\\nX: y\"}", "no access_token", ""), (200, "{\"access_token\":\"\"}", "no access_token", ""),
    (200, "{\"access_token\":\"ECHO\",\"token_type\":\"mac\"}", "not of type Bearer", ""),
    (200, "{\"access_token\":\"ECHO\",\"refresh_token\":{}}", "refresh_token that is no token", "authorise"),
    (500, "ECHO", "answered 500", "next poll"), (429, "ECHO", "answered 429", "next poll"),
  ])
  func aRefusedTokenRequestIsNamedAndShowsNoSecret(status: Int, body: String, message: String, hint: String) async throws {
    let folder = try TemporaryFolder()
    let vendor = ScriptedVendor { request, _ in
      let echo = clientSecrets.values.sorted().joined(separator: ".")
      return HTTPResponse(status: status, body: Array(body.replacing("ECHO", with: echo).utf8))
    }
    let (report, _) = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
    let failure = try #require(report.failures.first)
    #expect(failure.message.contains(message), "\(failure.message)")
    #expect(hint.isEmpty || failure.hint.contains(hint), "\(failure.hint)")
    #expect(vendor.tokenRequests.count == vendor.asked.count)
    let isTransient = status == 429 || status >= 500 || body.contains("ECHO") && message.contains("JSON") || body == "[]"
    #expect(vendor.asked.count == (isTransient ? 6 : 1))
    for secret in clientSecrets.values { #expect(!"\(report)".contains(secret)) }
  }

  @Test(arguments: [(16 * 1024, true), (16 * 1024 + 1, false)]) func theTokenLimitHolds(bytes: Int, isTaken: Bool) async throws {
    let vendor = ScriptedVendor { request, _ in
      request.url.hasSuffix("/token")
        ? answer(["access_token": .text(String(repeating: "a", count: bytes))]) : answer(["data": [thing(1)]])
    }
    let feed = try tokenFeed("grant: client_credentials, client_secret: the_client_secret")
    let (report, _) = try await poll(vendor.poller(feed, secrets: clientSecrets))
    #expect(report.failures.isEmpty == isTaken)
  }

  @Test func aLostTokenAnswerIsAskedForAgain() async throws {
    let vendor = ScriptedVendor { request, index in
      if index == 0 { throw TransportError(.connectionLost(received: 3), target: "POST https://login.crm.example/token") }
      if index == 1 { return answer([], status: 503, headers: [HTTPHeader("Retry-After", "20")]) }
      return request.url.hasSuffix("/token") ? answer(["access_token": "a"]) : answer(["data": [thing(1)]])
    }
    let feed = try tokenFeed("grant: client_credentials, client_secret: the_client_secret")
    let (report, ids) = try await poll(vendor.poller(feed, secrets: clientSecrets))
    #expect(report.failures.isEmpty)
    #expect(ids == ["1"])
    #expect(vendor.slept.last == .seconds(20))
  }

  @Test func manyWhoWantATokenCauseOneRequest() async throws {
    let vendor = ScriptedVendor { request, _ in
      guard request.url.hasSuffix("/token") else { return answer(["data": [thing(1)]]) }
      for _ in 0..<1000 { await Task.yield() }
      return answer(["access_token": "a"])
    }
    let poller = vendor.poller(try tokenFeed("grant: client_credentials, client_secret: the_client_secret"), secrets: clientSecrets)
    let now = now
    let records = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { try await poller.poll(at: now, cursors: [:]) { _ in }.records } }
      return try await group.reduce(0, +)
    }
    #expect(records == 8)
    #expect(vendor.tokenRequests.count == 1)
  }

  @Test func whoIsCancelledWhileAskingCancelsNobodyElse() async throws {
    let vendor = ScriptedVendor { request, index in
      guard request.url.hasSuffix("/token") else { return answer(["data": [thing(1)]]) }
      for _ in 0..<1000 { await Task.yield() }
      if index == 0 { throw TransportError(.cancelled, target: "POST x") }
      return answer(["access_token": "a"])
    }
    let poller = vendor.poller(try tokenFeed("grant: client_credentials, client_secret: the_client_secret"), secrets: clientSecrets)
    let now = now
    let results = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<4 { group.addTask { try? await poller.poll(at: now, cursors: [:]) { _ in }.records } }
      return await group.reduce(into: [Int?]()) { $0.append($1) }
    }
    #expect(results.filter { $0 == nil }.count == 1)
    #expect(results.compactMap { $0 }.reduce(0, +) == 3)
    #expect(vendor.tokenRequests.count == 2)
  }
}
