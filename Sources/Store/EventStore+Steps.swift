package import Engine
package import Events
internal import GRDB

extension EventStore {
  /// Reads the log back from after a sequence number, with links as they stood at each step; empty at the end of the log.
  ///
  /// The same call gives the same steps for ever. A record whose account was linked by its own step stands in that step, one linked
  /// later in the step of the link, one linked never in none. An occurrence that was told otherwise before says what it was. Fewer than `limit` steps come where they hold many records.
  package func steps(after sequence: Int64, limit: Int) async throws -> [Step] {
    let raw = try await read { db in
      let reader = try StepReader(db)
      var steps: [(row: StepRow, records: [EventText], superseded: [Int64: EventText])] = []
      var records = 0
      for row in try StepRow.fetch(db, after: sequence, limit: limit) {
        let revisions = try reader.revisions(in: row)
        let events = try reader.events(of: row).filter { !revisions.outdated.contains($0.key) }
        steps.append((row, events, revisions.superseded))
        records += events.count
        if records >= StoreLimits.recordsPerRead { break }
      }
      return steps
    }
    // Bodies are decoded outside the read transaction, which so stays short.
    do { return try raw.map { try $0.row.step(with: $0.records, superseded: $0.superseded) } } catch { throw StoreError(error, path: path) }
  }

  /// The number of the log's last step; 0 if it is empty.
  package func lastStep() async throws -> Int64 {
    try await read { db in try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM step") ?? 0 }
  }

  /// The configuration in force: what the latest activation named.
  package func activeConfiguration() async throws -> StoredConfiguration? {
    try await read { db in
      guard let digest = try Self.activeDigest(db) else { return nil }
      return try StoredConfiguration.fetch(db, digest: digest)
    }
  }

  /// A configuration that was in force once.
  package func configuration(digest: String) async throws -> StoredConfiguration? {
    try await read { db in try StoredConfiguration.fetch(db, digest: digest) }
  }

  /// Every configuration that was ever in force, oldest first.
  package func configurations() async throws -> [StoredConfiguration] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT digest, content, at FROM config_version ORDER BY at, digest").map {
        StoredConfiguration(digest: $0[0], content: $0[1], at: Instant(microseconds: $0[2]))
      }
    }
  }

  static func activeDigest(_ db: Database) throws -> String? {
    try String.fetchOne(db, sql: "SELECT payload FROM step WHERE type = 'activation' ORDER BY sequence DESC LIMIT 1")
  }
}

/// Rules and catalogue as they were put in force.
package struct StoredConfiguration: Hashable, Sendable {
  package let digest: String
  package let content: String
  /// When it was first put in force.
  package let at: Instant

  static func fetch(_ db: Database, digest: String) throws -> StoredConfiguration? {
    let row = try Row.fetchOne(db, sql: "SELECT digest, content, at FROM config_version WHERE digest = ?", arguments: [digest])
    return row.map { StoredConfiguration(digest: $0[0], content: $0[1], at: Instant(microseconds: $0[2])) }
  }
}
