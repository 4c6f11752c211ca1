package import Events
internal import GRDB

/// How a stream stands: where it goes on, how far it is known, and how its last poll went.
package struct StreamState: Hashable, Sendable {
  package let stream: String
  package let system: String
  package let cursor: JSON?
  package let kinds: [Kind]
  package let knownFrom: Instant?
  package let completeThrough: Instant?
  /// Business time of the last page stored.
  package let lastSuccess: Instant?
  package let lastFailure: Instant?
  /// Nil once a page was stored again.
  package let lastError: String?
}

extension EventStore {
  /// Every stream that was ever polled, by name.
  package func streamStates() async throws -> [StreamState] {
    try decoded(await read { db in try Row.fetchAll(db, sql: StreamRow.columns + " ORDER BY stream.name").map(StreamRow.init) })
  }

  /// One stream; nil before its first page or failure.
  package func streamState(_ stream: String) async throws -> StreamState? {
    try decoded(
      await read { db in
        try Row.fetchAll(db, sql: StreamRow.columns + " WHERE stream.name = ?", arguments: [stream]).map(StreamRow.init)
      }
    ).first
  }

  /// Notes that polling a stream failed; its cursor and known range stay.
  package func recordFailure(stream: String, system: String, error: String, at: Instant) async throws {
    try await write { db in
      try db.cachedStatement(
        sql: """
          INSERT INTO stream_state (stream, system, kinds, last_failure, last_error) VALUES (?1, ?2, '', ?3, ?4)
          ON CONFLICT (stream) DO UPDATE SET last_failure = ?3, last_error = ?4
          """
      ).execute(arguments: [
        try Interned.key(of: stream, in: .stream, db), try Interned.key(of: system, in: .system, db), at.microseconds,
        String(error.prefix(StoreLimits.errorCharacters)),
      ])
    }
  }

  private func decoded(_ rows: [StreamRow]) throws -> [StreamState] {
    do { return try rows.map { try $0.state() } } catch { throw StoreError(error, path: path) }
  }
}

/// A stream as its row holds it.
private struct StreamRow: Sendable {
  static let columns = """
    SELECT stream.name, system.name, cursor, kinds, known_from, complete_through, last_success, last_failure, last_error
    FROM stream_state JOIN stream ON stream.key = stream_state.stream JOIN system ON system.key = stream_state.system
    """

  let stream: String
  let system: String
  let cursor: String?
  let kinds: String
  let times: [Int64?]
  let lastError: String?

  init(_ row: Row) {
    stream = row[0]
    system = row[1]
    cursor = row[2]
    kinds = row[3]
    times = [row[4], row[5], row[6], row[7]]
    lastError = row[8]
  }

  func state() throws -> StreamState {
    let instants = times.map { $0.map(Instant.init(microseconds:)) }
    return StreamState(
      stream: stream, system: system, cursor: try cursor.map { try JSON(parsing: $0) },
      kinds: kinds.split(separator: " ").compactMap { Kind(rawValue: String($0)) }, knownFrom: instants[0],
      completeThrough: instants[1], lastSuccess: instants[2], lastFailure: instants[3], lastError: lastError)
  }
}
