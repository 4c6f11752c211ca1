import Foundation
import Testing
import Transport

@Suite(.timeLimit(.minutes(10))) struct ExchangeTests {
  let server: FaultyServer
  let client = CurlClient()

  init() throws { server = try FaultyServer.shared.get() }

  @Test func getBringsStatusFieldsAndBody() async throws {
    let answer = try await client.send(server.request("plain"))
    #expect(answer.status == 200)
    #expect(text(answer) == "hello")
    #expect(answer.header("CONTENT-length") == "5")
    #expect(answer.headerValues("X-Twice") == ["one", "two"])
    #expect(answer.header("X-Absent") == nil)
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "GET"])
  func bodyArrivesAsItIs(method: String) async throws {
    let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    let answer = try await client.send(server.request("echo", method: method, body: body))
    #expect(answer.header("X-Method") == method)
    #expect(answer.body == body)
  }

  @Test(arguments: ["POST", "PUT", "PATCH"])
  func submittedFormArrives(method: String) async throws {
    var request = server.request("form", method: method, body: Array("grant_type=refresh_token&scope=a+b%26c&empty=%20".utf8))
    request.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")]
    let form = #"{"fields": {"empty": " ", "grant_type": "refresh_token", "scope": "a b&c"}, "type": "application/x-www-form-urlencoded"}"#
    #expect(text(try await client.send(request)) == form)
  }

  @Test(arguments: ["POST", "PUT", "PATCH"])
  func emptyBodyHasLengthZero(method: String) async throws {
    let answer = try await client.send(server.request("fields", method: method))
    #expect(text(answer).contains("Content-Length: 0\n"))
  }

  @Test func headHasNoBody() async throws {
    let answer = try await client.send(server.request("plain", method: "HEAD"))
    #expect(answer.status == 200)
    #expect(answer.header("Content-Length") == "5")
    #expect(answer.body.isEmpty)
  }

  @Test func fieldsArriveAndNothingIsInvented() async throws {
    var request = server.request("fields", method: "POST", body: Array("{}".utf8))
    request.headers = [HTTPHeader("Authorization", "Bearer abc"), HTTPHeader("X-Empty", ""), HTTPHeader("User-Agent", "mine")]
    let fields = text(try await client.send(request))
    #expect(fields.contains("Authorization: Bearer abc\n"))
    #expect(fields.contains("X-Empty: \n"))
    #expect(fields.contains("User-Agent: mine\n"))
    #expect(!fields.contains("Content-Type"))
    #expect(!fields.contains("Expect"))
    for encoding in ["gzip", "br", "zstd"] { #expect(fields.contains(encoding)) }
  }

  @Test func largeBodyIsSentWithoutWaitingForContinue() async throws {
    let body = [UInt8](repeating: 7, count: 3_000_000)
    #expect(!text(try await client.send(server.request("fields", method: "POST", body: body))).contains("Expect"))
  }

  @Test func redirectIsAnAnswer() async throws {
    let answer = try await client.send(server.request("redirect"))
    #expect(answer.status == 302)
    #expect(answer.header("location") == "/redirected")
    #expect(try await server.counts().redirected == 0)
  }

  @Test func errorStatusIsAnAnswer() async throws {
    let answer = try await client.send(server.request("absent"))
    #expect(answer.status == 404)
    #expect(text(answer) == "nothing here")
  }

  @Test func interimAnswerIsNotTheAnswer() async throws {
    let answer = try await client.send(server.request("early"))
    #expect(answer.status == 200)
    #expect(answer.header("X-Final") == "yes")
    #expect(answer.header("Link") == nil)
  }

  @Test func manyRequestsShareFewConnections() async throws {
    var limits = TransportLimits()
    limits.connectionsPerHost = 8
    let client = CurlClient(limits: limits)
    let server = try FaultyServer()
    let before = try await server.counts().connections
    let statuses = try await withThrowingTaskGroup { group in
      for n in 0..<200 {
        let request = server.request("bytes?n=\(n)")
        group.addTask {
          let answer = try await client.send(request)
          return answer.body.count == n ? answer.status : -1
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(statuses == [Int](repeating: 200, count: 200))
    #expect(try await server.counts().connections - before <= 8)
  }

  @Test func environmentProxyIsIgnored() async {
    await #expect(processExitsWith: .success) {
      setenv("http_proxy", "http://127.0.0.1:1", 1)
      setenv("all_proxy", "http://127.0.0.1:1", 1)
      let server = try FaultyServer()
      #expect(try await CurlClient().send(server.request("plain")).status == 200)
    }
  }
}

@Suite(.timeLimit(.minutes(10))) struct SecureExchangeTests {
  let server: FaultyServer

  init() throws { server = try FaultyServer.shared.get() }

  @Test func trustedCertificateIsAccepted() async throws {
    let client = CurlClient(trustedCertificates: FaultyServer.certificate)
    let answer = try await client.send(HTTPRequest(url: "https://127.0.0.1:\(server.ports.tls)/plain", allowPrivate: true))
    #expect(text(answer) == "hello")
  }

  @Test func unknownCertificateIsRefused() async throws {
    let request = HTTPRequest(url: "https://127.0.0.1:\(server.ports.tls)/plain?key=hunter2", allowPrivate: true)
    let error = try #require(await failure(CurlClient(), request))
    guard case .tls = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(error.isTransient)
    #expect(!error.description.contains("hunter2"))
  }

  @Test func aPortWithoutTLSIsSaidToBeOne() async throws {
    let error = try #require(
      await failure(CurlClient(), HTTPRequest(url: "https://127.0.0.1:\(server.ports.plain)/plain", allowPrivate: true)))
    #expect(error.hint.hasPrefix("The server does not speak TLS on this port"), "\(error): \(error.hint)")
  }

  @Test func http2IsSpokenWhereOfferedAndConnectionsAreShared() async throws {
    let client = CurlClient(trustedCertificates: FaultyServer.certificate)
    for n in 0..<3 {
      let answer = try await client.send(HTTPRequest(url: "https://127.0.0.1:\(server.ports.http2)/", allowPrivate: true))
      #expect(answer.status == 200)
      #expect(text(answer) == "stream \(n)")
    }
  }
}
