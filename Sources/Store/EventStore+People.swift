internal import Engine
package import Events
internal import GRDB

/// What forgetting a person came to.
package struct ForgottenPerson: Hashable, Sendable {
  /// Records whose names, addresses or words were erased.
  package internal(set) var records = 0
  /// Notices that show roles from now on.
  package internal(set) var notices = 0
  /// Deliveries whose bytes were erased.
  package internal(set) var deliveries = 0
  /// Deliveries that wait to be sent and still name the person.
  package internal(set) var pending = 0
}

extension EventStore {
  /// The persons a text may mean: by number (`12` or `#12`), else by an address or an id in any system, else by name.
  package func findPeople(_ text: String) async throws -> [StoredPerson] {
    let keys = try await read { db in
      let people = try PersonLinks(db)
      let byID = try Int64.fetchAll(
        db, sql: "SELECT DISTINCT person FROM person_link WHERE external_id IN (?, ?, ?) ORDER BY person",
        arguments: [text, text.lowercased(), people.forgotten(Reference(system: people.mail, id: text.lowercased())).id])
      if !byID.isEmpty { return byID }
      if let number = Int64(text.hasPrefix("#") ? String(text.dropFirst()) : text) {
        return try Int64.fetchAll(db, sql: "SELECT key FROM person WHERE key = ?", arguments: [number])
      }
      return try Int64.fetchAll(db, sql: "SELECT key FROM person WHERE name = ? COLLATE NOCASE ORDER BY key", arguments: [text])
    }
    return try await people(keys.map(PersonKey.init))
  }

  /// Every record that names a person or, as a contact, is one; oldest first.
  package func records(of person: PersonKey) async throws -> [Events.Record] {
    let texts = try await read { db in
      let reader = try StepReader(db)
      return try Self.numbers(of: person.number, db).flatMap { try reader.events(ofPerson: $0) }
    }
    do { return try texts.sorted { $0.key < $1.key }.map { try $0.record() } } catch { throw StoreError(error, path: path) }
  }

  /// Erases a person's name, addresses and words: from records, notices, sent deliveries and the evidence of findings. Their number stays,
  /// with all that counts without a name. Records that come later bring nothing back.
  ///
  /// - Parameter keep: what may stay of a text: the words that rules ask for, so that findings stand when the log is folded again.
  /// - Throws: `unknown` if there is no such person.
  package func forget(
    _ person: PersonKey, at: Instant, keep: @escaping @Sendable (String) -> String
  ) async throws -> ForgottenPerson {
    try await writeRemembering { db, memory in
      memory.forgetPeople()
      guard let row = try Row.fetchOne(db, sql: "SELECT name, email FROM person WHERE key = ?", arguments: [person.number]) else {
        throw StoreError(.unknown, "There is no person \(person.number).")
      }
      var log = try LogWriter(db, at: at)
      let step = try log.append("forget", payload: JSON.object(["person": .integer(person.number)]).serialized())
      var eraser = PersonEraser(db, person: person.number, keep: keep)
      try eraser.collect([row[0], row[1]])
      try eraser.eraseRecords(of: Self.numbers(of: person.number, db))
      try eraser.eraseIdentity(at: step)
      try eraser.eraseNotices()
      for account in eraser.accounts.sorted() { try log.appendRebuild(of: account, asOf: step) }
      return eraser.result
    }
  }

  /// A person's number and those that merged into it.
  private static func numbers(of person: Int64, _ db: Database) throws -> [Int64] {
    try [person] + Int64.fetchAll(db, sql: "SELECT person FROM person_merge WHERE survivor = ? ORDER BY person", arguments: [person])
  }
}

/// Takes one person's name, addresses and words out of the store, within a transaction.
private struct PersonEraser {
  let db: Database
  let person: Int64
  let keep: (String) -> String
  private(set) var result = ForgottenPerson()
  private(set) var accounts: Set<Int64> = []
  /// Names and addresses, as they may stand in alerts.
  private var words: Set<String> = []

  init(_ db: Database, person: Int64, keep: @escaping (String) -> String) {
    self.db = db
    self.person = person
    self.keep = keep
  }

  mutating func collect(_ texts: [String?]) throws {
    words.formUnion(texts.compactMap { $0 }.filter { !$0.isEmpty && !$0.hasPrefix("forgotten ") })
  }

