internal import GRDB

/// What the engine must take back in a step, and what it is not to be told at all.
struct Revisions {
  /// The former content of an occurrence that is told otherwise, where the engine counts it: by the key of the event that supersedes it.
  var superseded: [Int64: EventText] = [:]
  /// Events that a links or rebuild step would bring although they had been told otherwise before it.
  var outdated: Set<Int64> = []
}

extension StepReader {
  /// Entities are not looked at: a revised version takes the place of the former by its source time.
  func revisions(in step: StepRow) throws -> Revisions {
    guard let first = step.first, let last = step.last else { return Revisions() }
    switch step.type {
    case "records":
      return Revisions(superseded: try superseded(from: first, through: last, shownAt: step.sequence), outdated: [])
    case "links":
      // Within a links step a revision meets its predecessor only where both had another reference; then it was linked elsewhere before.
      let superseded = try superseded(from: first, through: last, shownAt: step.linkedAt ?? step.sequence)
      return Revisions(superseded: superseded, outdated: try outdated(from: first, through: last, linkedAt: step.linkedAt ?? 0))
    case "rebuild":
      return Revisions(outdated: try outdated(from: first, through: last, of: try step.rebuiltAccount(), linkedAt: step.linkedAt ?? 0))
    default: return Revisions()
    }
  }

  /// The predecessors the engine has been shown: those linked by the step that brought them, or by a link before the given step that
  /// found them not yet told otherwise.
  private func superseded(from first: Int64, through last: Int64, shownAt sequence: Int64) throws -> [Int64: EventText] {
    let pairs = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT event.key, former.key FROM event
          CROSS JOIN event AS former ON former.kind = event.kind AND former.system = event.system AND former.source_id = event.source_id
            AND former.version = 0 AND former.revision = event.revision - 1
          JOIN account_link ON account_link.ref = former.account_ref AND account_link.linked_step = (
            SELECT max(linked_step) FROM account_link WHERE ref = former.account_ref AND linked_step <= ?1)
          WHERE event.key BETWEEN ?2 AND ?3 AND event.revision > 0 AND event.version = 0
            AND (account_link.linked_step <= former.step OR account_link.linked_step < event.step)
          """), arguments: [sequence, first, last])
    var found: [Int64: EventText] = [:]
    for pair in pairs {
      let text = try texts(
        Row.fetchCursor(
          db.cachedStatement(
            sql: """
              \(Self.columns) FROM event JOIN account_link ON account_link.ref = event.account_ref AND \(Self.linkInForce) \(Self.words)
              WHERE event.key = ?2
              """), arguments: [sequence, pair[1] as Int64])
      ).first
      if let text { found[pair[0]] = text }
    }
    return found
  }

  /// What a rebuild leaves out of an account's records: it begins from nothing, so that the latest content is all it needs.
  private func outdated(from first: Int64, through last: Int64, of account: Int64?, linkedAt: Int64) throws -> Set<Int64> {
    try Set(
      Int64.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT event.key FROM account_link CROSS JOIN event ON event.account_ref = account_link.ref AND event.key BETWEEN ?2 AND ?3
            WHERE account_link.account = ?4 AND \(Self.linkInForce) AND event.version = 0 AND event.superseded = 1 AND EXISTS (
              SELECT 1 FROM event AS later WHERE later.kind = event.kind AND later.system = event.system
                AND later.source_id = event.source_id AND later.version = 0 AND later.revision > event.revision AND later.step <= ?1)
            """), arguments: [linkedAt, first, last, account]))
  }

  /// What a links step leaves out: it had been told otherwise before it could come home.
  private func outdated(from first: Int64, through last: Int64, linkedAt: Int64) throws -> Set<Int64> {
    try Set(
      Int64.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT event.key FROM account_link
            CROSS JOIN event ON event.account_ref = account_link.ref AND event.key BETWEEN ?2 AND ?3
            WHERE account_link.linked_step = ?1 AND event.version = 0 AND EXISTS (
              SELECT 1 FROM event AS later WHERE later.kind = event.kind AND later.system = event.system
                AND later.source_id = event.source_id AND later.version = 0 AND later.revision > event.revision AND later.step <= ?1)
            """), arguments: [linkedAt, first, last]))
  }
}
