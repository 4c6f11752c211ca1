import Events
import Foundation
import Transport

/// Freshdesk's lists of tickets and contacts.
struct FreshdeskDialect: VendorDialect {
  struct Ticket {
    var json: JSON
    var stats: JSON = nil
    var requester: JSON = nil
    var isDeleted = false
    let updated: Instant

    init(json: JSON) {
      self.json = json
      updated = Instant(iso8601: json["updated_at"].text ?? "") ?? .distantPast
    }
  }

  /// Set in any order; kept in the order of the list.
  var tickets: [Ticket] = [] {
    didSet {
      listed = tickets.sorted { ($0.updated, $0.json["id"].integer ?? 0) < ($1.updated, $1.json["id"].integer ?? 0) }
    }
  }
  private var listed: [Ticket] = []
  var contacts: [JSON] = []
  /// How many of the next requests are refused for their rate.
  var refusals = 0

  static let key = "fd5k3y"
  static let origin = "https://acme.freshdesk.com"
  static let mostPages = 300
  /// How far back tickets are listed where nothing is said.
  static let usual = Span.days(30)

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Basic " + Data("\(Self.key):X".utf8).base64EncodedString() else {
      return HTTPResponse(
        status: 401, body: Array(#"{"code":"invalid_credentials","message":"You have to be logged in to perform this action."}"#.utf8))
    }
    if refusals > 0 {
      refusals -= 1
      return HTTPResponse(
        status: 429, headers: [HTTPHeader("Retry-After", "31")],
        body: Array(#"{"message":"You have exceeded the limit of requests per hour"}"#.utf8))
    }
    switch (request.method, request.path) {
    case ("GET", "/api/v2/tickets"): return listTickets(request, now)
    case ("GET", "/api/v2/contacts"): return listContacts(request)
    default: return HTTPResponse(status: 404)
    }
  }

  private func listTickets(_ request: HTTPRequest, _ now: Instant) -> HTTPResponse {
    let since = request.parameter("updated_since").map { Instant(iso8601: $0) } ?? now - Self.usual
    guard let since else { return Self.invalid("updated_since", "It should be in the 'combined date and time ISO8601' format") }
    let includes = Set((request.parameter("include") ?? "").split(separator: ",").map(String.init))
    guard includes.isSubset(of: ["stats", "requester", "company", "description"]) else {
      return Self.invalid("include", "It should be one of these values: 'requester,stats,company,description'")
    }
    guard request.parameter("order_by") ?? "created_at" == "updated_at", request.parameter("order_type") ?? "desc" == "asc" else {
      return Self.invalid("order_by", "this simulated list is ordered by updated_at, ascending")
    }
    let wantsDeleted = request.parameter("filter") == "deleted"
    let found = listed.filter { $0.updated >= since && $0.isDeleted == wantsDeleted }
    return page(found, request, limit: Self.mostPages) { ticket in
      var members: [String: JSON] = [:]
      if includes.contains("stats") { members["stats"] = ticket.stats }
      if includes.contains("requester") { members["requester"] = ticket.requester }
      return ticket.json.with(members)
    }
  }

  private func listContacts(_ request: HTTPRequest) -> HTTPResponse {
    var found = contacts
    if let text = request.parameter("_updated_since") {
      guard let since = Instant(iso8601: text) else { return Self.invalid("_updated_since", "It should be in ISO8601 format") }
      found = contacts.filter { Instant(iso8601: $0["updated_at"].text ?? "") ?? .distantPast >= since }
    }
    return page(found, request, limit: .max) { $0 }
  }

  /// A page and, unless it is the last, a link to the next.
  private func page<Element>(_ found: [Element], _ request: HTTPRequest, limit: Int, show: (Element) -> JSON) -> HTTPResponse {
    let size = Int(request.parameter("per_page") ?? "30") ?? 0
    let number = Int(request.parameter("page") ?? "1") ?? 0
    guard (1...100).contains(size) else { return Self.invalid("per_page", "It should be a Positive Integer less than or equal to 100") }
    guard number >= 1, number <= limit else { return Self.invalid("page", "You cannot access more than \(limit) pages") }
    let page = found.dropFirst((number - 1) * size).prefix(size)
    var headers: [HTTPHeader] = []
    if number * size < found.count {
      var parts = URLComponents(string: request.url)
      parts?.queryItems?.removeAll { $0.name == "page" }
      parts?.queryItems?.append(URLQueryItem(name: "page", value: String(number + 1)))
      headers.append(HTTPHeader("Link", "<\(parts?.string ?? "")>; rel=\"next\""))
    }
    return HTTPResponse(status: 200, headers: headers, body: JSON.list(page.map(show)).serializedBytes())
  }

  private static func invalid(_ field: String, _ message: String) -> HTTPResponse {
    let json: JSON = [
      "description": "Validation failed", "errors": [["field": .text(field), "message": .text(message), "code": "invalid_value"]],
    ]
    return HTTPResponse(status: 400, body: json.serializedBytes())
  }
}
