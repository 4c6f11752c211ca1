import Events
import Feeds
import Testing
import Transport

/// Vendors whose records change while they are being read, with interruptions at any page and answers that fail.
@Suite struct RandomWalkTests {
  private struct Row {
    var id: Int
    var at: Instant
    var version: Int
  }

  private static let start = instant("2026-03-01T00:00:00Z")

  private func json(_ row: Row) -> JSON { ["id": JSON(row.id), "at": JSON(row.at), "quantity": JSON(row.version)] }

  @Test(arguments: Array(1...40) as [UInt64]) func newestFirstListsLoseNothing(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ path: /e, query: { from: \"{from}\", to: \"{to}\" } }",
      paging: "{ last: id, query: starting_after, more: more }", cursor: "{ format: seconds, newest_first: at, lag: 1m }")
    var rows = (0..<Int.random(in: 0..<40, using: &random)).map { index in
      Row(id: index, at: Self.start + .seconds(Int64.random(in: 0..<3600, using: &random)), version: 0)
    }
    let begin = Self.start + .hours(1)
    let polls = try harvest(feed, &random, from: begin) { request, _ in
      let asked = query(request)
      let (from, to) = (Int64(asked["from"] ?? "") ?? 0, Int64(asked["to"] ?? "") ?? 0)
      var list = rows.sorted { ($0.at, $0.id) > ($1.at, $1.id) }.filter { (from...to).contains($0.at.seconds) }
      if let after = asked["starting_after"], let index = list.firstIndex(where: { String($0.id) == after }) {
        list.removeFirst(index + 1)
      }
      return answer(["data": .list(list.prefix(3).map(json)), "more": .flag(list.count > 3)])
    } change: { now, random in
      for _ in 0..<Int.random(in: 1..<5, using: &random) { rows.append(Row(id: rows.count, at: now, version: 0)) }
    }
    let (records, through) = (polls.records, polls.through)
    let expected = Set(rows.filter { $0.at <= through && $0.at.seconds <= through.seconds }.map(\.id))
    let found = records.compactMap { Int($0.id) }
    #expect(expected.isSubset(of: found), "lost \(expected.subtracting(found).sorted())")
    let repeated = Dictionary(grouping: found) { $0 }.filter { $1.count > 1 }.keys
    let borders = rows.filter { row in repeated.contains(row.id) }
    // A walk's bounds are both included, so a record on a border may come twice, and never more often than that.
    #expect(borders.count <= 12, "repeated \(repeated.sorted())")
    for group in Dictionary(grouping: records, by: \.id).values { #expect(Set(group).count == 1) }
  }

  @Test(arguments: Array(1...40) as [UInt64]) func offsetsThatShiftLoseNothing(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ method: POST, path: /search, body: { from: \"{from}\", to: \"{to}\" } }",
      paging: "{ keyset: at, total: total, ties: { token: next, body: after } }", cursor: "{ format: milliseconds, lag: 10s }",
      start: "beginning")
    // Few different times, so that many records share one.
    var rows = (0..<Int.random(in: 0..<60, using: &random)).map { index in
      Row(id: index, at: Self.start + .seconds(Int64.random(in: 0..<12, using: &random)), version: 0)
    }
    var versions: [Set<Int>] = rows.map { _ in [] }
    let begin = Self.start + .hours(1)
    let polls = try harvest(feed, &random, from: begin) { request, _ in
      let asked = (try? body(request)) ?? .null
      let from = Int64(asked["from"].text ?? "") ?? 0
      let to = Int64(asked["to"].text ?? "") ?? 0
      let offset = asked["after"].text.flatMap { Int($0) } ?? 0
      let list = rows.sorted { ($0.at, $0.id) < ($1.at, $1.id) }.filter { (from...to).contains($0.at.microseconds / 1000) }
      let page = list.dropFirst(offset).prefix(4)
      let next: JSON = offset + 4 < list.count ? .text(String(offset + 4)) : nil
      return answer(["data": .list(page.map(json)), "next": next, "total": JSON(list.count)])
    } change: { now, random in
      // A changed record leaves the window that is being read, and all behind it move up.
      for _ in 0..<3 where !rows.isEmpty {
        let index = Int.random(in: 0..<rows.count, using: &random)
        rows[index].version += 1
        rows[index].at = Instant(microseconds: now.microseconds / 1000 * 1000)
      }
      rows.append(Row(id: rows.count, at: Instant(microseconds: now.microseconds / 1000 * 1000), version: 0))
      versions.append([])
    }
    for record in polls.records { versions[Int(record.id) ?? 0].insert(Int(record.fields["quantity"]?.number?.description ?? "") ?? -1) }
    let lost = rows.filter { $0.at <= polls.through && !versions[$0.id].contains($0.version) }
    #expect(lost.isEmpty, "lost \(lost)")
  }

  @Test(arguments: Array(1...40) as [UInt64]) func limitedQueriesLoseNothing(seed: UInt64) throws {
    var random = SeededRandom(state: seed)
    let feed = try exampleFeed(
      request: "{ method: POST, path: /query, body: { from: \"{from}\", to: \"{to}\" } }", paging: "{ keyset: at, size: 5 }",
      cursor: "{ format: sql, lag: 10s, lookback: 20s, lower_bound: excluded }", records: "{ columns: columns, rows: results }")
    var rows: [Row] = []
    func add(_ at: Instant) { rows.append(Row(id: rows.count, at: at, version: 0)) }
    for second in 0..<Int.random(in: 1..<40, using: &random) {
      for _ in 0..<Int.random(in: 0..<3, using: &random) { add(Self.start + .seconds(Int64(second))) }
    }
    let begin = Self.start + .hours(1)
    let polls = try harvest(feed, &random, from: begin) { request, _ in
      let asked = (try? body(request)) ?? .null
      let from = asked["from"].text.flatMap(Instant.init(iso8601:)) ?? .distantFuture
      let to = asked["to"].text.flatMap(Instant.init(iso8601:)) ?? .distantPast
      let list = rows.sorted { ($0.at, $0.id) < ($1.at, $1.id) }.filter { $0.at > from && $0.at <= to }.prefix(5)
      return answer(["columns": ["quantity", "id", "at"], "results": .list(list.map { [JSON($0.version), JSON($0.id), JSON($0.at)] })])
    } change: { now, random in
      add(now)
      // Late, but within the lookback.
      if Bool.random(using: &random) { add(now - .seconds(15)) }
    }
    let expected = Set(rows.filter { $0.at <= polls.through - .seconds(20) }.map(\.id))
    let lost = expected.subtracting(polls.ids)
    #expect(lost.isEmpty, "lost \(lost.sorted())")
  }
}
