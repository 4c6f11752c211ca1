package import Engine
package import Events
internal import GRDB

/// What the engine starts from: everything transaction 2 wrote last.
package struct LoadedState: Sendable {
  /// The last step folded; 0 at first.
  package let position: Int64
  /// Nil before the first fold.
  package let portfolio: JSON?
  /// In order of their keys.
  package let accounts: [(key: AccountKey, state: JSON)]
}

extension EventStore {
  /// Transaction 2: the engine's new position with all that changed on the way, all or nothing.
  ///
  /// - Throws: `outOfOrder` if the position does not lie after the stored one or lies past the log's end, `overLimit` for a state that
  ///   has grown too large.
  package func apply(_ outcome: FoldOutcome) async throws {
    try await write { db in
      let stored = try Int64.fetchOne(db, sql: "SELECT position FROM engine") ?? 0
      let last = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM step") ?? 0
      guard outcome.position > stored, outcome.position <= last else {
        throw StoreError(
          .outOfOrder, "The engine at step \(outcome.position) cannot be stored: the store stands at \(stored) and its log ends at \(last)."
        )
      }
      try db.cachedStatement(
        sql: """
          INSERT INTO engine (id, position, portfolio) VALUES (1, ?1, ?2)
          ON CONFLICT (id) DO UPDATE SET position = ?1, portfolio = ?2
          """
      ).execute(arguments: [outcome.position, outcome.portfolio.serialized()])
      for (key, state) in outcome.accounts { try Self.put(state, of: key, at: outcome.position, db) }
      for transition in outcome.transitions { try Self.insert(transition, db) }
      for notice in outcome.notices { try Self.insert(notice, db) }
      for score in outcome.scores { try Self.insert(score, db) }
    }
  }

  /// What the engine starts from after a restart.
  package func loadStates() async throws -> LoadedState {
    let raw = try await read { db in
      let engine = try Row.fetchOne(db, sql: "SELECT position, portfolio FROM engine")
      let accounts = try Row.fetchAll(db, sql: "SELECT account, state FROM account_state ORDER BY account")
      return (
        position: engine?[0] as Int64?, portfolio: engine?[1] as String?,
        accounts: accounts.map { (key: AccountKey($0[0]), state: $0[1] as String) }
      )
    }
    do {
      return LoadedState(
        position: raw.position ?? 0, portfolio: try raw.portfolio.map { try JSON(parsing: $0) },
        accounts: try raw.accounts.map { ($0.key, try JSON(parsing: $0.state)) })
    } catch { throw StoreError(error, path: path) }
  }

  /// One account's state as last stored, and the step it was stored at.
  package func state(of account: AccountKey) async throws -> (position: Int64, state: JSON)? {
    let row = try await read { db in
      try Row.fetchOne(db, sql: "SELECT position, state FROM account_state WHERE account = ?", arguments: [account.number])
        .map { (position: $0[0] as Int64, state: $0[1] as String) }
    }
    do { return try row.map { ($0.position, try JSON(parsing: $0.state)) } } catch { throw StoreError(error, path: path) }
  }

  private static func put(_ state: JSON, of account: AccountKey, at position: Int64, _ db: Database) throws {
    let text = state.serialized()
    guard text.utf8.count <= StoreLimits.stateBytes else {
      throw StoreError(
        .overLimit,
        "The state of account \(account.number) has grown to \(text.utf8.count) bytes; at most \(StoreLimits.stateBytes) are "
          + "stored. Shorten the longest window in the rules.")
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO account_state (account, position, state) VALUES (?1, ?2, ?3)
        ON CONFLICT (account) DO UPDATE SET position = ?2, state = ?3
        """
    ).execute(arguments: [account.number, position, text])
  }

  private static func insert(_ transition: Transition, _ db: Database) throws {
    let id = transition.finding
    let subject = id.subject.description
    let account = id.subject.account.number
    let at = transition.at.microseconds
    let evidence = transition.evidence.serialized()
    try db.cachedStatement(
      sql: """
        INSERT INTO finding_transition
          (rule, subject, episode, step, ordinal, account, at, from_state, to_state, level, reason, evidence)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      id.rule, subject, id.episode, transition.step, transition.ordinal, account, at, transition.from?.rawValue,
      transition.to.rawValue, transition.level, transition.reason, evidence,
    ])
    let firedAt = transition.to == .firing ? at : nil
    try db.cachedStatement(
      sql: """
        INSERT INTO finding
          (rule, subject, episode, account, state, level, reason, began_at, fired_at, changed_at, step, ordinal, evidence)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8, ?10, ?11, ?12)
        ON CONFLICT (rule, subject, episode) DO UPDATE SET
          state = ?5, level = ?6, reason = ?7, fired_at = ifnull(fired_at, ?9), changed_at = ?8, step = ?10, ordinal = ?11, evidence = ?12
        """
    ).execute(arguments: [
      id.rule, subject, id.episode, account, transition.to.rawValue, transition.level, transition.reason, at, firedAt,
      transition.step, transition.ordinal, evidence,
    ])
  }

  private static func insert(_ notice: Notice, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO notice (step, ordinal, account, at, topic, content) VALUES (?, ?, ?, ?, ?, ?)")
      .execute(arguments: [
        notice.step, notice.ordinal, notice.account.number, notice.at.microseconds, notice.topic, notice.content.serialized(),
      ])
  }

  private static func insert(_ score: ScoreRow, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO score (account, step, at, content) VALUES (?, ?, ?, ?)")
      .execute(arguments: [score.account.number, score.step, score.at.microseconds, score.content.serialized()])
  }
}
