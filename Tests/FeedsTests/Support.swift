import ConfigFiles
import Events
import Feeds
import Foundation
import Testing
import Transport

/// The repository's root, found from this file.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// What the shipped feeds cannot know: where a company is at its vendors, and who it is there.
let site = [
  "AMPLITUDE_API_KEY_ID": "amplitude-key", "CHARGEBEE_URL": "https://acme.chargebee.com", "FRESHDESK_URL": "https://acme.freshdesk.com",
  "GENERIC_URL": "https://api.acme.example", "MIXPANEL_PROJECT": "7", "MIXPANEL_USER": "acme", "POSTHOG_PROJECT": "7",
  "ZENDESK_EMAIL": "agent@acme.example", "ZENDESK_URL": "https://acme.zendesk.com",
]

/// A shipped feed at a company's site.
func shippedFeed(_ name: String, _ variables: [String: String] = [:]) throws -> Connector {
  try connector(try shippedText(name), site.merging(variables) { $1 }, path: "config/feeds/\(name).yaml")
}

func shippedText(_ name: String) throws -> String {
  try String(contentsOf: repository.appendingPathComponent("config/feeds/\(name).yaml"), encoding: .utf8)
}

func connector(_ yaml: String, _ variables: [String: String] = [:], path: String = "config/feeds/x.yaml") throws -> Connector {
  var diagnostics = Diagnostics()
  let connector = Connector(file: SourceFile(path: path, text: yaml), environment: Environment(variables), into: &diagnostics)
  #expect(diagnostics.isEmpty, "\(diagnostics.rendered())")
  return try #require(connector)
}

/// A feed with one stream `things` over https://api.example.com; each argument is YAML for the key of that name.
func exampleFeed(
  request: String = "{ path: /things, query: { limit: 2 } }", paging: String? = nil, cursor: String? = nil, extra: String = "",
  records: String = "data", start: String = "10d"
) throws -> Connector {
  try connector(
    """
    name: example
    enabled: true
    base_url: https://api.example.com/v1
    auth: { bearer: example_key }
    start: \(start)
    streams:
      - name: things
        request: \(request)
        records: \(records)
        completes: [usage]
        map: [{ kind: usage, id: id, at: at, account: account, fields: { name: name, quantity: quantity | = 1 } }]
    \(paging.map { "    paging: \($0)" } ?? "")
    \(cursor.map { "    cursor: \($0)" } ?? "")
    \(extra.isEmpty ? "" : "    " + extra)
    """)
}

func fixture(_ path: String) throws -> JSON {
  let file = repository.appendingPathComponent("Tests/FeedsTests/Fixtures/\(path)")
  return try JSON(parsing: [UInt8](Data(contentsOf: file)))
}

func answer(_ json: JSON, status: Int = 200, date: Instant? = nil, headers: [HTTPHeader] = []) -> HTTPResponse {
  HTTPResponse(status: status, headers: headers + (date.map { [HTTPHeader("Date", httpDate($0))] } ?? []), body: json.serializedBytes())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
func httpDate(_ instant: Instant) -> String {
  let day = CompanyCalendar.utc.day(of: instant)
  let (year, _, date) = day.civil
  let month = day.short.split(separator: " ")[1]
  let clock = instant.iso8601.split(separator: "T")[1].prefix(8)
  let weekday = day.weekday.rawValue.prefix(3).capitalized
  return "\(weekday), \(date < 10 ? "0" : "")\(date) \(month) \(year) \(clock) GMT"
}

func instant(_ text: String) -> Instant {
  guard let instant = Instant(iso8601: text) else { preconditionFailure("\(text) is no time") }
  return instant
}

/// The query of a request, decoded; repeated names keep the last value.
func query(_ request: HTTPRequest) -> [String: String] {
  let items = URLComponents(string: request.url)?.queryItems ?? []
  return Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
}

func body(_ request: HTTPRequest) throws -> JSON { try JSON(parsing: request.body ?? []) }

/// Runs a walk to its end against a vendor; gives every record, or the failure.
func run(
  _ walk: inout StreamWalk, now: Instant, maxPages: Int = .max, vendor: (HTTPRequest) throws -> HTTPResponse
) throws -> [Record] {
  var records: [Record] = []
  var pages = 0
  while pages < maxPages, let request = walk.next(now: now) {
    switch walk.receive(try vendor(request), now: now) {
    case .page(let page, let rejected):
      #expect(rejected.isEmpty, "\(rejected)")
      records.append(contentsOf: page)
      pages += 1
    case .more, .retry: continue
    case .body: preconditionFailure("a poller reads bodies")
    case .failed(let failure): throw failure
    }
  }
  return records
}

func walk(_ feed: Connector, _ name: String? = nil, cursor: JSON = .null) throws -> StreamWalk {
  let stream = try #require(feed.streams.first { $0.name == name ?? $0.name })
  return StreamWalk(stream, of: feed, cursor: cursor, seed: 1)
}

/// SplitMix64, so that a failing walk can be run again from its printed seed.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Poller {
  /// A poller with one secret under every name, which keeps no tokens and has no budget.
  init(connector: Connector, secret: Secret?, seed: UInt64, send: @escaping Send, sleep: @escaping Sleep) {
    let secrets = Dictionary(connector.authentication.secrets.compactMap { name in secret.map { (name.name, $0) } }) { $1 }
    self.init(
      connector: connector, secrets: secrets, tokens: TokenFolder(path: "/nonexistent/tokens"), budgets: nil, seed: seed, send: send,
      sleep: sleep)
  }
}
