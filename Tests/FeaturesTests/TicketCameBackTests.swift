import Events
import Features
import Testing

/// A ticket's status, and what else a version says, on a day.
struct TicketVersion: CustomTestStringConvertible {
  let day: Int64
  var status: String?
  var escalated: Bool? = true
  var reopens: Int64?
  var topic: String? = "export"
  var solvedOn: Int64?

  var fields: [String: Value] {
    var fields: [String: Value] = [:]
    fields["status"] = status.map(Value.text)
    fields["escalated"] = escalated.map(Value.flag)
    fields["reopens"] = reopens.map(Value.integer)
    fields["topic"] = topic.map(Value.text)
    fields["solved_at"] = solvedOn.map { .instant(noon($0)) }
    return fields
  }

  var testDescription: String { "day \(day) \(status ?? "-")\(reopens.map { " reopens \($0)" } ?? "")" }
}

@Suite struct FeatureNamesTests {
  private let names = FeatureNames([
    "forecast_run": ProductFeature(meaning: .feature, called: ["forecast", "forecasting tool"]),
    "report_viewed": ProductFeature(meaning: .feature), "api_call": ProductFeature(meaning: .api),
    "session_heartbeat": ProductFeature(meaning: .ignore),
  ])

  @Test(
    arguments: [
      ("The Forecast is wrong", ["forecast_run"]), ("the FORECASTING TOOL fails", ["forecast_run"]), ("forecasts are wrong", []),
      ("forecast_run fails", ["forecast_run"]), ("a report viewed twice, and an API-call", ["api_call", "report_viewed"]), ("", []),
      ("session heartbeat", []), ("forecasting, tool", ["forecast_run"]),
    ])
  func namesAreFoundAsWholeWords(text: String, features: [String]) { #expect(names.named(in: text) == features) }

  @Test func theFirstNameFoundIsKept() {
    #expect(names.words(in: "The forecasting tool and the report viewed") == ["forecasting tool", "report viewed"])
    #expect(FeatureNames.none.words(in: "forecast") == [])
  }

  private func cameBack(_ first: [String: Value], _ second: [String: Value], after days: Int64 = 10) throws -> Bool {
    var history = EntityHistory()
    let solved: [String: Value] = ["status": .text("solved"), "escalated": .flag(true)]
    history.add(.ticket, "t", [(0, solved.merging(first) { $1 })])
    history.add(.ticket, "u", [(days, ["status": .text("open")].merging(second) { $1 })])
    let row = try #require(history.row(.ticket, id: "t", asOf: noon(100)))
    return history.derived(.ticketCameBack, of: row, names: names) == .flag(true)
  }

  @Test func ticketsWithoutATopicAreHeldTogetherByTheFeatureTheyName() throws {
    let forecast: [String: Value] = ["subject": .text("Help"), "body": .text("The forecast hangs.")]
    let again: [String: Value] = ["subject": .text("Forecasting tool down again")]
    #expect(try cameBack(forecast, again))
    #expect(try !cameBack(forecast, again, after: 31))
    #expect(try !cameBack(forecast, ["subject": .text("report_viewed fails")]))
    #expect(try !cameBack(["subject": .text("Help")], ["subject": .text("Help")]))
    // A topic on both sides decides alone; on one side it cannot.
    let topic: [String: Value] = ["topic": .text("charts")]
    #expect(try !cameBack(forecast.merging(topic) { $1 }, again.merging(["topic": .text("export")]) { $1 }))
    #expect(try cameBack(forecast.merging(topic) { $1 }, ["subject": .text("other"), "topic": .text("charts")]))
    #expect(try cameBack(forecast.merging(topic) { $1 }, again))
    // A tag that says only that it was escalated is no topic.
    #expect(try cameBack(forecast.merging(["tags": .list([.text("escalated")])]) { $1 }, again))
  }
}

@Suite struct TicketCameBackTests {
  private func expect(_ versions: [TicketVersion], others: [TicketVersion] = [], cameBackOn day: Int64?, asOf now: Int64 = 100) throws {
    var history = EntityHistory()
    history.add(.ticket, "t", versions.map { ($0.day, $0.fields) })
    for (index, other) in others.enumerated() { history.add(.ticket, "u\(index)", [(other.day, other.fields)]) }
    let row = try #require(history.row(.ticket, id: "t", asOf: noon(now)))
    #expect(history.derived(.ticketCameBack, of: row) == .flag(day != nil))
    #expect(history.derived(.ticketCameBackAt, of: row) == day.map { .instant(noon($0)) })
  }

