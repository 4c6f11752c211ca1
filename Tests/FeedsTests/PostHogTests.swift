import Events
import Feeds
import Foundation
import Testing
import Transport

@Suite struct PostHogTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  private static func event(_ number: Int, _ at: Instant) -> PostHogDialect.Event {
    var values: [String: JSON] = ["event": .text("export_\(number % 4)"), "distinct_id": "jo@acme.example", "$group_0": "grp_acme"]
    if number % 3 == 0 { values["properties.quantity"] = JSON(number % 5 + 2) }
    return PostHogDialect.Event(at: at, uuid: uuid(number), values: values)
  }

  private static func uuid(_ number: Int) -> String { "0190-\(100_000 + number)" }

  private static func expected(_ number: Int, _ at: Instant) -> JSON {
    [
      "kind": "usage", "id": .text(uuid(number)), "at": JSON(at), "feed": "posthog", "account": "grp_acme", "person": "jo@acme.example",
      "name": .text("export_\(number % 4)"), "quantity": number % 3 == 0 ? JSON(number % 5 + 2) : 1,
    ]
  }

  /// The shipped file, with pages small enough for a test.
  private static func run(_ dialect: PostHogDialect, rows: Int = 50) throws -> VendorRun<PostHogDialect> {
    let text = try String(contentsOf: repository.appendingPathComponent("config/feeds/posthog.yaml"), encoding: .utf8)
    let small = text.replacing("LIMIT 10000", with: "LIMIT \(rows)").replacing("size: 10000", with: "size: \(rows)")
    let feed = try connector(small, ["POSTHOG_PROJECT": PostHogDialect.project, "BELLWETHER_START": "90d"])
    return VendorRun(feed, dialect, secrets: ["posthog_api_key": PostHogDialect.key])
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func everyEventArrivesThoughMoreShareATimeThanAPageBorderCuts(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    // Whole minutes of few days, so that page borders fall between events of one time.
    let times = (0..<1_000).map { _ in Self.now - .hours(2) - .minutes(Int64.random(in: 0...120, using: &random) * 15) }
    var dialect = PostHogDialect()
    dialect.events = times.enumerated().map { Self.event($0, $1) }
    let run = try Self.run(dialect)
    let first = try await run.poll(at: Self.now)
    #expect(Set(first.lines(.usage)) == Set(times.enumerated().map { Self.expected($0, $1) }), "seed \(seed)")
    #expect(run.requests().count > 20)

    let late = Self.now - .minutes(80)
    run.change { $0.events.append(Self.event(5_000, late)) }
    let second = try await run.poll(at: Self.now + .minutes(15))
    #expect(second.ids(.usage) == [Self.uuid(5_000)], "told late, and read within the lookback")
  }

  @Test func aQueryThatTakesTooLongIsAskedForAShorterStretch() async throws {
    var dialect = PostHogDialect()
    dialect.patience = .days(8)
    let times = (1...85).map { Self.now - .days(Int64($0)) }
    dialect.events = times.enumerated().map { Self.event($0, $1) }
    let run = try Self.run(dialect)
    let poll = try await run.poll(at: Self.now)
    #expect(Set(poll.ids(.usage)) == Set((0..<85).map(Self.uuid)))
  }
}
