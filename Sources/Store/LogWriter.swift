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

  /// Appends the steps that follow from links changed, and persons merged, at a step: what a first link brings home, then each account
  /// that lost records, got another's, or whose people became one, whole.
  ///
  /// - Parameter first: only events before this one come home; nil if the change came without a page, which takes one step in any case.
  mutating func appendRelinking(_ accounts: AccountLinks, _ people: PersonLinks, made step: Int64, before first: Int64?) throws {
    let start = next
    if accounts.haveChanged { try appendHomecoming(made: step, before: first) }
    let rebuilt = try accounts.rebuilt().union(people.accountsOfMerged(before: first))
    for account in rebuilt.sorted() { try appendRebuild(of: account, asOf: step) }
    if first == nil && next == start { try append("links", linkedAt: step) }
  }

  /// Brings home the events of references that a step linked and that stood for no account before it.
  private mutating func appendHomecoming(made step: Int64, before first: Int64?) throws {
    let keys = try Int64.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT event.key FROM account_link JOIN event ON event.account_ref = account_link.ref
          WHERE account_link.linked_step = ?1 AND account_link.account IS NOT NULL AND event.key < ?2
            AND \(StepReader.wasUnlinked) ORDER BY event.key
          """), arguments: [step, first ?? .max])
    for range in try Self.ranges(keys) { try append("links", events: range, linkedAt: step) }
  }

  /// Gives an account anew all the events that are its own as of a step.
  mutating func appendRebuild(of account: Int64, asOf step: Int64) throws {
    let keys = try Int64.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT event.key FROM account_link_now AS link JOIN event ON event.account_ref = link.ref
          WHERE link.account = ? ORDER BY event.key
          """), arguments: [account])
    let ranges: [ClosedRange<Int64>?] = try Self.ranges(keys)
    let parts = ranges.isEmpty ? [nil] : ranges
    for (index, range) in parts.enumerated() {
      let payload: JSON = ["account": .integer(account), "begins": .flag(index == 0), "ends": .flag(index == parts.count - 1)]
      try append("rebuild", events: range, linkedAt: step, payload: payload.serialized())
    }
  }

  /// Ascending keys in as few ranges as the limit of a step allows.
  private static func ranges(_ keys: FastDatabaseValueCursor<Int64>) throws -> [ClosedRange<Int64>] {
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
    return ranges
  }
}
