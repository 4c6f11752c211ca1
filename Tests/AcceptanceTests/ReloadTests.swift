import Events
import Foundation
import Testing
import Transport

/// RevOps changes the rules of a running daemon.
@Suite(.timeLimit(.minutes(5))) struct ReloadTests {
  private static let lines = """
    {"kind":"account","id":"a1","at":"2026-01-01T00:00:00Z","name":"Alder Works","status":"customer"}
    {"kind":"subscription","id":"s1","at":"2026-01-02T00:00:00Z","account":"a1","status":"active",\
    "items":[{"id":"i1","plan":"team","quantity":20,"unit_amount":5000,"currency":"usd","interval":"month","interval_count":1,"metered":false}],\
    "started_at":"2026-01-02T00:00:00Z"}

    """

  private static func rules(threshold: String) -> String {
    """
    rules:
      - id: many_seats
        about: expansion
        category: usage
        title: "{{ seats }} seats"
        when: seats > \(threshold)
        level: medium
        action: "Offer the larger plan."

    """
  }

  @Test func `a changed threshold is in force after SIGHUP, and a broken file leaves the old rules in force and says so`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    try FileManager.default.removeItem(atPath: folder.path("config/rules"))
    try folder.write(Self.rules(threshold: "50"), to: "config/rules/seats.yaml")
    let store = folder.path("a.sqlite")
    let imported = try await folder.bellwether(
      "import", try folder.write(Self.lines, to: "company.jsonl"), "--config", config, "--store", store)
    #expect(imported.exit == .status(0), "\(imported.errors)")
    let manager = try NotifySocket(path: folder.path("notify"))
    let child = try Child(
      ["run", "--config", config, "--store", store, "--port", "0"], environment: ["NOTIFY_SOCKET": manager.path], in: folder)
    let port = try #require(try await child.logged(/console\.port=(\d+)/)).1
    let client = CurlClient()
    func ready() async throws -> (status: Int, text: String) {
      let answer = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/-/ready", allowPrivate: true))
      return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }
    func standing() async throws -> String {
      try await folder.bellwether("explain", "Alder", "many_seats", "--config", config, "--store", store).output
    }
    #expect(try await standing().contains("many_seats: quiet"))

    try folder.write(Self.rules(threshold: "10"), to: "config/rules/seats.yaml")
    child.send(SIGHUP)
    let told = try await child.logged(/configuration reloaded: new rules are in force.*/)
    _ = try #require(told)
    #expect(child.errorText.contains("changed=rules/seats.yaml"), "\(child.errorText)")
    #expect(try await standing().contains("many_seats: firing (medium)"))

    try folder.write(Self.rules(threshold: "10 seets"), to: "config/rules/seats.yaml")
    child.send(SIGHUP)
    _ = try await child.logged(/reload failed: the old rules stay in force/)
    let fault = try #require(try await child.logged(/fault=(.*seats\.yaml:6:22: error\[BW1004\].*)/)).1
    let failed = try await ready()
    #expect(failed.status == 200 && failed.text.hasPrefix("ready\nreload failed at "), "\(failed.text)")
    #expect(failed.text.contains(fault.prefix { $0 != "]" }), "\(failed.text)")
    #expect(try await standing().contains("many_seats: firing (medium)"))
    let metrics = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(port)/metrics", allowPrivate: true))
    #expect(String(decoding: metrics.body, as: UTF8.self).contains("bellwether_reload_failed 1"))

    try folder.write(Self.rules(threshold: "30"), to: "config/rules/seats.yaml")
    try folder.write(folder.read("config/bellwether.yaml") + "# a remark\n", to: "config/bellwether.yaml")
    child.send(SIGHUP)
    _ = try await child.logged(/restart to use what changed.*bellwether\.yaml|changed=bellwether\.yaml.*restart to use what changed/)
    #expect(try await ready() == (200, "ready\n"))
    #expect(try await standing().contains("seats > 30"))

    await client.shutDown()
    child.send(SIGTERM)
    #expect(await child.ended() == .status(0))
    let messages = manager.messages()
    let states = messages.map { String($0.prefix { $0 != "\n" }) }
    #expect(states == ["READY=1"] + (0..<3).flatMap { _ in ["RELOADING=1", "READY=1"] } + ["STOPPING=1"])
    #expect(messages.filter { $0.hasPrefix("RELOADING=1") }.allSatisfy { $0.contains(/\nMONOTONIC_USEC=[1-9]\d+\n/) }, "\(messages)")
  }
}

/// The service manager's end of `sd_notify`.
private struct NotifySocket {
  let path: String
  private let descriptor: Int32

  init(path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    try #require(name.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(bound == 0)
  }

  /// What has come so far.
  func messages() -> [String] {
    var messages: [String] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
      messages.append(String(decoding: buffer[..<count], as: UTF8.self))
    }
    close(descriptor)
    return messages
  }
}
