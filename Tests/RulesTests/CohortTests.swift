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
}
