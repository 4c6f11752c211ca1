internal import Engine
internal import Events
internal import Features
internal import GRDB

/// A step as its row holds it.
struct StepRow: Sendable {
  let sequence: Int64
  let at: Int64
  let type: String
  let first: Int64?
  let last: Int64?
  let linkedAt: Int64?
  let payload: String?

  static func fetch(_ db: Database, after sequence: Int64, limit: Int) throws -> [StepRow] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT sequence, at, type, first_event, last_event, linked_at, payload FROM step WHERE sequence > ? ORDER BY sequence LIMIT ?
          """), arguments: [sequence, limit]
    ).map {
      StepRow(sequence: $0[0], at: $0[1], type: $0[2], first: $0[3], last: $0[4], linkedAt: $0[5], payload: $0[6])
    }
  }

  /// The account a rebuild step is about.
  func rebuiltAccount() throws -> Int64? { try payload.map { try JSON(parsing: $0)["account"].integer } ?? nil }

  /// - Parameter superseded: what an event's content was before, by the event's key.
  func step(with events: [EventText], superseded: [Int64: EventText] = [:]) throws -> Step {
    Step(sequence: sequence, at: Instant(microseconds: at), content: try content(events, superseded))
  }

  private func content(_ events: [EventText], _ superseded: [Int64: EventText]) throws -> Step.Content {
    switch type {
    case "records", "links": return .records(try events.compactMap { try $0.linked(superseding: superseded[$0.key]) })
    case "rebuild":
      let json = try JSON(parsing: payload ?? "")
      guard let account = json["account"].integer, let begins = json["begins"].flag, let ends = json["ends"].flag else { throw damaged }
      return .rebuild(
        Rebuild(account: AccountKey(account), records: try events.compactMap { try $0.linked() }, begins: begins, ends: ends))
    case "tick", "forget": return .tick
    case "staleness":
      let json = try JSON(parsing: payload ?? "")
      guard let stream = json["stream"].text else { throw damaged }
      return .staleness(
        StreamStaleness(
          stream: stream, since: json["since"].integer.map(Instant.init(microseconds:)), error: json["error"].text))
    case "outage_accepted": return .outageAccepted(system: payload ?? "")
    case "activation": return .activation(digest: payload ?? "")
    case "watermark":
      let json = try JSON(parsing: payload ?? "")
      guard let stream = json["stream"].text, let kinds = json["kinds"].text, let from = json["known_from"].integer,
        let through = json["complete_through"].integer
      else { throw damaged }
      return .watermark(
        Watermark(
          stream: stream, kinds: kinds.split(separator: " ").compactMap { Kind(rawValue: String($0)) },
          knownFrom: Instant(microseconds: from), completeThrough: Instant(microseconds: through), system: json["system"].text ?? "",
          holes: (json["holes"].list ?? []).compactMap(Hole.init), coversCustomers: json["covers"].flag ?? false))
    default: throw damaged
    }
  }

  private var damaged: StoreError {
    StoreError(.damaged, "Step \(sequence) of the log (type \(type)) cannot be read. Stop the daemon and restore the latest backup.")
  }
}

/// Reads events with the words and links they refer to.
struct StepReader {
  let db: Database
  private let systems: [Int64: String]
  private let kinds: [Int64: String]

  init(_ db: Database) throws {
    self.db = db
    systems = try Interned.names(.system, db)
    kinds = try Interned.names(.kind, db)
  }

  /// The columns `texts` reads, as links and persons stood at step ?1. A reference of another system is no account the record names.
  static let columns = """
    SELECT event.key, event.kind, event.system, source_id, event.at, observed_at, body,
      ifnull((SELECT survivor FROM person_merge WHERE person = event.person AND step <= ?1), event.person),
      CASE WHEN account_ref.system = event.system THEN account_ref.external_id END, person_link.external_id, account_link.account,
      person_text.content
    """

  static let words = """
    JOIN account_ref ON account_ref.key = event.account_ref
    LEFT JOIN person_link ON person_link.key = event.person_ref
    LEFT JOIN person_text ON person_text.event = event.key
    """

  static let linkInForce = """
    account_link.linked_step = (SELECT max(linked_step) FROM account_link AS other WHERE other.ref = account_link.ref AND linked_step <= ?1)
    """

  /// The reference of an `account_link` row of step ?1 stood for no account before it.
  static let wasUnlinked = """
    (SELECT account FROM account_link AS earlier WHERE earlier.ref = account_link.ref AND earlier.linked_step < ?1
      ORDER BY earlier.linked_step DESC LIMIT 1) IS NULL
    """

  private static let records = """
    \(columns) FROM event JOIN account_link ON account_link.ref = event.account_ref AND \(linkInForce) \(words)
    WHERE event.key BETWEEN ?2 AND ?3 ORDER BY event.key
    """

  private static let homecoming = """
    \(columns) FROM account_link CROSS JOIN event ON event.account_ref = account_link.ref AND event.key BETWEEN ?2 AND ?3 \(words)
    WHERE account_link.linked_step = ?1 AND account_link.account IS NOT NULL AND \(wasUnlinked) ORDER BY event.key
    """

  private static let rebuild = """
    \(columns) FROM account_link CROSS JOIN event ON event.account_ref = account_link.ref AND event.key BETWEEN ?2 AND ?3 \(words)
    WHERE account_link.account = ?4 AND \(linkInForce) ORDER BY event.key
    """

  private static let person = """
    \(columns) FROM event LEFT JOIN account_ref ON account_ref.key = event.account_ref
    LEFT JOIN account_link ON account_link.ref = event.account_ref AND \(linkInForce)
    LEFT JOIN person_link ON person_link.key = event.person_ref
    LEFT JOIN person_text ON person_text.event = event.key
    WHERE event.person = ?2 ORDER BY event.key
    """

  /// The events a step shows to the engine, in stored order.
  func events(of step: StepRow) throws -> [EventText] {
    guard let first = step.first, let last = step.last else { return [] }
    switch step.type {
    case "records":
      return try texts(Row.fetchCursor(db.cachedStatement(sql: Self.records), arguments: [step.sequence, first, last]))
    case "links":
      return try texts(Row.fetchCursor(db.cachedStatement(sql: Self.homecoming), arguments: [step.linkedAt, first, last]))
    case "rebuild":
      return try texts(
        Row.fetchCursor(db.cachedStatement(sql: Self.rebuild), arguments: [step.linkedAt, first, last, try step.rebuiltAccount()]))
    default: return []
    }
  }

  /// The events of one person's number, whomever they belong to, with persons as they stand now.
  func events(ofPerson number: Int64) throws -> [EventText] {
    try texts(Row.fetchCursor(db.cachedStatement(sql: Self.person), arguments: [Int64.max, number]))
  }

  func texts(_ rows: RowCursor) throws -> [EventText] {
    var texts: [EventText] = []
    while let row = try rows.next() {
      texts.append(
        EventText(
          key: row[0], kind: kinds[row[1]] ?? "", system: systems[row[2]] ?? "", sourceID: row[3], at: row[4], observedAt: row[5],
          body: row[6], person: row[7], accountID: row[8], personID: row[9], account: row[10], text: row[11]))
    }
    return texts
  }
}

/// An event as its row holds it, with words in place of numbers.
struct EventText: Sendable {
  let key: Int64
  let kind: String
  let system: String
  let sourceID: String
  let at: Int64
  let observedAt: Int64
  let body: String
  let person: Int64?
  let accountID: String?
  let personID: String?
  let account: Int64?
  /// The personal fields.
  let text: String?

  /// The record as it was told; an account's own record names no account, as its id does.
  func record() throws -> EventRecord {
    guard let kind = Kind(rawValue: kind) else {
      throw StoreError(.damaged, "Event \(key) is of a kind unknown here: \(kind). Install the newer bellwether that stored it.")
    }
    return EventRecord(
      kind: kind, id: sourceID, at: Instant(microseconds: at), system: system, account: kind == .account ? nil : accountID,
      person: personID, fields: try Record.fields(of: kind, from: whole()))
  }

  private func whole() throws -> JSON {
    let rest = try JSON(parsing: body)
    guard let text, let personal = try JSON(parsing: text).object else { return rest }
    return .object((rest.object ?? [:]).merging(personal) { $1 })
  }

  /// Nil for a record that belongs to no account.
  func linked(superseding old: EventText? = nil) throws -> LinkedRecord? {
    guard let account else { return nil }
    return LinkedRecord(
      record: try record(), account: AccountKey(account), person: person.map(PersonKey.init),
      observedAt: Instant(microseconds: observedAt), supersedes: try old?.superseded())
  }

  private func superseded() throws -> Superseded? {
    guard let account else { return nil }
    return Superseded(record: try record(), account: AccountKey(account), person: person.map(PersonKey.init))
  }
}