  @Test(
    arguments: [
      // Solved, then any status that is not done.
      ([.init(day: 0, status: "open"), .init(day: 1, status: "solved"), .init(day: 11, status: "open")], 11),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "pending")], 4),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "closed"), .init(day: 6, status: "new")], 6),
      // Thirty days is within, thirty-one is not; the days count from the first solve, by the source's own word where it has one.
      ([.init(day: 0, status: "solved"), .init(day: 30, status: "open")], 30),
      ([.init(day: 0, status: "solved"), .init(day: 31, status: "open")], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "closed"), .init(day: 31, status: "open")], nil),
      ([.init(day: 3, status: "solved", solvedOn: 0), .init(day: 30, status: "open")], 30),
      ([.init(day: 3, status: "solved", solvedOn: 0), .init(day: 31, status: "open")], nil),
      // Reopened too late once, solved again, and back soon.
      (
        [
          .init(day: 0, status: "solved"), .init(day: 40, status: "open"), .init(day: 41, status: "solved"), .init(day: 45, status: "open"),
        ], 45
      ),
      // The source's own count of reopenings tells what no poll saw.
      ([.init(day: 0, status: "solved", reopens: 0), .init(day: 5, status: "solved", reopens: 1)], 5),
      ([.init(day: 5, status: "solved", reopens: 2)], 5), ([.init(day: 5, status: "open", reopens: 1)], 5),
      ([.init(day: 0, status: "solved", reopens: 0), .init(day: 31, status: "open", reopens: 1)], nil),
      (
        [
          .init(day: 0, status: "solved", reopens: 0), .init(day: 31, status: "open", reopens: 1),
          .init(day: 40, status: "solved", reopens: 2),
        ], 40
      ),
      (
        [
          .init(day: 0, status: "solved", reopens: 0), .init(day: 40, status: "solved", reopens: 1),
          .init(day: 45, status: "open", reopens: 1),
        ], 45
      ),
      // Never solved, still solved, merged, deleted, or a version that does not speak of the status.
      ([.init(day: 0, status: "new"), .init(day: 9, status: "open"), .init(day: 10, status: "hold")], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "solved"), .init(day: 8, status: "closed")], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "merged")], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4, status: "deleted")], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4)], nil),
      ([.init(day: 0, status: "solved"), .init(day: 4), .init(day: 6, status: "open")], 6),
      // Only escalated tickets count, whenever they were escalated.
      ([.init(day: 0, status: "solved", escalated: false), .init(day: 4, status: "open", escalated: false)], nil),
      ([.init(day: 0, status: "solved", escalated: nil), .init(day: 4, status: "open", escalated: nil, reopens: 1)], nil),
      (
        [
          .init(day: 0, status: "open"), .init(day: 2, status: "solved", escalated: false), .init(day: 4, status: "open", escalated: false),
        ], 4
      ),
      ([.init(day: 0, status: "solved", escalated: false), .init(day: 4, status: "open")], 4),
    ] as [([TicketVersion], Int64?)])
  func whenReopened(versions: [TicketVersion], cameBackOn: Int64?) throws {
    try expect(versions, cameBackOn: cameBackOn)
  }

  @Test(
    arguments: [
      ([.init(day: 40, status: "new")], 40), ([.init(day: 41, status: "new")], nil), ([.init(day: 10, status: "new")], nil),
      ([.init(day: 9, status: "new")], nil), ([.init(day: 20, status: "new", escalated: nil)], 20),
      ([.init(day: 20, status: "new", topic: "login")], nil), ([.init(day: 20, status: "new", topic: nil)], nil),
      ([.init(day: 20, status: "merged")], nil), ([.init(day: 20, status: "deleted")], nil), ([.init(day: 20, status: "solved")], 20),
      ([.init(day: 25, status: "open"), .init(day: 15, status: "open"), .init(day: 12, status: "open", topic: "x")], 15),
    ] as [([TicketVersion], Int64?)])
  func whenFiledAgainOnTheSameTopic(others: [TicketVersion], cameBackOn: Int64?) throws {
    let versions = [TicketVersion(day: 8, status: "open"), TicketVersion(day: 10, status: "solved")]
    try expect(versions, others: others, cameBackOn: cameBackOn)
  }

  @Test func aTicketWithoutATopicIsNeverFiledAgain() throws {
    let other = TicketVersion(day: 12, status: "new", topic: nil)
    try expect([.init(day: 10, status: "solved", topic: nil)], others: [other], cameBackOn: nil)
  }

  @Test func theOpeningTimeOfTheOtherTicketDecides() throws {
    var history = EntityHistory()
    history.add(.ticket, "t", [(10, TicketVersion(day: 10, status: "solved").fields)])
    history.add(.ticket, "u", [(50, ["topic": .text("export"), "opened_at": .instant(noon(12))])])
    let row = try #require(history.row(.ticket, id: "t", asOf: noon(60)))
    #expect(history.derived(.ticketCameBackAt, of: row) == .instant(noon(12)))
    let earlier = try #require(history.row(.ticket, id: "t", asOf: noon(49)))
    #expect(history.derived(.ticketCameBackAt, of: earlier) == nil)
  }

  @Test func nobodyKnowsBeforeItHappens() throws {
    let versions = [TicketVersion(day: 0, status: "solved"), TicketVersion(day: 10, status: "open")]
    try expect(versions, cameBackOn: nil, asOf: 9)
    try expect(versions, cameBackOn: 10, asOf: 10)
  }
}
