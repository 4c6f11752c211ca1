import Events

/// The ways in which the hostile vendor lists its records, each with the feed file that reads it.
enum Dialect: String, CaseIterable, Sendable {
  /// Stripe's: newest first, on from the last id.
  case newestFirst
  /// HubSpot's: by time, records of one time by offsets that shift.
  case ties
  /// Zendesk's: a token that stands for a place in the order of appearance.
  case opaque

  /// How late a record may appear and must still be found.
  var promised: Span { .minutes(20) }

  func feed(port: UInt16) -> String {
    """
    name: hostile
    enabled: true
    base_url: http://127.0.0.1:\(port)
    allow_private: true
    auth: { bearer: hostile_key }
    start: 2d
    streams:
      - name: rows
    \(stream.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
        completes: [usage]
        map: [{ kind: usage, id: id, at: at, account: account, fields: { name: = thing } }]
    """
  }

  private var stream: String {
    switch self {
    case .newestFirst:
      """
      request: { path: /newest, query: { from: "{from}", to: "{to}" } }
      records: data
      paging: { last: id, query: after, more: more }
      cursor: { format: seconds, lag: 5m, lookback: 15m, newest_first: at }
      """
    case .ties:
      """
      request: { path: /ties, query: { from: "{from}", to: "{to}" } }
      records: data
      paging: { keyset: at, total: total, ties: { token: next, query: after } }
      cursor: { format: seconds, lag: 5m, lookback: 15m }
      """
    case .opaque:
      """
      request: { path: /opaque, first_page: { start: "{from}" } }
      records: data
      paging: { token: cursor, query: cursor, stop: end }
      cursor: { opaque: true, format: seconds, lag: 5m }
      """
    }
  }
}

extension VendorRecords {
  /// The answer to a request that nothing befalls. With `overlap` a page begins so many records too early, as shifted pages do.
  mutating func page(_ request: RawRequest, _ dialect: Dialect, at now: Instant, size: Int, overlap: Int) -> JSON {
    let from = request.query["from"].flatMap { Int64($0) } ?? .min
    let to = request.query["to"].flatMap { Int64($0) } ?? .max
    let after = request.query["after"]
    switch dialect {
    case .newestFirst:
      var list = Array(within(from, to).reversed())
      if after == nil { show(list) }
      if let after, let place = list.firstIndex(where: { $0.id == after }) { list.removeFirst(max(0, place + 1 - overlap)) }
      return ["data": .list(list.prefix(size).map(Self.json)), "more": .flag(list.count > size)]
    case .ties:
      let all = within(from, to)
      if after == nil { show(all) }
      let offset = max(0, (after.flatMap { Int($0) } ?? 0) - overlap)
      let rest = all.dropFirst(offset)
      var answer: [String: JSON] = ["data": .list(rest.prefix(size).map(Self.json)), "total": JSON(all.count)]
      if rest.count > size { answer["next"] = .text(String(offset + size)) }
      return .object(answer)
    case .opaque:
      let start = request.query["start"].flatMap { Int64($0) } ?? 0
      let place = max(0, (request.query["cursor"].flatMap { Int($0.dropFirst()) } ?? 0) - overlap)
      let rest = rows.dropFirst(place)
      show(rest.filter { request.query["cursor"] != nil || $0.at.seconds >= start })
      let shown = rest.prefix(size)
      return [
        "data": .list(shown.map(Self.json)), "cursor": .text("c\(shown.endIndex)"), "end": .flag(rest.count <= size),
      ]
    }
  }

  private static func json(_ row: Row) -> JSON { ["id": .text(row.id), "at": JSON(row.at), "account": "acme"] }
}
