import Events

/// Stripe's `GET /v1/events`, `/v1/subscriptions` and `/v1/invoices`: newest first, cursor by last id.
struct StripeDialect {
  /// A place in the world's records.
  private struct Entry {
    let at: Int64
    let id: String
    let account: Int
    let record: Int
  }

  private let accounts: [AccountRecords]
  /// Each in order of creation.
  private let events: [Entry]
  private let subscriptions: [Entry]
  private let invoices: [Entry]
  private let eventPlaces: [String: Int]
  private let subscriptionPlaces: [String: Int]
  private let invoicePlaces: [String: Int]

  static let pageLimits = 1...100

  init(_ world: SimulatedWorld) {
    accounts = world.accounts
    events = Self.ordered(world.accounts) { $0.billing.events.map { ($0.at, $0.id) } }
    subscriptions = Self.ordered(world.accounts) { [($0.billing.subscription[0].at, $0.billing.subscriptionID)] }
    invoices = Self.ordered(world.accounts) { $0.billing.invoices.map { ($0.created, $0.id) } }
    eventPlaces = Self.places(events)
    subscriptionPlaces = Self.places(subscriptions)
    invoicePlaces = Self.places(invoices)
  }

  private static func ordered(_ accounts: [AccountRecords], _ list: (AccountRecords) -> [(Int64, String)]) -> [Entry] {
    accounts.enumerated().flatMap { account, records in
      list(records).enumerated().map { Entry(at: $0.element.0, id: $0.element.1, account: account, record: $0.offset) }
    }.sorted { ($0.at, $0.account, $0.record) < ($1.at, $1.account, $1.record) }
  }

  private static func places(_ entries: [Entry]) -> [String: Int] {
    Dictionary(entries.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
  }

  func respond(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    guard request.method == "GET" else { throw Self.refusal(405, "Method not allowed: \(request.method).") }
    return switch request.path {
    case "/v1/events": try listEvents(request, now)
    case "/v1/subscriptions": try listSubscriptions(request, now)
    case "/v1/invoices": try listInvoices(request, now)
    default: throw Self.refusal(404, "Unrecognized request URL (GET: \(request.path)).")
    }
  }
}

// MARK: - Lists

extension StripeDialect {
  private func listEvents(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    let query = try StripeQuery(request, allowed: ["type", "types[]"])
    let oldest = now.seconds - BillingWriter.retention.microseconds / 1_000_000
    if let id = query.startingAfter, let place = eventPlaces[id], events[place].at < oldest {
      throw Self.refusal(400, "The event \(id) has aged out of our retention policy.", parameter: "starting_after")
    }
    let page = try page(events, eventPlaces, query, from: oldest, now) { entry in
      query.types.isEmpty || query.types.contains(accounts[entry.account].billing.events[entry.record].type)
    }
    let data = page.entries.map { StripeJSON.event(accounts[$0.account], accounts[$0.account].billing.events[$0.record]) }
    let told = page.entries.map { served(accounts[$0.account].billing, accounts[$0.account].billing.events[$0.record]) }
    return answer(request.path, data, page.hasMore, told)
  }

  private func listSubscriptions(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    let query = try StripeQuery(request, allowed: ["status", "expand[]"])
    let wanted = request.parameter("status")
    let page = try page(subscriptions, subscriptionPlaces, query, from: .min, now) { entry in
      let status = accounts[entry.account].billing.subscription.last { $0.at <= now.seconds }?.status
      return wanted == "all" || (wanted == nil ? status != "canceled" : status == wanted)
    }
    var data: [JSON] = []
    var served: [ServedRecord] = []
    for entry in page.entries {
      let records = accounts[entry.account]
      guard let version = records.billing.subscription.last(where: { $0.at <= now.seconds }) else { continue }
      data.append(StripeJSON.subscription(records, version))
      served.append(record(.subscription, entry.id, now.seconds, version.revision))
    }
    return answer(request.path, data, page.hasMore, served)
  }

