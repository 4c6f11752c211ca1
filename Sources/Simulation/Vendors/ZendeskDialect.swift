import Events

/// Zendesk's cursor-based incremental export of tickets: each ticket as it is now, oldest change first.
struct ZendeskDialect {
  private struct Entry {
    let at: Int64
    let until: Int64
    let account: Int
    let ticket: Int
    let version: Int
    let id: Int64
  }

  /// Where an export stands.
  private struct Cursor {
    var at: Int64
    var id: Int64

    /// Opaque to the client.
    var text: String { Base64.encoded(Array("\(at).000000|\(id)|1".utf8)) }

    init(at: Int64, id: Int64) { (self.at, self.id) = (at, id) }

    init?(_ text: String) {
      guard let bytes = Base64.decoded(text) else { return nil }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: "|")
      guard parts.count == 3, let at = Int64(parts[0].prefix { $0 != "." }), let id = Int64(parts[1]) else { return nil }
      self.init(at: at, id: id)
    }
  }

  private let accounts: [AccountRecords]
  /// In order of change, then id.
  private let entries: [Entry]

  static let pageLimits = 1...1000
  /// The export leaves out what changed within the last minute.
  static let settlingSeconds: Int64 = 60

  init(_ world: SimulatedWorld) {
    accounts = world.accounts
    var entries: [Entry] = []
    for (account, records) in world.accounts.enumerated() {
      for (number, ticket) in records.tickets.enumerated() {
        for (place, version) in ticket.versions.enumerated() {
          let until = place + 1 < ticket.versions.count ? ticket.versions[place + 1].at : Int64.max
          entries.append(Entry(at: version.at, until: until, account: account, ticket: number, version: place, id: ticket.id))
        }
      }
    }
    self.entries = entries.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
  }

  func respond(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    guard ["/api/v2/incremental/tickets/cursor", "/api/v2/incremental/tickets/cursor.json"].contains(request.path) else {
      throw VendorRefusal(404, ["error": "InvalidEndpoint", "description": "Not found"])
    }
    guard request.method == "GET" else { throw VendorRefusal(405, ["error": "Method not allowed"]) }
    let cursor = try cursor(of: request, now)
    let limit = request.parameter("per_page").map { Int($0) ?? 0 } ?? 1000
    guard Self.pageLimits.contains(limit) else { throw Self.refusal("InvalidPerPage", "per_page must be between 1 and 1000") }
    let horizon = now.seconds - Self.settlingSeconds
    let first = entries.firstPlace { ($0.at, $0.id) > (cursor.at, cursor.id) }
    let rest = entries[first...].prefix { $0.at <= horizon }.filter { $0.until > horizon }
    let page = rest.prefix(limit)
    let after = page.last.map { Cursor(at: $0.at, id: $0.id) } ?? cursor
    let withMetrics = request.parameter("include")?.split(separator: ",").contains("metric_sets") ?? false
    let answer: JSON = [
      "tickets": .list(page.map { ticket($0, withMetrics) }), "after_cursor": .text(after.text),
      "after_url": .text("\(request.origin)/api/v2/incremental/tickets/cursor.json?cursor=\(after.text)"), "before_cursor": nil,
      "before_url": nil, "end_of_stream": .flag(page.count == rest.count),
    ]
    return VendorResponse(answer, served: page.map(served))
  }

  private func cursor(of request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> Cursor {
    if let text = request.parameter("cursor"), !text.isEmpty {
      guard let cursor = Cursor(text) else { throw Self.refusal("InvalidCursor", "cursor is not valid") }
      return cursor
    }
    guard let text = request.parameter("start_time"), let start = Int64(text) else {
      throw Self.refusal("InvalidValue", "start_time or cursor is required")
    }
    guard start <= now.seconds - Self.settlingSeconds else {
      throw Self.refusal("StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds")
    }
    return Cursor(at: start - 1, id: .max)
  }

  private static func refusal(_ error: String, _ description: String) -> VendorRefusal {
    VendorRefusal(400, ["error": .text(error), "description": .text(description)])
  }

  private func served(_ entry: Entry) -> ServedRecord {
    ServedRecord(
      kind: .ticket, system: Vendor.zendesk.rawValue, id: String(entry.id), at: Instant(seconds: entry.at), revision: Int32(entry.version))
  }

  private func ticket(_ entry: Entry, _ withMetrics: Bool) -> JSON {
    let ticket = accounts[entry.account].tickets[entry.ticket]
    let version = ticket.versions[entry.version]
    let created = Instant(seconds: ticket.versions[0].at)
    var object: [String: JSON] = [
      "id": .integer(ticket.id), "url": .text("https://vantage.zendesk.com/api/v2/tickets/\(ticket.id).json"), "external_id": nil,
      "created_at": JSON(created), "updated_at": JSON(Instant(seconds: version.at)), "generated_timestamp": .integer(version.at),
      "type": .text(ticket.plan.type), "subject": .text(ticket.plan.subject), "raw_subject": .text(ticket.plan.subject),
      "description": .text(ticket.plan.body), "priority": .text(ticket.plan.priority), "status": .text(version.status),
      "requester_id": .integer(ticket.requester), "submitter_id": .integer(ticket.requester), "assignee_id": 380_000_000_001,
      "organization_id": .integer(ticket.organization), "group_id": 390_000_000_001, "tags": .list(ticket.tags.map { .text($0) }),
      "satisfaction_rating": ["score": .text(version.csat)], "via": ["channel": "web"], "custom_fields": [], "is_public": true,
    ]
    if withMetrics {
      object["metric_set"] = [
        "ticket_id": .integer(ticket.id), "reopens": JSON(version.reopens), "replies": JSON(version.reopens * 2 + 1),
        "created_at": JSON(created), "solved_at": JSON(version.solvedAt.map { Instant(seconds: $0) }),
      ]
    }
    return .object(object)
  }
}
