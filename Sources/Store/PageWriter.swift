internal import Events
internal import GRDB

/// Stores one page within a transaction.
struct PageWriter {
  private let db: Database
  private let page: Page
  private let stream: Int64
  private var events: EventWriter
  private var accounts: AccountLinks
  private let mappings: LinkMappings
  private(set) var log: LogWriter

  init(_ db: Database, _ page: Page, log: LogWriter, remembering memory: ReferenceMemory) throws {
    self.db = db
    self.page = page
    self.log = log
    stream = try Interned.key(of: page.stream, in: .stream, db)
    accounts = try AccountLinks(db, step: log.next, remembering: memory)
    mappings = LinkMappings(db)
    events = try EventWriter(
      db,
      at: EventInsertion.Place(
        step: log.next, stream: stream, observedAt: page.observedAt.microseconds, lag: page.lag.microseconds), remembering: memory)
  }

  mutating func store() throws -> CommitResult {
    var learned: Set<Kind> = []
    for record in page.records {
      let system = try events.key(of: record.system)
      let ref = try accounts.ref(of: record, system: system)
      guard try events.store(record, system: system, accountRef: ref) else { continue }
      if record.kind == .account || record.kind == .contact { learned.insert(record.kind) }
      if record.kind == .account { try accounts.learn(record, system: system, ownProvenance: page.system == "import" ? .import : .crm) }
    }
    if let range = events.range {
      if learned.contains(.account) { try mappings.settleAccounts(&accounts) }
      if learned.contains(.contact) { try events.settle(mappings) }
      let step = try log.append("records", events: range)
      try log.appendRelinking(accounts, events.people, made: step, before: range.lowerBound)
    }
    try advanceStream()
    return CommitResult(
      stream: page.stream, new: events.told, duplicate: page.records.count - events.told, unlinked: try unlinked(in: events.range))
  }

  private func unlinked(in range: ClosedRange<Int64>?) throws -> Int {
    guard let range else { return 0 }
    return try Int.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT count(*) FROM event WHERE key BETWEEN ? AND ?
          AND NOT EXISTS (SELECT 1 FROM account_link_now WHERE ref = event.account_ref)
          """), arguments: [range.lowerBound, range.upperBound]) ?? 0
  }

  /// Moves the cursor and the known range; a stream known further than before makes a watermark step.
  private mutating func advanceStream() throws {
    let old = try StreamRange(of: stream, db)
    let new = old.advanced(by: page)
    try db.cachedStatement(
      sql: """
        INSERT INTO stream_state
          (stream, system, cursor, kinds, known_from, complete_through, last_success, covers, holes, lag, first_tried)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?7)
        ON CONFLICT (stream) DO UPDATE SET system = ?2, cursor = ifnull(?3, cursor), kinds = ?4, known_from = ?5,
          complete_through = ?6, last_success = max(ifnull(last_success, ?7), ?7), last_error = NULL, covers = ?8, holes = ?9, lag = ?10,
          first_tried = ifnull(first_tried, ?7)
        """
    ).execute(arguments: [
      stream, try events.key(of: page.system), page.cursor?.serialized(), new.kinds, new.from, new.through, page.observedAt.microseconds,
      new.covers, new.holesText, page.lag.microseconds,
    ])
    try StreamDays.add(records: events.told, to: stream, at: page.observedAt, db)
    guard let payload = new.watermark(stream: page.stream, system: page.system), new != old else { return }
    try log.append("watermark", payload: payload.serialized())
  }
}
