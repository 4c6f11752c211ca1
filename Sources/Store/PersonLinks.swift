internal import Events
internal import GRDB

/// Which person an id or an e-mail address stands for, looked up and linked within one transaction.
///
/// Every id gets a person at first sight, so use can be counted by heads; a contact ties its own id, its address and its ids elsewhere
/// to one person. Ids that two contacts claim stay where they are and are listed.
struct PersonLinks {
  /// The row of an id, and the person it stands for.
  typealias Link = (ref: Int64, person: Int64)

  private let db: Database
  /// The system under which addresses are ids.
  let mail: Int64
  private let memory: ReferenceMemory
  /// Persons who became another one in this step.
  private var merged: Set<Int64> = []

  init(_ db: Database, remembering memory: ReferenceMemory = ReferenceMemory()) throws {
    self.db = db
    self.memory = memory
    mail = try Interned.key(of: "email", in: .system, db)
  }

  /// The person a record names.
  mutating func link(system: Int64, id: String, at step: Int64) throws -> Link {
    let told = Reference(system: system, id: id)
    if let known = memory.person(told) { return known }
    let reference = reference(system: system, id: id)
    let link = try find(reference) ?? insert(reference, person: create(at: step), at: step)
    // As it was told too: whether it is an address need not be found out again.
    memory.remember(person: link, as: told)
    return link
  }

  /// The person a contact is; ties its ids together.
  ///
  /// Ids that were met before anybody knew whose they are become the contact's: their persons merge into the contact's. Two contacts
  /// never merge by this; what both claim stays where it is and is listed.
  mutating func learn(_ contact: EventRecord, system: Int64, at step: Int64) throws -> Int64 {
    let (own, others) = try references(of: contact, system: system)
    let person = try survivor(own, others, system: system) ?? create(at: step)
    for reference in own + others { try tie(reference, to: person, at: step) }
    try db.cachedStatement(
      sql: """
        UPDATE person SET is_contact = 1,
          name = CASE WHEN forgotten_step IS NULL AND ifnull(named_at, ?3) <= ?3 THEN ifnull(?1, name) ELSE name END,
          email = CASE WHEN forgotten_step IS NULL AND ifnull(named_at, ?3) <= ?3 THEN ifnull(?2, email) ELSE email END,
          named_at = max(ifnull(named_at, ?3), ?3)
        WHERE key = ?4
        """
    ).execute(arguments: [contact.fields["name"]?.text, contact.fields["email"]?.text, contact.at.microseconds, person])
    return person
  }

  /// The person all of a contact's ids are to mean: a contact if one of them stands for one, else whoever was met first among them.
  private mutating func survivor(_ own: [Reference], _ others: [Reference], system: Int64) throws -> Int64? {
    var strangers: [Int64] = []
    for reference in own {
      guard let person = try find(reference)?.person else { continue }
      if try isContact(person) { return person }
      strangers.append(person)
    }
    for reference in others {
      guard let person = try find(reference)?.person else { continue }
      guard try isContact(person) else {
        strangers.append(person)
        continue
      }
      // A contact of this system already is another one.
      if try !isKnown(person, to: system) { return person }
    }
    return strangers.first
  }

  /// Makes an id stand for a person, and whoever it stood for that person, unless that is a contact too.
  mutating func tie(_ reference: Reference, to person: Int64, at step: Int64) throws {
    guard let holder = try find(reference)?.person else {
      _ = try insert(isForgotten(person) ? forgotten(reference) : reference, person: person, at: step)
      return
    }
    if holder == person { return }
    if try isContact(holder) { return try conflict(reference, holder: holder, claimant: person, at: step) }
    try merge(holder, into: person, at: step)
  }

  private mutating func merge(_ person: Int64, into contact: Int64, at step: Int64) throws {
    try db.cachedStatement(sql: "INSERT INTO person_merge (person, step, survivor) VALUES (?, ?, ?)")
      .execute(arguments: [person, step, contact])
    merged.insert(person)
    try db.cachedStatement(sql: "UPDATE person_link SET person = ? WHERE person = ?").execute(arguments: [contact, person])
    try db.cachedStatement(sql: "UPDATE link_conflict SET holder = ? WHERE subject = 'person' AND holder = ?")
      .execute(arguments: [contact, person])
    memory.forgetPeople()
  }

