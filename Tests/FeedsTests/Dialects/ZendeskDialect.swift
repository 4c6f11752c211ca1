import Events
import Foundation
import Transport

/// Zendesk's incremental exports: tickets and users by cursor, organizations by time.
struct ZendeskDialect: VendorDialect {
  /// Objects with `id` and `updated_at`, in any order.
  var tickets: [JSON] = []
  var users: [JSON] = []
  var organizations: [JSON] = []
  /// Pages of more records than this take too long.
  var patience = Int.max
  /// How many organizations a page holds.
  var organizationsPerPage = 1000
  /// Whether an empty page stands between two full ones, as behind long runs of deleted records.
  var hasEmptyPages = false
  /// How many of the next requests are refused for their rate.
  var refusals = 0

  static let origin = "https://acme.zendesk.com"
  static let user = "agent@acme.example/token"
  static let token = "zd7oken"

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Basic " + Data("\(Self.user):\(Self.token)".utf8).base64EncodedString() else {
      return Self.refusal(401, "Couldn't authenticate you")
    }
    if refusals > 0 {
      refusals -= 1
      return HTTPResponse(status: 429, headers: [HTTPHeader("Retry-After", "37")], body: Array("Rate limit exceeded".utf8))
    }
    let horizon = now.seconds - 60
    switch request.path {
    case "/api/v2/incremental/tickets/cursor": return byCursor(tickets, "tickets", request, horizon)
    case "/api/v2/incremental/users/cursor": return byCursor(users, "users", request, horizon)
    case "/api/v2/incremental/organizations", "/api/v2/incremental/organizations.json": return byTime(request, horizon)
    default: return Self.refusal(404, "InvalidEndpoint")
    }
  }

  private func byCursor(_ all: [JSON], _ name: String, _ request: HTTPRequest, _ horizon: Int64) -> HTTPResponse {
    let size = Int(request.parameter("per_page") ?? "1000") ?? 0
    guard (1...1000).contains(size) else { return Self.refusal(400, "InvalidPerPage") }
    guard size <= patience else { return HTTPResponse(status: 504, body: Array("<html>Gateway Time-out</html>".utf8)) }
    var place: (at: Int64, id: Int64) = (0, .max)
    var isRested = true
    if let cursor = request.parameter("cursor") {
      let parts = String(decoding: Data(base64Encoded: cursor) ?? Data(), as: UTF8.self).split(separator: "|").compactMap { Int64($0) }
      guard parts.count == 3 else { return Self.refusal(400, "InvalidCursor") }
      place = (parts[0], parts[1])
      isRested = parts[2] == 1
    } else {
      guard let start = request.parameter("start_time").flatMap({ Int64($0) }) else { return Self.refusal(400, "start_time is required") }
      guard start <= horizon else { return Self.refusal(422, "StartTimeTooRecent") }
      place = (start - 1, .max)
    }
    let rest = Self.sorted(all, through: horizon).filter { Self.key($0) > place }
    let page = hasEmptyPages && !isRested ? [] : Array(rest.prefix(size))
    if let last = page.last { place = Self.key(last) }
    let isLast = page.count == rest.count
    let cursor = Data("\(place.at)|\(place.id)|\(page.isEmpty || isLast ? 1 : 0)".utf8).base64EncodedString()
    return Self.answer([
      name: .list(page), "after_cursor": .text(cursor), "before_cursor": nil, "before_url": nil, "end_of_stream": .flag(isLast),
      "after_url": .text("\(Self.origin)\(request.path).json?cursor=\(cursor)"),
    ])
  }

  /// A page ends with the last record of its second; the next begins at that second again.
  private func byTime(_ request: HTTPRequest, _ horizon: Int64) -> HTTPResponse {
    guard let start = request.parameter("start_time").flatMap({ Int64($0) }) else { return Self.refusal(400, "start_time is required") }
    guard start <= horizon else { return Self.refusal(422, "StartTimeTooRecent") }
    let rest = Self.sorted(organizations, through: horizon).filter { Self.key($0).at >= start }
    // The first second was told before, and does not count.
    let border = rest.filter { Self.key($0).at > start }.prefix(organizationsPerPage).last.map { Self.key($0).at } ?? start
    let page = rest.prefix { Self.key($0).at <= border }
    return Self.answer([
      "organizations": .list(Array(page)), "count": JSON(page.count), "end_time": .integer(border),
      "next_page": .text("\(Self.origin)/api/v2/incremental/organizations.json?start_time=\(border)"),
      "end_of_stream": .flag(page.count == rest.count),
    ])
  }

  private static func sorted(_ all: [JSON], through horizon: Int64) -> [JSON] {
    all.filter { key($0).at <= horizon }.sorted { key($0) < key($1) }
  }

  private static func key(_ record: JSON) -> (at: Int64, id: Int64) {
    ((Instant(iso8601: record["updated_at"].text ?? "") ?? .distantPast).seconds, record["id"].integer ?? 0)
  }

  private static func answer(_ members: [String: JSON]) -> HTTPResponse {
    HTTPResponse(status: 200, body: JSON.object(members).serializedBytes())
  }

  private static func refusal(_ status: Int, _ error: String) -> HTTPResponse {
    HTTPResponse(status: status, body: JSON.object(["error": .text(error)]).serializedBytes())
  }
}
