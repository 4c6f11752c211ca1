import Events

/// HubSpot's `POST /crm/v3/objects/{kind}/search` by time of last change: each object as it is now, oldest change first.
struct HubSpotDialect {
  private struct Entry {
    let at: Int64
    /// When the version is replaced by the next.
    let until: Int64
    let created: Int64
    let id: Int64
    let properties: [String: String]
    let version: Int
  }

  /// In order of change, then id.
  private let entries: [CRMObject.Kind: [Entry]]

  static let pageLimits = 1...200
  /// HubSpot's search gives no more results than this to one query.
  static let resultLimit = 10_000

  init(_ world: SimulatedWorld) {
    var entries: [CRMObject.Kind: [Entry]] = [:]
    for object in world.accounts.lazy.flatMap(\.objects) {
      for (number, version) in object.versions.enumerated() {
        let until = number + 1 < object.versions.count ? object.versions[number + 1].at : Int64.max
        entries[object.kind, default: []].append(
          Entry(
            at: version.at, until: until, created: object.versions[0].at, id: object.id, properties: version.properties, version: number))
      }
    }
    self.entries = entries.mapValues { $0.sorted { ($0.at, $0.id) < ($1.at, $1.id) } }
  }

  func respond(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    let parts = request.path.split(separator: "/").map(String.init)
    if parts.count == 7, parts[0...2] == ["crm", "v4", "associations"], parts[4...] == ["companies", "batch", "read"] {
      return try associations(request, CRMObject.Kind(rawValue: parts[3]))
    }
    guard parts.count == 5, parts[0...2] == ["crm", "v3", "objects"], parts[4] == "search", let kind = CRMObject.Kind(rawValue: parts[3])
    else { throw Self.refusal(404, "Unable to infer object type from: \(request.path)") }
    guard request.method == "POST" else { throw Self.refusal(405, "HTTP 405 Method Not Allowed") }
    guard let body = try? JSON(parsing: request.body) else { throw Self.refusal(400, "Invalid input JSON") }
    let query = try HubSpotQuery(body, kind)
    let present = now.microseconds / 1000
    let all = entries[kind] ?? []
    let first = all.firstPlace { $0.at >= query.oldest }
    let found = all[first...].prefix { $0.at <= min(query.newest, present) }.filter { $0.until > present && $0.id > query.beyondID }
    let ordered = query.isNewestFirst ? Array(found.reversed()) : found
    guard query.offset + query.limit <= Self.resultLimit else {
      throw Self.refusal(400, "There was a problem with the request: paging beyond \(Self.resultLimit) results is not possible.")
    }
    let page = ordered.dropFirst(query.offset).prefix(query.limit)
    var answer: [String: JSON] = ["total": JSON(ordered.count), "results": .list(page.map { Self.result($0, kind, query.properties) })]
    let next = query.offset + page.count
    if next < ordered.count {
      let link = "\(request.origin)/crm/v3/objects/\(kind.rawValue)/search?after=\(next)"
      answer["paging"] = ["next": ["after": .text(String(next)), "link": .text(link)]]
    }
    return VendorResponse(.object(answer), served: page.map { Self.served($0, kind) })
  }

  /// `POST /crm/v4/associations/{kind}/companies/batch/read`: 207 where some of those asked for have none.
  private func associations(_ request: VendorRequest, _ kind: CRMObject.Kind?) throws(VendorRefusal) -> VendorResponse {
    guard request.method == "POST", let kind, let inputs = (try? JSON(parsing: request.body))?["inputs"].list, inputs.count <= 1000 else {
      throw Self.refusal(400, "inputs must have 1 to 1000 elements")
    }
    let asked = Set(inputs.compactMap { $0["id"].scalarText.flatMap { Int64($0) } })
    let results: [JSON] = (entries[kind] ?? []).compactMap { entry in
      guard asked.contains(entry.id), let company = entry.properties["associated_company_id"].flatMap({ Int64($0) }) else { return nil }
      return ["from": ["id": .text(String(entry.id))], "to": [["toObjectId": .integer(company), "associationTypes": []]]]
    }
    return VendorResponse(
      status: results.count < asked.count ? 207 : 200, ["status": "COMPLETE", "results": .list(results)])
  }