  /// The accounts with earlier records of persons who merged into another in this step.
  ///
  /// - Parameter first: only events before this one; nil for all.
  func accountsOfMerged(before first: Int64?) throws -> Set<Int64> {
    var accounts: Set<Int64> = []
    for person in merged {
      accounts.formUnion(
        try Int64.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT DISTINCT link.account FROM event JOIN account_link_now AS link ON link.ref = event.account_ref
              WHERE event.person = ? AND event.key < ?
              """), arguments: [person, first ?? .max]))
    }
    return accounts
  }

  /// The contacts a mapping file may mean by an address or by an id in any system.
  func contacts(named text: String) throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT DISTINCT person.key FROM person_link JOIN person ON person.key = person_link.person
          WHERE external_id = ? AND is_contact = 1 ORDER BY person.key
          """), arguments: [Self.address(text) ?? text])
  }

  private func isContact(_ person: Int64) throws -> Bool {
    try Bool.fetchOne(db.cachedStatement(sql: "SELECT is_contact FROM person WHERE key = ?"), arguments: [person]) ?? false
  }

  /// The contact's own id and its address, and its ids elsewhere in order of their systems' names.
  private func references(of contact: EventRecord, system: Int64) throws -> (own: [Reference], others: [Reference]) {
    var own = [reference(system: system, id: contact.id)]
    var others: [Reference] = []
    if let address = contact.fields["email"]?.text, let plain = Self.address(address) {
      own.append(Reference(system: mail, id: plain))
    }
    if case .object(let members)? = contact.fields["external"] {
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        guard let id = value.text, !id.isEmpty else { continue }
        others.append(reference(system: try Interned.key(of: name, in: .system, db), id: id))
      }
    }
    return (own, others)
  }

  private func isKnown(_ person: Int64, to system: Int64) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM person_link WHERE person = ? AND system = ?)"), arguments: [person, system])
      ?? false
  }

  func reference(system: Int64, id: String) -> Reference {
    if let address = Self.address(id) { return Reference(system: mail, id: address) }
    return Reference(system: system, id: id)
  }

  private func find(_ reference: Reference) throws -> Link? {
    if let known = memory.person(reference) { return known }
    let row = try fetch(reference) ?? (reference.system == mail ? fetch(forgotten(reference)) : nil)
    guard let row else { return nil }
    let link: Link = (row[0], row[1])
    memory.remember(person: link, as: reference)
    return link
  }

  private func fetch(_ reference: Reference) throws -> Row? {
    try Row.fetchOne(
      db.cachedStatement(sql: "SELECT key, person FROM person_link WHERE system = ? AND external_id = ?"),
      arguments: [reference.system, reference.id])
  }

  /// Whether a record names, or as a contact is, a person who was forgotten.
  mutating func isForgotten(_ record: EventRecord, system: Int64) throws -> Bool {
    var ids: [Reference] = []
    if record.kind == .contact { ids += try references(of: record, system: system).own }
    if let person = record.person, !person.isEmpty { ids.append(reference(system: system, id: person)) }
    for id in ids { if let person = try find(id)?.person, try isForgotten(person) { return true } }
    return false
  }

  private func isForgotten(_ person: Int64) throws -> Bool {
    try Bool.fetchOne(db.cachedStatement(sql: "SELECT forgotten_step IS NOT NULL FROM person WHERE key = ?"), arguments: [person])
      ?? false
  }

  /// What stands for the address of a person who was forgotten: it tells whether an address is theirs, and not what it is.
  func forgotten(_ reference: Reference) -> Reference {
    guard reference.system == mail else { return reference }
    let hash = reference.id.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Reference(system: mail, id: "forgotten \(String(hash, radix: 16))")
  }

  private mutating func insert(_ reference: Reference, person: Int64, at step: Int64) throws -> Link {
    try db.cachedStatement(sql: "INSERT INTO person_link (system, external_id, person, linked_step) VALUES (?, ?, ?, ?)")
      .execute(arguments: [reference.system, reference.id, person, step])
    let link: Link = (db.lastInsertedRowID, person)
    memory.remember(person: link, as: reference)
    return link
  }

  private func create(at step: Int64) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO person (created_step) VALUES (?)").execute(arguments: [step])
    return db.lastInsertedRowID
  }

  private func conflict(_ reference: Reference, holder: Int64, claimant: Int64, at step: Int64) throws {
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO link_conflict (subject, system, external_id, holder, claimant, step) VALUES ('person', ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [reference.system, reference.id, holder, claimant, step])
  }

  /// The text in lower case if it looks like an e-mail address.
  static func address(_ text: String) -> String? {
    let bytes = text.utf8
    guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), at != bytes.startIndex else { return nil }
    let domain = bytes[bytes.index(after: at)...]
    guard !domain.contains(UInt8(ascii: "@")), let dot = domain.lastIndex(of: UInt8(ascii: ".")), dot != domain.startIndex,
      domain.index(after: dot) != domain.endIndex, !bytes.contains(where: { $0 <= 32 || $0 == UInt8(ascii: "<") })
    else { return nil }
    return text.lowercased()
  }
}
