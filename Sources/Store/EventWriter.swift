internal import Events
internal import GRDB

/// Stores records as events, keeping what is new and passing over what was told before.
struct EventWriter {
  private let db: Database
  private let step: Int64
  private let insertion: EventInsertion
  private(set) var people: PersonLinks
  private var systems: [String: Int64] = [:]
  private var kinds: [Kind: Int64] = [:]
  /// Records that told something new.
  private(set) var told = 0
  private(set) var range: ClosedRange<Int64>?

  init(_ db: Database, at place: EventInsertion.Place, remembering memory: ReferenceMemory) throws {
    self.db = db
    step = place.step
    insertion = try EventInsertion(db, at: place)
    people = try PersonLinks(db, remembering: memory)
  }

  /// Applies what the mapping file says of persons.
  mutating func settle(_ mappings: LinkMappings) throws { try mappings.settlePeople(&people, at: step) }

  mutating func key(of system: String) throws -> Int64 {
    if let key = systems[system] { return key }
    let key = try Interned.key(of: system, in: .system, db)
    systems[system] = key
    return key
  }

  /// Stores a record unless it tells nothing new; gives whether it did.
  mutating func store(_ record: EventRecord, system: Int64, accountRef: Int64?) throws -> Bool {
    let (body, text) = record.parts()
    let size = body.utf8.count + (text?.utf8.count ?? 0)
    guard size <= StoreLimits.recordBytes else {
      throw StoreError(
        .overLimit,
        "\(record.system) sent a \(record.kind.rawValue) \(record.id) of \(size) bytes; at most "
          + "\(StoreLimits.recordBytes) are stored. Map fewer or shorter fields in its feed.")
    }
    var row = EventRow(
      kind: try key(of: record.kind), system: system, sourceID: record.id, version: record.kind.isEntity ? record.at.microseconds : 0,
      at: record.at.microseconds, accountRef: accountRef, body: body, text: text)
    if let person = record.person, !person.isEmpty {
      let link = try people.link(system: system, id: person, at: step)
      row.personRef = link.ref
      row.person = link.person
    }
    if try row.text != nil && people.isForgotten(record, system: system) {
      row.text = nil
      row.isForgotten = true
    }
    let isNew = record.kind.isEntity ? try storeVersion(&row, of: record) : try storeOccurrence(row)
    if isNew { told += 1 }
    return isNew
  }

  private mutating func key(of kind: Kind) throws -> Int64 {
    if let key = kinds[kind] { return key }
    let key = try Interned.key(of: kind.rawValue, in: .kind, db)
    kinds[kind] = key
    return key
  }

  /// An occurrence is stored once; other content under its id supersedes it.
  private mutating func storeOccurrence(_ row: EventRow) throws -> Bool {
    if try insert(row) { return true }
    return try revise(row)
  }

