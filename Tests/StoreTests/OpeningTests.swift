import CLibcrypto
import Events
import Foundation
import Store
import Testing

@Suite struct OpeningTests {
  /// What was shipped stays as it was: a change to one of these files is a new migration instead.
  private static let shipped: KeyValuePairs = [
    "m001_log": "a279b1f9e0ae02c0984cc990432279905d8e4ed90c9fb9d2b304d97ca569e8fa",
    "m002_findings": "f107627f827c42e4ca10a4e30174d67d99afd9bfd7518c689f3579e25c402cff",
    "m003_outbox": "786ae24c017f39ca96f946046cea6446db3b8d4f78ee88736ceff8d8b5317156",
    "m004_links": "9de98d1be931b26a8ac52a41d7ccaaba32621ce2698b4c5e2e715b7fc511e64b",
    "m005_people": "9aaabbffc2ce55ace76ddc6a09c298443fe0631e75159180c473784593e152b9",
    "m006_freshness": "a7d9c2cfb8ab52adf5531c4e4681b0bcffa9218565c6e21a990c70d6e3d64b36",
  ]

  /// The number of the migration that comes after those shipped.
  private static let next = Int64(shipped.count + 1)

  @Test func `every migration is the text that was shipped`() throws {
    #expect(Migration.all.map(\.name) == Self.shipped.map(\.key))
    #expect(Migration.all.map(\.number) == Array(1...Int64(Self.shipped.count)))
    for (migration, pin) in zip(Migration.all, Self.shipped) {
      #expect(try sha256(migration.sql) == pin.value, "\(migration.name) was changed; add a migration instead")
      #expect(migration.digest == pin.value)
    }
  }

  @Test func `a new store is set up to survive a power cut`() async throws {
    let folder = try TemporaryFolder()
    let settings = try await folder.open().settings()
    #expect(settings.journalMode == "wal")
    #expect(settings.synchronous == 2)
    #expect(settings.mappedBytes == 0)
    #expect(settings.schema == Int64(Migration.all.count))
  }

  @Test func `an older store is brought up to date and keeps what it holds`() async throws {
    let folder = try TemporaryFolder()
    do {
      let old = try folder.open(migrations: Array(Migration.all.prefix(1)))
      try await old.appendTick(at: day(1))
      try old.close()
    }
    #expect(reason { _ = try folder.open(.readOnly) } == .olderStore)
    let store = try folder.open()
    #expect(try await store.lastStep() == 1)
    #expect(try await store.outboxCounts().pending == 0)
  }

  @Test func `a failing migration leaves the store as it was`() async throws {
    let folder = try TemporaryFolder()
    try folder.open().close()
    let broken = Migration(
      number: Self.next, name: "m900_broken", digest: "d", sql: Array("CREATE TABLE half (x); CREATE TABLE engine (x);".utf8))
    #expect(throws: StoreError.self) { try folder.open(migrations: Migration.all + [broken]) }
    let store = try folder.open()
    #expect(try await store.settings().schema == Self.next - 1)
  }

  @Test(arguments: [EventStore.Access.exclusive, .readOnly])
  func `a store from a newer version is refused`(access: EventStore.Access) throws {
    let folder = try TemporaryFolder()
    let next = Migration(number: Self.next, name: "m900_later", digest: "d", sql: Array("CREATE TABLE later (x) STRICT;".utf8).map { $0 })
    #expect(throws: StoreError.self) { try folder.open(migrations: Migration.all + [next]).close() }
    let valid = Migration(number: Self.next, name: "m900_later", digest: "d", sql: Array("CREATE TABLE later (x INTEGER) STRICT;".utf8))
    try folder.open(migrations: Migration.all + [valid]).close()
    let error = #expect(throws: StoreError.self) { try folder.open(access) }
    #expect(error?.reason == .newerStore)
    #expect(error?.message.contains("m900_later") == true)
    #expect(error?.message.contains("Install that version again") == true)
  }

  @Test func `a store built with another text of a migration is refused`() throws {
    let folder = try TemporaryFolder()
    try folder.open().close()
    var migrations = Migration.all
    migrations[1] = Migration(number: 2, name: "m002_findings", digest: "0000", sql: migrations[1].sql)
    let error = #expect(throws: StoreError.self) { try folder.open(migrations: migrations) }
    #expect(error?.reason == .changedMigration)
    #expect(error?.message.contains("m002_findings") == true)
  }

  @Test func `what is no store is refused and left untouched`() throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "This is a letter, not a database. ", count: 40)
    try text.write(toFile: folder.store, atomically: true, encoding: .utf8)
    for access in [EventStore.Access.exclusive, .readOnly] { #expect(reason { _ = try folder.open(access) } == .notAStore) }
    #expect(try String(contentsOfFile: folder.store, encoding: .utf8) == text)
  }

  @Test func `a missing folder, a missing store and a folder in its place are named`() throws {
    let folder = try TemporaryFolder()
    #expect(reason { _ = try EventStore(path: folder.path + "/no/such/store.db", access: .exclusive) } == .cannotOpen)
    #expect(reason { _ = try folder.open(.readOnly) } == .missing)
    #expect(reason { _ = try EventStore(path: folder.path, access: .exclusive) } == .cannotOpen)
  }

  @Test func `a store open for reading refuses to be changed`() async throws {
    let folder = try TemporaryFolder()
    let writer = try folder.open()
    let store = try folder.open(.readOnly)
    try await writer.appendTick(at: day(1))
    #expect(try await store.lastStep() == 1)
    let error = await #expect(throws: StoreError.self) { try await store.appendTick(at: day(2)) }
    #expect(error?.reason == .readOnly)
  }

  @Test func `one process writes at a time`() throws {
    let folder = try TemporaryFolder()
    do {
      let store = try folder.open()
      let error = #expect(throws: StoreError.self) { try folder.open() }
      #expect(error?.reason == .locked)
      #expect(error?.message.contains("process \(getpid())") == true)
      #expect(try lockFromAnotherProcess(folder) == false)
      try store.close()
    }
    #expect(try lockFromAnotherProcess(folder) == true)
    try folder.open().close()
  }

  @Test func `a backup is a store of its own`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.appendTick(at: day(1))
    let copy = folder.path + "/copy.db"
    try await store.backup(to: copy)
    try await store.appendTick(at: day(2))
    #expect(try await EventStore(path: copy, access: .exclusive).lastStep() == 1)
    await #expect(throws: StoreError.self) { try await store.backup(to: copy) }
  }

  private func reason(_ body: () throws -> Void) -> StoreError.Reason? {
    do { try body() } catch { return (error as? StoreError)?.reason }
    return nil
  }

  /// Whether another process could take the store's lock.
  private func lockFromAnotherProcess(_ folder: TemporaryFolder) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    process.arguments = ["--nonblock", "--conflict-exit-code", "9", folder.store + ".lock", "true"]
    try process.run()
    process.waitUntilExit()
    try #require([0, 9].contains(process.terminationStatus))
    return process.terminationStatus == 0
  }

  private func sha256(_ bytes: [UInt8]) throws -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    try #require(EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
