import Events
import Feeds
import Testing
import Transport

/// Seeded vendors for each way to page and each kind of cursor: what was visible is handed over, whatever happens meanwhile.
@Suite struct RandomPagingTests {
  private struct Row {
    let id: Int
    var at: Instant
    var version = 0
    var json: JSON { ["id": JSON(id), "at": JSON(at), "quantity": JSON(version)] }
  }

  /// A vendor's table in the order of time, with its times in whole milliseconds.
  private struct Table {
    var rows: [Row] = []

    mutating func add(_ at: Instant) { rows.append(Row(id: rows.count, at: Self.whole(at))) }

    mutating func touch(_ at: Instant, _ random: inout SeededRandom) {
      guard !rows.isEmpty else { return }
      let index = Int.random(in: 0..<rows.count, using: &random)
      rows[index].at = Self.whole(at)
      rows[index].version += 1
    }

    func sorted(_ isIncluded: (Instant) -> Bool) -> [Row] {
      rows.filter { isIncluded($0.at) }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
    }

    private static func whole(_ at: Instant) -> Instant { Instant(microseconds: at.microseconds / 1000 * 1000) }
  }

  private static let start = instant("2026-03-01T00:00:00Z")
  private static let seeds = Array(1...25) as [UInt64]

  private func lost(_ table: Table, _ harvest: Harvest, before end: Instant) -> [String] {
    var versions: [Int: Set<String>] = [:]
    for record in harvest.records {
      versions[Int(record.id) ?? -1, default: []].insert(record.fields["quantity"]?.number?.description ?? "")
    }
    return table.rows.filter { $0.at < end && !(versions[$0.id]?.contains(String($0.version)) ?? false) }.map { "\($0)" }
  }

  private func seconds(_ asked: [String: String], _ name: String) -> Int64 { asked[name].flatMap { Int64($0) } ?? 0 }