  /// A version is kept if it differs from its predecessor in source time.
  private mutating func storeVersion(_ row: inout EventRow, of record: EventRecord) throws -> Bool {
    let before = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT key, version, seen_at, account_ref, person_ref, body, person, content FROM event
          LEFT JOIN person_text ON person_text.event = event.key
          WHERE kind = ? AND system = ? AND source_id = ? AND version <= ? ORDER BY version DESC, revision DESC LIMIT 1
          """), arguments: [row.kind, row.system, row.sourceID, row.version])
    guard let before else { return try insertLearned(&row, of: record) }
    if let place = before[3] as Int64?, record.account == nil, try isDomain(place) {
      // Whoever changes their address stays the account's contact: that they left it is what rules want to know.
      row.accountRef = place
    }
    let version: Int64 = before[1]
    if version == row.version { return try revise(row) { writer, row in try writer.learn(&row, of: record) } }
    let key: Int64 = before[0]
    let seenAt: Int64 = before[2]
    var earlier = row
    earlier.accountRef = before[3]
    earlier.personRef = before[4]
    earlier.body = before[5]
    earlier.person = before[6]
    earlier.text = before[7]
    if earlier.tellsTheSame(as: row) {
      try tellAgain(key, at: row.at, seenAt: seenAt)
      return false
    }
    _ = try insertLearned(&row, of: record)
    // The older content was told again after this late version: between them it had changed and come back.
    if seenAt > row.at { try part(key, earlier, version, seenAt: seenAt, around: row.at) }
    return true
  }

  private func isDomain(_ ref: Int64) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT (SELECT name FROM system WHERE key = account_ref.system) = ? FROM account_ref WHERE key = ?"),
      arguments: [CompanyDomain.system, ref]) ?? false
  }

  /// Notes one more source time at which an event's content holds.
  private func tellAgain(_ key: Int64, at: Int64, seenAt: Int64) throws {
    try db.cachedStatement(sql: "INSERT OR IGNORE INTO told_again (event, at) VALUES (?, ?)").execute(arguments: [key, at])
    if at > seenAt { try see(key, at: at) }
  }

  /// Makes the first telling after an instant a version of its own, and gives it the tellings that follow.
  private mutating func part(_ key: Int64, _ earlier: EventRow, _ version: Int64, seenAt: Int64, around at: Int64) throws {
    let later = try Int64.fetchAll(
      db.cachedStatement(sql: "SELECT at FROM told_again WHERE event = ? AND at > ? ORDER BY at"), arguments: [key, at])
    // A store written before tellings were kept knows only the latest.
    let first = later.first ?? seenAt
    let last = later.last ?? seenAt
    var again = earlier
    again.version = first
    again.at = first
    guard try insert(again) else { return }
    let parted = db.lastInsertedRowID
    try db.cachedStatement(sql: "DELETE FROM told_again WHERE event = ? AND at > ?").execute(arguments: [key, at])
    for telling in later.dropFirst() {
      try db.cachedStatement(sql: "INSERT INTO told_again (event, at) VALUES (?, ?)").execute(arguments: [parted, telling])
    }
    try see(parted, at: last)
    let before = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(at) FROM told_again WHERE event = ?"), arguments: [key])
    try see(key, at: before ?? version)
  }

  private mutating func insertLearned(_ row: inout EventRow, of record: EventRecord) throws -> Bool {
    try learn(&row, of: record)
    return try insert(row)
  }

  /// A contact is a person; other records only name one.
  private mutating func learn(_ row: inout EventRow, of record: EventRecord) throws {
    if record.kind == .contact { row.person = try people.learn(record, system: row.system, at: step) }
  }

  private func see(_ key: Int64, at: Int64) throws {
    try db.cachedStatement(sql: "UPDATE event SET seen_at = ? WHERE key = ?").execute(arguments: [at, key])
  }

  /// Stores other content for a version that is stored already; content it had before is no news.
  private mutating func revise(
    _ row: EventRow, learning: (inout EventWriter, inout EventRow) throws -> Void = { _, _ in }
  ) throws -> Bool {
    var row = row
    let told = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT at, account_ref, person_ref, body, content FROM event LEFT JOIN person_text ON person_text.event = event.key
          WHERE kind = ? AND system = ? AND source_id = ? AND version = ? ORDER BY revision
          """), arguments: [row.kind, row.system, row.sourceID, row.version])
    for known in told {
      var other = row
      other.at = known[0]
      other.accountRef = known[1]
      other.personRef = known[2]
      other.body = known[3]
      other.text = known[4]
      if other.at == row.at && other.tellsTheSame(as: row) { return false }
    }
    try db.cachedStatement(
      sql: "UPDATE event SET superseded = 1 WHERE kind = ? AND system = ? AND source_id = ? AND version = ? AND superseded = 0"
    ).execute(arguments: [row.kind, row.system, row.sourceID, row.version])
    row.revision = Int64(told.count)
    try learning(&self, &row)
    return try insert(row)
  }

  /// False if the very version and revision is stored already.
  private mutating func insert(_ row: EventRow) throws -> Bool {
    guard try insertion.insert(row) else { return false }
    let key = db.lastInsertedRowID
    range = (range?.lowerBound ?? key)...key
    if let text = row.text {
      try db.cachedStatement(sql: "INSERT INTO person_text (event, content) VALUES (?, ?)").execute(arguments: [key, text])
    }
    return true
  }
}

/// What of an event its record decides.
struct EventRow {
  let kind: Int64
  let system: Int64
  let sourceID: String
  var version: Int64
  var revision: Int64 = 0
  var at: Int64
  var accountRef: Int64?
  var personRef: Int64?
  var person: Int64?
  var body: String
  /// The personal fields; nil where there are none, or none are kept.
  var text: String?
  /// Of a person who was forgotten: what is left of earlier texts tells nothing.
  var isForgotten = false

  func tellsTheSame(as other: EventRow) -> Bool {
    accountRef == other.accountRef && personRef == other.personRef && body == other.body
      && (text == other.text || isForgotten || other.isForgotten)
  }
}

extension EventRecord {
  /// The fields as they are stored: those that tell nothing of a person's name or words, and apart from them those that do.
  fileprivate func parts() -> (body: String, text: String?) {
    let personal = EventSchema.personalFields(of: kind)
    guard fields.keys.contains(where: personal.contains) else { return (body.serialized(), nil) }
    let told = fields.filter { personal.contains($0.key) }
    let rest = fields.filter { !personal.contains($0.key) }
    return (JSON.object(rest.mapValues(\.json)).serialized(), JSON.object(told.mapValues(\.json)).serialized())
  }
}
