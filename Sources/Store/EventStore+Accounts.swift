package import Events
internal import GRDB

/// An account with the ids that stand for it.
package struct StoredAccount: Hashable, Sendable {
  package let key: AccountKey
  /// Its own id, of the record it was created from.
  package let system: String
  package let externalID: String
  /// As its latest record names it.
  package let name: String?
  package let createdStep: Int64
  /// Every id linked to it, its own first.
  package let references: [AccountReference]
}

/// An id that stands for an account.
package struct AccountReference: Hashable, Sendable {
  package let system: String
  package let id: String
  /// A `LinkProvenance`, as stored.
  package let provenance: String
  /// Per cent.
  package let confidence: Int
  /// The step from which the link holds.
  package let linkedStep: Int64
  /// That step's business time.
  package let since: Instant
}

/// Records that belong to no account: a row per kind, system and reference.
package struct UnlinkedRecords: Hashable, Sendable {
  /// Why a reference stands for nothing.
  package enum Reason: String, Sendable {
    /// The records name no account, and no person with a company's address.
    case unnamed
    /// No account claims it.
    case unclaimed
    /// Two accounts claim the domain.
    case ambiguous
    /// A person undid its link.
    case undone
  }

  package let kind: Kind
  package let system: String
  /// The system the reference is of: the records' own, or `domain`; nil where the records name none.
  package let referenceSystem: String?
  /// The account as that system names it; nil where the records name none.
  package let reference: String?
  package let reason: Reason
  package let count: Int
  package let first: Instant
  package let last: Instant
}

/// An id that two accounts, or two persons, claim.
package struct LinkConflict: Hashable, Sendable {
  package enum Subject: String, Sendable {
    case account, person
  }

  package let subject: Subject
  package let system: String
  package let id: String
  /// The number of the account or person that has it.
  package let holder: Int64
  package let claimant: Int64
  package let step: Int64
}

extension EventStore {
  /// Every account in order of its key.
  package func accounts() async throws -> [StoredAccount] {
    try await read { db in try Self.accounts(Row.fetchAll(db, sql: AccountSQL.columns + " ORDER BY key"), db) }
  }

  /// One account; nil if there is none of that key.
  package func account(_ key: AccountKey) async throws -> StoredAccount? {
    try await read { db in
      try Self.accounts(Row.fetchAll(db, sql: AccountSQL.columns + " WHERE key = ?", arguments: [key.number]), db).first
    }
  }

  /// The accounts a person may mean by a text: those with that id in any system, else of that name, else of that key (`12` or `#12`),
  /// else with the text within their name. More than one is for the caller to tell apart.
  package func findAccounts(_ text: String) async throws -> [StoredAccount] {
    try await read { db in
      for sql in [AccountSQL.byExternalID, AccountSQL.byName] {
        let found = try Row.fetchAll(db, sql: sql, arguments: [text])
        if !found.isEmpty { return try Self.accounts(found, db) }
      }
      if let key = Int64(text.hasPrefix("#") ? String(text.dropFirst()) : text) {
        let found = try Row.fetchAll(db, sql: AccountSQL.columns + " WHERE key = ?", arguments: [key])
        if !found.isEmpty { return try Self.accounts(found, db) }
      }
      return text.isEmpty ? [] : try Self.accounts(Row.fetchAll(db, sql: AccountSQL.withinName, arguments: [text]), db)
    }
  }

  /// Records that belong to no account, most first.
  package func unlinkedRecords() async throws -> [UnlinkedRecords] {
    try await read { db in
      try Row.fetchAll(db, sql: AccountSQL.unlinked).map { row in
        let kind: String = row[0]
        guard let kind = Kind(rawValue: kind) else { throw StoreError(.damaged, "The store holds events of an unknown kind: \(kind).") }
        let reference: String? = row[2]
        let undone: String? = row[7]
        let reason: UnlinkedRecords.Reason =
          reference == nil ? .unnamed : undone == "domain" ? .ambiguous : undone == nil ? .unclaimed : .undone
        return UnlinkedRecords(
          kind: kind, system: row[1], referenceSystem: row[6], reference: reference, reason: reason, count: row[3],
          first: Instant(microseconds: row[4]), last: Instant(microseconds: row[5]))
      }
    }
  }

  /// Ids that two accounts or persons claim; they stay with the first.
  package func linkConflicts() async throws -> [LinkConflict] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT subject, system.name, external_id, holder, claimant, step FROM link_conflict
          JOIN system ON system.key = link_conflict.system ORDER BY subject, system.name, external_id, claimant
          """
      ).map {
        LinkConflict(
          subject: LinkConflict.Subject(rawValue: $0[0]) ?? .account, system: $0[1], id: $0[2], holder: $0[3], claimant: $0[4], step: $0[5])
      }
    }
  }

  private static func accounts(_ rows: [Row], _ db: Database) throws -> [StoredAccount] {
    try rows.map { row in
      let key: Int64 = row[0]
      let references = try Row.fetchAll(db.cachedStatement(sql: AccountSQL.references), arguments: [key]).map {
        AccountReference(
          system: $0[0], id: $0[1], provenance: $0[2], confidence: $0[3], linkedStep: $0[4], since: Instant(microseconds: $0[5] ?? 0))
      }
      return StoredAccount(
        key: AccountKey(key), system: row[1], externalID: row[2], name: row[3], createdStep: row[4], references: references)
    }
  }
}

private enum AccountSQL {
  static let columns = """
    SELECT key, (SELECT name FROM system WHERE key = account.system), external_id, name, created_step FROM account
    """

  static let byExternalID =
    columns + """
       WHERE key IN (
         SELECT account FROM account_link_now AS link JOIN account_ref ON account_ref.key = link.ref WHERE account_ref.external_id = ?)
       ORDER BY key
      """

  static let byName = columns + " WHERE name = ? COLLATE NOCASE ORDER BY key"

  static let withinName = columns + " WHERE instr(lower(name), lower(?)) > 0 ORDER BY key"

  static let references = """
    SELECT system.name, account_ref.external_id, provenance, confidence, linked_step,
      (SELECT at FROM step WHERE sequence = link.linked_step)
    FROM account_link_now AS link
    JOIN account_ref ON account_ref.key = link.ref JOIN system ON system.key = account_ref.system
    JOIN account ON account.key = link.account
    WHERE link.account = ?
    ORDER BY account.system = account_ref.system AND account.external_id = account_ref.external_id DESC, linked_step, account_ref.key
    """

  static let unlinked = """
    SELECT kind.name, system.name, account_ref.external_id, count(*), min(event.at), max(event.at),
      (SELECT name FROM system WHERE key = account_ref.system),
      (SELECT provenance FROM account_link WHERE ref = event.account_ref ORDER BY linked_step DESC LIMIT 1)
    FROM event
    LEFT JOIN account_ref ON account_ref.key = event.account_ref
    JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system
    WHERE event.superseded = 0 AND (event.account_ref IS NULL OR event.account_ref IN (
      SELECT key FROM account_ref WHERE NOT EXISTS (SELECT 1 FROM account_link_now WHERE ref = account_ref.key)))
    GROUP BY event.kind, event.system, event.account_ref ORDER BY 4 DESC, 1, 2, 3
    """
}
