import Events
import Foundation
import Transport

/// Mixpanel's raw export: lines of JSON for whole days of the project's time zone.
struct MixpanelDialect: VendorDialect {
  struct Event {
    let at: Instant
    let json: JSON
  }

  var events: [Event] = []
  var zone = CompanyCalendar.utc
  /// How many of the next exports break off, as Mixpanel's do when they take too long.
  var breaks = 0

  static let user = "bellwether.1a2b.mp-service-account"
  static let secret = "mp5ecret"
  static let project = "4242"

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Basic " + Data("\(Self.user):\(Self.secret)".utf8).base64EncodedString() else {
      return Self.refusal(401, "Invalid service account credentials")
    }
    guard request.method == "GET", request.path == "/api/2.0/export" else { return Self.refusal(404, "Not found") }
    guard request.parameter("project_id") == Self.project else { return Self.refusal(400, "Unable to authenticate for project") }
    guard let from = request.parameter("from_date").flatMap({ Day($0) }), let to = request.parameter("to_date").flatMap({ Day($0) }) else {
      return Self.refusal(400, "from_date and to_date are required, as yyyy-mm-dd")
    }
    guard from <= to else { return Self.refusal(400, "from_date cannot be later than to_date") }
    guard to <= zone.day(of: now) else { return Self.refusal(400, "to_date cannot be later than today") }
    var body: [UInt8] = []
    for event in events where (from...to).contains(zone.day(of: event.at)) {
      body += event.json.serializedBytes() + [UInt8(ascii: "\n")]
    }
    if breaks > 0 {
      breaks -= 1
      body = body.prefix(body.count / 2) + Array("terminated early\n".utf8)
    }
    return HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "text/plain")], body: body)
  }

  private static func refusal(_ status: Int, _ message: String) -> HTTPResponse {
    let json: JSON = ["request": "/api/2.0/export/", "error": .text(message)]
    return HTTPResponse(status: status, body: json.serializedBytes())
  }
}
