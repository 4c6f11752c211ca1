internal import Events
internal import GRDB

/// Appends steps within a transaction: numbers without gaps, times that never go back.
struct LogWriter {
  private let db: Database
  private(set) var next: Int64
  private var at: Int64

  init(_ db: Database, at: Instant) throws {
    self.db = db
    let last = try Row.fetchOne(db, sql: "SELECT sequence, at FROM step ORDER BY sequence DESC LIMIT 1")
    next = (last?[0] ?? 0) + 1
    self.at = max(at.microseconds, last?[1] ?? .min)
  }

  @discardableResult
  mutating func append(
    _ type: String, events: ClosedRange<Int64>? = nil, linkedAt: Int64? = nil, payload: String? = nil
  ) throws -> Int64 {
    let sequence = next
    try db.cachedStatement(
      sql: """
        INSERT INTO step (sequence, at, type, first_event, last_event, linked_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [sequence, at, type, events?.lowerBound, events?.upperBound, linkedAt, payload])
    next += 1
    return sequence
  }

  /// Appends the steps that bring home what was stored before the links of a step were made.
  ///
  /// - Parameters:
  ///   - step: the step the links count from.
  ///   - first: only events before this one; nil if the links were made without a page, which takes one step in any case.
  mutating func appendLinks(made step: Int64, before first: Int64?) throws {
    let keys = try Int64.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT event.key FROM account_link JOIN event ON event.account_ref = account_link.ref
          WHERE account_link.linked_step = ? AND event.key < ? ORDER BY event.key
          """), arguments: [step, first ?? .max])
    var ranges: [ClosedRange<Int64>] = []
    var start: Int64?
    var end: Int64 = 0
    var count = 0
    while let key = try keys.next() {
      if let begun = start, count == StoreLimits.recordsPerLinksStep {
        ranges.append(begun...end)
        start = nil
        count = 0
      }
      start = start ?? key
      end = key
      count += 1
    }
    if let start { ranges.append(start...end) }
    for range in ranges { try append("links", events: range, linkedAt: step) }
    if ranges.isEmpty && first == nil { try append("links", linkedAt: step) }
  }
}
