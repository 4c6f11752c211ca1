import Testing
import Transport

@Suite(.timeLimit(.minutes(10))) struct FaultTests {
  let server: FaultyServer
  let client = CurlClient()

  init() throws { server = try FaultyServer.shared.get() }

  @Test(arguments: ["bytes", "gzip"])
  func bodyCapHoldsAtTheLimitAndOnePastIt(path: String) async throws {
    var request = server.request("\(path)?n=100000")
    request.bodyCap = 100_000
    #expect(try await client.send(request).body.count == 100_000)
    request.bodyCap = 99_999
    #expect(await failure(client, request)?.reason == .bodyTooLarge(cap: 99_999))
  }

  @Test func decompressionBombStopsAtTheCap() async throws {
    var request = server.request("gzip?n=200000000")
    request.bodyCap = 1_000_000
    #expect(await failure(client, request)?.reason == .bodyTooLarge(cap: 1_000_000))
  }

  @Test(arguments: ["many-lines?n=80000", "long-line?n=60000", "long-line?n=70000", "long-line?n=300000"])
  func headerCapHolds(path: String) async throws {
    var limits = TransportLimits()
    limits.headerBytes = 50_000
    #expect(await failure(CurlClient(limits: limits), server.request(path))?.reason == .headersTooLarge(cap: 50_000))
  }

  @Test func longHeaderUnderTheCapIsAnAnswer() async throws {
    let answer = try await client.send(server.request("long-line?n=60000"))
    #expect(answer.header("x-long")?.utf8.count == 60_000)
  }

  @Test func slowBodyRunsOutOfTotalTime() async throws {
    let started = ContinuousClock.now
    let error = await failure(client, server.request("drip", totalTimeout: .seconds(2)))
    #expect(error?.reason == .timeout(.body, after: .seconds(2)))
    #expect(started.duration(to: .now) >= .seconds(2))
  }

  @Test func silentServerRunsOutOfTotalTime() async throws {
    let server = try FaultyServer()
    let error = await failure(client, server.request("hang", totalTimeout: .seconds(1)))
    #expect(error?.reason == .timeout(.answer, after: .seconds(1)))
    try await server.until("the connection is given up") { $0.abandoned == 1 }
  }

  @Test func secureConnectionThatNeverStandsRunsOutOfConnectTime() async throws {
    let url = "https://127.0.0.1:\(server.ports.silent)/"
    let request = HTTPRequest(url: url, connectTimeout: .milliseconds(300), allowPrivate: true)
    #expect(await failure(client, request)?.reason == .timeout(.connect, after: .milliseconds(300)))
  }

  @Test func waitingInLineCountsTowardsTotalTime() async throws {
    var limits = TransportLimits()
    limits.connectionsPerHost = 1
    let client = CurlClient(limits: limits)
    let server = try FaultyServer()
    let slow = server.request("hang", totalTimeout: .seconds(20))
    await withTaskGroup { group in
      group.addTask { _ = await failure(client, slow) }
      try? await server.until("the only connection is taken") { $0.hanging == 1 }
      let error = await failure(client, server.request("plain", totalTimeout: .milliseconds(200)))
      #expect(error?.reason == .timeout(.connect, after: .milliseconds(200)))
      client.stop()
    }
  }

  @Test func waitingInLineDoesNotCountTowardsConnectTime() async throws {
    var limits = TransportLimits()
    limits.connectionsPerHost = 1
    let client = CurlClient(limits: limits)
    var request = server.request("slow?n=400")
    request.connectTimeout = .seconds(1)
    let each = request
    let statuses = try await withThrowingTaskGroup { group in
      for _ in 0..<4 { group.addTask { try await client.send(each).status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == [200, 200, 200, 200])
  }

  @Test(arguments: ["cut", "reset"], [0, 100])
  func brokenConnectionSaysHowMuchCame(path: String, bytes: Int) async throws {
    let error = try #require(await failure(client, server.request("\(path)?n=\(bytes)")))
    guard case .connectionLost(let received) = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(received <= bytes)
    if path == "cut" { #expect(received == bytes) }
    #expect(error.isTransient)
  }

  @Test func closedPortIsRefused() async throws {
    let request = HTTPRequest(url: "http://127.0.0.1:\(server.ports.closed)/v1?key=hunter2", allowPrivate: true)
    let error = try #require(await failure(client, request))
    #expect(error.reason == .connect(detail: "Connection refused"))
    #expect(error.description == "GET http://127.0.0.1:\(server.ports.closed)/v1: no connection: Connection refused")
    #expect(error.isTransient)
  }

  @Test func unknownHostDoesNotResolve() async throws {
    let request = HTTPRequest(url: "http://nowhere.invalid/", connectTimeout: .seconds(20), allowPrivate: true)
    #expect(await failure(client, request)?.reason == .resolve)
  }

  @Test(arguments: ["garbage", "bad-gzip"])
  func unreadableAnswerIsNamed(path: String) async throws {
    let error = try #require(await failure(client, server.request(path)))
    guard case .malformedAnswer = error.reason else {
      Issue.record("\(error)")
      return
    }
  }

  @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
  func privateAddressIsRefusedHoweverItIsWritten(host: String) async throws {
    let server = try FaultyServer()
    let error = try #require(await failure(client, HTTPRequest(url: "http://\(host):\(server.ports.plain)/plain")))
    guard case .refusedAddress = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(error.hint.contains("allow_private"))
    #expect(try await server.counts().connections == 1)
  }

  @Test func openConnectionDoesNotServeARequestThatMayNotUseIt() async throws {
    #expect(try await client.send(server.request("plain")).status == 200)
    var request = server.request("plain")
    request.allowPrivate = false
    #expect(await failure(client, request)?.reason == .refusedAddress(address: "127.0.0.1", range: .loopback))
    #expect(try await client.send(server.request("plain")).status == 200)
  }

  @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u{0}b", "a\u{7F}"])
  func controlCharactersInValuesAreRefused(value: String) async throws {
    var request = server.request("fields")
    request.headers = [HTTPHeader("X-Token", value)]
    let error = try #require(await failure(client, request))
    #expect(error.reason == .badHeader(name: "X-Token", fault: .value))
    #expect(!error.description.contains("Evil"))
  }

  @Test(arguments: ["", "X Y", "X:Y", "X\r\nY", "Ü"])
  func namesThatAreNotTokensAreRefused(name: String) async throws {
    var request = server.request("fields")
    request.headers = [HTTPHeader(name, "v")]
    #expect(await failure(client, request)?.reason == .badHeader(name: "(unreadable)", fault: .name))
  }

  @Test(arguments: ["content-length", "Transfer-Encoding", "HOST"])
  func framingFieldsAreRefused(name: String) async throws {
    var request = server.request("fields")
    request.headers = [HTTPHeader(name, "1")]
    #expect(await failure(client, request)?.reason == .badHeader(name: name, fault: .reserved))
  }

  @Test func requestHeaderCapHoldsAtTheLimitAndOnePastIt() async throws {
    var request = server.request("plain")
    request.headers = [HTTPHeader("X", String(repeating: "v", count: TransportLimits.requestHeaderBytes - 1))]
    // The fixture refuses such a long line, which shows that it was sent.
    #expect(try await client.send(request).status == 431)
    request.headers.append(HTTPHeader("Y", ""))
    #expect(await failure(client, request)?.reason == .badHeader(name: "Y", fault: .tooLong))
  }

  @Test(arguments: ["get", "", "GET /x HTTP/1.1\r\nHost: evil"])
  func badMethodIsRefused(method: String) async throws {
    #expect(await failure(client, server.request("plain", method: method))?.reason == .badMethod)
  }
}
