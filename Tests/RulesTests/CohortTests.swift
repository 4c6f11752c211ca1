import Events
import Rules
import Testing

@Suite struct CohortTests {
  @Test(
    arguments: [
      (nil, "retail", "EU", [""]), ("smb", nil, "EU", ["smb", ""]), ("smb", "retail", nil, ["smb × retail", "smb", ""]),
      ("smb", "retail", "EU", ["smb × retail × EU", "smb × retail", "smb", ""]),
    ] as [(String?, String?, String?, [String])])
  func namesTheNarrowestFirst(_ segment: String?, _ industry: String?, _ region: String?, _ path: [String]) {
    #expect(CohortName.path(segment: segment, industry: industry, region: region) == path)
  }

  @Test func aFigureThatStandsNeverChanges() {
    var table = CohortTable()
    table.append(["": Fixed(1), "smb": Fixed(2)], of: "f", on: Day(number: 10))
    table.append(["": Fixed(3)], of: "f", on: Day(number: 12))
    table.append(["": Fixed(9), "smb": Fixed(9)], of: "f", on: Day(number: 10))
    #expect(table.value(of: "f", in: "smb", on: Day(number: 10)) == Fixed(2))
    #expect(table.value(of: "f", in: "smb", on: Day(number: 12)) == nil)
    #expect(table.value(of: "f", in: "", on: Day(number: 11)) == nil)
    #expect(table.value(of: "f", in: "", on: Day(number: 12)) == Fixed(3))
    #expect(CohortTable(json: table.json) == table)
    table.forget("f", before: Day(number: 11))
    #expect(table.days(of: "f") == Day(number: 11)...Day(number: 12))
    #expect(table.value(of: "f", in: "smb", on: Day(number: 10)) == nil)
    table.keep([])
    #expect(table.features.isEmpty)
  }

  /// Of the cohorts that have a figure on the day, the narrowest counts.
  @Test func comparesWithTheNarrowestCohortThatHasAFigure() {
    var scene = Scene()
    scene.today = 100
    scene.use("api_call", on: 73...86, quantity: 10)
    scene.use("api_call", on: 87...100, quantity: 4)
    let account: [String: Value] = ["segment": .text("smb"), "industry": .text("retail"), "region": .text("EU")]
    scene.record(.account, "a", on: 0, account)
    let id = "change(count(usage.api), 14d)"
    var table = CohortTable()
    table.append(["": Fixed("0.4") ?? .zero, "smb": Fixed("0.5") ?? .zero, "smb × food": Fixed(1)], of: id, on: Scene.day(100))
    scene.cohorts = table
    #expect(scene.value("adjusted(\(id))") == .number(Fixed("-0.2") ?? .zero))
    scene.record(.account, "a", on: 100, account.merging(["segment": .text("enterprise")]) { $1 })
    #expect(scene.value("adjusted(\(id))") == .number(.zero))
  }

  /// Own ratio ÷ the cohort's: half the own level where the cohort is at 80 % of its own is 62.5 %.
  @Test func adjustsTheOwnLevelToo() {
    var scene = Scene()
    scene.use("api_call", on: 0...272, quantity: 10)
    scene.use("api_call", on: 273...300, quantity: 5)
    let text = "adjusted(below_own_level(count(usage.api), 28d))"
    #expect(scene.value(text) == .number(Fixed("-0.5") ?? .zero))
    scene.cohort = ["below_own_level(count(usage.api), 28d)": [Scene.day(300): Fixed("0.8") ?? .zero]]
    #expect(scene.value(text) == .number(Fixed("-0.375") ?? .zero))
    // While an episode is open, the level is the frozen one and the cohort's ratio that of the day.
    scene.openedOn = 290
    scene.frozen = ["own_level(count(usage.api), 28d)": Fixed(560)]
    #expect(scene.value(text) == .number(Fixed("-0.6875") ?? .zero))
  }

  @Test func percentileIsTheCohortsOfThatDay() {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    // As of the last moment of day 300, which is the first one of day 301.
    scene.cohort = [
      "percentile(seats, 50%)": [Scene.day(301): Fixed(12), Scene.day(300): Fixed(8)],
      "percentile(mrr, 50%)": [Scene.day(301): Fixed(20_000)],
    ]
    #expect(scene.value("seats >= percentile(seats, 50%)") == .flag(false))
    #expect(scene.value("ago(percentile(seats, 50%), 1d)") == .number(Fixed(8)))
    #expect(scene.value("mrr >= percentile(mrr, 50%)") == .flag(true))
    #expect(scene.value("percentile(seats, 20%)").missing == .because(.smallCohort))
  }

  @Test(arguments: [
    ("percentile(seats, 50%)", [5, 1, 3, 2, 4], 3), ("percentile(seats, 20%)", [5, 1, 3, 2, 4], 1),
    ("percentile(seats, 90%)", [5, 1, 3, 2, 4], 5), ("percentile(seats, 50%)", [4, 1, 3, 2], 2), ("percentile(seats, 1%)", [7], 7),
  ])
  func percentileIsByNearestRank(_ text: String, _ values: [Int], _ expected: Int) throws {
    let feature = try #require(compiled(text)?.cohortFeatures.first)
    #expect(feature.figure(of: values.map { Fixed($0) }) == Fixed(expected))
  }

