import Events
import Transport

/// Salesforce's token endpoint and `queryAll`: errors are lists, next pages are locators, access tokens end without notice.
struct SalesforceDialect: VendorDialect {
  /// By object. A record holds its fields, related records as objects (`Owner`) and child lists by relationship.
  var records: [String: [JSON]] = [:]
  /// Fields beside those of `standardFields`, by object.
  var customFields: [String: Set<String>] = [:]
  var pageSize = 2000
  var hasQuota = true
  /// How many requests for records are answered before the service is down; nil while it is up.
  var answersLeft: Int?
  private var generation = 0
  private var locators: [String: Rest] = [:]
  private var nextLocator = 0

  /// What a query has not shown yet, as it was when it was asked.
  private struct Rest {
    let rows: [JSON]
    let size: Int
  }

  private(set) var tokenRequests = 0

  static let instance = "https://acme.my.salesforce.com"
  static let secrets = [
    "salesforce_client_id": "3MVG9-client", "salesforce_client_secret": "client-secret", "salesforce_refresh_token": "5Aep-refresh",
  ]

  private var accessToken: String { "00Dx!session\(generation)" }

  /// Ends the session that is open, as an administrator may at any time.
  mutating func endSession() { generation += 1 }

  /// Forgets where unfinished queries stand, as Salesforce does after two days.
  mutating func forgetLocators() { locators = [:] }

