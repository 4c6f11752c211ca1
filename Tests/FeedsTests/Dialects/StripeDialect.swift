import Events
import Transport

/// Stripe's lists and events: newest first, cut at `limit`, their embedded lists cut at ten.
struct StripeDialect: VendorDialect {
  /// Newest first, each with all of its items; an expandable `discounts` holds objects.
  var subscriptions: [JSON] = []
  /// Newest first, each with all of its lines.
  var invoices: [JSON] = []
  /// Newest first; objects inside are whole.
  var events: [JSON] = []
  /// The invoice that a payment intent pays.
  var invoiceOfIntent: [String: String] = [:]
  /// How many of the next requests are refused for their rate.
  var refusals = 0
  /// How many requests are answered before the service is down; nil while it is up.
  var answersLeft: Int?

  static let key = "sk_test_dialect"
  static let embeddedLimit = 10
  static let retention = Span.days(30)

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Bearer \(Self.key)" else { return Self.refusal(401, "Invalid API Key provided: sk_****") }
    if let left = answersLeft {
      guard left > 0 else { return Self.refusal(503, "Service unavailable") }
      answersLeft = left - 1
    }
    if refusals > 0 {
      refusals -= 1
      return Self.refusal(429, "Request rate limit exceeded.")
    }
    guard request.method == "GET" else { return Self.refusal(405, "Unrecognized request method") }
    let parts = request.path.split(separator: "/").map(String.init)
    switch parts.count {
    case 2 where parts[1] == "subscriptions": return list(request, shownSubscriptions(request), allowed: ["status", "expand[]"])
    case 2 where parts[1] == "invoices": return list(request, invoices.map { Self.cut($0, "lines") }, allowed: [])
    case 2 where parts[1] == "events": return listEvents(request, now)
    case 2 where parts[1] == "subscription_items":
      return list(request, elements(subscriptions, request.parameter("subscription") ?? "", "items"), allowed: ["subscription"])
    case 2 where parts[1] == "invoice_payments": return invoicePayments(request)
    case 3 where parts[1] == "subscriptions":
      guard let found = subscriptions.first(where: { $0["id"].text == parts[2] }) else { return Self.missing(parts[2], 404) }
      return HTTPResponse(status: 200, body: shown(found, request, "discounts").serializedBytes())
    case 4 where parts[1] == "invoices" && parts[3] == "lines":
      return list(request, elements(invoices, parts[2], "lines"), allowed: [])
    default: return Self.refusal(404, "Unrecognized request URL (GET: \(request.path)).")
    }
  }

  /// Without `status` those that are canceled are left out.
  private func shownSubscriptions(_ request: HTTPRequest) -> [JSON] {
    subscriptions.filter { request.parameter("status") == "all" || $0["status"] != "canceled" }.map { shown($0, request, "data.discounts") }
  }

  private func shown(_ subscription: JSON, _ request: HTTPRequest, _ expansion: String) -> JSON {
    let cut = Self.cut(subscription, "items")
    guard let discounts = subscription["discounts"].list, request.parameter("expand[]") != expansion else { return cut }
    return cut.with(["discounts": .list(discounts.map { $0["id"] })])
  }

  private func listEvents(_ request: HTTPRequest, _ now: Instant) -> HTTPResponse {
    let kept = events.filter { Instant(seconds: $0["created"].integer ?? 0) >= now - Self.retention }
    if let after = request.parameter("starting_after"), !kept.contains(where: { $0["id"].text == after }) {
      return Self.refusal(400, "The event \(after) has aged out of our retention policy.")
    }
    let types = Set(request.parameters.filter { $0.name == "types[]" }.map(\.value))
    guard types.count <= 20 else { return Self.refusal(400, "Array too long") }
    let wanted = kept.filter { types.isEmpty || types.contains($0["type"].text ?? "") }.map { event in
      var object = event["data"]["object"]
      for name in ["items", "lines"] where object[name].object != nil { object = Self.cut(object, name) }
      return event.with(["data": event["data"].with(["object": object])])
    }
    return list(request, wanted, allowed: ["types[]"])
  }

  private func invoicePayments(_ request: HTTPRequest) -> HTTPResponse {
    guard request.parameter("payment[type]") == "payment_intent", let intent = request.parameter("payment[payment_intent]") else {
      return Self.refusal(400, "Missing required param: payment.")
    }
    let found: [JSON] = invoiceOfIntent[intent].map { [["id": "inpay_1", "object": "invoice_payment", "invoice": .text($0)]] } ?? []
    return list(request, found, allowed: ["payment[type]", "payment[payment_intent]"])
  }

  private func elements(_ records: [JSON], _ id: String, _ name: String) -> [JSON] {
    records.first { $0["id"].text == id }?[name]["data"].list ?? []
  }

  /// An embedded list as it is first shown.
  private static func cut(_ record: JSON, _ name: String) -> JSON {
    let all = record[name]["data"].list ?? []
    let shown: JSON = [
      "object": "list", "data": .list(Array(all.prefix(embeddedLimit))), "has_more": .flag(all.count > embeddedLimit),
      "total_count": JSON(all.count),
    ]
    return record.with([name: shown])
  }

  private func list(_ request: HTTPRequest, _ records: [JSON], allowed: Set<String>) -> HTTPResponse {
    var limit = 10
    var rest = records[...]
    if let last = request.parameter("starting_after") {
      guard let place = records.firstIndex(where: { $0["id"].text == last }) else { return Self.missing(last) }
      rest = records[(place + 1)...]
    }
    for (name, value) in request.parameters {
      switch name {
      case "limit":
        guard let number = Int(value), (1...100).contains(number) else {
          return Self.refusal(400, "Invalid integer: limit must be between 1 and 100.")
        }
        limit = number
      case "starting_after": break
      case "created[gte]": rest = rest.filter { ($0["created"].integer ?? 0) >= Int64(value) ?? .max }[...]
      case "created[lte]": rest = rest.filter { ($0["created"].integer ?? 0) <= Int64(value) ?? .min }[...]
      case _ where allowed.contains(name): break
      default: return Self.refusal(400, "Received unknown parameter: \(name)")
      }
    }
    let page = Array(rest.prefix(limit))
    let body: JSON = ["object": "list", "url": .text(request.path), "has_more": .flag(rest.count > limit), "data": .list(page)]
    return HTTPResponse(status: 200, body: body.serializedBytes())
  }

  private static func missing(_ id: String, _ status: Int = 400) -> HTTPResponse { refusal(status, "No such object: '\(id)'") }

  private static func refusal(_ status: Int, _ message: String) -> HTTPResponse {
    let body: JSON = ["error": ["message": .text(message), "type": "invalid_request_error"]]
    return HTTPResponse(status: status, body: body.serializedBytes())
  }
}
