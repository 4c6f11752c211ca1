import ConfigFiles
import Events
import Feeds
import Foundation
import Synchronization
import Testing
import Transport

@Suite struct TokenFolderTests {
  private struct Killed: Error {}
  private let now = instant("2026-03-10T12:00:00Z")

  private func kept(_ token: String, _ configured: String = "r3fresh-0") -> KeptToken {
    KeptToken(token: Secret(token), configured: Secret(configured))
  }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func keepsATokenForThisUserOnly() throws {
    let folder = try TemporaryFolder()
    let tokens = TokenFolder(path: folder.tokens)
    #expect(try tokens.read("crm") == nil)
    try tokens.write(kept("one"), for: "crm")
    try tokens.write(kept("two"), for: "crm")
    try tokens.write(kept("other"), for: "../crm")
    #expect(try tokens.read("crm")?.token.revealed == "two")
    #expect(try tokens.read("crm")?.configured.revealed == "r3fresh-0")
    #expect(try tokens.read("../crm")?.token.revealed == "other")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.tokens).sorted() == ["..%2Fcrm.json", "crm.json"])
    #expect(try mode(folder.tokens) == 0o700)
    #expect(try mode(folder.tokens + "/crm.json") == 0o600)
  }

  @Test func aFolderOpenToOthersIsClosed() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.tokens, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    try TokenFolder(path: folder.tokens).write(kept("one"), for: "crm")
    #expect(try mode(folder.tokens) == 0o700)
  }

  /// A kill before each step of the second write.
  @Test(arguments: TokenFolder.Step.allCases) func aKillLeavesATokenThatIsWhole(step: TokenFolder.Step) throws {
    let folder = try TemporaryFolder()
    try TokenFolder(path: folder.tokens).write(kept("old"), for: "crm")
    let killed = TokenFolder(path: folder.tokens) { if $0 == step { throw Killed() } }
    #expect(throws: Killed.self) { try killed.write(kept("new"), for: "crm") }

    let survivor = TokenFolder(path: folder.tokens)
    // Once the new token is whole on disk it is the one that the vendor still knows.
    let isNew = [.flush, .move, .flushFolder].contains(step)
    #expect(try survivor.read("crm")?.token.revealed == (isNew ? "new" : "old"))
    try survivor.prove("crm")
    #expect(try survivor.read("crm")?.token.revealed == (isNew ? "new" : "old"), "making sure that the folder works loses nothing")
    try survivor.write(kept("newer"), for: "crm")
    #expect(try survivor.read("crm")?.token.revealed == "newer")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.tokens) == ["crm.json"])
  }

  @Test func halfAFileIsNotRead() throws {
    let folder = try TemporaryFolder()
    let tokens = TokenFolder(path: folder.tokens)
    try tokens.write(kept("old"), for: "crm")
    let whole = try #require(FileManager.default.contents(atPath: folder.tokens + "/crm.json"))
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: folder.tokens + "/crm.json.new"))
      #expect(try tokens.read("crm")?.token.revealed == "old", "\(length) bytes")
    }
    try Data(count: whole.count).write(to: URL(fileURLWithPath: folder.tokens + "/crm.json.new"))
    #expect(try tokens.read("crm")?.token.revealed == "old")
  }

  @Test func aSpoiltFileIsNamed() throws {
    let folder = try TemporaryFolder()
    let tokens = TokenFolder(path: folder.tokens)
    try tokens.write(kept("s3cret-token"), for: "crm")
    try Data("{\"refresh_token\":\"s3cret-token\"".utf8).write(to: URL(fileURLWithPath: folder.tokens + "/crm.json"))
    let error = #expect(throws: TokenFolderError.self) { try tokens.read("crm") }
    #expect(error?.description.contains("crm.json holds no token; remove it") == true)
    #expect(error?.description.contains("s3cret") == false)
  }

  // MARK: Rotation

  /// A vendor that gives a new refresh token each time and knows only the last.
  private func rotating(
    startingWith first: String = "r3fresh-0", seeing folder: TemporaryFolder? = nil
  ) -> (vendor: ScriptedVendor, known: @Sendable () -> String) {
    let known = SharedText(first)
    let vendor = ScriptedVendor { request, index in
      if request.url.hasSuffix("/token") {
        guard form(request)["refresh_token"] == known.value else { return answer(["error": "invalid_grant"], status: 400) }
        known.value = "r3fresh-of-\(index)"
        return answer(["access_token": .text("acc3ss-\(index)"), "refresh_token": .text(known.value)])
      }
      if let folder {
        let kept = try TokenFolder(path: folder.tokens).read("crm")
        #expect(kept?.token.revealed == known.value, "an access token is used before its refresh token is safe")
      }
      return answer(["data": [thing(1)]])
    }
    return (vendor, { known.value })
  }

  private final class SharedText: Sendable {
    private let text: Mutex<String>
    init(_ text: String) { self.text = Mutex(text) }
    var value: String {
      get { text.withLock { $0 } }
      set { text.withLock { $0 = newValue } }
    }
  }

  private func poll(_ poller: Poller) async throws -> PollReport { try await poller.poll(at: now, cursors: [:]) { _ in } }

  @Test func aRotatedTokenIsSafeBeforeTheAccessTokenIsUsedAndWinsLater() async throws {
    let folder = try TemporaryFolder()
    let (vendor, known) = rotating(seeing: folder)
    for _ in 0..<3 {
      // A new process each time: access tokens are in memory only.
      let report = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: TokenFolder(path: folder.tokens)))
      #expect(report.failures.isEmpty, "\(report.failures)")
      #expect(report.records == 1)
    }
    #expect(vendor.tokenRequests.count == 3)
    #expect(try TokenFolder(path: folder.tokens).read("crm")?.token.revealed == known())
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.tokens) {
      let text = String(decoding: FileManager.default.contents(atPath: folder.tokens + "/" + file) ?? Data(), as: UTF8.self)
      #expect(!text.contains("acc3ss"))
    }
  }

  @Test func aNewConfiguredTokenReplacesTheKeptOne() async throws {
    let folder = try TemporaryFolder()
    try TokenFolder(path: folder.tokens).write(kept("spent", "r3fresh-0"), for: "crm")
    let (vendor, known) = rotating(startingWith: "from-ops")
    let tokens = TokenFolder(path: folder.tokens)
    let report = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: tokens))
    #expect(report.failures.first?.message.contains("no longer accepts the refresh token") == true)
    #expect(report.failures.first?.hint.contains("into the secret the_refresh_token; it replaces the one kept") == true)

    var secrets = clientSecrets
    secrets["the_refresh_token"] = "from-ops"
    for _ in 0..<2 { #expect(try await poll(vendor.poller(try tokenFeed(), secrets: secrets, tokens: tokens)).failures.isEmpty) }
    #expect(try tokens.read("crm")?.token.revealed == known())
    #expect(try tokens.read("crm")?.configured.revealed == "from-ops")
  }

  @Test func aFolderThatCannotBeWrittenFailsBeforeTheVendorIsAsked() async throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
    let (vendor, known) = rotating()
    for path in [folder.path + "/file", folder.path + "/file/tokens", folder.path + "/missing/tokens"] {
      let report = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: TokenFolder(path: path)))
      #expect(report.failures.first?.message.hasPrefix("the refresh token cannot be kept: \(path)") == true, "\(report.failures)")
    }
    #expect(vendor.asked.isEmpty)
    #expect(known() == "r3fresh-0")
  }

  /// The disk fails after the vendor has rotated: what it gave is kept in memory and written by the next poll.
  @Test(arguments: TokenFolder.Step.allCases) func aRotatedTokenThatCouldNotBeWrittenIsNotLost(step: TokenFolder.Step) async throws {
    let folder = try TemporaryFolder()
    let (vendor, known) = rotating(seeing: folder)
    let isFull = SharedText("yes")
    let tokens = TokenFolder(path: folder.tokens) {
      if $0 == step, isFull.value == "yes" { throw TokenFolderError("no space left", hint: "free space") }
    }
    let poller = vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: tokens)
    for _ in 0..<2 {
      let report = try await poll(poller)
      #expect(report.failures.map(\.message) == ["the refresh token cannot be kept: no space left"])
      #expect(vendor.urls.count == 1, "the access token is not used, and the vendor is not asked again")
    }
    isFull.value = "no"
    let report = try await poll(poller)
    #expect(report.failures.isEmpty)
    #expect(report.records == 1)
    #expect(vendor.tokenRequests.count == 1)
    #expect(try TokenFolder(path: folder.tokens).read("crm")?.token.revealed == known())
  }

  @Test func oneProcessAtATimeRefreshes() async throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.tokens, withIntermediateDirectories: false)
    let descriptor = open(folder.tokens + "/crm.json.lock", O_RDWR | O_CREAT, 0o600)
    try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    let (vendor, _) = rotating()
    let tokens = TokenFolder(path: folder.tokens)
    let report = try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: tokens))
    #expect(report.failures.first?.message.contains("another process") == true)
    #expect(vendor.asked.isEmpty)
    #expect(vendor.slept.reduce(.zero, +) == .seconds(10))
    close(descriptor)
    #expect(try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: tokens)).failures.isEmpty)
    #expect(
      try await poll(vendor.poller(try tokenFeed(), secrets: clientSecrets, tokens: tokens)).failures.isEmpty, "the lock is given back")
  }
}
