import Events
import Foundation
import Transport

/// HubSpot's CRM search and association reads: all property values are texts, a change is found only an hour after it was made.
struct HubSpotDialect: VendorDialect {
  /// By object type: records with `id` (a number), `modified` (milliseconds since 1970) and `properties`.
  var records: [String: [JSON]] = [:]
  /// The companies of an engagement, by object type and id.
  var companies: [String: [Int64]] = [:]
  /// The most results of one search.
  var resultLimit = 10_000
  /// How many of the next requests are refused for their rate.
  var refusals = 0

  static let token = "pat-dialect"
  static let pageLimit = 200
  static let batchLimit = 1000
  /// How long search takes to find a change.
  static let indexDelay = Span.minutes(50)

  /// Replaces the object of the same id.
  mutating func put(_ type: String, _ id: Int64, at modified: Instant, _ properties: [String: String?]) {
    records[type, default: []].removeAll { $0["id"].integer == id }
    records[type, default: []].append([
      "id": .integer(id), "modified": .integer(modified.microseconds / 1000), "properties": .object(properties.mapValues { JSON($0) }),
    ])
  }

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Bearer \(Self.token)" else {
      return Self.refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
    }
    if refusals > 0 {
      refusals -= 1
      return Self.refusal(429, "RATE_LIMITS", "You have reached your secondly limit.")
    }
    guard request.method == "POST", request.header("Content-Type") == "application/json" else {
      return Self.refusal(405, "VALIDATION_ERROR", "Method Not Allowed")
    }
    let parts = request.path.split(separator: "/").map(String.init)
    if parts.count == 5, parts[..<3] == ["crm", "v3", "objects"], parts[4] == "search" { return search(parts[3], request.json, now) }
    if parts.count == 7, parts[..<3] == ["crm", "v4", "associations"], parts[4...] == ["companies", "batch", "read"] {
      return associations(parts[3], request.json)
    }
    return Self.refusal(404, "OBJECT_NOT_FOUND", "resource not found")
  }

  private func search(_ type: String, _ body: JSON, _ now: Instant) -> HTTPResponse {
    let modified = type == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate"
    guard let filters = body["filterGroups"][0]["filters"].list, let limit = body["limit"].integer, (1...200).contains(limit) else {
      return Self.refusal(400, "VALIDATION_ERROR", "limit must be between 1 and 200")
    }
    let present = (now - Self.indexDelay).microseconds / 1000
    var found: [JSON] = []
    for record in records[type] ?? [] where record["modified"].integer ?? 0 <= present {
      var matches = true
      for filter in filters {
        guard let matched = Self.matches(record, filter, modified) else {
          return Self.refusal(400, "VALIDATION_ERROR", "There was a problem with the request.")
        }
        matches = matches && matched
      }
      if matches { found.append(record) }
    }
    let sort = body["sorts"][0]["propertyName"].text ?? ""
    let byID = sort == "hs_object_id"
    guard byID || sort == modified else { return Self.refusal(400, "VALIDATION_ERROR", "cannot sort by \(sort)") }
    found.sort { first, second in
      let key = byID ? "id" : "modified"
      let (left, right) = (first[key].integer ?? 0, second[key].integer ?? 0)
      // Among equals the order is the index's own, which here is not that of the ids.
      return left == right ? Self.scattered(first) < Self.scattered(second) : left < right
    }
    let offset = body["after"].scalarText.flatMap { Int($0) } ?? 0
    guard offset + Int(limit) <= resultLimit else {
      return Self.refusal(400, "VALIDATION_ERROR", "paging through more than \(resultLimit) results is not possible")
    }
    let wanted = Set((body["properties"].list ?? []).compactMap(\.text))
    let page = found.dropFirst(offset).prefix(Int(limit))
    var answer: [String: JSON] = ["total": JSON(found.count), "results": .list(page.map { Self.shown($0, modified, wanted) })]
    if offset + page.count < found.count { answer["paging"] = ["next": ["after": .text(String(offset + page.count)), "link": "/x"]] }
    return HTTPResponse(status: 200, body: JSON.object(answer).serializedBytes())
  }

  private static func matches(_ record: JSON, _ filter: JSON, _ modified: String) -> Bool? {
    guard let name = filter["propertyName"].text, name == modified || name == "hs_object_id", let sign = filter["operator"].text,
      let value = filter["value"].text.flatMap({ Int64($0) }), let own = record[name == modified ? "modified" : "id"].integer
    else { return nil }
    switch sign {
    case "EQ": return own == value
    case "GT": return own > value
    case "GTE": return own >= value
    case "LT": return own < value
    case "LTE": return own <= value
    default: return nil
    }
  }

  private static func scattered(_ record: JSON) -> Int64 { (record["id"].integer ?? 0) &* 7919 % 104_729 }

  private static func shown(_ record: JSON, _ modified: String, _ wanted: Set<String>) -> JSON {
    let time = text(record["modified"].integer ?? 0)
    let id = JSON.text(record["id"].scalarText ?? "")
    var properties: [String: JSON] = ["hs_object_id": id, modified: time]
    for name in wanted where properties[name] == nil { properties[name] = record["properties"][name] }
    return ["id": id, "properties": .object(properties), "createdAt": time, "updatedAt": time, "archived": false]
  }

  /// Three digits after the second, always.
  private static func text(_ milliseconds: Int64) -> JSON {
    let whole = Instant(seconds: milliseconds / 1000).iso8601.dropLast()
    return .text("\(whole).\(String(String(milliseconds % 1000 + 1000).dropFirst()))Z")
  }

  /// 207 where some of those asked for have none, which stand among the errors.
  private func associations(_ type: String, _ body: JSON) -> HTTPResponse {
    guard let inputs = body["inputs"].list, !inputs.isEmpty, inputs.count <= Self.batchLimit else {
      return Self.refusal(400, "VALIDATION_ERROR", "inputs must have 1 to 1000 elements")
    }
    var results: [JSON] = []
    var missing: [JSON] = []
    // In an order of its own, as batches are answered.
    for input in inputs.reversed() {
      guard let id = input["id"].text else { return Self.refusal(400, "VALIDATION_ERROR", "id is a text") }
      guard let found = companies["\(type)/\(id)"], !found.isEmpty else {
        missing.append(["status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"])
        continue
      }
      let to: [JSON] = found.map {
        ["toObjectId": .integer($0), "associationTypes": [["category": "HUBSPOT_DEFINED", "typeId": 190, "label": nil]]]
      }
      results.append(["from": ["id": .text(id)], "to": .list(to)])
    }
    var answer: [String: JSON] = ["status": "COMPLETE", "results": .list(results)]
    if !missing.isEmpty { (answer["errors"], answer["numErrors"]) = (.list(missing), JSON(missing.count)) }
    return HTTPResponse(status: missing.isEmpty ? 200 : 207, body: JSON.object(answer).serializedBytes())
  }

  private static func refusal(_ status: Int, _ category: String, _ message: String) -> HTTPResponse {
    let body: JSON = ["status": "error", "message": .text(message), "category": .text(category)]
    return HTTPResponse(status: status, body: body.serializedBytes())
  }
}