  @Test func notesHowFarBackRulesLook() throws {
    let text = "percentile(count(usage, 7d), 20%) > 1 for 14d and ago(adjusted(change(count(ticket), 7d)), 30d) > 0"
    let features = try #require(compiled(text)?.cohortFeatures)
    #expect(features.map(\.id) == ["change(count(ticket), 7d)", "percentile(count(usage, 7d), 20%)"])
    #expect(features.map(\.daysBack) == [30, 13])
    #expect(features.map(\.followsUsage) == [false, true])
  }

  @Test func comparesWithAWindowThatEndedEarlier() {
    var scene = Scene()
    scene.use("api_call", on: 183...210, quantity: 10)
    scene.use("api_call", on: 273...300, quantity: 15)
    #expect(scene.value("change(count(usage.api), 28d, before 90d)") == .number(Fixed("0.5") ?? .zero))
    #expect(scene.value("change(count(usage.api), 28d)").missing == .because(.nothingBefore))
  }

  /// A ticket a month by the cohort's mean where there is no cohort: 0 of its own in 76 days. P(X ≥ k) computed apart in exact fractions.
  @Test(arguments: [
    (3, 0, "11111", "0.000376"), (3, 6, "11111", "0.022683"), (3, 0, "2740", "0.000027"), (5, 2, "22222", "0.000131"),
    (8, 6, "66667", "0.000057"), (12, 14, "100000", "0.000021"), (0, 3, "11111", "1"), (1, 0, "2740", "0.029853"),
  ])
  func rareIsTheTailOfTheNegativeBinomial(_ now: Int, _ before: Int, _ rate: String, _ expected: String) throws {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    for index in 0..<now { scene.record(.ticket, "now\(index)", on: 290, ["opened_at": .instant(Scene.instant(290))]) }
    for index in 0..<before { scene.record(.ticket, "then\(index)", on: 250, ["opened_at": .instant(Scene.instant(250))]) }
    let text = "rare(count(ticket), 14d)"
    let feature = try #require(compiled(text)?.cohortFeatures.first)
    scene.cohort = [feature.id: [Scene.day(301): Fixed(millionths: Int64(rate) ?? 0)]]
    #expect(scene.value(text) == .number(Fixed(expected) ?? .zero))
  }

  /// An account that began to pay last week has no quiet history: what its like have decides.
  @Test func rareLeavesOutTheTimeBeforeTheAccountPaid() {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 293, startedOn: 293)
    for index in 0..<3 { scene.record(.ticket, "now\(index)", on: 295, ["opened_at": .instant(Scene.instant(295))]) }
    scene.cohort = ["rate(count(ticket), before 14d)": [Scene.day(301): Fixed(millionths: 33_333)]]
    #expect(scene.value("rare(count(ticket), 14d)") == .number(Fixed("0.032212") ?? .zero))
  }

  @Test func sumsTheMeteredLinesOfAnInvoice() {
    var scene = Scene()
    let lines: Value = .list([
      .object(["amount": .integer(900), "type": .text("recurring")]), .object(["amount": .integer(70), "type": .text("metered")]),
      .object(["amount": .integer(30), "type": .text("metered")]),
    ])
    scene.record(.invoice, "i1", on: 290, ["lines": lines, "total": .integer(1000), "due_at": .instant(Scene.instant(290))])
    #expect(scene.value("sum(invoice.metered, 90d) / sum(invoice.total, 90d)") == .number(Fixed("0.1") ?? .zero))
  }

  @Test(arguments: [
    ("percentile(mrr, 2)", RuleCode.wrongArguments, "2"), ("percentile(account.segment, 20%)", .wrongType, "account.segment"),
    ("percentile(risk_points, 20%)", .wrongArguments, "risk_points"),
    ("percentile(adjusted(change(count(usage), 7d)), 20%)", .wrongArguments, "adjusted(change(count(usage), 7d))"),
    ("adjusted(count(usage, 7d))", .wrongArguments, "count(usage, 7d)"), ("rare(count(usage), 14d)", .wrongArguments, "count(usage)"),
    ("rare(sum(payment.amount), 14d)", .wrongArguments, "sum(payment.amount)"),
    ("change(count(usage), 28d, since 90d)", .wrongArguments, "since"), ("change(count(usage), 28d, before 2000d)", .badWindow, "2000d"),
  ])
  func refusesWhatIsNoFigureOfACohort(_ text: String, _ code: RuleCode, _ under: String) throws {
    let fault = try #require(faults(text).first)
    #expect(fault.code == code)
    #expect(String(decoding: Array(text.utf8)[fault.range], as: UTF8.self) == under)
  }
}
