package import Events
package import Features
internal import GRDB

/// How a stream stands: where it goes on, how far it is known, and how its polls went.
package struct StreamState: Hashable, Sendable {
  package let stream: String
  package let system: String
  package let cursor: JSON?
  package let kinds: [Kind]
  package let knownFrom: Instant?
  package let completeThrough: Instant?
  /// Where between the two nothing is known, in order.
  package let holes: [Hole]
  package let coversCustomers: Bool
  /// How late its source tells.
  package let lag: Span
  /// Business time of the first poll.
  package let firstTried: Instant?
  /// Business time of the last page stored, or of the last poll that found nothing to do.
  package let lastSuccess: Instant?
  package let lastFailure: Instant?
  /// Nil once a poll went well again.
  package let lastError: String?
  package let nextPoll: Instant?
  /// Set while the log says that it does not get on.
  package let staleSince: Instant?

  /// Whether its last poll failed.
  package var isFailing: Bool { lastError != nil }
}

/// How a poll of one stream went.
package struct StreamPoll: Hashable, Sendable {
  package let stream: String
  package let system: String
  package let requests: Int
  /// Records that did not fit their mapping, and were not stored.
  package let rejected: Int
  /// Nil if the stream was not walked to its end, for no fault of its own: it waits for another.
  package let outcome: Outcome?

  package enum Outcome: Hashable, Sendable {
    case finished
    /// What went wrong, and what to do.
    case failed(String)
  }

  package init(stream: String, system: String, requests: Int, rejected: Int = 0, outcome: Outcome?) {
    self.stream = stream
    self.system = system
    self.requests = requests
    self.rejected = rejected
    self.outcome = outcome
  }
}

