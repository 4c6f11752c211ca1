import Events

/// PostHog's `POST /api/projects/{id}/query` for one kind of query: events of a time range in order.
struct PostHogDialect {
  private let accounts: [AccountRecords]
  private let usage: [UsageEvent]

  /// PostHog gives no more rows than this to one query.
  static let rowLimit = 50_000
  private static let teams = ["operations", "planning", "finance"]

  init(_ world: SimulatedWorld) {
    accounts = world.accounts
    usage = world.usage
  }

  func respond(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    let parts = request.path.split(separator: "/")
    guard parts.count == 4, parts[0] == "api", ["projects", "environments"].contains(parts[1]), parts[3] == "query" else {
      throw VendorRefusal(404, ["type": "invalid_request", "code": "not_found", "detail": "Endpoint not found.", "attr": nil])
    }
    guard request.method == "POST" else { throw Self.refusal("Method \"\(request.method)\" not allowed.") }
    guard let body = try? JSON(parsing: request.body), body["query"]["kind"].text == "HogQLQuery",
      let text = body["query"]["query"].text
    else { throw Self.refusal("a HogQLQuery is expected") }
    let query = try EventQuery(text)
    let first = usage.firstPlace { $0.at >= query.oldest }
    let beyond = usage.firstPlace { $0.at > min(query.newest, now.microseconds) }
    let range = usage[first..<max(first, beyond)].dropFirst(query.offset).prefix(query.limit)
    return VendorResponse(bytes: rows(range, query), served: range.map(served))
  }

  private func served(_ event: UsageEvent) -> ServedRecord {
    var id: [UInt8] = []
    id.append(uuid: event.uuid)
    return ServedRecord(
      kind: .usage, system: Vendor.posthog.rawValue, id: String(decoding: id, as: UTF8.self), at: Instant(microseconds: event.at),
      revision: 0)
  }

  static func refusal(_ detail: String) -> VendorRefusal {
    VendorRefusal(400, ["type": "validation_error", "code": "invalid_input", "detail": .text(detail), "attr": nil])
  }
}

// MARK: - Rows

extension PostHogDialect {
  private func rows(_ events: ArraySlice<UsageEvent>, _ query: EventQuery) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(events.count * 160 + 500)
    bytes.append(contentsOf: "{\"columns\":".utf8)
    bytes.append(contentsOf: JSON.list(query.columns.map { .text($0.name) }).serializedBytes())
    bytes.append(contentsOf: ",\"hasMore\":false,\"limit\":\(query.limit),\"offset\":\(query.offset),\"results\":[".utf8)
    for (number, event) in events.enumerated() {
      bytes.append(UInt8(ascii: number == 0 ? "[" : ","))
      if number > 0 { bytes.append(UInt8(ascii: "[")) }
      for (place, column) in query.columns.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        append(column.field, of: event, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    }
    bytes.append(contentsOf: "]}".utf8)
    return bytes
  }

  private func team(of event: UsageEvent, _ script: Script) -> String {
    let changed = script.teams.last {
      $0.person == Int(event.person) && SimulatedCalendar.calendar.start(of: $0.from).microseconds <= event.at
    }
    return changed?.team ?? Self.teams[Int(event.person) % Self.teams.count]
  }

