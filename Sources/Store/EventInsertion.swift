internal import GRDB
internal import GRDBSQLite

/// The insertion of an event's row: the one statement that runs for every record.
///
/// Bound and stepped by SQLite's own calls: the library's lists of arguments cost more than the insertion itself (decision 20).
struct EventInsertion {
  /// What a page decides of its rows.
  struct Place {
    let step: Int64
    let stream: Int64
    let observedAt: Int64
    /// How late the source tells, in microseconds.
    let lag: Int64
  }

  private let statement: Statement
  private let connection: SQLiteConnection?
  private let place: Place

  init(_ db: Database, at place: Place) throws {
    self.place = place
    connection = db.sqliteConnection
    statement = try db.cachedStatement(
      sql: """
        INSERT INTO event (step, kind, system, stream, source_id, version, revision, at, observed_at, knowable_at, seen_at,
          account_ref, person_ref, person, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?8, ?11, ?12, ?13, ?14)
        ON CONFLICT DO NOTHING
        """)
  }

  /// False if the very version and revision is stored already.
  func insert(_ row: EventRow) throws -> Bool {
    bind(1, place.step)
    bind(2, row.kind)
    bind(3, row.system)
    bind(4, place.stream)
    bind(6, row.version)
    bind(7, row.revision)
    bind(8, row.at)
    bind(9, place.observedAt)
    bind(10, min(place.observedAt, row.at + place.lag))
    bind(11, row.accountRef)
    bind(12, row.personRef)
    bind(13, row.person)
    // Reset at once: a statement that is not can be bound to nothing else.
    let code = withText(row.sourceID, at: 5) {
      withText(row.body, at: 14) {
        sqlite3_step(statement.sqliteStatement)
        return sqlite3_reset(statement.sqliteStatement)
      }
    }
    guard code == SQLITE_OK else {
      let message = sqlite3_errmsg(connection).map(String.init(cString:))
      throw DatabaseError(resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: message)
    }
    return sqlite3_changes(connection) == 1
  }

  private func bind(_ index: Int32, _ number: Int64?) {
    if let number {
      sqlite3_bind_int64(statement.sqliteStatement, index, number)
    } else {
      sqlite3_bind_null(statement.sqliteStatement, index)
    }
  }

  /// The text's bytes are SQLite's to read until `body` has ended, and are not copied.
  private func withText<Result>(_ text: String, at index: Int32, _ body: () -> Result) -> Result {
    var text = text
    return text.withUTF8 { bytes in
      sqlite3_bind_text64(statement.sqliteStatement, index, bytes.baseAddress, UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
      defer { sqlite3_bind_null(statement.sqliteStatement, index) }
      return body()
    }
  }
}