/// What a stream did on one UTC day.
package struct StreamDay: Hashable, Sendable {
  package let stream: String
  /// A UTC day.
  package let day: Day
  package let records: Int
  package let rejected: Int
  package let requests: Int
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

  /// What the streams brought and asked for on the last days, by stream and day.
  package func streamDays(since day: Day) async throws -> [StreamDay] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT stream.name, day, records, rejected, requests FROM stream_day JOIN stream ON stream.key = stream_day.stream
          WHERE day >= ? ORDER BY stream.name, day
          """, arguments: [day.number]
      ).map { StreamDay(stream: $0[0], day: Day(number: $0[1]), records: $0[2], rejected: $0[3], requests: $0[4]) }
    }
  }

  /// Notes that polling a stream failed; its cursor and known range stay.
  package func recordFailure(stream: String, system: String, error: String, at: Instant) async throws {
    try await recordPolls([StreamPoll(stream: stream, system: system, requests: 0, outcome: .failed(error))], at: at, next: nil)
  }

  /// Notes how a feed's poll went, stream by stream; cursors and known ranges stay.
  ///
  /// - Parameter next: business time at which the feed is due again.
  package func recordPolls(_ polls: [StreamPoll], at: Instant, next: Instant?) async throws {
    try await write { db in
      for poll in polls {
        var error: String?
        if case .failed(let text)? = poll.outcome { error = String(text.prefix(StoreLimits.errorCharacters)) }
        let stream = try Interned.key(of: poll.stream, in: .stream, db)
        try db.cachedStatement(
          sql: """
            INSERT INTO stream_state (stream, system, kinds, first_tried, next_poll, last_success, last_failure, last_error)
            VALUES (?1, ?2, '', ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (stream) DO UPDATE SET first_tried = ifnull(first_tried, ?3), next_poll = ifnull(?4, next_poll),
              last_success = max(ifnull(last_success, ?5), ifnull(?5, last_success)), last_failure = ifnull(?6, last_failure),
              last_error = CASE WHEN ?5 IS NOT NULL THEN NULL ELSE ifnull(?7, last_error) END
            """
        ).execute(arguments: [
          stream, try Interned.key(of: poll.system, in: .system, db), at.microseconds, next?.microseconds,
          poll.outcome == .finished ? at.microseconds : nil, error == nil ? nil : at.microseconds, error,
        ])
        try StreamDays.add(rejected: poll.rejected, requests: poll.requests, to: stream, at: at, db)
      }
    }
  }

  /// Forgets where streams stand, so that their next poll reads from the beginning; what is stored already is passed over then.
  ///
  /// - Returns: the names of those that had come anywhere.
  package func rewind(_ streams: [String]) async throws -> [String] {
    try await write { db in
      try streams.filter { stream in
        try db.cachedStatement(
          sql: "UPDATE stream_state SET cursor = NULL WHERE cursor IS NOT NULL AND stream = (SELECT key FROM stream WHERE name = ?)"
        ).execute(arguments: [stream])
        return db.changesCount > 0
      }
    }
  }

  /// Says in the log that a stream no longer gets on, or with nil that it does again; what the log says already is not said twice.
  ///
  /// - Returns: whether a step was written.
  @discardableResult
  package func setStale(_ stream: String, since: Instant?, error: String?, at: Instant) async throws -> Bool {
    try await write { db in
      let row = try Row.fetchOne(
        db,
        sql: "SELECT stale_since FROM stream_state WHERE stream = (SELECT key FROM stream WHERE name = ?)", arguments: [stream])
      guard let row, (row[0] as Int64?) == nil ? since != nil : since == nil else { return false }
      try db.execute(
        sql: "UPDATE stream_state SET stale_since = ? WHERE stream = (SELECT key FROM stream WHERE name = ?)",
        arguments: [since?.microseconds, stream])
      var payload: [String: JSON] = ["stream": .text(stream)]
      if let since { payload["since"] = JSON(since.microseconds) }
      if let error { payload["error"] = .text(error) }
      var log = try LogWriter(db, at: at)
      try log.append("staleness", payload: JSON.object(payload).serialized())
      return true
    }
  }

  /// Says in the log that what looks like an outage of a system is none.
  package func acceptOutage(of system: String, at: Instant) async throws {
    try await write { db in
      var log = try LogWriter(db, at: at)
      try log.append("outage_accepted", payload: system)
    }
  }

  private func decoded(_ rows: [StreamRow]) throws -> [StreamState] {
    do { return try rows.map { try $0.state() } } catch { throw StoreError(error, path: path) }
  }
}

/// A stream as its row holds it.
private struct StreamRow: Sendable {
  static let columns = """
    SELECT stream.name, system.name, cursor, kinds, last_error, holes, covers, lag,
      known_from, complete_through, first_tried, last_success, last_failure, next_poll, stale_since
    FROM stream_state JOIN stream ON stream.key = stream_state.stream JOIN system ON system.key = stream_state.system
    """

  let stream: String
  let system: String
  let cursor: String?
  let kinds: String
  let lastError: String?
  let holes: String
  let covers: Bool
  let lag: Int64
  let times: [Int64?]

  init(_ row: Row) {
    stream = row[0]
    system = row[1]
    cursor = row[2]
    kinds = row[3]
    lastError = row[4]
    holes = row[5]
    covers = row[6]
    lag = row[7]
    times = (8...14).map { row[$0] }
  }

  func state() throws -> StreamState {
    let instants = times.map { $0.map(Instant.init(microseconds:)) }
    return StreamState(
      stream: stream, system: system, cursor: try cursor.map { try JSON(parsing: $0) },
      kinds: kinds.split(separator: " ").compactMap { Kind(rawValue: String($0)) }, knownFrom: instants[0],
      completeThrough: instants[1], holes: try StreamRange.holes(holes), coversCustomers: covers, lag: Span(microseconds: lag),
      firstTried: instants[2], lastSuccess: instants[3], lastFailure: instants[4], lastError: lastError, nextPoll: instants[5],
      staleSince: instants[6])
  }
}
