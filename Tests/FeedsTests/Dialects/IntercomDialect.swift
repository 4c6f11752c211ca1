import Events
import Transport

/// Intercom's searches for conversations and contacts, and its list of companies.
struct IntercomDialect: VendorDialect {
  /// Objects as Intercom shows them, in any order.
  var conversations: [JSON] = []
  var contacts: [JSON] = []
  /// In the order they were made.
  var companies: [JSON] = []
  /// How many of the next requests are refused for their rate, and when the limit is lifted.
  var refusals = 0
  var limitedUntil = Instant(seconds: 0)
  /// Searches for more conversations than this take too long.
  var patience = Int.max

  static let token = "dG9rOmludGVyY29t"
  static let mostPerPage = 150
  static let mostCompanies = 10_000

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Bearer \(Self.token)" else {
      return Self.refusal(401, "unauthorized", "Access Token Invalid")
    }
    guard request.header("Intercom-Version") == "2.11" else {
      return Self.refusal(400, "intercom_version_invalid", "The requested version could not be found")
    }
    if refusals > 0 {
      refusals -= 1
      return Self.refusal(429, "rate_limit_exceeded", "Exceeded rate limit", reset: limitedUntil)
    }
    switch (request.method, request.path) {
    case ("POST", "/conversations/search"):
      let size = request.json["pagination"]["per_page"].integer ?? 20
      if size > patience { return HTTPResponse(status: 504, body: Array("upstream request timeout".utf8)) }
      return search(conversations, request.json, list: "conversations", type: "conversation.list", byDay: false)
    case ("POST", "/contacts/search"): return search(contacts, request.json, list: "data", type: "list", byDay: true)
    case ("POST", "/companies/list"): return listCompanies(request)
    default: return Self.refusal(404, "not_found", "The requested resource was not found")
    }
  }

  // MARK: Search

  private func search(_ all: [JSON], _ body: JSON, list: String, type: String, byDay: Bool) -> HTTPResponse {
    let size = Int(body["pagination"]["per_page"].integer ?? 20)
    guard (1...Self.mostPerPage).contains(size) else { return Self.refusal(400, "parameter_invalid", "Per Page is too big") }
    guard let query = Query(body["query"], byDay: byDay) else { return Self.refusal(400, "parameter_invalid", "bad 'query' parameter") }
    guard body["sort"].isNull || body["sort"] == ["field": "updated_at", "order": "ascending"] else {
      return Self.refusal(400, "parameter_invalid", "this simulated search sorts by updated_at, ascending")
    }
    let found = all.filter(query.holds).sorted { Place($0) < Place($1) }
    var rest = found[...]
    if let token = body["pagination"]["starting_after"].text {
      guard let place = Place(token) else { return Self.refusal(400, "client_error", "starting_after is not a valid cursor") }
      rest = rest.drop { Place($0) <= place }
    }
    let page = rest.prefix(size)
    var pages: JSON = ["type": "pages", "page": 1, "per_page": JSON(size), "total_pages": JSON((found.count + size - 1) / size)]
    if page.count < rest.count, let last = page.last {
      pages = pages.with(["next": ["page": 2, "starting_after": .text(Place(last).token)]])
    }
    return Self.answer(["type": .text(type), list: .list(Array(page)), "total_count": JSON(found.count), "pages": pages])
  }

  /// Where a record stands in a sorted search.
  private struct Place: Comparable {
    let at: Int64
    let id: String

    init(_ record: JSON) { (at, id) = (record["updated_at"].integer ?? 0, record["id"].text ?? "") }

    init?(_ token: String) {
      guard let json = try? JSON(parsing: Array(token.utf8)), let at = json[0].integer, let id = json[1].text else { return nil }
      (self.at, self.id) = (at, id)
    }

    var token: String { JSON.list([.integer(at), .text(id)]).serialized() }

    static func < (a: Place, b: Place) -> Bool { (a.at, a.id) < (b.at, b.id) }
  }

  /// A query: one comparison, or several joined by AND or OR.
  private indirect enum Query {
    case all([Query])
    case any([Query])
    case compare(field: String, by: String, values: [String], byDay: Bool)

    init?(_ json: JSON, byDay: Bool) {
      guard let word = json["operator"].text else { return nil }
      if word == "AND" || word == "OR" {
        guard let parts = json["value"].list, (1...15).contains(parts.count) else { return nil }
        let queries = parts.compactMap { Query($0, byDay: byDay) }
        guard queries.count == parts.count else { return nil }
        self = word == "AND" ? .all(queries) : .any(queries)
        return
      }
      guard let field = json["field"].text, [">", "<", "=", "IN"].contains(word) else { return nil }
      let values = word == "IN" ? json["value"].list?.compactMap(\.scalarText) : json["value"].scalarText.map { [$0] }
      guard let values, !values.isEmpty, !values.contains("") else { return nil }
      self = .compare(field: field, by: word, values: values, byDay: byDay && field == "updated_at")
    }

    func holds(_ record: JSON) -> Bool {
      switch self {
      case .all(let queries): queries.allSatisfy { $0.holds(record) }
      case .any(let queries): queries.contains { $0.holds(record) }
      case .compare(let field, "IN", let values, _): values.contains(record[field].scalarText ?? "")
      case .compare(let field, let sign, let values, let byDay): Self.compare(record[field], sign, values[0], byDay)
      }
    }

    private static func compare(_ own: JSON, _ sign: String, _ value: String, _ byDay: Bool) -> Bool {
      guard let own = own.integer, let value = Int64(value) else { return false }
      let unit: Int64 = byDay ? 86_400 : 1
      switch sign {
      case ">": return own / unit > value / unit
      case "<": return own / unit < value / unit
      default: return own / unit == value / unit
      }
    }
  }

  // MARK: Companies

  private func listCompanies(_ request: HTTPRequest) -> HTTPResponse {
    let size = Int(request.parameter("per_page") ?? "15") ?? 0
    let page = Int(request.parameter("page") ?? "1") ?? 0
    guard (1...60).contains(size), page >= 1 else { return Self.refusal(400, "parameter_invalid", "per_page must be between 1 and 60") }
    guard (page - 1) * size < Self.mostCompanies else {
      return Self.refusal(400, "parameter_invalid", "page limit reached, please use scroll API")
    }
    let list = companies.reversed().dropFirst((page - 1) * size).prefix(size)
    return Self.answer([
      "type": "list", "data": .list(Array(list)), "total_count": JSON(companies.count),
      "pages": ["type": "pages", "page": JSON(page), "per_page": JSON(size), "total_pages": JSON((companies.count + size - 1) / size)],
    ])
  }

  // MARK: Answers

  private static func answer(_ json: JSON) -> HTTPResponse { HTTPResponse(status: 200, body: json.serializedBytes()) }

  private static func refusal(_ status: Int, _ code: String, _ message: String, reset: Instant? = nil) -> HTTPResponse {
    let json: JSON = ["type": "error.list", "request_id": "b2f", "errors": [["code": .text(code), "message": .text(message)]]]
    let headers = reset.map { [HTTPHeader("X-RateLimit-Reset", String($0.seconds))] } ?? []
    return HTTPResponse(status: status, headers: headers, body: json.serializedBytes())
  }
}