  private static func result(_ entry: Entry, _ kind: CRMObject.Kind, _ wanted: [String]) -> JSON {
    var properties: [String: JSON] = [
      "hs_object_id": .text(String(entry.id)), "createdate": .text(HubSpotTime.text(entry.created)),
      kind.modified: .text(HubSpotTime.text(entry.at)),
    ]
    for name in wanted where properties[name] == nil { properties[name] = JSON(entry.properties[name]) }
    return [
      "id": .text(String(entry.id)), "properties": .object(properties), "createdAt": .text(HubSpotTime.text(entry.created)),
      "updatedAt": .text(HubSpotTime.text(entry.at)), "archived": false,
    ]
  }

  private static func served(_ entry: Entry, _ kind: CRMObject.Kind) -> ServedRecord {
    let canonical: Kind =
      switch kind {
      case .companies: .account
      case .contacts: .contact
      case .deals: .opportunity
      case .notes, .emails, .calls: .engagement
      }
    return ServedRecord(
      kind: canonical, system: Vendor.hubspot.rawValue, id: String(entry.id), at: Instant(microseconds: entry.at * 1000),
      revision: Int32(entry.version))
  }

  static func refusal(_ status: Int, _ message: String) -> VendorRefusal {
    VendorRefusal(status, ["status": "error", "message": .text(message), "category": "VALIDATION_ERROR"])
  }
}

/// The body of a search.
private struct HubSpotQuery {
  var oldest = Int64.min
  var newest = Int64.max
  var beyondID = Int64.min
  var limit = 10
  var offset = 0
  var isNewestFirst = false
  var properties: [String] = []

  init(_ body: JSON, _ kind: CRMObject.Kind) throws(VendorRefusal) {
    let groups = body["filterGroups"].list ?? []
    guard groups.count <= 1 else { throw HubSpotDialect.refusal(400, "the simulated search takes one filter group") }
    for filter in (groups.first?["filters"].list ?? []) + (body["filters"].list ?? []) { try apply(filter, kind) }
    for sort in body["sorts"].list ?? [] {
      guard [kind.modified, "hs_object_id"].contains(sort["propertyName"].text ?? sort.text ?? "") else {
        throw HubSpotDialect.refusal(400, "cannot sort by \(sort.serialized())")
      }
      isNewestFirst = sort["direction"].text == "DESCENDING"
    }
    if let wanted = body["limit"].scalarText {
      guard let number = Int(wanted), HubSpotDialect.pageLimits.contains(number) else {
        throw HubSpotDialect.refusal(400, "limit must be between 1 and 200")
      }
      limit = number
    }
    if let after = body["after"].scalarText, !after.isEmpty {
      guard let number = Int(after), number >= 0 else { throw HubSpotDialect.refusal(400, "after is not a number: \(after)") }
      offset = number
    }
    properties = (body["properties"].list ?? []).compactMap(\.text)
  }

  private mutating func apply(_ filter: JSON, _ kind: CRMObject.Kind) throws(VendorRefusal) {
    let name = filter["propertyName"].text ?? ""
    let operation = filter["operator"].text ?? ""
    guard let text = filter["value"].scalarText, let value = HubSpotTime.milliseconds(text) else {
      throw HubSpotDialect.refusal(400, "invalid filter value: \(filter.serialized())")
    }
    switch (name, operation) {
    case (kind.modified, "EQ"): (oldest, newest) = (max(oldest, value), min(newest, value))
    case (kind.modified, "GTE"): oldest = max(oldest, value)
    case (kind.modified, "GT"): oldest = max(oldest, value + 1)
    case (kind.modified, "LTE"): newest = min(newest, value)
    case (kind.modified, "LT"): newest = min(newest, value - 1)
    case (kind.modified, "BETWEEN"):
      guard let high = filter["highValue"].scalarText.flatMap(HubSpotTime.milliseconds) else {
        throw HubSpotDialect.refusal(400, "BETWEEN needs highValue")
      }
      (oldest, newest) = (max(oldest, value), min(newest, high))
    case ("hs_object_id", "GT"): beyondID = value
    default: throw HubSpotDialect.refusal(400, "the simulated search cannot filter \(name) by \(operation)")
    }
  }
}