  @Test(arguments: seeds) func offsetsThatFallAreReadAgain(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }", paging: "{ offset: skip, size: 3, total: total }",
      cursor: "{ format: milliseconds, lag: 10s }", start: "beginning")
    var table = Table()
    for second in 0..<Int64.random(in: 1..<30, using: &random) { table.add(Self.start + .seconds(second)) }
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      let list = table.sorted { (seconds(asked, "from")...seconds(asked, "to")).contains($0.microseconds / 1000) }
      return answer(["data": .list(list.dropFirst(Int(seconds(asked, "skip"))).prefix(3).map(\.json)), "total": JSON(list.count)])
    } change: { now, random in
      table.add(now)
      for _ in 0..<3 { table.touch(now, &random) }
    }
    #expect(lost(table, found, before: found.through).isEmpty)
  }

  @Test(arguments: seeds) func linkedPagesThatShiftLoseNothing(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }", paging: "{ link_header: next }",
      cursor: "{ format: seconds, lag: 10s, lookback: 30s, newest_first: at }", start: "beginning")
    var table = Table()
    for _ in 0..<Int.random(in: 0..<40, using: &random) { table.add(Self.start + .seconds(Int64.random(in: 0..<20, using: &random))) }
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      let list = Array(table.sorted { (seconds(asked, "from")...seconds(asked, "to")).contains($0.seconds) }.reversed())
      let page = Int(seconds(asked, "page"))
      let next = "<?from=\(asked["from"] ?? "")&to=\(asked["to"] ?? "")&page=\(page + 1)>; rel=\"next\""
      let links = list.count > (page + 1) * 4 ? [HTTPHeader("Link", "</t>; rel=first, " + next)] : []
      return answer(["data": .list(list.dropFirst(page * 4).prefix(4).map(\.json))], headers: links)
    } change: { now, random in
      table.add(now)
      // Late, but within the lookback: everything older moves on to the next place.
      for _ in 0..<2 { table.add(now - .seconds(Int64.random(in: 11..<25, using: &random))) }
    }
    #expect(lost(table, found, before: found.through - .seconds(30)).isEmpty)
  }

  /// More records share one time than a page holds, pages end within them, and records move away meanwhile.
  @Test(arguments: seeds, ["included", "excluded"]) func tiesByIDLoseNothing(seed: UInt64, bound: String) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }",
      paging: """
        { keyset: at, size: 4, ties: { request: { path: /ties, query: { at: "{at}", after: "{last}" } }, last: id, size: 3, least: "-1" } }
        """, cursor: "{ format: seconds, lag: 10s, lookback: 30s, lower_bound: \(bound) }", start: "beginning")
    var table = Table()
    for _ in 0..<Int.random(in: 0..<60, using: &random) {
      table.add(Self.start + Span(microseconds: Int64.random(in: 0..<4_000_000, using: &random)))
    }
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      if request.url.contains("/ties") {
        let list = table.rows.filter { $0.at.seconds == seconds(asked, "at") && $0.id > seconds(asked, "after") }
        return answer(["data": .list(list.prefix(3).map(\.json))])
      }
      let first = seconds(asked, "from") + (bound == "excluded" ? 1 : 0)
      let list = table.sorted { $0.seconds >= first && $0.seconds <= seconds(asked, "to") }
      return answer(["data": .list(list.prefix(4).map(\.json))])
    } change: { now, random in
      for _ in 0..<Int.random(in: 1..<9, using: &random) { table.add(now) }
      for _ in 0..<3 { table.touch(now, &random) }
      table.add(now - .seconds(Int64.random(in: 11..<25, using: &random)))
    }
    #expect(lost(table, found, before: found.through - .seconds(30)).isEmpty)
  }

  @Test(arguments: seeds) func aCapGoesOnFromTheLastTime(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }", paging: "{ page: page, size: 3, pages: 4 }",
      cursor: "{ format: iso8601_seconds, lag: 10s, field: changed | at }", start: "beginning")
    var table = Table()
    for _ in 0..<Int.random(in: 0..<90, using: &random) { table.add(Self.start + .seconds(Int64.random(in: 0..<40, using: &random))) }
    // No more than the cap holds may share one time.
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      let from = asked["from"].flatMap(Instant.init(iso8601:)) ?? .distantFuture
      let to = asked["to"].flatMap(Instant.init(iso8601:)) ?? .distantPast
      let page = Int(seconds(asked, "page") == 0 ? 1 : seconds(asked, "page"))
      if page > 4 { return answer(["error": "too deep"], status: 400) }
      let list = table.sorted { $0 >= from && $0 <= to }
      return answer(["data": .list(list.dropFirst((page - 1) * 3).prefix(3).map(\.json))])
    } change: { now, _ in
      for _ in 0..<3 { table.add(now) }
    }
    #expect(lost(table, found, before: found.through).isEmpty)
  }

  /// A vendor that lists whole days of New York, refuses too much at once, and tells some things a day late.
  @Test(arguments: seeds, ["included", "excluded"]) func daysAreWalkedInSteps(seed: UInt64, bound: String) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }", paging: "{ token: next, query: after }",
      cursor: "{ format: date, zone: America/New_York, upper_bound: \(bound), step: 4d, lookback: 1d, lag: 1h }",
      extra: "errors: [{ status: 400, body: too much, then: shrink }]", start: "2026-02-20")
    var table = Table()
    // The clocks change on 8 March.
    for _ in 0..<60 { table.add(Self.start + .hours(Int64.random(in: -100..<240, using: &random))) }
    let zone = try #require(CompanyCalendar(timeZone: "America/New_York"))
    let found = try harvest(feed, &random, from: instant("2026-03-11T12:00:00Z"), pause: 1..<200_000) { request, _ in
      let asked = query(request)
      let from = try #require(asked["from"].flatMap { Day($0) })
      var to = try #require(asked["to"].flatMap { Day($0) })
      if bound == "excluded" { to = to - 1 }
      let list = table.sorted { (from...max(from, to)).contains(zone.day(of: $0)) }
      #expect(from <= to, "an empty window is asked for")
      if to - from > 0, list.count > 9 { return answer(["error": "too much"], status: 400) }
      let skip = Int(asked["after"] ?? "") ?? 0
      return answer([
        "data": .list(list.dropFirst(skip).prefix(4).map(\.json)), "next": list.count > skip + 4 ? JSON(String(skip + 4)) : nil,
      ])
    } change: { now, random in
      table.add(now)
      table.add(now - .hours(Int64.random(in: 0..<20, using: &random)))
    }
    #expect(lost(table, found, before: found.through - .days(1)).isEmpty)
    #expect(found.through == zone.start(of: zone.day(of: found.through)), "complete through whole days")
  }

  @Test(arguments: seeds) func aVendorThatFiltersByDayIsFilteredAgain(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\" } }", paging: "{ last: id, query: after, more: more }",
      cursor: "{ format: seconds, granularity: 1d, lag: 10s, field: at }", start: "2026-03-01")
    var table = Table()
    for _ in 0..<30 { table.add(Self.start + .seconds(Int64.random(in: 0..<3600, using: &random))) }
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      #expect(seconds(asked, "from") % 86_400 == 0)
      let list = table.rows.filter { $0.at.seconds >= seconds(asked, "from") && $0.id > asked["after"].flatMap { Int($0) } ?? -1 }
      return answer(["data": .list(list.prefix(5).map(\.json)), "more": .flag(list.count > 5)])
    } change: { now, _ in
      table.add(now)
    }
    #expect(lost(table, found, before: found.through).isEmpty)
    // Twelve polls of one day read the first thirty records each time, and hand them over once, or again after a kill.
    let first = found.records.filter { (Int($0.id) ?? 0) < 30 }.count
    #expect(first < 30 * 6, "\(first) of the first 30 records were handed over")
  }

  @Test(arguments: seeds, [-600, 600] as [Int64]) func aServersClockThatIsWrongLosesNothing(seed: UInt64, skew: Int64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" } }", paging: "{ token: next, query: after }",
      cursor: "{ format: seconds, lag: 1m, step: 10m }", start: "2026-03-01")
    var table = Table()
    for second in 0..<20 as Range<Int64> { table.add(Self.start + .seconds(second * 180)) }
    let found = try harvest(feed, &random, from: Self.start + .hours(1), skew: .seconds(skew), rounds: 20) { request, _ in
      let asked = query(request)
      let list = table.sorted { (seconds(asked, "from")...seconds(asked, "to")).contains($0.seconds) }
      let skip = Int(asked["after"] ?? "") ?? 0
      return answer([
        "data": .list(list.dropFirst(skip).prefix(4).map(\.json)), "next": list.count > skip + 4 ? JSON(String(skip + 4)) : nil,
      ])
    } change: { server, _ in
      // The vendor stamps its records by its own clock.
      table.add(server)
    }
    #expect(lost(table, found, before: found.through).isEmpty)
    // What is newer than the server can vouch for is read again, and nothing else: no record comes at every poll.
    let counts = Dictionary(grouping: found.records, by: \.id).values.map(\.count)
    #expect(counts.max() ?? 0 <= 8, "a record came \(counts.max() ?? 0) times in 20 polls")
  }

  /// A vendor that times out on large pages, whose pages are numbered: a smaller page has another number.
  @Test(arguments: seeds) func smallerPagesLoseNothing(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /t, query: { from: \"{from}\", to: \"{to}\" }, page_size: { query: per_page, most: 9, least: 2 } }",
      paging: "{ page: page, first: 0 }", cursor: "{ format: milliseconds, lag: 10s }",
      extra: "errors: [{ status: 504, then: shrink }]", start: "beginning")
    var table = Table()
    for _ in 0..<40 { table.add(Self.start + .seconds(Int64.random(in: 0..<40, using: &random))) }
    var faults = random
    var sizes: Set<Int> = []
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      let size = Int(seconds(asked, "per_page"))
      sizes.insert(size)
      if size > 2, Int.random(in: 0..<4, using: &faults) == 0 { return answer([], status: 504) }
      let list = table.sorted { (seconds(asked, "from")...seconds(asked, "to")).contains($0.microseconds / 1000) }
      return answer(["data": .list(list.dropFirst(Int(seconds(asked, "page")) * size).prefix(size).map(\.json))])
    } change: { now, _ in
      for _ in 0..<4 { table.add(now) }
    }
    #expect(lost(table, found, before: found.through).isEmpty)
    #expect(sizes.isSubset(of: [9, 4, 2]))
  }

  /// Parents whose lists have pages of their own; a kill may come between any two of them.
  @Test(arguments: seeds) func aPageComesWithAllItsChildrenOrNotAtAll(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try connector(
      """
      name: example
      base_url: https://api.example.com
      start: beginning
      streams:
        - name: things
          request: { path: /t, query: { from: "{from}", to: "{to}" } }
          records: data
          paging: { token: next, query: after }
          cursor: { format: seconds, lag: 10s }
          expand:
            - into: children
              when: { more: true }
              request: { path: "/t/{record.id}/children", query: { limit: 2 } }
              records: list
              paging: { link_header: next }
            - into: owner
              batch: 2
              request: { method: POST, path: /owners, body: { ids: ["{record.id}"] } }
              records: owners
              match: { theirs: of, ours: id }
          map:
            - { kind: usage, id: id, at: at, account: owner.0.name }
            - { kind: pulse, each: children, id: id, at: /at, person: /id }
      """)
    var table = Table()
    for _ in 0..<20 { table.add(Self.start + .seconds(Int64.random(in: 0..<40, using: &random))) }
    func children(_ id: Int) -> [JSON] { (0..<id % 6).map { ["id": JSON("\(id)/\($0)")] } }
    let found = try harvest(feed, &random, from: Self.start + .hours(1)) { request, _ in
      let asked = query(request)
      if request.method == "POST" {
        let ids = try body(request)["ids"].list ?? []
        #expect((1...2).contains(ids.count))
        return answer(["owners": .list(ids.map { ["of": $0, "name": .text("o\($0.scalarText ?? "")")] })])
      }
      let parts = request.url.split(separator: "?")[0].split(separator: "/")
      if parts.last == "children" {
        let all = children(Int(parts[parts.count - 2]) ?? 0)
        let skip = Int(asked["skip"] ?? "") ?? 0
        let links = all.count > skip + 2 ? [HTTPHeader("Link", "<children?limit=2&skip=\(skip + 2)>; rel=next")] : []
        return answer(["list": .list(Array(all.dropFirst(skip).prefix(2)))], headers: links)
      }
      let list = table.sorted { (seconds(asked, "from")...seconds(asked, "to")).contains($0.seconds) }
      let skip = Int(asked["after"] ?? "") ?? 0
      let page = list.dropFirst(skip).prefix(3).map { row -> JSON in
        let all = children(row.id)
        return row.json.merging(["children": .list(Array(all.prefix(2))), "more": .flag(all.count > 2)])
      }
      return answer(["data": .list(page), "next": list.count > skip + 3 ? JSON(String(skip + 3)) : nil])
    } change: { now, _ in
      table.add(now)
    }
    let parents = Set(found.records.filter { $0.kind == .usage }.compactMap { Int($0.id) })
    #expect(Set(table.rows.filter { $0.at < found.through }.map(\.id)).isSubset(of: parents))
    for record in found.records where record.kind == .usage { #expect(record.account == "o\(record.id)") }
    let delivered = Set(found.records.filter { $0.kind == .pulse }.map(\.id))
    #expect(delivered == Set(parents.flatMap { children($0).compactMap { $0["id"].text } }))
  }
}

extension JSON {
  fileprivate func merging(_ other: JSON) -> JSON { .object((object ?? [:]).merging(other.object ?? [:]) { $1 }) }
}