  mutating func eraseRecords(of numbers: [Int64]) throws {
    for number in numbers {
      accounts.formUnion(
        try Int64.fetchAll(
          db,
          sql: """
            SELECT DISTINCT link.account FROM event JOIN account_link_now AS link ON link.ref = event.account_ref WHERE event.person = ?
            """, arguments: [number]))
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT event.key, kind.name, content FROM event JOIN person_text ON person_text.event = event.key
          JOIN kind ON kind.key = event.kind WHERE event.person = ? ORDER BY event.key
          """, arguments: [number])
      for row in rows { try erase(row[0], kind: row[1], content: row[2]) }
    }
  }

  private mutating func erase(_ event: Int64, kind: String, content: String) throws {
    let members = try JSON(parsing: content).object ?? [:]
    if kind == Kind.contact.rawValue { try collect([members["name"]?.text, members["email"]?.text]) }
    let left: [String: JSON] = members.reduce(into: [:]) { left, member in
      let text = member.value.text ?? ""
      switch member.key {
      case "name", "owner": break
      case "email": left["email"] = text.lastIndex(of: "@").map { .text("person-\(person)" + text[$0...]) }
      default: left[member.key] = keep(text).isEmpty ? nil : .text(keep(text))
      }
    }
    result.records += 1
    if left.isEmpty {
      try db.execute(sql: "DELETE FROM person_text WHERE event = ?", arguments: [event])
    } else {
      try db.execute(
        sql: "UPDATE person_text SET content = ? WHERE event = ?", arguments: [JSON.object(left).serialized(), event])
    }
  }

  mutating func eraseIdentity(at step: Int64) throws {
    try db.execute(sql: "UPDATE person SET name = NULL, email = NULL, forgotten_step = ? WHERE key = ?", arguments: [step, person])
    let people = try PersonLinks(db)
    let rows = try Row.fetchAll(
      db, sql: "SELECT key, external_id FROM person_link WHERE person = ? AND system = ?", arguments: [person, people.mail])
    for row in rows {
      let address: String = row[1]
      guard !address.hasPrefix("forgotten ") else { continue }
      try collect([address])
      let stand = people.forgotten(Reference(system: people.mail, id: address))
      try db.execute(sql: "UPDATE person_link SET external_id = ? WHERE key = ?", arguments: [stand.id, row[0] as Int64])
      try db.execute(
        sql: "DELETE FROM link_conflict WHERE subject = 'person' AND system = ? AND external_id = ?", arguments: [people.mail, address])
      try db.execute(sql: "DELETE FROM link_mapping WHERE subject = 'person' AND target = ? COLLATE NOCASE", arguments: [address])
    }
  }

  /// Notices that name the person show roles from now on, evidence shows a number, and what was sent is kept without its bytes.
  mutating func eraseNotices() throws {
    for account in accounts.sorted() {
      for word in words.sorted() {
        let notices = try Row.fetchAll(
          db, sql: "SELECT key, content FROM notice WHERE account = ? AND instr(content, ?) > 0", arguments: [account, word])
        for row in notices {
          let hidden = try Alert(json: JSON(parsing: row[1] as String)).hidingPeople().json
          try db.execute(
            sql: "UPDATE notice SET content = ? WHERE key = ?", arguments: [hide(word, in: hidden).serialized(), row[0] as Int64])
        }
        result.notices += notices.count
        try db.execute(
          sql: "UPDATE delivery SET body = x'' WHERE account = ? AND state <> 'pending' AND instr(body, CAST(? AS BLOB)) > 0",
          arguments: [account, word])
        result.deliveries += db.changesCount
        result.pending +=
          try Int.fetchOne(
            db, sql: "SELECT count(*) FROM delivery WHERE account = ? AND state = 'pending' AND instr(body, CAST(? AS BLOB)) > 0",
            arguments: [account, word]) ?? 0
        try eraseEvidence(of: account, naming: word)
      }
    }
  }

  private func eraseEvidence(of account: Int64, naming word: String) throws {
    for (select, update) in [
      (
        "SELECT key, evidence FROM finding WHERE account = ? AND instr(evidence, ?) > 0", "UPDATE finding SET evidence = ? WHERE key = ?"
      ),
      (
        "SELECT key, evidence FROM finding_transition WHERE account = ? AND instr(evidence, ?) > 0",
        "UPDATE finding_transition SET evidence = ? WHERE key = ?"
      ),
    ] {
      for row in try Row.fetchAll(db, sql: select, arguments: [account, word]) {
        let evidence = try hide(word, in: JSON(parsing: row[1] as String))
        try db.execute(sql: update, arguments: [evidence.serialized(), row[0] as Int64])
      }
    }
  }

  /// The person's number in the place of a word of theirs, wherever it stands whole in a text.
  private func hide(_ word: String, in json: JSON) -> JSON {
    switch json {
    case .text(let text): .text(hide(word, in: text))
    case .list(let elements): .list(elements.map { hide(word, in: $0) })
    case .object(let members): .object(members.mapValues { hide(word, in: $0) })
    default: json
    }
  }

  private func hide(_ word: String, in text: String) -> String {
    var result = ""
    var rest = text[...]
    while let found = rest.firstRange(of: word) {
      result += rest[..<found.lowerBound]
      let isWhole = [result.last, rest[found.upperBound...].first].allSatisfy { !($0?.isLetter ?? false) && !($0?.isNumber ?? false) }
      result += isWhole ? "person \(person)" : word
      rest = rest[found.upperBound...]
    }
    return result + rest
  }
}
