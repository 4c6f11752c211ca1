import ConfigFiles
import Events
import Foundation
import Logging
import Simulation
import Synchronization
import Testing
import Transport

/// The daemon as a service manager and a scraper meet it.
@Suite(.timeLimit(.minutes(10))) struct DaemonTests {
  /// What the service manager waits for before it kills.
  private static let drainLimit = Duration.seconds(5)

  @Test func `it answers for its health and drains on SIGTERM`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let child = try Child(["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"], in: folder)
    let port = try #require(try await child.logged(/console\.port=(\d+)/)).1
    let client = CurlClient()
    for (path, expected) in [("/-/healthy", "alive\n"), ("/-/ready", "ready\n")] {
      let answer = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)\(path)", allowPrivate: true))
      #expect(answer.status == 200 && String(decoding: answer.body, as: UTF8.self) == expected, "\(path): \(answer)")
    }
    let metrics = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/metrics", allowPrivate: true))
    #expect(metrics.status == 200 && metrics.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
    let missing = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/unicorn", allowPrivate: true))
    #expect(missing.status == 404)
    let foreign = try await client.send(
      HTTPRequest(url: "http://127.0.0.1:\(port)/-/healthy", headers: [HTTPHeader("Origin", "http://evil.example")], allowPrivate: true))
    #expect(foreign.header("access-control-allow-origin") == nil)
    await client.shutDown()
    try await expectDrain(child)
  }

  @Test func `a feed that fails shows in readiness, metrics and the list of feeds`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/zendesk"])
    let refusing: LoopbackServer.Respond = { _ in (401, ["error": "Couldn't authenticate you"]) }
    try await LoopbackServer.serving(refusing) { origin in
      let child = try Child(
        ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"],
        environment: [
          "ZENDESK_URL": origin, "ZENDESK_EMAIL": "agent@acme.example", "ZENDESK_TOKEN": "not-for-any-log",
          "BELLWETHER_ALLOW_PRIVATE": "true",
        ], in: folder)
      let port = try #require(try await child.logged(/console\.port=(\d+)/)).1
      _ = try await child.logged(/feed failed/)
      let client = CurlClient()
      var ready = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/-/ready", allowPrivate: true))
      while !String(decoding: ready.body, as: UTF8.self).contains("is failing"), try await Self.isAlive(child) {
        ready = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/-/ready", allowPrivate: true))
      }
      #expect(ready.status == 503 && String(decoding: ready.body, as: UTF8.self).hasPrefix("feed zendesk.tickets is failing: "))
      let metrics = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/metrics", allowPrivate: true))
      #expect(String(decoding: metrics.body, as: UTF8.self).contains(#"bellwether_feed_failures_total{feed="zendesk"} 1"#))
      await client.shutDown()
      try await expectDrain(child)
      #expect(!child.errorText.contains("not-for-any-log"))
    }
    let feeds = try JSON(parsing: try await folder.bellwether("feeds", "--json", "--store", folder.path("a.sqlite")).output)
    #expect(feeds["streams"][0]["stream"] == "zendesk.tickets" && feeds["streams"][0]["last_error"].text?.contains("401") == true)
    let table = try await folder.bellwether("feeds", "--store", folder.path("a.sqlite"), "--config", config).output
    let lines = table.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0].hasPrefix("STREAM") && lines[0].hasSuffix("NEXT TRY"), "\(table)")
    #expect(lines[1].contains("failing") && lines[1].contains("never") && lines[1].contains("nothing yet"), "\(table)")
    #expect(lines[1].wholeMatch(of: /.* 1 +0 +– +\d{4}-\d\d-\d\d \d\d:\d\d/) != nil, "one request, no records, the next try: \(table)")
    #expect(lines.contains { $0.hasPrefix("  ") && $0.contains("401") }, "the error stands below: \(table)")
    let accepted = try await folder.bellwether("feeds", "accept", "zendesk", "--store", folder.path("a.sqlite"))
    #expect(accepted.exit != .status(0) && accepted.errors.contains("nothing is"))
  }

  @Test func `a failure that goes on is told once, and so is its end`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/zendesk"])
    let asked = Mutex(0)
    let wavering: LoopbackServer.Respond = { _ in
      let number = asked.withLock { count in
        count += 1
        return count
      }
      if number <= 2 { return (401, ["error": "Couldn't authenticate you"]) }
      return (200, ["tickets": [], "after_cursor": "MTQ1MQ==", "end_of_stream": true])
    }
    try await LoopbackServer.serving(wavering) { origin in
      let child = try Child(
        ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"],
        environment: [
          "ZENDESK_URL": origin, "ZENDESK_EMAIL": "agent@acme.example", "ZENDESK_TOKEN": "zd", "ZENDESK_POLL": "10s",
          "BELLWETHER_ALLOW_PRIVATE": "true",
        ], in: folder)
      _ = try await child.logged(/feed works again/, within: .seconds(60))
      #expect(child.errorText.components(separatedBy: "feed failed").count == 2, "\(child.errorText)")
      #expect(asked.withLock { $0 } >= 3)
      try await expectDrain(child)
    }
  }

  @Test func `it drains in the middle of a slow poll`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/stripe", "feeds/zendesk"])
    let asked = Promise<Void>()
    let silent: LoopbackServer.Respond = { _ in
      asked.fulfil(())
      // Longer than anybody waits; it ends with the test.
      try? await Task.sleep(for: .seconds(120))
      return (200, .null)
    }
    try await LoopbackServer.serving(silent) { origin in
      let child = try Child(
        ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"],
        environment: [
          "STRIPE_URL": origin, "ZENDESK_URL": origin, "ZENDESK_EMAIL": "agent@acme.example", "STRIPE_API_KEY": "sk", "ZENDESK_TOKEN": "zd",
          "BELLWETHER_ALLOW_PRIVATE": "true",
        ], in: folder)
      await asked.value()
      _ = try await child.logged(/console\.port=(\d+)/)
      try await expectDrain(child)
    }
  }

  @Test func `it drains in the middle of a simulated run with slow feeds, and goes on from there`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["feeds/stripe", "feeds/hubspot", "feeds/zendesk", "feeds/posthog"])
    let world = SimulatedWorld(SimulationOptions(seed: 3, accounts: 24, months: 1), only: [.story, .quiet])
    let server = SimulationServer(
      world, faults: FaultRates(tooManyRequests: 0, internalErrors: 0, slowAnswers: 1000), logger: LoopbackServer.silence)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      var environment = try await server.environment()
      for (name, value) in SimulationServer.credentials { environment[SecretSource.variable(for: name)] = value }
      for feed in ["STRIPE", "HUBSPOT", "ZENDESK", "POSTHOG"] { environment["\(feed)_POLL"] = "2d" }
      let clock = "http://\(SimulationServer.host):\(try await server.port())/clock"
      let arguments = ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0", "--clock", clock]

      for _ in 0..<5 {
        let stopped = server.now
        let child = try Child(arguments, environment: environment, in: folder)
        while server.now < stopped + .days(4), try await Self.isAlive(child) {}
        try await expectDrain(child)
        #expect(stopped < server.now && server.now < server.end, "it stood still, or had come to the end by itself")
      }
      group.cancelAll()
    }
  }

  @Test func `a second daemon on the same store is refused, and told by whom`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let arguments = ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0"]
    let first = try Child(arguments, in: folder)
    _ = try await first.logged(/bellwether is ready/)
    let second = try Child(arguments, in: folder)
    #expect(await second.ended() != .status(0))
    #expect(second.errorText.contains("is in use by another bellwether"))
    try await expectDrain(first)
  }

  /// Lets others work a while; false once the process has ended.
  private static func isAlive(_ child: Child) async throws -> Bool {
    try await Task.sleep(for: .milliseconds(20))
    return child.isRunning
  }

  private func expectDrain(_ child: Child, _ location: SourceLocation = #_sourceLocation) async throws {
    let start = ContinuousClock.now
    child.send(SIGTERM)
    let exit = await child.ended(within: .seconds(30), location)
    let duration = ContinuousClock.now - start
    print("drain: \(duration)")
    #expect(exit == .status(0), "\(child.errorText.suffix(2_000))", sourceLocation: location)
    #expect(duration < Self.drainLimit, sourceLocation: location)
  }
}
