import ConfigFiles
import Delivery
import Events
import Foundation
import NIOCore
import NIOPosix
import Testing
import Transport

/// Senders that push, against the real listener of the real daemon.
@Suite(.timeLimit(.minutes(10))) struct PushTests {
  private static let secrets = ["old-segment-secret", "new-segment-secret"]

  private struct Listener {
    let folder: TemporaryFolder
    let child: Child
    let port: Int
    let console: Int
    let client = CurlClient()

    var store: String { folder.path("a.sqlite") }

    func post(_ body: String, code: String? = nil, secret: String = PushTests.secrets[1], path: String = "/push/segment") async throws
      -> HTTPResponse
    {
      let authentication = MessageAuthentication(keys: [Secret(secret)], algorithm: .sha1, encoding: .hex)
      let code = code ?? authentication.code(for: Array(body.utf8)) ?? ""
      return try await client.send(
        HTTPRequest(
          method: "POST", url: "http://127.0.0.1:\(port)\(path)",
          headers: [HTTPHeader("X-Signature", code), HTTPHeader("Content-Type", "application/json")], body: Array(body.utf8),
          allowPrivate: true))
    }

    func metrics() async throws -> String {
      let answer = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(console)/metrics", allowPrivate: true))
      return String(decoding: answer.body, as: UTF8.self)
    }

    func ids() async throws -> [String] {
      try await StoreFile(path: store).rows(
        "SELECT source_id FROM event JOIN kind ON kind.key = event.kind WHERE kind.name = 'usage' ORDER BY event.key")
    }

    func end() async {
      await client.shutDown()
      child.send(SIGTERM)
      #expect(await child.ended() == .status(0), "\(child.errorText.suffix(2_000))")
    }
  }

  private func listener() async throws -> Listener {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/segment"])
    let child = try Child(
      ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"],
      environment: ["SEGMENT_LISTEN": "127.0.0.1:0", "SEGMENT_SECRET": Self.secrets.joined(separator: "\n")], in: folder)
    let port = try #require(try await child.logged(/push\.port=(\d+)/)).1
    let console = try #require(try await child.logged(/console\.port=(\d+)/)).1
    return Listener(folder: folder, child: child, port: try #require(Int(port)), console: try #require(Int(console)))
  }

  private static func track(_ id: String) -> String {
    #"{"type":"track","messageId":"\#(id)","timestamp":"2026-03-01T11:00:00Z","userId":"u1","event":"Exported"}"#
  }

  @Test func `what is answered with success is in the store, once`() async throws {
    let listener = try await listener()
    for (index, secret) in Self.secrets.enumerated() {
      let answer = try await listener.post(Self.track("m\(index)"), secret: secret)
      #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
      #expect(try await listener.ids().last == "m\(index)", "answered before it was stored")
    }
    let again = try await listener.post("{\"batch\":[\(Self.track("m0")),\(Self.track("m2"))]}")
    #expect(again.status == 200 && String(decoding: again.body, as: UTF8.self) == "1 stored, 1 known already\n")
    #expect(try await listener.ids() == ["m0", "m1", "m2"])
    let metrics = try await listener.metrics()
    #expect(metrics.contains(#"bellwether_push_requests_total{feed="segment",status="200"} 3"#), "\(metrics)")
    await listener.end()
  }

  @Test func `what is refused leaves no trace, and no secret shows`() async throws {
    let listener = try await listener()
    let wrong = try await listener.post(Self.track("m1"), secret: "guess")
    #expect(wrong.status == 401 && String(decoding: wrong.body, as: UTF8.self) == "the signature is missing or not valid\n")
    #expect(try await listener.post("{", secret: Self.secrets[0]).status == 400)
    #expect(try await listener.post(Self.track("m1"), path: "/push/other").status == 404)
    #expect(try await listener.post(Self.track("m1"), path: "/-/healthy").status == 404, "the console answers at the listener's port")
    let large = String(repeating: " ", count: 1 << 20) + Self.track("m1")
    #expect(try await listener.post(large).status == 413)
    let half = "{\"batch\":[\(Self.track("m1")),{\"type\":\"track\",\"messageId\":\"m2\",\"timestamp\":\"soon\"}]}"
    #expect(try await listener.post(half).status == 400)
    #expect(try await listener.ids().isEmpty)
    let get = HTTPRequest(url: "http://127.0.0.1:\(listener.port)/push/segment", allowPrivate: true)
    #expect(try await listener.client.send(get).status == 404, "a feed is posted to")
    let metrics = try await listener.metrics()
    for (feed, status, count) in [("segment", 401, 1), ("segment", 400, 2), ("segment", 413, 1), ("none", 404, 2), ("segment", 404, 1)] {
      let line = "bellwether_push_requests_total{feed=\"\(feed)\",status=\"\(status)\"} \(count)"
      #expect(metrics.contains(line), "\(line):\n\(metrics)")
    }
    await listener.end()
    for secret in Self.secrets { #expect(!listener.child.errorText.contains(secret)) }
  }

  @Test func `a store that cannot take it makes the sender try again`() async throws {
    let listener = try await listener()
    // Another writer holds the store for longer than the daemon waits.
    let holder = try LockedStore(listener.store)
    let answer = try await listener.post(Self.track("m1"))
    #expect(answer.status == 503 && answer.header("Retry-After") == "30", "\(answer)")
    try holder.release()
    #expect(try await listener.post(Self.track("m1")).status == 200)
    #expect(try await listener.ids() == ["m1"])
    await listener.end()
  }

  @Test(arguments: ["console", "segment"])
  func `a port that is taken is said before the daemon is ready`(taken: String) async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/segment"])
    let other = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(other.localAddress?.port)
    let answer = try await folder.bellwether(
      "run", "--config", config, "--store", folder.path("a.sqlite"), "--port", taken == "console" ? String(port) : "0",
      environment: ["SEGMENT_LISTEN": "127.0.0.1:\(taken == "segment" ? port : 0)", "SEGMENT_SECRET": "s"])
    try await other.close()
    #expect(answer.exit == .status(1), "as for any other fault at start")
    #expect(answer.errors.contains("cannot listen on 127.0.0.1:\(port): another process listens there"), "\(answer.errors)")
    #expect(answer.errors.contains(taken == "console" ? "--port" : "listen: in \(config)/feeds/segment.yaml"))
    #expect(answer.errors.contains("ss -ltnp 'sport = :\(port)'") && !answer.errors.contains("ready"), "\(answer.errors)")
  }

  @Test(arguments: [true, false])
  func `who sends too slowly, or falls silent, is cut off, and others are served meanwhile`(isDripping: Bool) async throws {
    let listener = try await listener()
    let slow = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: listener.port) { channel in
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
      }
    let began = ContinuousClock.now
    let said = try await slow.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: "POST /push/segment HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"))
      #expect(try await listener.post(Self.track("m1")).status == 200)
      return try await withThrowingTaskGroup(of: String?.self) { group in
        group.addTask {
          // A byte now and then keeps the connection from ever being idle.
          while !Task.isCancelled {
            do {
              try await Task.sleep(for: .milliseconds(500))
              if isDripping { try await outbound.write(ByteBuffer(string: " ")) }
            } catch {
              return nil
            }
          }
          return nil
        }
        group.addTask {
          var said = ""
          do { for try await bytes in inbound { said += String(buffer: bytes) } } catch is IOError {}
          return said
        }
        var said = ""
        while let text = try await group.next() {
          if let text {
            said = text
            group.cancelAll()
          }
        }
        return said
      }
    }
    #expect(said.hasPrefix("HTTP/1.1 408"), "\(said)")
    #expect(ContinuousClock.now - began < .seconds(30))
    #expect(try await listener.metrics().contains(#"bellwether_push_requests_total{feed="segment",status="408"} 1"#))
    await listener.end()
  }
}
