package import Engine
package import Events
internal import GRDB

/// Where a finding stands: its latest transition and when it began.
package struct StoredFinding: Hashable, Sendable {
  package let id: FindingID
  package let state: FindingState
  package let level: String
  /// The latest transition's.
  package let reason: String
  package let evidence: JSON
  /// The first transition, into `pending` or `firing`.
  package let beganAt: Instant
  /// Nil while it never fired.
  package let firedAt: Instant?
  package let changedAt: Instant
  /// The latest transition's place in the log.
  package let step: Int64
  package let ordinal: Int
}

extension EventStore {
  /// Findings of an account, or of all, in order of their first transition.
  ///
  /// - Parameter openOnly: leave the resolved ones out.
  package func findings(of account: AccountKey? = nil, openOnly: Bool = true) async throws -> [StoredFinding] {
    let sql =
      switch (account, openOnly) {
      case (nil, true): FindingText.columns + " WHERE state <> 'resolved' AND ? IS NULL ORDER BY key"
      case (nil, false): FindingText.columns + " WHERE ? IS NULL ORDER BY key"
      case (_, true): FindingText.columns + " WHERE state <> 'resolved' AND account = ? ORDER BY key"
      case (_, false): FindingText.columns + " WHERE account = ? ORDER BY key"
      }
    let rows = try await read { db in
      try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [account?.number]).map(FindingText.init)
    }
    do { return try rows.map { try $0.finding() } } catch { throw StoreError(error, path: path) }
  }

  /// Transitions of an account, or of all, in the order they were written: by step and ordinal.
  package func transitions(of account: AccountKey? = nil) async throws -> [Transition] {
    let sql = TransitionText.columns + (account == nil ? " WHERE ? IS NULL ORDER BY key" : " WHERE account = ? ORDER BY key")
    let rows = try await read { db in
      try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [account?.number]).map(TransitionText.init)
    }
    do { return try rows.map { try $0.transition() } } catch { throw StoreError(error, path: path) }
  }

  /// The latest score of each account that has one, in order of account.
  package func latestScores() async throws -> [ScoreRow] {
    try await scores(
      "SELECT account, step, at, content FROM score WHERE key IN (SELECT max(key) FROM score GROUP BY account) ORDER BY account", nil)
  }

  /// An account's scores, oldest first.
  package func scores(of account: AccountKey) async throws -> [ScoreRow] {
    try await scores("SELECT account, step, at, content FROM score WHERE account = ? ORDER BY key", account.number)
  }

  /// Every score, in the order they were written.
  package func scores() async throws -> [ScoreRow] {
    try await scores("SELECT account, step, at, content FROM score ORDER BY key", nil)
  }

  private func scores(_ sql: String, _ account: Int64?) async throws -> [ScoreRow] {
    let rows = try await read { db in
      try Row.fetchAll(db.cachedStatement(sql: sql), arguments: account.map { [$0] } ?? []).map {
        (account: $0[0] as Int64, step: $0[1] as Int64, at: $0[2] as Int64, content: $0[3] as String)
      }
    }
    do {
      return try rows.map {
        ScoreRow(account: AccountKey($0.account), step: $0.step, at: Instant(microseconds: $0.at), content: try JSON(parsing: $0.content))
      }
    } catch { throw StoreError(error, path: path) }
  }
}

/// A finding's name as three columns hold it.
private struct FindingName: Sendable {
  let rule: String
  let subject: String
  let episode: Int

  func id() throws -> FindingID {
    guard let subject = Subject(subject) else {
      throw StoreError(.damaged, "Finding \(rule) has a subject unknown here: \(subject). Install the newer bellwether that stored it.")
    }
    return FindingID(rule: rule, subject: subject, episode: episode)
  }
}

private struct FindingText: Sendable {
  static let columns = """
    SELECT rule, subject, episode, state, level, reason, evidence, began_at, fired_at, changed_at, step, ordinal FROM finding
    """

  let name: FindingName
  let words: [String]
  let times: [Int64?]
  let step: Int64
  let ordinal: Int

  init(_ row: Row) {
    name = FindingName(rule: row[0], subject: row[1], episode: row[2])
    words = [row[3], row[4], row[5], row[6]]
    times = [row[7], row[8], row[9]]
    step = row[10]
    ordinal = row[11]
  }

  func finding() throws -> StoredFinding {
    StoredFinding(
      id: try name.id(), state: try FindingState(stored: words[0]), level: words[1], reason: words[2],
      evidence: try JSON(parsing: words[3]), beganAt: Instant(microseconds: times[0] ?? 0),
      firedAt: times[1].map(Instant.init(microseconds:)), changedAt: Instant(microseconds: times[2] ?? 0), step: step,
      ordinal: ordinal)
  }
}

private struct TransitionText: Sendable {
  static let columns = """
    SELECT rule, subject, episode, step, ordinal, at, from_state, to_state, level, reason, evidence FROM finding_transition
    """

  let name: FindingName
  let step: Int64
  let ordinal: Int
  let at: Int64
  let from: String?
  let words: [String]

  init(_ row: Row) {
    name = FindingName(rule: row[0], subject: row[1], episode: row[2])
    step = row[3]
    ordinal = row[4]
    at = row[5]
    from = row[6]
    words = [row[7], row[8], row[9], row[10]]
  }

  func transition() throws -> Transition {
    Transition(
      finding: try name.id(), step: step, ordinal: ordinal, at: Instant(microseconds: at),
      from: try from.map { try FindingState(stored: $0) }, to: try FindingState(stored: words[0]), level: words[1], reason: words[2],
      evidence: try JSON(parsing: words[3]))
  }
}

extension FindingState {
  fileprivate init(stored word: String) throws {
    guard let state = FindingState(rawValue: word) else {
      throw StoreError(.damaged, "A finding is in a state unknown here: \(word). Install the newer bellwether that stored it.")
    }
    self = state
  }
}
