internal import Events
internal import GRDB

/// Which account a system's id stands for, looked up and changed within one step.
struct AccountLinks {
  private let db: Database
  let step: Int64
  private let domains: Int64
  private let memory: ReferenceMemory
  /// What each reference whose link this step changed stood for before.
  private var before: [Int64: Int64?] = [:]

  init(_ db: Database, step: Int64, remembering memory: ReferenceMemory = ReferenceMemory()) throws {
    self.db = db
    self.memory = memory
    self.step = step
    domains = try Interned.key(of: CompanyDomain.system, in: .system, db)
  }

  /// What a reference stands for now; an account of nil was undone.
  struct Standing {
    let account: Int64?
    let provenance: String
    let confidence: Int
  }

  /// The number of a reference, new if it was never met.
  mutating func ref(_ reference: Reference) throws -> Int64 {
    if let known = memory.account(reference) { return known }
    let found = try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT key FROM account_ref WHERE system = ? AND external_id = ?"),
      arguments: [reference.system, reference.id])
    let key: Int64
    if let found {
      key = found
    } else {
      try db.cachedStatement(sql: "INSERT INTO account_ref (system, external_id) VALUES (?, ?)")
        .execute(arguments: [reference.system, reference.id])
      key = db.lastInsertedRowID
    }
    memory.remember(account: key, as: reference)
    return key
  }

  /// The reference a record is filed under: an account's own id, the account it names, or the domain of the person it names.
  mutating func ref(of record: EventRecord, system: Int64) throws -> Int64? {
    if let id = record.kind == .account ? record.id : record.account, !id.isEmpty { return try ref(Reference(system: system, id: id)) }
    return try CompanyDomain.of(record).map { try ref(Reference(system: domains, id: $0)) }
  }

  /// Nil for a reference that was never linked.
  func standing(of ref: Int64) throws -> Standing? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: "SELECT account, provenance, confidence FROM account_link WHERE ref = ? ORDER BY linked_step DESC LIMIT 1"),
      arguments: [ref])
    return row.map { Standing(account: $0[0], provenance: $0[1], confidence: $0[2]) }
  }

  /// Links a reference, or with nil undoes its link, from this step on.
  mutating func set(_ ref: Int64, to account: Int64?, _ provenance: LinkProvenance) throws {
    if before[ref] == nil { before.updateValue(try standing(of: ref)?.account, forKey: ref) }
    try db.cachedStatement(
      sql: """
        INSERT INTO account_link (ref, linked_step, account, provenance, confidence) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (ref, linked_step) DO UPDATE SET account = ?3, provenance = ?4, confidence = ?5
        """
    ).execute(arguments: [ref, step, account, provenance.rawValue, provenance.confidence])
  }

  /// Lays an account's claim to a reference. A stronger claim takes it over; of two equal ones the first holds, save that a domain two
  /// accounts claim stands for neither. What is refused is listed as a conflict, unless a person has decided or it is a mere domain.
  mutating func claim(_ reference: Reference, for account: Int64, _ provenance: LinkProvenance) throws {
    let ref = try ref(reference)
    guard let standing = try standing(of: ref) else { return try set(ref, to: account, provenance) }
    if standing.account == account {
      if provenance.confidence > standing.confidence { try set(ref, to: account, provenance) }
      return
    }
    let isDecided = standing.provenance == LinkProvenance.hand.rawValue
    if provenance.confidence > standing.confidence {
      try set(ref, to: account, provenance)
      if let loser = standing.account, standing.provenance != LinkProvenance.domain.rawValue {
        try conflict(reference, holder: account, claimant: loser)
      }
    } else if let holder = standing.account {
      switch provenance {
      case .domain where standing.provenance == provenance.rawValue:
        try set(ref, to: nil, .domain)
        try conflict(reference, holder: holder, claimant: account)
      case .domain: break
      case .mapping where standing.provenance == provenance.rawValue: try set(ref, to: account, provenance)
      case .external where try standing.provenance == provenance.rawValue && !names(holder, reference):
        try set(ref, to: account, provenance)
      default: if !isDecided { try conflict(reference, holder: holder, claimant: account) }
      }
    } else if !isDecided, let first = try firstClaimant(of: reference) {
      try conflict(reference, holder: first, claimant: account)
    }
  }

  /// Whether the latest record of an account still names an id as its own elsewhere.
  private func names(_ account: Int64, _ reference: Reference) throws -> Bool {
    guard let system = try Interned.names(.system, db)[reference.system] else { return false }
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT event.system, source_id, body FROM event JOIN account_link_now AS link ON link.ref = event.account_ref
          WHERE link.account = ? AND event.kind = (SELECT key FROM kind WHERE name = 'account')
          ORDER BY event.system, source_id, version, revision
          """), arguments: [account])
    var latest: [Reference: String] = [:]
    for row in rows { latest[Reference(system: row[0], id: row[1])] = row[2] }
    return try latest.values.contains { try JSON(parsing: $0)["external"][system].text == reference.id }
  }

  private func firstClaimant(of reference: Reference) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(
        sql: "SELECT holder FROM link_conflict WHERE subject = 'account' AND system = ? AND external_id = ? ORDER BY step LIMIT 1"),
      arguments: [reference.system, reference.id])
  }

  private func conflict(_ reference: Reference, holder: Int64, claimant: Int64) throws {
    guard holder != claimant else { return }
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO link_conflict (subject, system, external_id, holder, claimant, step) VALUES ('account', ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [reference.system, reference.id, holder, claimant, step])
  }
}

// MARK: - Account records

extension AccountLinks {
  /// Creates the account a record speaks of, unless it is known, and lays claim to the ids and the domain the record names.
  ///
  /// A record whose own id is new joins the account that one of its other ids is linked to, if that account has no id in the record's
  /// own system yet.
  mutating func learn(_ record: EventRecord, system: Int64, ownProvenance: LinkProvenance) throws {
    let own = Reference(system: system, id: record.id)
    let others = try others(of: record).filter { $0 != own }
    let key: Int64
    if let known = try standing(of: ref(own))?.account {
      key = known
    } else {
      key = try joinable(others, system: system) ?? create(record, system: system)
      try set(ref(own), to: key, ownProvenance)
    }
    for other in others { try claim(other, for: key, .external) }
    if let domain = record.fields["domain"]?.text.flatMap(CompanyDomain.normalized) {
      try claim(Reference(system: domains, id: domain), for: key, .domain)
    }
    if let name = record.fields["name"]?.text {
      try db.cachedStatement(sql: "UPDATE account SET name = ?1, named_at = ?2 WHERE key = ?3 AND ifnull(named_at, ?2) <= ?2")
        .execute(arguments: [name, record.at.microseconds, key])
    }
  }

  /// The ids a record names beside its own, in order of their systems' names.
  private func others(of record: EventRecord) throws -> [Reference] {
    guard case .object(let members)? = record.fields["external"] else { return [] }
    return try members.sorted { $0.key < $1.key }.compactMap { name, value in
      guard let id = value.text, !id.isEmpty else { return nil }
      return Reference(system: try Interned.key(of: name, in: .system, db), id: id)
    }
  }

  private mutating func joinable(_ others: [Reference], system: Int64) throws -> Int64? {
    var found: Set<Int64> = []
    for other in others { if let account = try standing(of: ref(other))?.account { found.insert(account) } }
    guard found.count == 1, let candidate = found.first else { return nil }
    let hasOwn = try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM account_link_now AS link JOIN account_ref ON account_ref.key = link.ref
          WHERE link.account = ? AND account_ref.system = ?)
          """), arguments: [candidate, system])
    return hasOwn == true ? nil : candidate
  }

  private func create(_ record: EventRecord, system: Int64) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO account (system, external_id, created_step) VALUES (?, ?, ?)")
      .execute(arguments: [system, record.id, step])
    return db.lastInsertedRowID
  }
}

// MARK: - What the changes mean for the log

extension AccountLinks {
  /// Whether any reference stands for something else than before this step.
  var haveChanged: Bool { !before.isEmpty }

  /// The accounts that lost records to another account or to nobody, and those that got them.
  func rebuilt() throws -> Set<Int64> {
    var accounts: Set<Int64> = []
    for (ref, old) in before {
      guard let old, case let new = try standing(of: ref)?.account, new != old else { continue }
      let hasEvents = try Bool.fetchOne(
        db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM event WHERE account_ref = ?)"), arguments: [ref])
      guard hasEvents == true else { continue }
      accounts.insert(old)
      if let new { accounts.insert(new) }
    }
    return accounts
  }
}
