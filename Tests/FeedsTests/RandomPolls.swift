import Events
import Feeds
import Transport

/// What many polls of one stream brought.
struct Harvest {
  var records: [Record] = []
  /// Through when the stream was said to be complete at the end.
  var through: Instant
  /// Answers of the vendor in all.
  var answers = 0

  /// The numbers of the records, as their ids.
  var ids: Set<Int> { Set(records.compactMap { Int($0.id) }) }
}

/// Polls a stream again and again while its vendor changes, with answers that fail and kills between any two answers.
///
/// - Parameters:
///   - skew: how far the server's clock is ahead of ours.
///   - pause: seconds between two polls.
///   - serve: the answer to a request, at the server's time; its `Date` is added.
///   - change: what happens at the vendor, at the server's time.
func harvest(
  _ feed: Connector, _ random: inout SeededRandom, from begin: Instant, skew: Span = .seconds(0), pause: Range<Int64> = 1..<600,
  rounds: Int = 12, serve: (HTTPRequest, Instant) throws -> HTTPResponse, change: (Instant, inout SeededRandom) -> Void
) throws -> Harvest {
  var now = begin
  var cursor: JSON = .null
  var harvest = Harvest(through: begin)
  for round in 1...rounds {
    var walk = try walk(feed, cursor: cursor)
    while let request = walk.next(now: now) {
      let server = now + skew
      if Int.random(in: 0..<6, using: &random) == 0 { change(server, &random) }
      harvest.answers += 1
      let served = Int.random(in: 0..<10, using: &random) == 0 ? answer([], status: 500) : try serve(request, server)
      let response = HTTPResponse(
        status: served.status, headers: served.headers + [HTTPHeader("Date", httpDate(server))], body: served.body)
      switch walk.receive(response, now: now) {
      case .page(let page, _):
        harvest.records.append(contentsOf: page)
        cursor = try JSON(parsing: walk.cursor.serialized())
      case .more: break
      case .body: preconditionFailure("a poller reads bodies")
      case .retry: now = now + .seconds(1)
      case .failed(let failure): throw failure
      }
      now = now + Span(microseconds: Int64.random(in: 0..<3_000_000, using: &random))
      // A kill between two answers: the next walk has the stored cursor and nothing else.
      if round < rounds, Int.random(in: 0..<8, using: &random) == 0 { break }
    }
    harvest.through = walk.completeThrough ?? harvest.through
    now = now + .seconds(Int64.random(in: pause, using: &random))
  }
  return harvest
}
