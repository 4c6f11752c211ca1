import Events
import Foundation
import Synchronization

/// What befalls a request instead of, or beside, its answer.
enum Fault: String, CaseIterable, Sendable {
  case tooManyRequests
  case tooManyRequestsWithRetryAfter
  case serverError
  case badGateway
  case gatewayTimeout
  case resetInBody
  case closedInBody
  case truncatedGzip
  case slowDrip
  case stall
  case overlappingPage
  case repeatedPage
  case webPage
  case hugeBody
  case deepJSON
  case insertion
  case tokenExpiry

  /// What the poller says of it; one of these must stand in the reason. Empty where there is nothing to say.
  var said: [String] {
    switch self {
    case .tooManyRequests, .tooManyRequestsWithRetryAfter: ["answered 429"]
    case .serverError: ["answered 500"]
    case .badGateway: ["answered 502"]
    case .gatewayTimeout: ["answered 504"]
    case .resetInBody, .closedInBody: ["connection broke", "no connection", "not complete after", "cannot be read"]
    case .truncatedGzip: ["cannot be read", "connection broke", "the answer is", "ends too early", "no gzip"]
    case .stall: ["not complete after", "no answer after"]
    case .repeatedPage: ["came a second time"]
    case .webPage: ["the answer is", "web page", "no gzip"]
    case .hugeBody: ["has more than", "no gzip", "not complete after"]
    case .deepJSON: ["the answer is", "deep", "no gzip"]
    case .tokenExpiry: ["refuses a new access token as well"]
    case .slowDrip, .overlappingPage, .insertion: []
    }
  }
}

/// A vendor at its worst, from a seed: same seed and same requests, same mischief.
struct HostileVendor: Sendable {
  let dialect: Dialect
  private(set) var records: VendorRecords
  private var random: SeededRandom
  /// Business time, ours.
  var now: Instant
  /// Whether nothing befalls any request from here on.
  var isCalm = false
  /// What befell requests since it was last asked.
  private(set) var faults: [Fault] = []
  private(set) var served = 0
  private var stormLeft = 0
  /// Whether it gives out access tokens, and the one that counts now.
  let usesTokens: Bool
  private var token = 0
  let pageSize: Int
  private let mischief: Int

  init(seed: UInt64, begin: Instant) {
    var random = SeededRandom(state: seed)
    dialect = Dialect.allCases[Int(seed % UInt64(Dialect.allCases.count))]
    records = VendorRecords(skew: .seconds(Int64.random(in: -600...600, using: &random)))
    pageSize = Int.random(in: 2...6, using: &random)
    mischief = Int.random(in: 2...6, using: &random)
    usesTokens = random.oneIn(3)
    now = begin
    self.random = random
    for _ in 0..<Int.random(in: 0...30, using: &self.random) { insert(late: .hours(30)) }
  }

