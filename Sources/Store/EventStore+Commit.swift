package import Events
internal import GRDB

extension EventStore {
  /// Transaction 1: stores pages in order with their cursors, all or none.
  ///
  /// A page with news becomes a `records` step; links it makes bring earlier records home in steps that follow; a watermark step tells
  /// that the stream is complete further than before. A page told again changes nothing but the cursor.
  ///
  /// - Parameters:
  ///   - at: business time of the steps; raised to the last step's where it lies before it.
  ///   - last: makes one more page of what became of the others, such as a cursor that counts.
  package func commit(
    _ pages: [Page], at: Instant, last: (@Sendable ([CommitResult]) -> Page)? = nil
  ) async throws -> [CommitResult] {
    for page in pages { try Self.check(page) }
    return try await writeRemembering { db, memory in
      var log = try LogWriter(db, at: at)
      let store = { (page: Page) in
        var writer = try PageWriter(db, page, log: log, remembering: memory)
        let result = try writer.store()
        log = writer.log
        return result
      }
      let results = try pages.map(store)
      guard let last else { return results }
      return results + [try store(last(results))]
    }
  }

  /// Appends a step that says nothing but the time; gives its sequence number.
  @discardableResult
  package func appendTick(at: Instant) async throws -> Int64 {
    try await write { db in
      var log = try LogWriter(db, at: at)
      return try log.append("tick")
    }
  }

  /// Puts a configuration in force from here on. Gives the step's sequence number, or nil if that digest is in force already.
  @discardableResult
  package func activate(digest: String, content: String, at: Instant) async throws -> Int64? {
    try await write { db in
      guard try Self.activeDigest(db) != digest else { return nil }
      try db.execute(
        sql: "INSERT OR IGNORE INTO config_version (digest, content, at) VALUES (?, ?, ?)",
        arguments: [digest, content, at.microseconds])
      var log = try LogWriter(db, at: at)
      return try log.append("activation", payload: digest)
    }
  }

  private static func check(_ page: Page) throws {
    guard page.records.count <= StoreLimits.recordsPerPage else {
      throw StoreError(
        .overLimit,
        "A page of \(page.stream) holds \(page.records.count) records; at most \(StoreLimits.recordsPerPage) are stored at once.")
    }
    for record in page.records {
      for id in [record.id, record.account ?? "", record.person ?? ""] where id.utf8.count > StoreLimits.idBytes {
        throw StoreError(
          .overLimit,
          "\(page.stream) sent a \(record.kind.rawValue) with an id of \(id.utf8.count) bytes: \(id.prefix(40))…; at most "
            + "\(StoreLimits.idBytes) are allowed.")
      }
    }
  }
}