  private func listInvoices(_ request: VendorRequest, _ now: Instant) throws(VendorRefusal) -> VendorResponse {
    let query = try StripeQuery(request, allowed: [])
    let page = try page(invoices, invoicePlaces, query, from: .min, now) { _ in true }
    var data: [JSON] = []
    var served: [ServedRecord] = []
    for entry in page.entries {
      let records = accounts[entry.account]
      let invoice = records.billing.invoices[entry.record]
      guard let version = invoice.versions.last(where: { $0.at <= now.seconds }) else { continue }
      data.append(StripeJSON.invoice(records, invoice, version))
      served.append(record(.invoice, entry.id, now.seconds, version.revision))
    }
    return answer(request.path, data, page.hasMore, served)
  }

  private func record(_ kind: Kind, _ id: String, _ seconds: Int64, _ revision: Int32) -> ServedRecord {
    ServedRecord(kind: kind, system: Vendor.stripe.rawValue, id: id, at: Instant(seconds: seconds), revision: revision)
  }

  private func served(_ billing: Billing, _ event: StripeEvent) -> ServedRecord {
    switch event.subject {
    case .subscription(let version): record(.subscription, billing.subscriptionID, event.at, billing.subscription[version].revision)
    case .invoice(let index, let version):
      record(.invoice, billing.invoices[index].id, event.at, billing.invoices[index].versions[version].revision)
    case .charge(let index): record(.payment, billing.charges[index].id, event.at, 0)
    }
  }

  private func answer(_ url: String, _ data: [JSON], _ hasMore: Bool, _ served: [ServedRecord]) -> VendorResponse {
    VendorResponse(["object": "list", "url": .text(url), "has_more": .flag(hasMore), "data": .list(data)], served: served)
  }

  /// Walks back from the newest visible entry, or from the one before `starting_after`.
  private func page(
    _ entries: [Entry], _ places: [String: Int], _ query: StripeQuery, from oldest: Int64, _ now: Instant, _ isWanted: (Entry) -> Bool
  ) throws(VendorRefusal) -> (entries: [Entry], hasMore: Bool) {
    let newest = min(now.seconds, query.newest)
    let floor = max(oldest, query.oldest)
    var place = entries.firstPlace { $0.at > newest } - 1
    if let id = query.startingAfter {
      guard let last = places[id] else { throw Self.refusal(400, "No such object: '\(id)'", parameter: "starting_after") }
      place = min(place, last - 1)
    }
    var found: [Entry] = []
    while place >= 0, entries[place].at >= floor {
      if isWanted(entries[place]) {
        if found.count == query.limit { return (found, true) }
        found.append(entries[place])
      }
      place -= 1
    }
    return (found, false)
  }

  static func refusal(_ status: Int, _ message: String, parameter: String? = nil) -> VendorRefusal {
    VendorRefusal(status, ["error": ["message": .text(message), "param": JSON(parameter), "type": "invalid_request_error"]])
  }
}

/// The parameters of a Stripe list.
private struct StripeQuery {
  var limit = 10
  var startingAfter: String?
  var oldest = Int64.min
  var newest = Int64.max
  var types: [String] = []

  init(_ request: VendorRequest, allowed: [String]) throws(VendorRefusal) {
    for (name, value) in request.query {
      switch name {
      case "limit":
        guard let number = Int(value), StripeDialect.pageLimits.contains(number) else {
          throw StripeDialect.refusal(400, "This value must be between 1 and 100.", parameter: name)
        }
        limit = number
      case "starting_after": startingAfter = value.isEmpty ? nil : value
      case "created[gte]": oldest = try Self.time(name, value)
      case "created[gt]": oldest = try Self.time(name, value) + 1
      case "created[lte]": newest = try Self.time(name, value)
      case "created[lt]": newest = try Self.time(name, value) - 1
      // Nobody here has a discount to show.
      case "status" where allowed.contains("status"), "expand[]" where allowed.contains("expand[]"): break
      default:
        guard allowed.contains("types[]"), name == "type" || (name.hasPrefix("types[") && name.hasSuffix("]")) else {
          throw StripeDialect.refusal(400, "Received unknown parameter: \(name)", parameter: name)
        }
        types.append(value)
      }
    }
  }

  private static func time(_ name: String, _ value: String) throws(VendorRefusal) -> Int64 {
    guard let seconds = Int64(value) else { throw StripeDialect.refusal(400, "Invalid timestamp: \(value)", parameter: name) }
    return seconds
  }
}

extension Array {
  /// The first place whose element satisfies a test that, once satisfied, stays so; `count` if none does.
  func firstPlace(where isBeyond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
