internal import Events
internal import GRDB

/// A line of the mapping file: whose an id is.
package struct LinkMapping: Hashable, Sendable {
  package let subject: LinkConflict.Subject
  package let system: String
  package let id: String
  /// An account's own id or its name; a contact's id in any system, or an address.
  package let target: String

  package init(subject: LinkConflict.Subject, system: String, id: String, target: String) {
    self.subject = subject
    self.system = system
    self.id = id
    self.target = target
  }
}

/// The mapping file as last read, and what of it can be applied by now: its accounts and contacts may be told later than it is read.
struct LinkMappings {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Every line.
  func stored() throws -> [LinkMapping] { try fetch(Self.lines) }

  /// Puts another file's lines in the place of those known.
  func replace(by mappings: [LinkMapping]) throws {
    try db.execute(sql: "DELETE FROM link_mapping")
    for mapping in mappings {
      try db.cachedStatement(sql: "INSERT OR REPLACE INTO link_mapping (subject, system, external_id, target) VALUES (?, ?, ?, ?)")
        .execute(arguments: [mapping.subject.rawValue, mapping.system, mapping.id, mapping.target])
    }
  }

  /// Undoes the links of lines that are gone.
  func dropLeftOut(_ links: inout AccountLinks) throws {
    let refs = try Int64.fetchAll(
      db,
      sql: """
        SELECT link.ref FROM account_link_now AS link JOIN account_ref ON account_ref.key = link.ref
        JOIN system ON system.key = account_ref.system
        WHERE link.provenance = 'mapping' AND NOT EXISTS (
          SELECT 1 FROM link_mapping WHERE subject = 'account' AND link_mapping.system = system.name
            AND link_mapping.external_id = account_ref.external_id)
        ORDER BY link.ref
        """)
    for ref in refs {
      try links.set(ref, to: nil, .mapping)
      // A line that is gone is nobody's word any more: any claim counts for more.
      try db.execute(
        sql: "UPDATE account_link SET confidence = 0 WHERE ref = ? AND linked_step = ?", arguments: [ref, links.step])
    }
  }

  /// Lays the file's claims to accounts' ids; a line whose account is unknown, or is not one only, waits.
  func settleAccounts(_ links: inout AccountLinks) throws {
    for mapping in try fetch(Self.unsettledAccounts) {
      let found = try accounts(named: mapping.target)
      guard found.count == 1 else { continue }
      let system = try Interned.key(of: mapping.system, in: .system, db)
      try links.claim(Reference(system: system, id: mapping.id), for: found[0], .mapping)
    }
  }

  /// Ties the file's usage ids to contacts; a line whose contact is unknown waits.
  func settlePeople(_ people: inout PersonLinks, at step: Int64) throws {
    for mapping in try fetch(Self.people) {
      let found = try people.contacts(named: mapping.target)
      guard found.count == 1 else { continue }
      let system = try Interned.key(of: mapping.system, in: .system, db)
      try people.tie(people.reference(system: system, id: mapping.id), to: found[0], at: step)
    }
  }

  /// The lines that wait: no account, or no contact, or more than one, is called so.
  func waiting() throws -> [LinkMapping] {
    let accounts = try fetch(Self.unlinkedAccounts).filter { try self.accounts(named: $0.target).count != 1 }
    let people = try PersonLinks(db)
    return try accounts + fetch(Self.people).filter { try people.contacts(named: $0.target).count != 1 }
  }

  private func fetch(_ sql: String) throws -> [LinkMapping] {
    try Row.fetchAll(db.cachedStatement(sql: sql)).map {
      LinkMapping(subject: LinkConflict.Subject(rawValue: $0[0]) ?? .account, system: $0[1], id: $0[2], target: $0[3])
    }
  }

  private func accounts(named text: String) throws -> [Int64] {
    let byID = try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT DISTINCT link.account FROM account_ref JOIN account_link_now AS link ON link.ref = account_ref.key
          WHERE account_ref.external_id = ? AND link.provenance IN ('crm', 'import') ORDER BY link.account
          """), arguments: [text])
    if !byID.isEmpty { return byID }
    return try Int64.fetchAll(
      db.cachedStatement(sql: "SELECT key FROM account WHERE name = ? COLLATE NOCASE ORDER BY key"), arguments: [text])
  }

  private static let lines = "SELECT subject, system, external_id, target FROM link_mapping ORDER BY subject, system, external_id"

  private static let people = """
    SELECT subject, system, external_id, target FROM link_mapping WHERE subject = 'person' ORDER BY system, external_id
    """

  /// Lines about which no person has decided otherwise.
  private static let unsettledAccounts = """
    SELECT subject, system, external_id, target FROM link_mapping AS line
    WHERE subject = 'account' AND NOT EXISTS (
      SELECT 1 FROM account_ref JOIN system ON system.key = account_ref.system JOIN account_link_now AS link ON link.ref = account_ref.key
      WHERE system.name = line.system AND account_ref.external_id = line.external_id AND link.provenance = 'hand')
    ORDER BY system, external_id
    """

  private static let unlinkedAccounts = """
    SELECT subject, system, external_id, target FROM link_mapping AS line
    WHERE subject = 'account' AND NOT EXISTS (
      SELECT 1 FROM account_ref JOIN system ON system.key = account_ref.system JOIN account_link_now AS link ON link.ref = account_ref.key
      WHERE system.name = line.system AND account_ref.external_id = line.external_id)
    ORDER BY system, external_id
    """
}
