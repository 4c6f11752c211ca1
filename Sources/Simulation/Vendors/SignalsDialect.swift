import Events

/// What the company's survey tool and its sources of intent and enrichment tell, as one JSON list: `GET /{kind}?since=<ISO 8601>`.
///
/// No vendor's API: the demo reads it with a feed of its own.
struct SignalsDialect {
  private struct Entry {
    let id: String
    let at: Instant
    let kind: Kind
    let content: JSON
  }

  /// In order of time.
  private let entries: [Entry]

  init(_ world: SimulatedWorld) {
    entries = world.accounts.flatMap { account in
      account.script.signals.enumerated().map { number, signal in
        let id = "\(account.script.identity.index)-\(number)"
        var content = signal.fields
        content["id"] = .text(id)
        content["at"] = JSON(signal.at)
        content["customer"] = .text(account.script.identity.hubspot)
        content["user"] = JSON(signal.person.map { account.script.people[$0].email })
        return Entry(id: id, at: signal.at, kind: signal.kind, content: .object(content))
      }
    }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
  }

  func respond(_ request: VendorRequest, _ now: Instant) -> VendorResponse {
    guard let kind = Kind(rawValue: String(request.path.dropFirst())) else {
      return VendorResponse(status: 404, ["error": "no such list"])
    }
    let since = request.parameter("since").flatMap { Instant(iso8601: $0) }
    let seen = entries.filter { $0.kind == kind && $0.at <= now && $0.at >= since ?? $0.at }
    return VendorResponse(["data": .list(seen.map(\.content))])
  }
}
