package import Engine
package import Events
internal import Foundation
internal import GRDB

extension EventStore {
  /// Notices not yet settled, oldest first.
  package func pendingNotices(limit: Int = 1_000) async throws -> [StoredNotice] {
    let rows = try await read { db in
      try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT key, step, ordinal, account, at, topic, content FROM notice WHERE settled = 0 ORDER BY key LIMIT ?"),
        arguments: [limit]
      ).map { NoticeText(key: $0[0], step: $0[1], ordinal: $0[2], account: $0[3], at: $0[4], topic: $0[5], content: $0[6]) }
    }
    do { return try rows.map { try $0.notice() } } catch { throw StoreError(error, path: path) }
  }

  /// Every notice of an account, settled or not, oldest first.
  package func notices(of account: AccountKey) async throws -> [Notice] {
    let rows = try await read { db in
      try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT key, step, ordinal, account, at, topic, content FROM notice WHERE account = ? ORDER BY key"),
        arguments: [account.number]
      ).map { NoticeText(key: $0[0], step: $0[1], ordinal: $0[2], account: $0[3], at: $0[4], topic: $0[5], content: $0[6]) }
    }
    do { return try rows.map { try $0.notice().notice } } catch { throw StoreError(error, path: path) }
  }

  /// The highest sequence number of an account's deliveries to any sink; 0 if it has none.
  package func lastDeliverySequence(of account: AccountKey) async throws -> Int64 {
    try await read { db in try Self.lastSequence(of: account.number, db) }
  }

  /// Stores deliveries and settles their notices, all or none; further settled notices are those no sink wants.
  ///
  /// - Throws: `outOfOrder` if a notice is settled already or a sequence number is not above the account's last to that sink.
  package func freeze(_ deliveries: [NewDelivery], settling unwanted: [Int64] = []) async throws {
    try await write { db in
      for delivery in deliveries { try Self.insert(delivery, db) }
      for notice in Set(deliveries.flatMap(\.notices) + unwanted).sorted() {
        try db.cachedStatement(sql: "UPDATE notice SET settled = 1 WHERE key = ? AND settled = 0").execute(arguments: [notice])
        guard db.changesCount == 1 else {
          throw StoreError(.outOfOrder, "Notice \(notice) cannot be frozen: it is settled already or does not exist.")
        }
      }
    }
  }

  /// Pending deliveries whose time has come, the longest due first.
  package func dueDeliveries(wallNow: Instant, limit: Int) async throws -> [StoredDelivery] {
    try await read { db in
      try DeliveryRow.deliveries(
        Row.fetchAll(
          db.cachedStatement(
            sql: DeliveryRow.columns + " WHERE state = 'pending' AND next_attempt_at <= ? ORDER BY next_attempt_at, key LIMIT ?"),
          arguments: [wallNow.microseconds, limit]), db)
    }
  }

  /// The wall time at which the next pending delivery is due; nil if none is pending.
  package func nextAttempt() async throws -> Instant? {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT min(next_attempt_at) FROM delivery WHERE state = 'pending'").map(Instant.init(microseconds:))
    }
  }

  /// Records how the nth attempt (from 1) of a delivery ended. An attempt recorded before changes nothing.
  ///
  /// - Throws: `unknown` if there is no such delivery, `outOfOrder` if an attempt between was not recorded.
  package func recordAttempt(_ id: String, number: Int, at wall: Instant, outcome: AttemptOutcome) async throws {
    let (state, next, status, error) = Self.columns(of: outcome)
    try await write { db in
      guard let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT attempts, state FROM delivery WHERE id = ?"), arguments: [id])
      else { throw StoreError(.unknown, "There is no delivery \(id). List them with `bellwether deliveries`.") }
      let attempts: Int = row[0]
      if number <= attempts { return }
      guard number == attempts + 1 else {
        throw StoreError(.outOfOrder, "Attempt \(number) of delivery \(id) cannot follow attempt \(attempts).")
      }
      try db.cachedStatement(
        sql: """
          UPDATE delivery SET state = ?, attempts = ?, next_attempt_at = ifnull(?, next_attempt_at), last_attempt_at = ?,
            last_status = ?, last_error = ? WHERE id = ?
          """
      ).execute(arguments: [state.rawValue, number, next?.microseconds, wall.microseconds, status, error, id])
    }
  }

  /// Deliveries in one state, or all, newest first.
  package func deliveries(_ state: DeliveryState? = nil, limit: Int = 1_000) async throws -> [StoredDelivery] {
    try await read { db in
      try DeliveryRow.deliveries(
        Row.fetchAll(
          db.cachedStatement(sql: DeliveryRow.columns + " WHERE ?1 IS NULL OR state = ?1 ORDER BY key DESC LIMIT ?2"),
          arguments: [state?.rawValue, limit]), db)
    }
  }

  /// How many notices and deliveries stand where.
  package func outboxCounts() async throws -> OutboxCounts {
    try await read { db in
      let counts = try Row.fetchAll(db, sql: "SELECT state, count(*) FROM delivery GROUP BY state")
      func count(_ state: DeliveryState) -> Int { counts.first { $0[0] as String == state.rawValue }?[1] ?? 0 }
      return OutboxCounts(
        notices: try Int.fetchOne(db, sql: "SELECT count(*) FROM notice WHERE settled = 0") ?? 0, pending: count(.pending),
        delivered: count(.delivered), dead: count(.dead))
    }
  }

  private static func lastSequence(of account: Int64, _ db: Database) throws -> Int64 {
    try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(sequence) FROM delivery WHERE account = ?"), arguments: [account]) ?? 0
  }

  private static func insert(_ delivery: NewDelivery, _ db: Database) throws {
    guard delivery.body.count <= StoreLimits.deliveryBytes else {
      throw StoreError(
        .overLimit, "Delivery \(delivery.id) has \(delivery.body.count) bytes; at most \(StoreLimits.deliveryBytes) are stored.")
    }
    let last = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT max(sequence) FROM delivery WHERE sink = ? AND account = ?"),
      arguments: [delivery.sink, delivery.account.number])
    guard delivery.sequence > last ?? 0 else {
      throw StoreError(
        .outOfOrder, "Delivery \(delivery.id) has sequence number \(delivery.sequence), but \(delivery.sink) is at \(last ?? 0) already.")
    }
    try db.cachedStatement(sql: "INSERT INTO delivery (id, sink, account, sequence, created_at, body) VALUES (?, ?, ?, ?, ?, ?)")
      .execute(arguments: [
        delivery.id, delivery.sink, delivery.account.number, delivery.sequence, delivery.createdAt.microseconds,
        Data(delivery.body),
      ])
    let key = db.lastInsertedRowID
    for notice in delivery.notices {
      try db.cachedStatement(sql: "INSERT INTO delivery_notice (delivery, notice) VALUES (?, ?)").execute(arguments: [key, notice])
    }
  }

  private static func columns(of outcome: AttemptOutcome) -> (state: DeliveryState, next: Instant?, status: Int?, error: String?) {
    switch outcome {
    case .delivered(let status): (.delivered, nil, status, nil)
    case .retry(let at, let error, let status): (.pending, at, status, String(error.prefix(StoreLimits.errorCharacters)))
    case .dead(let error, let status): (.dead, nil, status, String(error.prefix(StoreLimits.errorCharacters)))
    }
  }
}