  /// Adds what a company does until the next poll.
  mutating func live(until instant: Instant) {
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      now = now + Span(microseconds: Int64.random(in: 0...max(0, (instant - now).microseconds), using: &random) / 4)
      insert(late: random.oneIn(6) ? .hours(3) : dialect.promised)
    }
    now = instant
  }

  private mutating func insert(late: Span) { records.insert(at: now, latest: late, &random) }

  mutating func takeFaults() -> [Fault] {
    defer { faults = [] }
    return faults
  }

  mutating func answer(_ request: RawRequest) -> [Act] {
    served += 1
    if request.path == "/token" {
      token += 1
      return respond(200, ["access_token": .text("token-\(token)"), "token_type": "Bearer", "expires_in": 3600])
    }
    let fault = isCalm ? nil : nextFault()
    if let fault { faults.append(fault) }
    // Cancelled before the request is looked at, as tokens are in the middle of a walk.
    if fault == .tokenExpiry, usesTokens { token += 1 }
    guard request.headers["authorization"] == (usesTokens ? "Bearer token-\(token)" : "Bearer s3cret") else {
      return respond(401, ["error": "the token is not valid"])
    }
    switch fault {
    case .tooManyRequests: return respond(429, ["error": "slow down"])
    case .tooManyRequestsWithRetryAfter: return respond(429, ["error": "slow down"], ["Retry-After": "2"])
    case .serverError: return respond(500, ["error": "oops"])
    case .badGateway: return [.send(head(502, length: 11, ["Content-Type": "text/html"]) + Array("bad gateway".utf8))]
    case .gatewayTimeout: return respond(504, ["error": "timeout"])
    case .webPage:
      let page = Array("<!doctype html><title>Maintenance</title><p>Back soon".utf8)
      return [.send(head(200, length: page.count, ["Content-Type": "text/html"]) + page)]
    case .deepJSON:
      let deep = [UInt8](repeating: UInt8(ascii: "["), count: 10_000) + [UInt8](repeating: UInt8(ascii: "]"), count: 10_000)
      return [.send(head(200, length: deep.count) + deep)]
    case .hugeBody:
      return [
        .send(head(200, length: 2 << 30)), .flood([UInt8](repeating: UInt8(ascii: " "), count: 1 << 16), total: 2 << 30), .close,
      ]
    default: return page(request, fault)
    }
  }

  private mutating func nextFault() -> Fault? {
    if stormLeft > 0 {
      stormLeft -= 1
      return random.oneIn(2) ? .tooManyRequests : .tooManyRequestsWithRetryAfter
    }
    if random.oneIn(60) { stormLeft = Int.random(in: 3...10, using: &random) }
    guard random.oneIn(mischief) else { return nil }
    // What costs seconds or gigabytes comes seldom.
    if random.oneIn(80) { return .hugeBody }
    if random.oneIn(60) { return .stall }
    return Fault.allCases.filter { $0 != .hugeBody && $0 != .stall }.randomElement(using: &random)
  }

  private mutating func page(_ request: RawRequest, _ fault: Fault?) -> [Act] {
    if fault == .insertion { for _ in 0..<Int.random(in: 1...5, using: &random) { insert(late: dialect.promised) } }
    // One less than a page still brings something new; a whole page would come for ever.
    let overlap = fault == .overlappingPage ? Int.random(in: 1..<pageSize, using: &random) : fault == .repeatedPage ? pageSize : 0
    let page = records.page(request, dialect, at: now, size: pageSize, overlap: overlap)
    let body = page.body
    let whole = head(200, length: body.count, page.headers) + body
    switch fault {
    case .resetInBody: return [.send(Array(whole.dropLast(body.count / 2 + 1))), .reset]
    case .closedInBody: return [.send(Array(whole.dropLast(body.count / 2 + 1))), .close]
    case .stall: return [.send(Array(whole.dropLast(body.count / 2 + 1))), .stall]
    case .slowDrip: return [.drip(whole, piece: 5)]
    case .truncatedGzip:
      let zipped = Gzip.file(body)
      let cut = Array(zipped.dropLast(zipped.count / 3 + 9))
      return [.send(head(200, length: cut.count, ["Content-Encoding": "gzip"]) + cut)]
    default: return [.send(whole)]
    }
  }

  private func respond(_ status: Int, _ json: JSON, _ headers: [String: String] = [:]) -> [Act] {
    let body = json.serializedBytes()
    return [.send(head(status, length: body.count, headers) + body)]
  }

  private func head(_ status: Int, length: Int, _ headers: [String: String] = [:]) -> [UInt8] {
    var fields = ["Content-Type": "application/json", "Content-Length": String(length), "Date": HTTPDateText.write(records.clock(at: now))]
    fields.merge(headers) { $1 }
    let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
    return Array("HTTP/1.1 \(status) So\r\n\(lines)\r\n".utf8)
  }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDateText {
  static func write(_ instant: Instant) -> String {
    let day = CompanyCalendar.utc.day(of: instant)
    let (year, _, date) = day.civil
    let month = day.short.split(separator: " ")[1]
    let clock = instant.iso8601.split(separator: "T")[1].prefix(8)
    return "\(day.weekday.rawValue.prefix(3).capitalized), \(date < 10 ? "0" : "")\(date) \(month) \(year) \(clock) GMT"
  }
}
