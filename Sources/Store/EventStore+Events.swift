package import Events
internal import GRDB

/// A record with where it stands in the store.
package struct StoredEvent: Hashable, Sendable {
  package let key: Int64
  /// The step it was stored by; the engine may have seen it later, when its account was linked.
  package let step: Int64
  package let record: Events.Record
  package let person: PersonKey?
  package let observedAt: Instant
  package let knowableAt: Instant
}

/// How many records of a kind a system told, versions counted one by one.
package struct EventCount: Hashable, Sendable {
  package let kind: Kind
  package let system: String
  package let count: Int
}

/// Names and addresses of a person, from their latest contact record, with the ids that stand for them.
package struct StoredPerson: Hashable, Sendable {
  package let key: PersonKey
  package let name: String?
  package let email: String?
  /// (system, id), in the order they were linked; addresses under the system `email`.
  package let references: [PersonReference]
}

/// An id that stands for a person.
package struct PersonReference: Hashable, Sendable {
  package let system: String
  package let id: String
}

extension EventStore {
  /// An account's records of one kind as they stand (superseded ones left out), oldest first by their own time.
  ///
  /// - Parameter limit: how many at most, from the newest back.
  package func events(of account: AccountKey, kind: Kind, limit: Int = 10_000) async throws -> [StoredEvent] {
    let rows = try await read { db in
      let rows = try Row.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT event.key, event.kind, event.system, source_id, event.at, observed_at, body,
              ifnull((SELECT survivor FROM person_merge WHERE person = event.person), event.person),
              CASE WHEN account_ref.system = event.system THEN account_ref.external_id END, person_link.external_id, event.step,
              knowable_at, person_text.content
            FROM event
            JOIN account_ref ON account_ref.key = event.account_ref
            LEFT JOIN person_link ON person_link.key = event.person_ref
            LEFT JOIN person_text ON person_text.event = event.key
            WHERE event.account_ref IN (SELECT ref FROM account_link_now WHERE account = ?)
              AND event.kind = (SELECT key FROM kind WHERE name = ?) AND superseded = 0
            ORDER BY event.at DESC, event.key DESC LIMIT ?
            """), arguments: [account.number, kind.rawValue, limit])
      let systems = try Interned.names(.system, db)
      return rows.map { row in
        let text = EventText(
          key: row[0], kind: kind.rawValue, system: systems[row[2]] ?? "", sourceID: row[3], at: row[4], observedAt: row[5], body: row[6],
          person: row[7], accountID: row[8], personID: row[9], account: account.number, text: row[12])
        return (text: text, step: row[10] as Int64, knowableAt: row[11] as Int64)
      }
    }
    do {
      return try rows.reversed().map { text, step, knowableAt in
        StoredEvent(
          key: text.key, step: step, record: try text.record(), person: text.person.map(PersonKey.init),
          observedAt: Instant(microseconds: text.observedAt), knowableAt: Instant(microseconds: knowableAt))
      }
    } catch { throw StoreError(error, path: path) }
  }

  /// How many records are stored as they stand, by kind and system.
  package func eventCounts() async throws -> [EventCount] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT kind.name, system.name, total FROM (
            SELECT kind, system, count(*) - sum(revision > 0) AS total FROM event GROUP BY kind, system) AS counted
          JOIN kind ON kind.key = counted.kind JOIN system ON system.key = counted.system ORDER BY kind.name, system.name
          """
      ).compactMap { row in Kind(rawValue: row[0]).map { EventCount(kind: $0, system: row[1], count: row[2]) } }
    }
  }

  /// The persons of these keys, in order of key; unknown keys are left out.
  package func people(_ keys: [PersonKey]) async throws -> [StoredPerson] {
    let numbers = Set(keys.map(\.number)).sorted()
    return try await read { db in
      try numbers.compactMap { number in
        guard let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT name, email FROM person WHERE key = ?"), arguments: [number])
        else { return nil }
        let references = try Row.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT system.name, external_id FROM person_link JOIN system ON system.key = person_link.system
              WHERE person = ? ORDER BY person_link.key
              """), arguments: [number]
        ).map { PersonReference(system: $0[0], id: $0[1]) }
        return StoredPerson(key: PersonKey(number), name: row[0], email: row[1], references: references)
      }
    }
  }
}
