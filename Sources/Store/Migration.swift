internal import GRDB

/// A step of the schema, forward only.
package struct Migration: Sendable {
  package let number: Int64
  package let name: String
  /// SHA-256 of the file as shipped, in hex. A test holds it against the file, so a shipped file can never change unseen.
  package let digest: String
  package let sql: [UInt8]

  package init(number: Int64, name: String, digest: String, sql: [UInt8]) {
    self.number = number
    self.name = name
    self.digest = digest
    self.sql = sql
  }

  /// Every migration, in order. A new one is added at the end with its digest.
  package static let all: [Migration] = [
    Migration(
      number: 1, name: "m001_log", digest: "a279b1f9e0ae02c0984cc990432279905d8e4ed90c9fb9d2b304d97ca569e8fa",
      sql: PackageResources.m001_log_sql),
    Migration(
      number: 2, name: "m002_findings", digest: "f107627f827c42e4ca10a4e30174d67d99afd9bfd7518c689f3579e25c402cff",
      sql: PackageResources.m002_findings_sql),
    Migration(
      number: 3, name: "m003_outbox", digest: "786ae24c017f39ca96f946046cea6446db3b8d4f78ee88736ceff8d8b5317156",
      sql: PackageResources.m003_outbox_sql),
    Migration(
      number: 4, name: "m004_links", digest: "9de98d1be931b26a8ac52a41d7ccaaba32621ce2698b4c5e2e715b7fc511e64b",
      sql: PackageResources.m004_links_sql),
    Migration(
      number: 5, name: "m005_people", digest: "9aaabbffc2ce55ace76ddc6a09c298443fe0631e75159180c473784593e152b9",
      sql: PackageResources.m005_people_sql),
    Migration(
      number: 6, name: "m006_freshness", digest: "a7d9c2cfb8ab52adf5531c4e4681b0bcffa9218565c6e21a990c70d6e3d64b36",
      sql: PackageResources.m006_freshness_sql),
  ]
}

/// Brings a store's schema up to this version, and refuses one it does not know.
struct Migrator {
  /// Marks the file as one of ours: "Bell" in ASCII.
  static let applicationID: Int64 = 0x4265_6C6C

  let path: String
  let migrations: [Migration]

  /// How many migrations the store still lacks; all of them if it is empty.
  ///
  /// - Throws: `notAStore`, `newerStore` or `changedMigration`.
  func missing(_ db: Database) throws -> Int {
    let mark = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let isEmpty = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
    if isEmpty && mark == 0 { return migrations.count }
    guard mark == Self.applicationID else {
      throw StoreError(.notAStore, "\(path) is a database of another program. Name another file with --store.")
    }
    let applied = try Row.fetchAll(db, sql: "SELECT number, name, digest FROM migration ORDER BY number")
    for (index, row) in applied.enumerated() {
      let number: Int64 = row[0]
      let name: String = row[1]
      let digest: String = row[2]
      guard index < migrations.count else {
        throw StoreError(
          .newerStore,
          "\(path) was written by a newer bellwether (schema \(applied.count), migration \(name); this one knows up to "
            + "\(migrations.count)). Install that version again, or restore a backup made before the upgrade.")
      }
      guard number == migrations[index].number, digest == migrations[index].digest else {
        throw StoreError(
          .changedMigration,
          "\(path) was built with another text of migration \(name) (recorded digest \(digest.prefix(12))…, this bellwether's is "
            + "\(migrations[index].digest.prefix(12))…). Run the released binary that built it, or restore a backup.")
      }
    }
    return migrations.count - applied.count
  }

  /// Applies what is missing, each migration in a transaction of its own.
  func migrate(_ db: Database) throws {
    let missing = try missing(db)
    for migration in migrations.suffix(missing) {
      try db.inTransaction(.immediate) {
        if migration.number == 1 {
          try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
          try db.execute(
            sql: "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL) STRICT")
        }
        try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
        try db.execute(
          sql: "INSERT INTO migration (number, name, digest) VALUES (?, ?, ?)",
          arguments: [migration.number, migration.name, migration.digest])
        return .commit
      }
    }
  }
}
