import Events
import Foundation
import Synchronization
import Testing
import Transport

/// What is secret stays out of the store, the logs, the errors, the metrics and the console, even where a vendor sends it back.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SecretTests {
  /// Each secret by the variable that holds it. Each is a text that appears nowhere by chance.
  private static let planted = [
    "STRIPE_API_KEY": "planted-stripe-4b1d0c7e", "HUBSPOT_TOKEN": "planted-hubspot-93ae51f2", "ZENDESK_TOKEN": "planted-zendesk-0f8c2d6b",
    "POSTHOG_API_KEY": "planted-posthog-7d3e9a14", "SALESFORCE_CLIENT_ID": "planted-client-1a7c40e9",
    "SALESFORCE_CLIENT_SECRET": "planted-secret-58d2f3b6", "SALESFORCE_REFRESH_TOKEN": "planted-refresh-e64b07ca",
    "BELLWETHER_WEBHOOK_SECRET": "whsec_" + Data("planted-webhook-c20b6f85a1".utf8).base64EncodedString(),
  ]

  @Test func `planted secrets appear nowhere`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(
      enabling: ["sinks", "feeds/stripe", "feeds/hubspot", "feeds/zendesk", "feeds/posthog", "feeds/salesforce"])
    let vendor = EchoingVendor()
    var texts: [String: String] = [:]
    try await LoopbackServer.serving(vendor.answer) { origin in
      var environment = Self.planted.merging(["BELLWETHER_ALLOW_PRIVATE": "true", "BELLWETHER_WEBHOOK_URL": "\(origin)/hook"]) { $1 }
      for name in ["STRIPE", "HUBSPOT", "ZENDESK", "POSTHOG"] { environment["\(name)_URL"] = origin }
      environment["SALESFORCE_LOGIN_URL"] = origin
      environment["ZENDESK_EMAIL"] = "agent@acme.example"
      environment["POSTHOG_PROJECT"] = "7"
      let child = try Child(
        ["run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0", "--log-level", "trace"], environment: environment,
        in: folder)
      let port = try #require(try await child.logged(/console\.port=(\d+)/)).1
      for feed in ["stripe", "hubspot", "zendesk", "posthog", "salesforce"] {
        _ = try await child.logged(Regex("feed=\(feed) .*feed failed"), within: .seconds(60))
      }
      let client = CurlClient()
      for path in ["/metrics", "/-/ready", "/-/healthy", "/nothing"] {
        let answer = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)\(path)", allowPrivate: true))
        texts["console \(path)"] = String(decoding: answer.body, as: UTF8.self) + "\(answer.headers)"
      }
      await client.shutDown()
      child.send(SIGTERM)
      _ = await child.ended()
      texts["log"] = child.outputText + child.errorText
      for arguments in [
        ["feeds"], ["feeds", "--json"], ["deliveries"], ["deliveries", "--json"], ["queue"], ["check", "--json"],
        ["feeds", "poll", "stripe", "--dry-run"], ["feeds", "poll", "zendesk", "--dry-run"],
      ] {
        let places = ["--config", config] + (arguments[0] == "check" ? [] : ["--store", folder.path("a.sqlite")])
        let command = try Child(arguments + places, environment: environment, in: folder)
        _ = await command.ended()
        texts["bellwether \(arguments.joined(separator: " "))"] = command.outputText + command.errorText
      }
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) where file.hasPrefix("a.sqlite") {
      texts["file \(file)"] = String(decoding: try Data(contentsOf: folder.url.appending(path: file)), as: UTF8.self)
    }
    let received = vendor.credentials
    for (name, secret) in Self.planted where name != "BELLWETHER_WEBHOOK_SECRET" {
      #expect(received.contains { $0.contains(secret) || $0.contains(Self.base64(ofUserAnd: secret)) }, "\(name) was never used")
    }
    for (place, text) in texts.sorted(by: { $0.key < $1.key }) {
      #expect(!text.isEmpty || place.hasPrefix("file ") || place == "bellwether queue", "\(place) is empty")
      for form in Self.planted.values.flatMap(Self.forms) { #expect(!text.contains(form), "\(place) holds \(form)") }
      for credential in received { #expect(!text.contains(credential), "\(place) holds a credential as it was sent") }
    }
  }

  /// As itself, and as it may be written in a header or a URL.
  private static func forms(of secret: String) -> [String] {
    let bare = secret.hasPrefix("whsec_") ? String(secret.dropFirst(6)) : secret
    return [bare, Data(bare.utf8).base64EncodedString(), base64(ofUserAnd: bare)]
      + (Data(base64Encoded: bare).map { [String(decoding: $0, as: UTF8.self)] } ?? [])
  }

  private static func base64(ofUserAnd secret: String) -> String {
    Data("agent@acme.example/token:\(secret)".utf8).base64EncodedString()
  }

  /// A process that is allowed any core file crashes and dumps its memory; the daemon, started alike, does not.
  @Test func `a crash writes no core`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let script = try folder.write(
      """
      import os, resource, signal, sys, time
      limits = resource.getrlimit(resource.RLIMIT_CORE)
      resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
      child = os.fork()
      if child == 0:
          os.dup2(os.open("log", os.O_CREAT | os.O_WRONLY, 0o600), 2)
          os.execvp(sys.argv[2], sys.argv[2:])
      deadline = time.monotonic() + 180
      while sys.argv[1] not in open("log").read() if os.path.exists("log") else True:
          assert time.monotonic() < deadline, "never ready"
          time.sleep(0.02)
      os.kill(child, signal.SIGSEGV)
      _, status = os.waitpid(child, 0)
      assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV, status
      print("limit", limits[1], "core", os.WCOREDUMP(status))
      """, to: "crash.py")
    let daemon = try await Self.crash(
      script, ["bellwether is ready", Repository.binary.path, "run", "--config", config, "--store", "a.sqlite", "--port", "0"], folder)
    #expect(daemon.hasSuffix("core False\n"), "\(daemon)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasPrefix("core") }.isEmpty)
    // The control: where the system lets a process dump at all, this way of asking shows it.
    try FileManager.default.removeItem(atPath: folder.path("log"))
    let control = try await Self.crash(
      script, ["up", "python3", "-c", "import sys, time; print('up', file=sys.stderr, flush=True); time.sleep(60)"], folder)
    if control.hasPrefix("limit -1 ") { #expect(control.hasSuffix("core True\n"), "\(control)") }
  }

  private static func crash(_ script: String, _ arguments: [String], _ folder: TemporaryFolder) async throws -> String {
    let process = Process()
    let output = Pipe()
    let ended = Promise<Void>()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script] + arguments
    process.currentDirectoryURL = folder.url
    // As in the systemd unit: the runtime's own report of a crash shows memory too.
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardOutput = output
    process.terminationHandler = { _ in ended.fulfil(()) }
    try process.run()
    await ended.value()
    return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }
}

/// A vendor that refuses every request and sends the credential back in its refusal; as a receiver of webhooks too.
private final class EchoingVendor: Sendable {
  private let seen = Mutex<Set<String>>([])

  var credentials: Set<String> { seen.withLock(\.self) }

  @Sendable func answer(_ request: LoopbackRequest) async -> (status: Int, body: JSON) {
    let credential = request.headers.first { HTTPHeader.sameName($0.name, "Authorization") }?.value ?? "none"
    let form = request.path.hasSuffix("/token") ? String(decoding: request.body, as: UTF8.self) : ""
    seen.withLock { $0.formUnion([credential, form].filter { $0 != "none" && !$0.isEmpty }) }
    return (400, ["error": .text("bad request with \(credential) and \(form) from you")])
  }
}
