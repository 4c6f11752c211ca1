internal import Events
internal import GRDB

/// The product's record, in files where the database has a `Record` too.
typealias EventRecord = Events.Record

/// Words stored once and named by number: systems, kinds and streams.
enum Interned: Sendable {
  case system, kind, stream

  private var select: String {
    switch self {
    case .system: "SELECT key FROM system WHERE name = ?"
    case .kind: "SELECT key FROM kind WHERE name = ?"
    case .stream: "SELECT key FROM stream WHERE name = ?"
    }
  }

  private var insert: String {
    switch self {
    case .system: "INSERT INTO system (name) VALUES (?)"
    case .kind: "INSERT INTO kind (name) VALUES (?)"
    case .stream: "INSERT INTO stream (name) VALUES (?)"
    }
  }

  private var selectAll: String {
    switch self {
    case .system: "SELECT key, name FROM system"
    case .kind: "SELECT key, name FROM kind"
    case .stream: "SELECT key, name FROM stream"
    }
  }

  /// The number of a word, new if it was never stored.
  static func key(of name: String, in words: Interned, _ db: Database) throws -> Int64 {
    if let key = try Int64.fetchOne(db.cachedStatement(sql: words.select), arguments: [name]) { return key }
    try db.cachedStatement(sql: words.insert).execute(arguments: [name])
    return db.lastInsertedRowID
  }

  /// Every word by its number.
  static func names(_ words: Interned, _ db: Database) throws -> [Int64: String] {
    var names: [Int64: String] = [:]
    for row in try Row.fetchAll(db.cachedStatement(sql: words.selectAll)) { names[row[0]] = row[1] }
    return names
  }
}

/// A thing as a system names it.
struct Reference: Hashable {
  let system: Int64
  let id: String
}
