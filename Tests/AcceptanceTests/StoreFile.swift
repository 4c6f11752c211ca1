import GRDB

/// A store as its file holds it, read beside the product's own code.
struct StoreFile: Sendable {
  let path: String

  /// The rows of a query, each its columns as text with bars between.
  func rows(_ sql: String) async throws -> [String] {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let rows = try await queue.read { db in
      try Row.fetchAll(db, sql: sql).map { row in row.databaseValues.map(Self.text).joined(separator: "|") }
    }
    try queue.close()
    return rows
  }

  private static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: "NULL"
    case .int64(let integer): String(integer)
    case .double(let number): String(number)
    case .string(let text): text
    case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }
}

extension StoreFile {
  static let transitions = """
    SELECT rule, subject, episode, step, ordinal, at, from_state, to_state, level, reason, evidence FROM finding_transition ORDER BY key
    """
  static let notices = "SELECT step, ordinal, account, at, topic, content FROM notice ORDER BY key"
  static let scores = "SELECT account, step, at, content FROM score ORDER BY key"
  static let states = "SELECT account, state FROM account_state ORDER BY account"
  static let engine = "SELECT position, portfolio FROM engine"
  static let findings = """
    SELECT rule, subject, episode, account, state, level, reason, began_at, fired_at, changed_at, step, ordinal, evidence
    FROM finding ORDER BY key
    """
  static let events = """
    SELECT kind.name, system.name, source_id, version, revision, event.at, observed_at, account_ref.external_id, person, superseded, body
    FROM event JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system
    LEFT JOIN account_ref ON account_ref.key = event.account_ref ORDER BY event.key
    """
}

/// Where two lists part, in words; nil if they are equal.
func difference(_ found: [String], _ expected: [String]) -> String? {
  guard found != expected else { return nil }
  let place = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(found.count, expected.count)
  func row(_ rows: [String]) -> String { rows.indices.contains(place) ? String(rows[place].prefix(400)) : "nothing" }
  return "\(found.count) rows, \(expected.count) expected; row \(place) is\n  \(row(found))\nand should be\n  \(row(expected))"
}
