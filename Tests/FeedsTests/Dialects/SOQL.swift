import Events

/// As much of Salesforce's query language as the shipped feed speaks: one SELECT over one object, with sub-selects among its fields.
struct SOQL {
  struct Fault: Error {
    let code: String
    let message: String
  }

  enum Field {
    /// `Owner.Name` as its two names.
    case path([String])
    case children(SOQL)
  }

  enum Literal {
    case text(String)
    case flag(Bool)
    case instant(Instant)
  }

  indirect enum Condition {
    case all([Condition])
    case any([Condition])
    case compare(field: String, sign: String, literal: Literal)
  }

  var fields: [Field] = []
  var object = ""
  var condition: Condition?
  var order: String?
  var limit: Int?

  init(_ text: String) throws(Fault) {
    var parser = Parser(text)
    self = try parser.query()
    guard parser.isAtEnd else { throw Fault(code: "MALFORMED_QUERY", message: "unexpected token: \(parser.rest)") }
  }

  fileprivate init() {}

  /// The names of fields it selects or asks about, sub-selects left out.
  var names: [String] {
    var names: [String] = []
    for case .path(let parts) in fields { names.append(parts.joined(separator: ".")) }
    return names + (condition?.names ?? []) + [order].compactMap { $0 }
  }

  func holds(for record: JSON) -> Bool { condition?.holds(for: record) ?? true }
}

extension SOQL.Condition {
  var names: [String] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.names)
    case .compare(let field, _, _): [field]
    }
  }

  func holds(for record: JSON) -> Bool {
    switch self {
    case .all(let parts): return parts.allSatisfy { $0.holds(for: record) }
    case .any(let parts): return parts.contains { $0.holds(for: record) }
    case .compare(let field, let sign, let literal):
      switch literal {
      case .text(let text): return record[field].text == text
      case .flag(let flag): return (record[field].flag ?? false) == flag
      case .instant(let bound):
        guard let instant = record[field].text.flatMap(Instant.init(iso8601:)) else { return false }
        switch sign {
        case ">": return instant > bound
        case ">=": return instant >= bound
        case "<": return instant < bound
        case "<=": return instant <= bound
        default: return instant == bound
        }
      }
    }
  }
}

private struct Parser {
  private var tokens: [Substring]
  private var place = 0

  init(_ text: String) {
    var spaced = ""
    for character in text { spaced += "(),".contains(character) ? " \(character) " : String(character) }
    tokens = spaced.split(whereSeparator: \.isWhitespace)
    joinQuoted()
  }

  /// A quoted text may hold blanks.
  private mutating func joinQuoted() {
    var joined: [Substring] = []
    for token in tokens {
      if let last = joined.last, last.hasPrefix("'"), last.count == 1 || !last.hasSuffix("'") {
        joined[joined.count - 1] = last + " " + token
      } else {
        joined.append(token)
      }
    }
    tokens = joined
  }

  var isAtEnd: Bool { place == tokens.count }
  var rest: String { tokens[place...].joined(separator: " ") }

  private func fault(_ message: String) -> SOQL.Fault { SOQL.Fault(code: "MALFORMED_QUERY", message: message) }

  private mutating func word() throws(SOQL.Fault) -> String {
    guard place < tokens.count else { throw fault("unexpected end of query") }
    place += 1
    return String(tokens[place - 1])
  }

  private mutating func take(_ word: String) -> Bool {
    guard place < tokens.count, tokens[place] == word else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ word: String) throws(SOQL.Fault) {
    guard take(word) else { throw fault("expecting \(word) near \(rest)") }
  }

  mutating func query() throws(SOQL.Fault) -> SOQL {
    var query = SOQL()
    try expect("SELECT")
    repeat {
      if take("(") {
        query.fields.append(.children(try self.query()))
        try expect(")")
      } else {
        query.fields.append(.path(try word().split(separator: ".").map(String.init)))
      }
    } while take(",")
    try expect("FROM")
    query.object = try word()
    if take("WHERE") { query.condition = try any() }
    if take("ORDER") {
      try expect("BY")
      query.order = try word()
    }
    if take("LIMIT") { query.limit = Int(try word()) }
    return query
  }

  private mutating func any() throws(SOQL.Fault) -> SOQL.Condition {
    var parts = [try all()]
    while take("OR") { parts.append(try all()) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func all() throws(SOQL.Fault) -> SOQL.Condition {
    var parts = [try comparison()]
    while take("AND") { parts.append(try comparison()) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func comparison() throws(SOQL.Fault) -> SOQL.Condition {
    if take("(") {
      let inner = try any()
      try expect(")")
      return inner
    }
    let field = try word()
    let sign = try word()
    guard [">", ">=", "<", "<=", "="].contains(sign) else { throw fault("unexpected token: \(sign)") }
    return .compare(field: field, sign: sign, literal: try literal())
  }

  /// Times are not quoted, and have at most three digits after the second.
  private mutating func literal() throws(SOQL.Fault) -> SOQL.Literal {
    let text = try word()
    if text.hasPrefix("'"), text.hasSuffix("'"), text.count > 1 { return .text(String(text.dropFirst().dropLast())) }
    if text == "true" || text == "false" { return .flag(text == "true") }
    let isTime = text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z/) != nil
    guard isTime, let instant = Instant(iso8601: text) else { throw fault("line 1: unexpected token: '\(text)'") }
    return .instant(instant)
  }
}
