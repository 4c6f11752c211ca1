import Events
import Simulation

/// Clients of the simulated vendors that page as the vendors' manuals say.
struct Walk {
  let vendors: VendorWorld
  var now: Instant

  struct Page {
    let json: JSON
    let served: [ServedRecord]
  }

  struct Refused: Error {
    let status: Int
    let body: String
  }

  func page(_ vendor: Vendor, _ target: String, body: JSON? = nil) throws -> Page {
    let response = vendors.respond(
      VendorRequest(
        vendor: vendor, method: body == nil ? "GET" : "POST", target: target,
        authorization: VendorCredentials.authorization(for: vendor), body: body?.serializedBytes() ?? []), now: now)
    guard response.status == 200 else { throw Refused(status: response.status, body: String(decoding: response.body, as: UTF8.self)) }
    return Page(json: try JSON(parsing: response.body), served: response.served)
  }

  func status(_ vendor: Vendor, _ target: String, body: JSON? = nil) -> Int {
    do {
      _ = try page(vendor, target, body: body)
      return 200
    } catch let error as Refused {
      return error.status
    } catch {
      return -1
    }
  }

  /// Newest first, by the last id.
  func stripe(_ target: String, limit: Int = 100) throws -> [Page] {
    var pages: [Page] = []
    var after = ""
    while true {
      let page = try page(.stripe, "\(target)\(target.contains("?") ? "&" : "?")limit=\(limit)\(after)")
      pages.append(page)
      guard page.json["has_more"].flag == true, let last = page.json["data"].list?.last?["id"].text else { return pages }
      after = "&starting_after=\(last)"
    }
  }

  func hubspot(_ kind: String, from: Instant = .init(seconds: 0), properties: [String] = [], limit: Int = 100) throws -> [Page] {
    let modified = kind == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate"
    var pages: [Page] = []
    var after: String?
    repeat {
      let filters: [(String, Instant)] = [("GTE", from), ("LTE", now)]
      let page = try page(
        .hubspot, "/crm/v3/objects/\(kind)/search",
        body: [
          "filterGroups": [
            [
              "filters": .list(
                filters.map {
                  ["propertyName": .text(modified), "operator": .text($0.0), "value": .text(String($0.1.microseconds / 1000))]
                })
            ]
          ],
          "sorts": [["propertyName": .text(modified), "direction": "ASCENDING"]], "properties": .list(properties.map { .text($0) }),
          "limit": JSON(limit), "after": JSON(after),
        ])
      pages.append(page)
      after = page.json["paging"]["next"]["after"].text
    } while after != nil
    return pages
  }

  /// From a time or a cursor to the end of the stream; gives the cursor to go on from.
  func zendesk(from start: String, limit: Int = 1000) throws -> (pages: [Page], cursor: String) {
    var pages: [Page] = []
    var position = start
    while true {
      let page = try page(.zendesk, "/api/v2/incremental/tickets/cursor?per_page=\(limit)&include=metric_sets&\(position)")
      pages.append(page)
      let cursor = page.json["after_cursor"].text ?? ""
      position = "cursor=\(cursor.replacing("=", with: "%3D").replacing("+", with: "%2B"))"
      if page.json["end_of_stream"].flag == true { return (pages, position) }
    }
  }

  func posthog(from start: Instant, through end: Instant, limit: Int = 50_000) throws -> [Page] {
    var pages: [Page] = []
    var from = start
    while true {
      let query = """
        SELECT uuid, event, distinct_id, timestamp, $group_0, properties.quantity, properties.team FROM events \
        WHERE timestamp > toDateTime64('\(from.iso8601)',6,'UTC') AND timestamp <= toDateTime64('\(end.iso8601)',6,'UTC') \
        ORDER BY timestamp, uuid LIMIT \(limit)
        """
      let page = try page(.posthog, "/api/projects/1/query", body: ["query": ["kind": "HogQLQuery", "query": .text(query)]])
      pages.append(page)
      let rows = page.json["results"].list ?? []
      guard rows.count == limit, let last = rows.last?[3].text.flatMap(Instant.init(iso8601:)) else { return pages }
      from = last
    }
  }
}

extension [Walk.Page] {
  var served: [ServedRecord] { flatMap(\.served) }
  func elements(_ key: String) -> [JSON] { flatMap { $0.json[key].list ?? [] } }
}

/// Worlds are dear in a debug build: each is made once.
enum Worlds {
  static let standard = VendorWorld(SimulatedWorld(SimulationOptions(seed: 7)))
  static let small = VendorWorld(SimulatedWorld(SimulationOptions(seed: 11, accounts: 24)))
}
