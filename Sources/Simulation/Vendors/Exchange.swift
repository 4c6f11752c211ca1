package import Events

/// A vendor whose API is simulated; raw values are the systems' names and the servers' path prefixes.
package enum Vendor: String, CaseIterable, Sendable {
  case stripe, hubspot, zendesk, posthog
}

/// A request as a simulated vendor sees it.
package struct VendorRequest: Sendable {
  package var vendor: Vendor
  package var method: String
  /// Without the server's prefix, such as `/v1/events`.
  package var path: String
  /// Decoded names and values, in order.
  package var query: [(name: String, value: String)]
  package var authorization: String?
  package var body: [UInt8]
  /// Scheme, host and prefix under which the vendor was called; links in answers begin with it.
  package var origin: String

  /// - Parameter target: path and query as they stand in a request line.
  package init(
    vendor: Vendor, method: String = "GET", target: String, authorization: String?, body: [UInt8] = [],
    origin: String = "https://vendor.example"
  ) {
    self.vendor = vendor
    self.method = method
    self.authorization = authorization
    self.body = body
    self.origin = origin
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts.first.map { Self.decoded($0) } ?? "/"
    query =
      parts.count < 2
      ? []
      : parts[1].split(separator: "&").map { pair in
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
      }
  }

  /// The last value of a parameter.
  func parameter(_ name: String) -> String? { query.last { $0.name == name }?.value }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
        bytes.append(value)
        rest.removeFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A simulated vendor's answer.
package struct VendorResponse: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)] = [("Content-Type", "application/json; charset=utf-8")]
  package var body: [UInt8]
  /// What a client that reads this page has been told; empty in an error.
  package var served: [ServedRecord] = []

  init(status: Int = 200, _ json: JSON, served: [ServedRecord] = []) {
    self.status = status
    body = json.serializedBytes()
    self.served = served
  }

  init(bytes: [UInt8], served: [ServedRecord]) {
    status = 200
    body = bytes
    self.served = served
  }
}

/// A record that went out in a successful page, under the key a feed should store it by.
package struct ServedRecord: Hashable, Sendable {
  package let kind: Kind
  package let system: String
  package let id: String
  package let at: Instant
  /// Equal in two versions of one record if they differ in nothing that a feed keeps; a store that keeps only versions which differ
  /// from their neighbour in source time keeps one of a run of equal revisions.
  package let revision: Int32
}

extension ServedRecord: Comparable {
  package static func < (a: ServedRecord, b: ServedRecord) -> Bool {
    (a.kind.rawValue, a.id, a.at, a.revision) < (b.kind.rawValue, b.id, b.at, b.revision)
  }
}

/// An answer that is an error; each dialect words it as its vendor does.
struct VendorRefusal: Error {
  let response: VendorResponse

  init(_ status: Int, _ json: JSON) { response = VendorResponse(status: status, json) }
}

extension Instant {
  /// `Mon, 06 Jan 2025 05:00:00 GMT`, as in the `Date` header of HTTP.
  var httpDate: String {
    let text = Instant(seconds: seconds).iso8601
    guard let day = Day(String(text.prefix(10))) else { return text }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let (year, month, date) = day.civil
    let clock = text.dropFirst(11).prefix(8)
    return "\(day.weekday.rawValue.prefix(3).capitalizedFirst), \(date < 10 ? "0" : "")\(date) \(months[month - 1]) \(year) \(clock) GMT"
  }
}

extension Substring {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