  /// No text here needs escaping: names, addresses and identifiers are plain ASCII.
  private func append(_ field: EventQuery.Field, of event: UsageEvent, to bytes: inout [UInt8]) {
    let script = accounts[Int(event.account)].script
    if field == .quantity { return event.event.hasQuantity ? bytes.append(contentsOf: String(event.quantity).utf8) : bytes.appendNull() }
    if field == .team, event.person == UsageEvent.integration { return bytes.appendNull() }
    bytes.append(UInt8(ascii: "\""))
    switch field {
    case .uuid: bytes.append(uuid: event.uuid)
    case .event: bytes.append(contentsOf: event.event.rawValue.utf8)
    case .distinctID:
      if event.person == UsageEvent.integration {
        bytes.append(contentsOf: "integration@\(script.identity.domain)".utf8)
      } else {
        bytes.append(contentsOf: script.people[Int(event.person)].email.utf8)
      }
    case .timestamp: bytes.append(timestamp: event.at)
    case .group: bytes.append(contentsOf: script.identity.posthog.utf8)
    case .team: bytes.append(contentsOf: team(of: event, script).utf8)
    case .quantity: break
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension [UInt8] {
  fileprivate mutating func appendNull() { append(contentsOf: "null".utf8) }

  /// ISO 8601 with six fractional digits; half of a large page's cost, so digits are written straight into it.
  fileprivate mutating func append(timestamp microseconds: Int64) {
    let days = Int64(floorDividing: microseconds, by: 86_400_000_000)
    let rest = Int(microseconds - days * 86_400_000_000)
    let (year, month, day) = Day(number: Int32(days)).civil
    append(year, digits: 4, then: "-")
    append(month, digits: 2, then: "-")
    append(day, digits: 2, then: "T")
    append(rest / 3_600_000_000, digits: 2, then: ":")
    append(rest / 60_000_000 % 60, digits: 2, then: ":")
    append(rest / 1_000_000 % 60, digits: 2, then: ".")
    append(rest % 1_000_000, digits: 6, then: "Z")
  }

  private mutating func append(_ number: Int, digits: Int, then mark: Unicode.Scalar) {
    var scale = 1
    for _ in 1..<digits { scale *= 10 }
    while scale > 0 {
      append(UInt8(48 + number / scale % 10))
      scale /= 10
    }
    append(UInt8(ascii: mark))
  }

  /// Thirty-two hexadecimal digits in five groups.
  fileprivate mutating func append(uuid: (UInt64, UInt64)) {
    for place in 0..<32 {
      if place == 8 || place == 12 || place == 16 || place == 20 { append(UInt8(ascii: "-")) }
      let word = place < 16 ? uuid.0 : uuid.1
      let digit = UInt8(word >> UInt64(60 - 4 * (place % 16)) & 15)
      append(digit < 10 ? 48 + digit : 87 + digit)
    }
  }
}

/// `SELECT columns FROM events WHERE timestamp > toDateTime64('…',6,'UTC') AND … ORDER BY timestamp[, uuid] LIMIT n [OFFSET n]`.
struct EventQuery {
  enum Field: String {
    case uuid, event
    case distinctID = "distinct_id"
    case timestamp
    case group = "$group_0"
    case quantity = "properties.quantity"
    case team = "properties.team"
  }

  var columns: [(name: String, field: Field)] = []
  var oldest = Int64.min
  var newest = Int64.max
  var limit = 100
  var offset = 0

  init(_ text: String) throws(VendorRefusal) {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    let clauses = try Self.clauses(words)
    for item in (clauses["SELECT"] ?? []).joined(separator: " ").split(separator: ",") {
      let parts = item.split(separator: " ").map(String.init)
      guard let name = parts.first, let field = Field(rawValue: name), parts.count == 1 || parts.count == 3 else {
        throw PostHogDialect.refusal("Unable to resolve field: \(item)")
      }
      columns.append((parts.last ?? name, field))
    }
    guard clauses["FROM"] == ["events"] else { throw PostHogDialect.refusal("Unknown table") }
    let conditions = (clauses["WHERE"] ?? []).joined(separator: " ").split(separator: " AND ").map(String.init)
    for condition in conditions { try apply(condition) }
    guard ["timestamp", "timestamp,uuid"].contains((clauses["ORDER BY"] ?? []).joined()) else {
      throw PostHogDialect.refusal("the simulated query must be ordered by timestamp, uuid")
    }
    limit = min(Int(clauses["LIMIT"]?.joined() ?? "") ?? 100, PostHogDialect.rowLimit)
    offset = Int(clauses["OFFSET"]?.joined() ?? "") ?? 0
  }

  /// The words of each clause.
  private static func clauses(_ words: [String]) throws(VendorRefusal) -> [String: [String]] {
    var clauses: [String: [String]] = [:]
    var current: String?
    for (place, word) in words.enumerated() {
      let upper = word.uppercased()
      if ["SELECT", "FROM", "WHERE", "LIMIT", "OFFSET"].contains(upper) {
        current = upper
      } else if upper == "ORDER", place + 1 < words.count, words[place + 1].uppercased() == "BY" {
        current = "ORDER BY"
      } else if upper == "BY", current == "ORDER BY", clauses["ORDER BY"] == nil {
        continue
      } else if let current {
        clauses[current, default: []].append(upper == "AND" ? upper : word)
      } else {
        throw PostHogDialect.refusal("mismatched input '\(word)'")
      }
    }
    return clauses
  }

  private mutating func apply(_ condition: String) throws(VendorRefusal) {
    let parts = condition.split(separator: " ", maxSplits: 2).map(String.init)
    guard parts.count == 3, parts[0] == "timestamp", parts[2].hasPrefix("toDateTime"),
      let quoted = parts[2].split(separator: "'").dropFirst().first, let bound = Instant(iso8601: String(quoted))?.microseconds
    else { throw PostHogDialect.refusal("the simulated query cannot filter by \(condition)") }
    switch parts[1] {
    case ">": oldest = max(oldest, bound + 1)
    case ">=": oldest = max(oldest, bound)
    case "<": newest = min(newest, bound - 1)
    case "<=": newest = min(newest, bound)
    default: throw PostHogDialect.refusal("the simulated query cannot compare by \(parts[1])")
    }
  }
}
