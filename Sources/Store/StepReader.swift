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

  /// - Parameter superseded: what an event's content was before, by the event's key.
  func step(with events: [EventText], superseded: [Int64: EventText] = [:]) throws -> Step {
    Step(sequence: sequence, at: Instant(microseconds: at), content: try content(events, superseded))
  }

  private func content(_ events: [EventText], _ superseded: [Int64: EventText]) throws -> Step.Content {
    switch type {
    case "records", "links": return .records(try events.compactMap { try $0.linked(superseding: superseded[$0.key]) })
    case "tick": return .tick
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

  /// The events a step shows to the engine, in stored order.
  func events(of step: StepRow) throws -> [EventText] {
    guard let first = step.first, let last = step.last else { return [] }
    switch step.type {
    case "records":
      return try texts(
        Row.fetchCursor(
          db.cachedStatement(
            sql: """
              SELECT event.key, event.kind, event.system, source_id, event.at, observed_at, body, event.person,
                account_ref.external_id, person_link.external_id, account_link.account
              FROM event
              JOIN account_link ON account_link.ref = event.account_ref AND account_link.linked_step = (
                SELECT max(linked_step) FROM account_link WHERE ref = event.account_ref AND linked_step <= ?1)
              JOIN account_ref ON account_ref.key = event.account_ref
              LEFT JOIN person_link ON person_link.key = event.person_ref
              WHERE event.key BETWEEN ?2 AND ?3 ORDER BY event.key
              """), arguments: [step.sequence, first, last]))
    case "links":
      return try texts(
        Row.fetchCursor(
          db.cachedStatement(
            sql: """
              SELECT event.key, event.kind, event.system, source_id, event.at, observed_at, body, event.person,
                account_ref.external_id, person_link.external_id, account_link.account
              FROM account_link
              CROSS JOIN event ON event.account_ref = account_link.ref AND event.key BETWEEN ?2 AND ?3
              JOIN account_ref ON account_ref.key = event.account_ref
              LEFT JOIN person_link ON person_link.key = event.person_ref
              WHERE account_link.linked_step = ?1 ORDER BY event.key
              """), arguments: [step.linkedAt, first, last]))
    default: return []
    }
  }

  /// Reads rows of the eleven columns above.
  func texts(_ rows: RowCursor) throws -> [EventText] {
    var texts: [EventText] = []
    while let row = try rows.next() {
      texts.append(
        EventText(
          key: row[0], kind: kinds[row[1]] ?? "", system: systems[row[2]] ?? "", sourceID: row[3], at: row[4], observedAt: row[5],
          body: row[6], person: row[7], accountID: row[8], personID: row[9], account: row[10]))
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

  /// The record as it was told; an account's own record names no account, as its id does.
  func record() throws -> EventRecord {
    guard let kind = Kind(rawValue: kind) else {
      throw StoreError(.damaged, "Event \(key) is of a kind unknown here: \(kind). Install the newer bellwether that stored it.")
    }
    return EventRecord(
      kind: kind, id: sourceID, at: Instant(microseconds: at), system: system, account: kind == .account ? nil : accountID,
      person: personID, fields: try Record.fields(of: kind, from: JSON(parsing: body)))
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
