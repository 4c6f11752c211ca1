import Events
import Transport

/// PostHog's query endpoint, for the one query that the shipped feed asks.
struct PostHogDialect: VendorDialect {
  struct Event {
    let at: Instant
    let uuid: String
    /// By the column's name.
    let values: [String: JSON]
  }

  /// In any order.
  var events: [Event] = []
  /// Queries over a longer stretch of time take too long.
  var patience = Span.days(36_500)

  static let key = "phx_dialect"
  static let project = "42"

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Bearer \(Self.key)" else {
      return Self.refusal(401, "Authentication credentials were not provided.")
    }
    guard request.method == "POST", request.path == "/api/projects/\(Self.project)/query" else {
      return Self.refusal(404, "Endpoint not found.")
    }
    guard request.json["query"]["kind"] == "HogQLQuery", let query = request.json["query"]["query"].text else {
      return Self.refusal(400, "a HogQLQuery is expected")
    }
    let quoted = query.split(separator: "'").map(String.init)
    let from = quoted.dropFirst().first.flatMap(Instant.init(iso8601:))
    let through = quoted.dropFirst(5).first.flatMap(Instant.init(iso8601:))
    guard let from, let through, query.contains("timestamp > toDateTime64("), query.contains("timestamp <= toDateTime64("),
      query.contains(" ORDER BY timestamp, uuid "), let limit = query.split(separator: " ").last.flatMap({ Int($0) }),
      let list = query.split(separator: " FROM ").first?.dropFirst("SELECT ".count)
    else { return Self.refusal(400, "mismatched input") }
    if through - from > patience { return HTTPResponse(status: 504, body: Array("upstream request timeout".utf8)) }
    let columns = list.split(separator: ",").map { String($0.drop { $0 == " " }) }
    let rows = events.filter { $0.at > from && $0.at <= through }.sorted { ($0.at, $0.uuid) < ($1.at, $1.uuid) }.prefix(min(limit, 50_000))
    let results = rows.map { row in
      JSON.list(columns.map { $0 == "uuid" ? .text(row.uuid) : $0 == "timestamp" ? JSON(row.at) : row.values[$0] ?? .null })
    }
    let json: JSON = ["columns": .list(columns.map { .text($0) }), "results": .list(results), "hasMore": false, "limit": JSON(limit)]
    return HTTPResponse(status: 200, body: json.serializedBytes())
  }

  private static func refusal(_ status: Int, _ detail: String) -> HTTPResponse {
    let json: JSON = ["type": "validation_error", "code": "invalid_input", "detail": .text(detail), "attr": nil]
    return HTTPResponse(status: status, body: json.serializedBytes())
  }
}
