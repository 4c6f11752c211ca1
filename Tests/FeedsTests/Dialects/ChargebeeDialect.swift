import Events
import Foundation
import Transport

/// Chargebee's lists: records of a kind by time of change, each element wrapped under its resource's name.
struct ChargebeeDialect: VendorDialect {
  /// By resource (`subscription`, `invoice`, `transaction`, `coupon`): records with `id` and `updated_at`.
  var records: [String: [JSON]] = [:]
  /// How many of the next requests are refused for their rate.
  var refusals = 0

  static let key = "live_dialect"
  static let pageLimit = 100

  /// Replaces the record of the same id, as Chargebee does: there are no versions.
  mutating func put(_ resource: String, _ record: JSON) {
    records[resource, default: []].removeAll { $0["id"] == record["id"] }
    records[resource, default: []].append(record)
  }

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    // The key is the user name and the password is empty.
    let credential = "Basic " + Data("\(Self.key):".utf8).base64EncodedString()
    guard request.header("Authorization") == credential else {
      return Self.refusal(401, "api_authentication_failed", "Sorry, authentication failed. Invalid API Key")
    }
    if refusals > 0 {
      refusals -= 1
      let refusal = Self.refusal(429, "api_request_limit_exceeded", "Sorry, your API request limit is exceeded")
      return HTTPResponse(status: 429, headers: [HTTPHeader("Retry-After", "17")], body: refusal.body)
    }
    let parts = request.path.split(separator: "/").map(String.init)
    guard request.method == "GET", parts.count == 3, parts[..<2] == ["api", "v2"], parts[2].hasSuffix("s") else {
      return Self.refusal(404, "resource_not_found", "Sorry, we couldn't find that resource")
    }
    do {
      return try list(String(parts[2].dropLast()), ChargebeeQuery(request), now)
    } catch {
      return Self.refusal(400, "param_wrong_value", error.message)
    }
  }

  private func list(_ resource: String, _ query: ChargebeeQuery, _ now: Instant) throws(ChargebeeQuery.Fault) -> HTTPResponse {
    let found = (records[resource] ?? []).filter { record in
      let changed = record["updated_at"].integer ?? 0
      return query.window.contains(changed) && changed <= now.seconds && (query.includesDeleted || record["deleted"] != .flag(true))
        && (query.id.map { record["id"].text == $0 } ?? true)
    }.sorted { Self.place($0) < Self.place($1) }
    let rest = query.offset.map { offset in found.filter { Self.place($0) > offset } } ?? found
    let page = rest.prefix(query.limit)
    var answer: [String: JSON] = ["list": .list(page.map { wrapped($0, resource) })]
    if rest.count > page.count, let last = page.last {
      // Opaque to callers: the sorted value and the id of the last record shown.
      answer["next_offset"] = .text("[\"\(Self.place(last).0)000\",\"\(Self.place(last).1)\"]")
    }
    return HTTPResponse(status: 200, body: JSON.object(answer).serializedBytes())
  }

  /// A subscription comes with its customer.
  private func wrapped(_ record: JSON, _ resource: String) -> JSON {
    var element: [String: JSON] = [resource: record]
    if resource == "subscription" { element["customer"] = ["id": record["customer_id"], "object": "customer"] }
    return .object(element)
  }

  private static func place(_ record: JSON) -> (Int64, String) { (record["updated_at"].integer ?? 0, record["id"].text ?? "") }

  private static func refusal(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    let body: JSON = ["message": .text(message), "api_error_code": .text(code), "http_status_code": JSON(status)]
    return HTTPResponse(status: status, body: body.serializedBytes())
  }
}

/// The parameters of a Chargebee list.
private struct ChargebeeQuery {
  struct Fault: Error {
    let message: String
  }

  var limit = 10
  var offset: (Int64, String)?
  var window = Int64.min...Int64.max
  var includesDeleted = false
  var id: String?

  init(_ request: HTTPRequest) throws(Fault) {
    for (name, value) in request.parameters {
      switch name {
      case "limit":
        guard let number = Int(value), (1...ChargebeeDialect.pageLimit).contains(number) else { throw Fault(message: "limit: \(value)") }
        limit = number
      case "offset": offset = try Self.offset(value)
      case "updated_at[between]": window = try Self.window(value)
      case "sort_by[asc]": guard value == "updated_at" else { throw Fault(message: "sort_by: \(value)") }
      case "include_deleted": includesDeleted = value == "true"
      case "id[is]": id = value
      default: throw Fault(message: "\(name) : is not a known parameter")
      }
    }
  }

  private static func offset(_ text: String) throws(Fault) -> (Int64, String) {
    guard let parts = (try? JSON(parsing: Array(text.utf8)))?.list, parts.count == 2, let time = parts[0].text.flatMap({ Int64($0) }),
      let id = parts[1].text
    else { throw Fault(message: "offset : invalid") }
    return (time / 1000, id)
  }

  private static func window(_ text: String) throws(Fault) -> ClosedRange<Int64> {
    let bounds = (try? JSON(parsing: Array(text.utf8)))?.list?.compactMap(\.integer) ?? []
    guard bounds.count == 2, bounds[0] <= bounds[1] else { throw Fault(message: "updated_at : invalid range \(text)") }
    return bounds[0]...bounds[1]
  }
}
