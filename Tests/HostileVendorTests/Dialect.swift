import Events

/// The ways in which the hostile vendor lists its records, each with the feed file that reads it.
enum Dialect: String, CaseIterable, Sendable {
  /// Stripe's: newest first, on from the last id.
  case newestFirst
  /// By time, records of one time by offsets that shift.
  case ties
  /// HubSpot's: by time, records of one time by id.
  case tiesByID
  /// Zendesk's: a token that stands for a place in the order of appearance.
  case opaque
  /// Freshdesk's: pages by number, the next in the Link header.
  case linked
  /// Records counted from the first, beside their total.
  case offset
  /// Mixpanel's: a gzipped line for each record, in stretches of a few hours.
  case lines

  /// How late a record may appear and must still be found.
  var promised: Span { .minutes(20) }

  /// - Parameter usesTokens: whether requests need an access token, which the vendor may cancel at any time.
  func feed(port: UInt16, pageSize: Int, usesTokens: Bool) -> String {
    let auth =
      usesTokens
      ? """
      { oauth2: { grant: client_credentials, token_url: "http://127.0.0.1:\(port)/token", client_id: hostile_id,
          client_secret: hostile_secret } }
      """
      : "{ bearer: hostile_secret }"
    return """
      name: hostile
      enabled: true
      base_url: http://127.0.0.1:\(port)
      allow_private: true
      auth: \(auth)
      start: 2d
      streams:
        - name: rows
      \(stream(pageSize).split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
          completes: [usage]
          map: [{ kind: usage, id: id, at: at, account: account, fields: { name: = thing } }]
      """
  }

  private func stream(_ size: Int) -> String {
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
    case .tiesByID:
      """
      request: { path: /times, query: { from: "{from}", to: "{to}" } }
      records: data
      paging:
        keyset: at
        size: \(size)
        ties: { request: { path: /tied, query: { at: "{at}", above: "{last}" } }, last: id, size: \(size), least: "a" }
      cursor: { format: seconds, lag: 5m, lookback: 15m }
      """
    case .opaque:
      """
      request: { path: /opaque, first_page: { start: "{from}" } }
      records: data
      paging: { token: cursor, query: cursor, stop: end }
      cursor: { opaque: true, format: seconds, lag: 5m }
      """
    case .linked:
      """
      request: { path: /linked, query: { from: "{from}", to: "{to}" } }
      records: .
      paging: { link_header: next }
      cursor: { format: seconds, lag: 5m, lookback: 15m }
      """
    case .offset:
      """
      request: { path: /offset, query: { from: "{from}", to: "{to}" } }
      records: data
      paging: { offset: offset, size: \(size), into: query, total: total }
      cursor: { format: seconds, lag: 5m, lookback: 15m }
      """
    case .lines:
      """
      request: { path: /lines, query: { from: "{from}", to: "{to}" } }
      decode: [gzip, jsonl]
      records: .
      cursor: { format: seconds, lag: 5m, lookback: 15m, step: 6h }
      """
    }
  }
}

/// What the vendor has to say to a request that nothing befalls.
struct Page: Sendable {
  var body: [UInt8]
  var headers: [String: String] = [:]
}

extension VendorRecords {
  /// The answer. With `overlap` a page begins so many records too early, as shifted pages do.
  mutating func page(_ request: RawRequest, _ dialect: Dialect, at now: Instant, size: Int, overlap: Int) -> Page {
    let from = request.query["from"].flatMap { Int64($0) } ?? .min
    let to = request.query["to"].flatMap { Int64($0) } ?? .max
    switch dialect {
    case .newestFirst:
      var list = Array(within(from, to).reversed())
      let after = request.query["after"]
      if after == nil { show(list) }
      if let after, let place = list.firstIndex(where: { $0.id == after }) { list.removeFirst(max(0, place + 1 - overlap)) }
      return Self.page(["data": .list(list.prefix(size).map(Self.json)), "more": .flag(list.count > size)])
    case .ties, .offset:
      let all = within(from, to)
      let asked = request.query[dialect == .ties ? "after" : "offset"].flatMap { Int($0) }
      if asked == nil { show(all) }
      // Who counts records by itself cannot be told that some came again: there a page shifts only by what is inserted before it.
      let place = max(0, (asked ?? 0) - (dialect == .ties ? overlap : 0))
      var answer: [String: JSON] = ["data": .list(all.dropFirst(place).prefix(size).map(Self.json)), "total": JSON(all.count)]
      if dialect == .ties, all.count > place + size { answer["next"] = .text(String(place + size)) }
      return Self.page(.object(answer))
    case .tiesByID:
      let isTied = request.path == "/tied"
      let at = request.query["at"].flatMap { Int64($0) } ?? .min
      let all = isTied ? within(at, at).sorted { $0.id < $1.id } : within(from, to)
      show(all)
      let rest = isTied ? all.filter { $0.id > request.query["above"] ?? "" } : all
      return Self.page(["data": .list(rest.prefix(size).map(Self.json))])
    case .opaque:
      let start = request.query["start"].flatMap { Int64($0) } ?? 0
      let place = max(0, (request.query["cursor"].flatMap { Int($0.dropFirst()) } ?? 0) - overlap)
      let rest = rows.dropFirst(place)
      show(rest.filter { request.query["cursor"] != nil || $0.at.seconds >= start })
      let shown = rest.prefix(size)
      return Self.page([
        "data": .list(shown.map(Self.json)), "cursor": .text("c\(shown.endIndex)"), "end": .flag(rest.count <= size),
      ])
    case .linked:
      let all = within(from, to)
      let number = request.query["page"].flatMap { Int($0) } ?? 1
      if number == 1 { show(all) }
      let rest = all.dropFirst(max(0, (number - 1) * size - overlap))
      var page = Self.page(.list(rest.prefix(size + overlap).map(Self.json)))
      if rest.count > size + overlap { page.headers["Link"] = "</linked?from=\(from)&to=\(to)&page=\(number + 1)>; rel=\"next\"" }
      return page
    case .lines:
      let all = within(from, to)
      show(all)
      return Page(body: Gzip.file(Array(all.map { Self.json($0).serialized() + "\n" }.joined().utf8)))
    }
  }

  private static func page(_ json: JSON) -> Page { Page(body: json.serializedBytes()) }

  private static func json(_ row: Row) -> JSON { ["id": .text(row.id), "at": JSON(row.at), "account": "acme"] }
}

/// Just enough of RFC 1952 to write what another may read.
enum Gzip {
  /// One member of stored blocks (RFC 1951 §3.2.4).
  static func file(_ bytes: [UInt8]) -> [UInt8] {
    var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(65_535)
      rest = rest.dropFirst(block.count)
      let length = UInt16(block.count)
      file.append(rest.isEmpty ? 1 : 0)
      for number in [length, ~length] { file += [UInt8(number & 255), UInt8(number >> 8)] }
      file += block
    } while !rest.isEmpty
    for number in [checksum(bytes), UInt32(truncatingIfNeeded: bytes.count)] { file += (0..<4).map { UInt8(number >> ($0 * 8) & 255) } }
    return file
  }

  /// CRC-32 (RFC 1952 §8).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
