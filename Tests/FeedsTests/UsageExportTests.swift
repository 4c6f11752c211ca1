import Events
import Feeds
import Testing
import Transport

/// Mixpanel and Amplitude: whole days and hours, in files.
@Suite struct UsageExportTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  // MARK: Mixpanel

  private static func mixpanelEvent(_ number: Int, at: Instant, id: Bool = true, company: JSON = "acme") -> MixpanelDialect.Event {
    var properties: [String: JSON] = [
      "time": JSON(at.seconds), "distinct_id": .text("p\(number % 7)@acme.example"), "company_id": company, "$city": "Oslo",
    ]
    if id { properties["$insert_id"] = .text("i\(number)") }
    if number % 3 == 0 { properties["quantity"] = JSON(number % 5 + 1) }
    if number % 4 == 0 { properties["team"] = "planning" }
    return MixpanelDialect.Event(at: at, json: ["event": .text("export_\(number % 6)"), "properties": .object(properties)])
  }

  private static func mixpanelExpected(_ number: Int, at: Instant, account: String? = "acme") -> JSON {
    var members: [String: JSON] = [
      "kind": "usage", "id": .text("i\(number)"), "at": JSON(at), "feed": "mixpanel", "person": .text("p\(number % 7)@acme.example"),
      "name": .text("export_\(number % 6)"), "quantity": number % 3 == 0 ? JSON(number % 5 + 1) : 1,
    ]
    members["account"] = account.map { .text($0) }
    if number % 4 == 0 { members["team"] = "planning" }
    return .object(members)
  }

  private static func mixpanel(_ dialect: MixpanelDialect, zone: String = "UTC") throws -> VendorRun<MixpanelDialect> {
    let variables = [
      "BELLWETHER_START": "20d", "MIXPANEL_USER": MixpanelDialect.user, "MIXPANEL_PROJECT": MixpanelDialect.project, "MIXPANEL_ZONE": zone,
    ]
    return VendorRun(try shippedFeed("mixpanel", variables), dialect, secrets: ["mixpanel_secret": MixpanelDialect.secret])
  }

  @Test(arguments: [1, 2] as [UInt64]) func everyDayOfMixpanelThatIsOverArrives(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    let midnight = instant("2026-03-10T00:00:00Z")
    let times = (0..<2_500).map { _ in Self.now - .seconds(Int64.random(in: 0...20 * 86_400, using: &random)) }
    var dialect = MixpanelDialect()
    dialect.events = times.enumerated().map { Self.mixpanelEvent($0, at: $1) }
    let run = try Self.mixpanel(dialect)
    let first = try await run.poll(at: Self.now)
    let expected = Set(times.enumerated().filter { $1 < midnight }.map { Self.mixpanelExpected($0, at: $1) })
    #expect(Set(first.lines(.usage)) == expected, "seed \(seed)")
    #expect(first.ids(.usage).count == expected.count)
    let ranges = run.requests().map { [$0.parameter("from_date") ?? "", $0.parameter("to_date") ?? ""] }
    #expect(
      ranges == [
        ["2026-02-18", "2026-02-22"], ["2026-02-23", "2026-02-27"], ["2026-02-28", "2026-03-04"], ["2026-03-05", "2026-03-09"],
      ])

    #expect(try await run.poll(at: Self.now + .hours(2)).records.isEmpty)
    #expect(run.requests().isEmpty, "no day has ended since")
    let late = Self.mixpanelEvent(9_001, at: instant("2026-03-08T09:00:00Z"))
    run.change { $0.events.append(late) }
    let second = try await run.poll(at: instant("2026-03-11T03:00:00Z"))
    #expect(second.ids(.usage).contains("i9001"), "told late, and read with the two days before")
    #expect(run.requests().map { [$0.parameter("from_date") ?? "", $0.parameter("to_date") ?? ""] } == [["2026-03-08", "2026-03-10"]])
  }

  /// Kiritimati is fourteen hours ahead of UTC and Honolulu ten behind it; a day is asked for when it is three hours over there.
  @Test(arguments: [
    ("Pacific/Kiritimati", "2026-03-10T13:00:00Z", "2026-03-10"), ("Pacific/Honolulu", "2026-03-11T09:00:00Z", "2026-03-09"),
    ("Pacific/Honolulu", "2026-03-11T13:00:00Z", "2026-03-10"),
  ])
  func theProjectsOwnTodayIsNeverAskedFor(zone: String, at: String, last: String) async throws {
    var dialect = MixpanelDialect()
    dialect.zone = try #require(CompanyCalendar(timeZone: zone))
    let run = try Self.mixpanel(dialect, zone: zone)
    _ = try await run.poll(at: instant(at))
    #expect(run.requests().last?.parameter("to_date") == last)
  }

  @Test func eventsWithoutAnIdAreToldApartAndGroupsMayBeLists() async throws {
    let at = instant("2026-03-08T09:00:00Z")
    var dialect = MixpanelDialect()
    dialect.events = [
      Self.mixpanelEvent(1, at: at, id: false), Self.mixpanelEvent(2, at: at, company: ["globex", "acme"]),
      Self.mixpanelEvent(5, at: at, company: nil),
    ]
    let poll = try await Self.mixpanel(dialect).poll(at: Self.now)
    #expect(poll.ids(.usage) == ["p1@acme.example \(at.seconds) export_1", "i2", "i5"])
    #expect(poll.lines(.usage)[1] == Self.mixpanelExpected(2, at: at, account: "globex"))
    #expect(poll.lines(.usage)[2] == Self.mixpanelExpected(5, at: at, account: nil))
  }

  @Test func anExportThatBreaksOffIsReadAgain() async throws {
    var dialect = MixpanelDialect()
    dialect.events = (0..<200).map { Self.mixpanelEvent($0, at: instant("2026-03-08T09:00:00Z") + .seconds(Int64($0))) }
    dialect.breaks = 1
    let run = try Self.mixpanel(dialect)
    let first = try await run.poll(at: Self.now, failing: true)
    let second = try await run.poll(at: Self.now + .minutes(5))
    #expect(Set(first.ids(.usage) + second.ids(.usage)) == Set((0..<200).map { "i\($0)" }))
  }

  // MARK: Amplitude

  private static func amplitudeEvent(_ number: Int, at: Instant, uploaded: Instant) -> AmplitudeDialect.Event {
    let naive = at.iso8601.replacing("T", with: " ").replacing("Z", with: "") + (at.iso8601.contains(".") ? "" : ".000000")
    return AmplitudeDialect.Event(
      uploaded: uploaded,
      json: [
        "$insert_id": number % 5 == 0 ? nil : .text("a\(number)"), "uuid": .text("u\(number)"), "event_type": .text("export_\(number % 6)"),
        "user_id": number % 8 == 0 ? nil : .text("p\(number % 7)@acme.example"), "device_id": "d", "event_time": .text(naive),
        "server_upload_time": .text(uploaded.iso8601), "groups": number % 9 == 0 ? [:] : ["company": ["acme"]],
        "event_properties": number % 3 == 0 ? ["quantity": JSON(number % 5 + 1), "team": "planning"] : [:], "app": 187_520,
      ])
  }

  private static func amplitudeExpected(_ number: Int, at: Instant) -> JSON {
    var members: [String: JSON] = [
      "kind": "usage", "id": .text(number % 5 == 0 ? "u\(number)" : "a\(number)"), "at": JSON(at), "feed": "amplitude",
      "name": .text("export_\(number % 6)"), "quantity": number % 3 == 0 ? JSON(number % 5 + 1) : 1,
    ]
    if number % 9 != 0 { members["account"] = "acme" }
    if number % 8 != 0 { members["person"] = .text("p\(number % 7)@acme.example") }
    if number % 3 == 0 { members["team"] = "planning" }
    return .object(members)
  }

  private static func amplitude(_ dialect: AmplitudeDialect) throws -> VendorRun<AmplitudeDialect> {
    let variables = ["BELLWETHER_START": "4d", "AMPLITUDE_API_KEY_ID": AmplitudeDialect.key]
    return VendorRun(try shippedFeed("amplitude", variables), dialect, secrets: ["amplitude_secret_key": AmplitudeDialect.secret])
  }

  @Test(arguments: [1, 2] as [UInt64]) func everyHourThatAmplitudeHasCompletedArrives(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    let uploads = (0..<1_500).map { _ in Self.now - .seconds(Int64.random(in: 0...4 * 86_400 - 1, using: &random)) }
    // Up to two days before they were uploaded.
    let times = uploads.map { $0 - .seconds(Int64.random(in: 0...2 * 86_400, using: &random)) }
    var dialect = AmplitudeDialect()
    dialect.events = uploads.indices.map { Self.amplitudeEvent($0, at: times[$0], uploaded: uploads[$0]) }
    let run = try Self.amplitude(dialect)
    let first = try await run.poll(at: Self.now)
    let complete = uploads.indices.filter { uploads[$0] < Self.now - .hours(2) }
    #expect(Set(first.lines(.usage)) == Set(complete.map { Self.amplitudeExpected($0, at: times[$0]) }), "seed \(seed)")
    #expect(first.ids(.usage).count == complete.count)
    let ranges = run.requests().map { [$0.parameter("start") ?? "", $0.parameter("end") ?? ""] }
    #expect(ranges.first == ["20260306T12", "20260307T11"])
    #expect(ranges.last?.last == "20260310T09")
    #expect(ranges.count == 4)

    let second = try await run.poll(at: Self.now + .hours(2))
    let rest = uploads.indices.filter { uploads[$0] >= Self.now - .hours(2) && uploads[$0] < Self.now }
    #expect(Set(second.lines(.usage)) == Set(rest.map { Self.amplitudeExpected($0, at: times[$0]) }))
    #expect(run.requests().map { [$0.parameter("start") ?? "", $0.parameter("end") ?? ""] } == [["20260310T10", "20260310T11"]])
  }

  @Test func hoursWithoutEventsAreNoFailure() async throws {
    let run = try Self.amplitude(AmplitudeDialect())
    let poll = try await run.poll(at: Self.now)
    #expect(poll.records.isEmpty && poll.report.failures.isEmpty)
    #expect(run.requests().count == 4)
    _ = try await run.poll(at: Self.now + .hours(1))
    #expect(run.requests().map { $0.parameter("start") } == ["20260310T10"], "the hours before are done with")
  }

  @Test(arguments: [400, 504]) func tooMuchAtOnceIsAskedForInShorterStretches(status: Int) async throws {
    var dialect = AmplitudeDialect()
    dialect.refusesBy = status
    dialect.most = 60
    let start = instant("2026-03-06T12:00:00Z")
    dialect.events = (0..<900).map { number in
      let at = start + .minutes(Int64(number) * 6)
      return Self.amplitudeEvent(number, at: at, uploaded: at)
    }
    let run = try Self.amplitude(dialect)
    let poll = try await run.poll(at: Self.now)
    #expect(poll.ids(.usage).count == 900)
    #expect(Set(poll.ids(.usage)).count == 900)
  }

  @Test func anArchiveCutShortIsReadAgain() async throws {
    var dialect = AmplitudeDialect()
    dialect.events = (0..<300).map { number in
      let at = instant("2026-03-08T00:00:00Z") + .minutes(Int64(number))
      return Self.amplitudeEvent(number, at: at, uploaded: at)
    }
    dialect.breaks = 1
    let run = try Self.amplitude(dialect)
    let first = try await run.poll(at: Self.now, failing: true)
    let second = try await run.poll(at: Self.now + .minutes(5))
    #expect(Set(first.ids(.usage) + second.ids(.usage)).count == 300)
  }
}
