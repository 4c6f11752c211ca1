internal import Events
internal import GRDB

/// Which account a system's id stands for, looked up and linked within one transaction.
struct AccountLinks {
  private let db: Database
  private var refs: [Reference: Int64] = [:]

  init(_ db: Database) { self.db = db }

  /// The number of a reference, new if it was never met.
  mutating func ref(system: Int64, id: String) throws -> Int64 {
    let reference = Reference(system: system, id: id)
    if let known = refs[reference] { return known }
    let found = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT key FROM account_ref WHERE system = ? AND external_id = ?"), arguments: [system, id])
    let key: Int64
    if let found {
      key = found
    } else {
      try db.cachedStatement(sql: "INSERT INTO account_ref (system, external_id) VALUES (?, ?)").execute(arguments: [system, id])
      key = db.lastInsertedRowID
    }
    refs[reference] = key
    return key
  }

  /// The account a reference is linked to now.
  func account(of ref: Int64) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT account FROM account_link WHERE ref = ? ORDER BY linked_step DESC LIMIT 1"), arguments: [ref])
  }

  func link(_ ref: Int64, to account: Int64, at step: Int64, provenance: String) throws {
    try db.cachedStatement(sql: "INSERT INTO account_link (ref, linked_step, account, provenance) VALUES (?, ?, ?, ?)")
      .execute(arguments: [ref, step, account, provenance])
  }

  /// Creates the account a record speaks of, unless it is known, and links the ids the record names. Gives the number of links made.
  ///
  /// An id that another account holds stays with it and is listed as a conflict; nothing merges silently. A record whose own id is new
  /// joins the account that one of its other ids is linked to, if that account has no id in the record's own system yet.
  mutating func learn(_ record: EventRecord, system: Int64, at step: Int64, ownProvenance: String) throws -> Int {
    var made = 0
    let own = try ref(system: system, id: record.id)
    let others = try others(of: record)
    let key: Int64
    if let known = try account(of: own) {
      key = known
    } else {
      key = try joinable(others, system: system) ?? create(record, system: system, at: step)
      try link(own, to: key, at: step, provenance: ownProvenance)
      made += 1
    }
    for other in others where other.ref != own {
      if let holder = try account(of: other.ref) {
        if holder != key { try conflict(other, holder: holder, claimant: key, at: step) }
      } else {
        try link(other.ref, to: key, at: step, provenance: "external")
        made += 1
      }
    }
    if let name = record.fields["name"]?.text {
      try db.cachedStatement(sql: "UPDATE account SET name = ?1, named_at = ?2 WHERE key = ?3 AND ifnull(named_at, ?2) <= ?2")
        .execute(arguments: [name, record.at.microseconds, key])
    }
    return made
  }

  private typealias Other = (reference: Reference, ref: Int64)

  /// The ids a record names beside its own, in order of their systems' names.
  private mutating func others(of record: EventRecord) throws -> [Other] {
    guard case .object(let members)? = record.fields["external"] else { return [] }
    var others: [Other] = []
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let id = value.text, !id.isEmpty else { continue }
      let reference = Reference(system: try Interned.key(of: name, in: .system, db), id: id)
      others.append((reference, try ref(system: reference.system, id: id)))
    }
    return others
  }

  private func joinable(_ others: [Other], system: Int64) throws -> Int64? {
    var found: Set<Int64> = []
    for other in others { if let account = try account(of: other.ref) { found.insert(account) } }
    guard found.count == 1, let candidate = found.first else { return nil }
    let hasOwn = try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM account_link JOIN account_ref ON account_ref.key = account_link.ref
          WHERE account_link.account = ? AND account_ref.system = ?)
          """), arguments: [candidate, system])
    return hasOwn == true ? nil : candidate
  }

  private func create(_ record: EventRecord, system: Int64, at step: Int64) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO account (system, external_id, created_step) VALUES (?, ?, ?)")
      .execute(arguments: [system, record.id, step])
    return db.lastInsertedRowID
  }

  private func conflict(_ other: Other, holder: Int64, claimant: Int64, at step: Int64) throws {
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO link_conflict (subject, system, external_id, holder, claimant, step) VALUES ('account', ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [other.reference.system, other.reference.id, holder, claimant, step])
  }
}