  /// Replaces the record of the same id.
  mutating func put(_ object: String, _ record: JSON) {
    records[object, default: []].removeAll { $0["Id"] == record["Id"] }
    records[object, default: []].append(record)
  }

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    if request.url.hasPrefix("https://login.salesforce.com/services/oauth2/token") { return token(request) }
    guard request.url.hasPrefix(Self.instance + "/") else { return HTTPResponse(status: 302, headers: [HTTPHeader("Location", "/")]) }
    guard request.header("Authorization") == "Bearer \(accessToken)" else {
      return Self.refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }
    if let left = answersLeft {
      guard left > 0 else { return Self.refusal(503, "SERVER_UNAVAILABLE", "Server Unavailable") }
      answersLeft = left - 1
    }
    guard hasQuota else { return Self.refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") }
    let parts = request.path.split(separator: "/").map(String.init)
    guard request.method == "GET", parts.count >= 4, parts[..<2] == ["services", "data"] else {
      return Self.refusal(404, "NOT_FOUND", "The requested resource does not exist")
    }
    if parts[3] == "query", parts.count == 5 {
      guard let rest = locators[parts[4]] else { return Self.refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator") }
      return page(rest.rows, size: rest.size)
    }
    guard parts[3] == "queryAll", parts.count == 4, let text = request.parameter("q") else {
      return Self.refusal(404, "NOT_FOUND", "The requested resource does not exist")
    }
    do {
      return try run(SOQL(text), size: Self.size(request, most: pageSize))
    } catch {
      return Self.refusal(400, error.code, error.message)
    }
  }

  /// RFC 6749 §6, with the client's credentials in the body. No `expires_in`.
  private mutating func token(_ request: HTTPRequest) -> HTTPResponse {
    tokenRequests += 1
    let form = request.form
    guard request.method == "POST", form["grant_type"] == "refresh_token", form["client_id"] == Self.secrets["salesforce_client_id"],
      form["client_secret"] == Self.secrets["salesforce_client_secret"],
      form["refresh_token"] == Self.secrets["salesforce_refresh_token"]
    else {
      let body: JSON = ["error": "invalid_grant", "error_description": "expired access/refresh token"]
      return HTTPResponse(status: 400, body: body.serializedBytes())
    }
    let body: JSON = [
      "access_token": .text(accessToken), "instance_url": .text(Self.instance), "issued_at": "1767225600000", "signature": "sig=",
      "id": "https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P", "token_type": "Bearer",
    ]
    return HTTPResponse(status: 200, body: body.serializedBytes())
  }

  /// A client may ask for pages of 200 to 2,000.
  private static func size(_ request: HTTPRequest, most: Int) -> Int {
    let option = request.header("Sforce-Query-Options").flatMap { Int($0.dropFirst("batchSize=".count)) }
    return option.map { min(most, max(200, $0)) } ?? most
  }

  private mutating func run(_ query: SOQL, size: Int) throws(SOQL.Fault) -> HTTPResponse {
    guard let standard = Self.standardFields[query.object] else {
      throw SOQL.Fault(code: "INVALID_TYPE", message: "sObject type '\(query.object)' is not supported.")
    }
    let known = standard.union(customFields[query.object] ?? [])
    if let unknown = query.names.first(where: { !known.contains($0) }) {
      throw SOQL.Fault(code: "INVALID_FIELD", message: "No such column '\(unknown)' on entity '\(query.object)'.")
    }
    let found = (records[query.object] ?? []).filter(query.holds).sorted { first, second in
      let (left, right) = (first["SystemModstamp"].text ?? "", second["SystemModstamp"].text ?? "")
      return (left, first["Id"].text ?? "") < (right, second["Id"].text ?? "")
    }
    return page(found.map { Self.shown($0, query) }, size: size)
  }

  private mutating func page(_ rows: [JSON], size: Int) -> HTTPResponse {
    let rest = Array(rows.dropFirst(size))
    var answer: [String: JSON] = ["totalSize": JSON(rows.count), "done": .flag(rest.isEmpty), "records": .list(Array(rows.prefix(size)))]
    if !rest.isEmpty {
      let locator = "01gxx\(nextLocator)AAA-\(size)"
      nextLocator += 1
      locators[locator] = Rest(rows: rest, size: size)
      answer["nextRecordsUrl"] = .text("/services/data/v62.0/query/\(locator)")
    }
    return HTTPResponse(status: 200, body: JSON.object(answer).serializedBytes())
  }

  private static func shown(_ record: JSON, _ query: SOQL) -> JSON {
    var shown: [String: JSON] = ["attributes": ["type": .text(query.object)]]
    for field in query.fields {
      switch field {
      case .path(let parts) where parts.count == 1: shown[parts[0]] = record[parts[0]]
      case .path(let parts):
        guard record[parts[0]].object != nil else {
          shown[parts[0]] = .null
          continue
        }
        shown[parts[0]] = (shown[parts[0]] ?? .object([:])).with([parts[1]: record[parts[0]][parts[1]]])
      case .children(let inner):
        let found = (record[inner.object].list ?? []).filter(inner.holds).prefix(inner.limit ?? .max).map { Self.shown($0, inner) }
        shown[inner.object] = found.isEmpty ? .null : ["totalSize": JSON(found.count), "done": true, "records": .list(found)]
      }
    }
    return .object(shown)
  }

  static func refusal(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    let body: JSON = [["message": .text(message), "errorCode": .text(code)]]
    return HTTPResponse(status: status, body: body.serializedBytes())
  }

  private static let standardFields: [String: Set<String>] = [
    "Account": [
      "Id", "Name", "Website", "Industry", "Type", "BillingCountry", "ParentId", "Owner.Name", "Owner.Email", "MasterRecordId", "IsDeleted",
      "SystemModstamp", "AccountNumber",
    ],
    "Contact": [
      "Id", "AccountId", "Account.Name", "Name", "Email", "Title", "Department", "MasterRecordId", "IsDeleted", "SystemModstamp",
      "Salutation",
    ],
    "OpportunityContactRole": ["Id", "ContactId", "OpportunityId", "Role", "IsDeleted", "SystemModstamp"],
    "Opportunity": [
      "Id", "AccountId", "ContactId", "Name", "StageName", "Type", "Amount", "CloseDate", "IsClosed", "IsWon", "IsDeleted",
      "SystemModstamp", "NextStep",
    ],
    "Task": [
      "Id", "AccountId", "WhoId", "TaskSubtype", "CallType", "Subject", "Description", "CompletedDateTime", "CreatedDate", "IsClosed",
      "IsDeleted", "SystemModstamp",
    ],
    "Event": ["Id", "AccountId", "WhoId", "Subject", "Description", "StartDateTime", "IsDeleted", "SystemModstamp"],
  ]
}
