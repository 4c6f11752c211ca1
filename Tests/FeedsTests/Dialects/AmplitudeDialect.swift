import Events
import Foundation
import Transport

/// Amplitude's export: a zip of gzipped lines of JSON, one file for each hour in which events were received.
struct AmplitudeDialect: VendorDialect {
  struct Event {
    let uploaded: Instant
    let json: JSON
  }

  var events: [Event] = []
  /// Exports of more events than this are refused, with this status: 400 for too much data, 504 for too much time.
  var most = Int.max
  var refusesBy = 400
  /// How many of the next answers lose their end on the way.
  var breaks = 0

  static let key = "a1b2c3"
  static let secret = "amp5ecret"
  /// How long after its end an hour is complete.
  static let delay = Span.hours(2)

  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
    guard request.header("Authorization") == "Basic " + Data("\(Self.key):\(Self.secret)".utf8).base64EncodedString() else {
      return HTTPResponse(status: 401, body: Array("Invalid API key".utf8))
    }
    guard request.method == "GET", request.path == "/api/2/export" else { return HTTPResponse(status: 404) }
    guard let start = request.parameter("start").flatMap(Self.hour), let end = request.parameter("end").flatMap(Self.hour), start <= end
    else { return HTTPResponse(status: 400, body: Array("Invalid start or end, expected YYYYMMDDTHH".utf8)) }
    // What was received is in no file before its hour is complete.
    let found = events.filter { event in
      let hour = event.uploaded.seconds / 3600
      return (start...end).contains(hour) && Instant(seconds: (hour + 1) * 3600) + Self.delay <= now
    }
    if found.count > most { return HTTPResponse(status: refusesBy, body: Array("The file size of the exported data is too large".utf8)) }
    if found.isEmpty { return HTTPResponse(status: 404, body: Array("Raw data files were not found".utf8)) }
    var body = StoredArchive.zip(files(found))
    if breaks > 0 {
      breaks -= 1
      body.removeLast(body.count / 3)
    }
    return HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "application/zip")], body: body)
  }

  private func files(_ found: [Event]) -> [(name: String, bytes: [UInt8])] {
    Dictionary(grouping: found) { $0.uploaded.seconds / 3600 }.sorted { $0.key < $1.key }.map { hour, events in
      let lines = events.flatMap { $0.json.serializedBytes() + [UInt8(ascii: "\n")] }
      return ("187520/187520_\(hour)#0.json.gz", StoredArchive.gzip(lines))
    }
  }

  /// `20260131T08`, in hours since 1970.
  private static func hour(_ text: String) -> Int64? {
    let parts = text.split(separator: "T")
    guard parts.count == 2, parts[0].count == 8, parts[1].count == 2, let hour = Int64(parts[1]), (0..<24).contains(hour) else {
      return nil
    }
    let date = parts[0]
    guard let day = Day("\(date.prefix(4))-\(date.dropFirst(4).prefix(2))-\(date.suffix(2))") else { return nil }
    return Int64(day.number) * 24 + hour
  }
}
