import Events
import Transport

/// The survey tool that docs/connectors/write-your-own.md connects; no shipped feed speaks it.
struct PollwiseDialect: VendorDialect {
  /// In the order they were given.
  var answers: [JSON] = []

  static let key = "pw-9"

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("X-Api-Key") == Self.key else { return HTTPResponse(status: 401, body: Array(#"{"error":"unknown key"}"#.utf8)) }
    guard request.method == "GET", request.path == "/v2/answers" else { return HTTPResponse(status: 404) }
    guard let since = request.parameter("changed_since").flatMap(Instant.init(iso8601:)), request.parameter("changed_since")?.count == 20,
      let limit = request.parameter("limit").flatMap({ Int($0) }), (1...100).contains(limit)
    else { return HTTPResponse(status: 400, body: Array(#"{"error":"changed_since must look like 2026-01-31T08:00:00Z"}"#.utf8)) }
    var rest = answers.filter { Instant(iso8601: $0["answered_at"].text ?? "") ?? .distantPast >= since }[...]
    if let after = request.parameter("after") { rest = rest.drop { "after-" + ($0["id"].scalarText ?? "") != after }.dropFirst() }
    let page = rest.prefix(limit)
    let next = page.count < rest.count ? page.last?["id"].scalarText.map { "after-" + $0 } : nil
    return HTTPResponse(status: 200, body: JSON.object(["items": .list(Array(page)), "next": JSON(next)]).serializedBytes())
  }
}
