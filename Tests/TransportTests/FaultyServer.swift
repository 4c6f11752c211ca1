import Foundation
import Testing
import Transport

/// The fixture server as a child process. It ends with the object, or with the test process if that dies first.
final class FaultyServer: Sendable {
  struct Ports: Decodable {
    let plain: Int
    let tls: Int
    let http2: Int
    let silent: Int
    let closed: Int
  }

  struct Counts: Decodable {
    let connections: Int
    let open: Int
    let hanging: Int
    let abandoned: Int
    let redirected: Int
  }

  struct NotStarted: Error {}

  let ports: Ports
  private let process = Process()
  private let input = Pipe()
  /// The server's state is asked with a client of its own, so that asking does not disturb the client under test.
  private let probe = CurlClient()

  /// The server of every test that does not count. It ends when the test process closes its standard input by ending.
  static let shared = Result { try FaultyServer() }

  static var certificate: String { fixture("localhost-certificate.pem") }

  init() throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", Self.fixture("server.py")]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let piece = output.fileHandleForReading.availableData
      guard !piece.isEmpty else { throw NotStarted() }
      line += piece
    }
    ports = try JSONDecoder().decode(Ports.self, from: line)
  }

  // Waiting for the exit would run a run loop on a thread of the cooperative pool.
  deinit { process.terminate() }

  func url(_ path: String) -> String { "http://127.0.0.1:\(ports.plain)/\(path)" }

  func request(_ path: String, method: String = "GET", body: [UInt8]? = nil, totalTimeout: Duration = .seconds(30)) -> HTTPRequest {
    HTTPRequest(method: method, url: url(path), body: body, totalTimeout: totalTimeout, allowPrivate: true)
  }

  func counts() async throws -> Counts {
    let answer = try await probe.send(request("counts"))
    return try JSONDecoder().decode(Counts.self, from: Data(answer.body))
  }

  /// Asks until the server's state is as wished; records an issue after two minutes.
  func until(_ wish: String, _ isMet: (Counts) -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(120)
    var last = try await counts()
    while !isMet(last) {
      guard ContinuousClock.now < limit else {
        Issue.record("The server never came to: \(wish). Last: \(last)")
        return
      }
      await Task.yield()
      last = try await counts()
    }
  }

  private static func fixture(_ name: String) -> String {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
  }
}

/// The error an exchange ends with, or `nil` with an issue recorded if it brings an answer.
func failure(_ client: CurlClient, _ request: HTTPRequest, _ location: SourceLocation = #_sourceLocation) async -> TransportError? {
  do throws(TransportError) {
    let answer = try await client.send(request)
    Issue.record("Answered with \(answer.status)", sourceLocation: location)
    return nil
  } catch {
    return error
  }
}

func text(_ answer: HTTPResponse) -> String { String(decoding: answer.body, as: UTF8.self) }
