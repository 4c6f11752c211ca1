package import Events
internal import GRDB

/// What an account's latest record says of where it belongs.
package struct AccountOutline: Hashable, Sendable {
  package internal(set) var domain: String?
  /// The parent's id in the system that told it, and the account it stands for; nil where it stands for none.
  package internal(set) var parentID: String?
  package internal(set) var parent: AccountKey?
  /// How many contacts are on record.
  package internal(set) var contacts = 0
}

/// An account's records of a kind from a system.
package struct AccountRecords: Hashable, Sendable {
  package let kind: Kind
  package let system: String
  package let count: Int
  package let first: Instant
  package let last: Instant
}

extension EventStore {
  /// The outline of each account that has a record of its own.
  package func accountOutlines() async throws -> [AccountKey: AccountOutline] {
    let (rows, contacts, refs) = try await read { db in
      let rows = try Row.fetchAll(db, sql: OutlineSQL.records).map {
        (account: $0[0] as Int64, system: $0[1] as Int64, body: $0[2] as String)
      }
      let contacts = try Row.fetchAll(db, sql: OutlineSQL.contacts).map { (account: $0[0] as Int64, count: $0[1] as Int) }
      var refs: [Reference: Int64] = [:]
      for row in try Row.fetchAll(db, sql: OutlineSQL.ownReferences) { refs[Reference(system: row[0], id: row[1])] = row[2] }
      return (rows, contacts, refs)
    }
    var outlines: [AccountKey: AccountOutline] = [:]
    do {
      for row in rows {
        let body = try JSON(parsing: row.body)
        var outline = AccountOutline(domain: body["domain"].text, parentID: body["parent"].text)
        outline.parent = outline.parentID.flatMap { refs[Reference(system: row.system, id: $0)] }.map(AccountKey.init)
        outlines[AccountKey(row.account)] = outline
      }
    } catch { throw StoreError(error, path: path) }
    for row in contacts { outlines[AccountKey(row.account), default: AccountOutline()].contacts = row.count }
    return outlines
  }

  /// How many records of which kind an account has, by kind and system.
  package func recordCounts(of account: AccountKey) async throws -> [AccountRecords] {
    try await read { db in
      try Row.fetchAll(db, sql: OutlineSQL.counts, arguments: [account.number]).compactMap { row in
        Kind(rawValue: row[0]).map {
          AccountRecords(
            kind: $0, system: row[1], count: row[2], first: Instant(microseconds: row[3]), last: Instant(microseconds: row[4]))
        }
      }
    }
  }
}

private enum OutlineSQL {
  /// In source time, so that the last of an account's is in force.
  static let records = """
    SELECT link.account, event.system, body FROM event JOIN account_link_now AS link ON link.ref = event.account_ref
    WHERE event.kind = (SELECT key FROM kind WHERE name = 'account') AND superseded = 0 ORDER BY link.account, version, event.key
    """

  static let contacts = """
    SELECT link.account, count(DISTINCT event.system || ' ' || source_id) FROM event
    JOIN account_link_now AS link ON link.ref = event.account_ref
    WHERE event.kind = (SELECT key FROM kind WHERE name = 'contact') GROUP BY link.account ORDER BY link.account
    """

  static let ownReferences = """
    SELECT account_ref.system, account_ref.external_id, link.account FROM account_link_now AS link
    JOIN account_ref ON account_ref.key = link.ref WHERE link.provenance IN ('crm', 'import', 'hand') ORDER BY link.ref
    """

  static let counts = """
    SELECT kind.name, system.name, count(*), min(event.at), max(event.at) FROM event
    JOIN account_link_now AS link ON link.ref = event.account_ref
    JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system
    WHERE link.account = ? AND superseded = 0 GROUP BY event.kind, event.system ORDER BY kind.name, system.name
    """
}
