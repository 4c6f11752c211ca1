internal import Events
internal import Foundation
internal import GRDB

/// The event store: one SQLite file that holds the log, what the engine made of it, and what is to be sent.
///
/// One connection writes; a few read beside it. Every method is one transaction, all or nothing, and throws `StoreError` whose text a
/// person can act on (or `CancellationError`). Reads see the last committed state.
package final class EventStore: Sendable {
  /// What the opener means to do.
  package enum Access: Sendable {
    /// Read and write; takes the store's lock, creates a missing file, applies missing migrations.
    case exclusive
    /// Read only, also beside a running daemon.
    case readOnly
  }

  package let path: String
  package let access: Access
  let reader: any DatabaseReader
  private let writer: DatabasePool?
  private let lock: StoreLock?
  private let memory = ReferenceMemory()

  /// Opens a store. Blocks for the milliseconds this takes, or seconds while a migration runs.
  ///
  /// - Throws: `StoreError` with a reason of `missing`, `cannotOpen`, `readOnly`, `locked`, `notAStore`, `newerStore`, `olderStore`
  ///   (read-only access cannot migrate), `changedMigration`, `damaged`.
  /// - Parameter migrations: the schema this binary knows.
  package init(path: String, access: Access, migrations: [Migration] = Migration.all) throws {
    let migrator = Migrator(path: path, migrations: migrations)
    self.path = path
    self.access = access
    do {
      try Self.checkFile(path, access)
      switch access {
      case .exclusive:
        lock = try StoreLock(storePath: path)
        if FileManager.default.fileExists(atPath: path) { _ = try Self.inspect(migrator) }
        let pool = try DatabasePool(path: path, configuration: Self.configuration(readOnly: false))
        try pool.writeWithoutTransaction { db in
          // The pool's own set-up chooses NORMAL; a committed page must outlive a power cut.
          try db.execute(sql: "PRAGMA synchronous = FULL")
          // What is erased is gone from the file too, not only from its tables.
          try db.execute(sql: "PRAGMA secure_delete = ON")
          try db.execute(sql: "PRAGMA journal_size_limit = \(StoreLimits.journalBytes)")
          try db.execute(sql: "PRAGMA wal_autocheckpoint = \(StoreLimits.journalPages)")
          try db.execute(sql: "PRAGMA cache_size = -\(StoreLimits.writerCacheKibibytes)")
          try migrator.migrate(db)
        }
        writer = pool
        reader = pool
      case .readOnly:
        lock = nil
        writer = nil
        let missing = try Self.inspect(migrator)
        guard missing == 0 else {
          throw StoreError(.olderStore, "\(path) is of an older schema. Start the daemon once: it migrates.")
        }
        reader = try DatabaseQueue(path: path, configuration: Self.configuration(readOnly: true))
      }
    } catch {
      throw StoreError(error, path: path)
    }
  }

  /// Closes every connection and gives up the lock when the last reference goes.
  package func close() throws {
    do { try (writer ?? reader).close() } catch { throw StoreError(error, path: path) }
  }

  /// Copies the write-ahead log into the store file and cuts it to nothing; at shutdown and before a file copy.
  package func checkpoint() async throws {
    guard let writer else { throw readOnlyError }
    do {
      try await writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    } catch { throw mapped(error) }
  }

  /// Writes a consistent copy of the store to a file that does not exist yet.
  package func backup(to destination: String) async throws {
    guard !FileManager.default.fileExists(atPath: destination) else {
      throw StoreError(.cannotOpen, "\(destination) exists already. Name a new file for the backup.")
    }
    do {
      try await reader.unsafeRead { db in try db.execute(sql: "VACUUM INTO ?", arguments: [destination]) }
    } catch { throw mapped(error) }
  }

  /// How the writing connection (or, read only, the reading one) is set up, and how large the store is.
  package func settings() async throws -> StoreSettings {
    let fetch: @Sendable (Database) throws -> StoreSettings = { db in
      let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      return StoreSettings(
        journalMode: try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "",
        synchronous: try Int64.fetchOne(db, sql: "PRAGMA synchronous") ?? 0,
        mappedBytes: try Int64.fetchOne(db, sql: "PRAGMA mmap_size") ?? 0,
        schema: try Int64.fetchOne(db, sql: "SELECT max(number) FROM migration") ?? 0,
        bytes: pages * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0))
    }
    return writer == nil ? try await read(fetch) : try await write(fetch)
  }

  func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    do { return try await reader.read(body) } catch { throw mapped(error) }
  }

  func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    guard let writer else { throw readOnlyError }
    do { return try await writer.write(body) } catch { throw mapped(error) }
  }

  /// A transaction that looks references up in what earlier ones remembered, and remembers what it finds.
  func writeRemembering<T: Sendable>(_ body: @escaping @Sendable (Database, ReferenceMemory) throws -> T) async throws -> T {
    try await write { [memory] db in
      db.afterNextTransaction(onCommit: { _ in }, onRollback: { _ in memory.forgetAll() })
      return try body(db, memory)
    }
  }

  private func mapped(_ error: any Error) -> any Error { error is CancellationError ? error : StoreError(error, path: path) }

  private var readOnlyError: StoreError { StoreError(.readOnly, "\(path) is open for reading only. Ask the running daemon to change it.") }
}

/// A store's settings and size, for `doctor` and metrics.
package struct StoreSettings: Hashable, Sendable {
  /// `wal`
  package let journalMode: String
  /// 2 is FULL: a commit outlives a power cut.
  package let synchronous: Int64
  /// 0: no memory-mapped reading.
  package let mappedBytes: Int64
  /// The number of the last migration applied.
  package let schema: Int64
  package let bytes: Int64
}

extension EventStore {
  private static func configuration(readOnly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.label = "store"
    configuration.busyMode = .timeout(Double(StoreLimits.busyTimeout.microseconds) / 1_000_000)
    configuration.maximumReaderCount = StoreLimits.readers
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA mmap_size = 0")
    }
    return configuration
  }

  /// Says in plain words what the database would say in codes.
  private static func checkFile(_ path: String, _ access: Access) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw StoreError(.cannotOpen, "The folder \(folder) for the store does not exist. Create it, or name another file with --store.")
    }
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      if access == .exclusive { return }
      throw StoreError(.missing, "There is no store at \(path) yet. Start the daemon or run `bellwether import`, or name it with --store.")
    }
    if isFolder.boolValue { throw StoreError(.cannotOpen, "\(path) is a folder. Name a file with --store.") }
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw StoreError(.cannotOpen, "\(path) may not be read by this user. Check its owner and mode.")
    }
    if access == .exclusive, !FileManager.default.isWritableFile(atPath: path) {
      throw StoreError(.readOnly, "\(path) may not be written by this user. Check its owner and mode.")
    }
  }

  /// Looks at an existing file before anything is written to it; gives the number of migrations it lacks.
  private static func inspect(_ migrator: Migrator) throws -> Int {
    let queue = try DatabaseQueue(path: migrator.path, configuration: configuration(readOnly: true))
    let missing = try queue.read { db in try migrator.missing(db) }
    try queue.close()
    return missing
  }
}