/// A notice as its row holds it.
private struct NoticeText: Sendable {
  let key: Int64
  let step: Int64
  let ordinal: Int
  let account: Int64
  let at: Int64
  let topic: String
  let content: String

  func notice() throws -> StoredNotice {
    StoredNotice(
      key: key,
      notice: Notice(
        step: step, ordinal: ordinal, account: AccountKey(account), at: Instant(microseconds: at), topic: topic,
        content: try JSON(parsing: content)))
  }
}

/// Reads rows of the delivery table.
private enum DeliveryRow {
  static let columns = """
    SELECT key, id, sink, account, sequence, body, created_at, state, attempts, next_attempt_at, last_attempt_at, last_status, last_error
    FROM delivery
    """

  static func deliveries(_ rows: [Row], _ db: Database) throws -> [StoredDelivery] {
    try rows.map { row in
      let key: Int64 = row[0]
      let body: Data = row[5]
      let notices = try Int64.fetchAll(
        db.cachedStatement(sql: "SELECT notice FROM delivery_notice WHERE delivery = ? ORDER BY notice"), arguments: [key])
      let delivery = NewDelivery(
        id: row[1], sink: row[2], account: AccountKey(row[3]), sequence: row[4], notices: notices, body: Array(body),
        createdAt: Instant(microseconds: row[6]))
      return StoredDelivery(
        key: key, delivery: delivery, state: DeliveryState(rawValue: row[7]) ?? .dead, attempts: row[8],
        nextAttemptAt: Instant(microseconds: row[9]), lastAttemptAt: (row[10] as Int64?).map(Instant.init(microseconds:)),
        lastStatus: row[11], lastError: row[12])
    }
  }
}
