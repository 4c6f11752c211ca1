internal import Events
internal import Features
internal import GRDB

/// How far a stream is known, as its row holds it, and how a page moves it on.
struct StreamRange: Hashable {
  var kinds = ""
  var from: Int64?
  var through: Int64?
  var covers = false
  var holes: [Hole] = []

  init(of stream: Int64, _ db: Database) throws {
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT kinds, known_from, complete_through, covers, holes FROM stream_state WHERE stream = ?"),
      arguments: [stream])
    guard let row else { return }
    kinds = row[0]
    from = row[1]
    through = row[2]
    covers = row[3]
    holes = try Self.holes(row[4])
  }

  static func holes(_ text: String) throws -> [Hole] { (try JSON(parsing: text).list ?? []).compactMap(Hole.init) }

  var holesText: String { JSON.list(holes.map(\.json)).serialized() }

  /// What a page tells of the range: it ends later, and where it begins again only after its end, what lies between is a hole.
  func advanced(by page: Page) -> StreamRange {
    var new = self
    if !page.kinds.isEmpty { new.kinds = page.kinds.sorted().map(\.rawValue).joined(separator: " ") }
    new.covers = page.kinds.isEmpty ? covers : page.coversCustomers
    new.through = [page.completeThrough?.microseconds, through].compactMap { $0 }.max()
    guard let told = page.knownFrom?.microseconds else { return new }
    // From here on the stream is known without a gap; where this lies after all that was known, it was lost in between.
    if let known = from, let end = through, told > end, known <= end {
      new.dig(Hole(from: Instant(microseconds: end), until: Instant(microseconds: told)))
    } else if let known = from, told > known, holes.contains(where: { $0.until.microseconds == told }) {
      // Told again of a hole that is kept already.
    } else {
      new.from = told
      new.holes = holes.filter { $0.until.microseconds > told }
    }
    return new
  }

  /// Keeps a hole; of too many the oldest goes, and with it what was known before it.
  private mutating func dig(_ hole: Hole) {
    if let last = holes.last, hole.from <= last.until {
      holes[holes.count - 1] = Hole(from: last.from, until: max(last.until, hole.until))
    } else {
      holes.append(hole)
    }
    while holes.count > StoreLimits.holesPerStream { from = holes.removeFirst().until.microseconds }
  }

  /// The payload of a watermark step; nil while the stream is not known at all.
  func watermark(stream: String, system: String) -> JSON? {
    guard let from, let through else { return nil }
    var members: [String: JSON] = [
      "stream": .text(stream), "kinds": .text(kinds), "known_from": .integer(from), "complete_through": .integer(through),
      "system": .text(system),
    ]
    if covers { members["covers"] = true }
    if !holes.isEmpty { members["holes"] = .list(holes.map(\.json)) }
    return .object(members)
  }
}

/// What a stream brought, turned away and asked for on each UTC day.
enum StreamDays {
  static func add(records: Int = 0, rejected: Int = 0, requests: Int = 0, to stream: Int64, at instant: Instant, _ db: Database) throws {
    guard records > 0 || rejected > 0 || requests > 0 else { return }
    let day = Int64(floorDividing: instant.seconds, by: 86_400)
    try db.cachedStatement(
      sql: """
        INSERT INTO stream_day (stream, day, records, rejected, requests) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (stream, day) DO UPDATE SET records = records + ?3, rejected = rejected + ?4, requests = requests + ?5
        """
    ).execute(arguments: [stream, day, records, rejected, requests])
    try db.cachedStatement(sql: "DELETE FROM stream_day WHERE stream = ? AND day <= ?")
      .execute(arguments: [stream, day - StoreLimits.streamDays])
  }
}
