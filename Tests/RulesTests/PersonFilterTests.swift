import Events
import Features
import Rules
import Testing

/// Filters that measure each person or feature, and `within`.
@Suite struct PersonFilterTests {
  /// Person 1 is there every day, 2 every other day until day 260, 3 each tenth day, 4 since day 295; a bot without a person all the time.
  private func team() -> Scene {
    var scene = Scene()
    scene.use("report", by: [1], on: 0...300)
    scene.use("report", by: [2], on: 0...260, every: 2)
    scene.use("export", by: [3], on: 0...300, every: 10)
    scene.use("report", by: [4], on: 295...300)
    scene.use("noise", by: [2], on: 0...300)
    scene.use("report", by: [nil], on: 0...300)
    return scene
  }

  @Test(arguments: [
    ("distinct(usage.person, 30d)", 3), ("distinct(usage.person, 30d, person.active_days >= 6)", 2),
    ("distinct(usage.person, 30d, person.active_days > 6)", 1), ("distinct(usage.person, 30d, person.active_days = 3)", 1),
    ("distinct(usage.person, 90d, before 30d, person.active_days >= 30 and person.silent_for >= 30d)", 1),
    ("distinct(usage.person, 90d, person.silent_for >= 40d)", 1), ("distinct(usage.person, 90d, person.silent_for > 40d)", 0),
    ("person_days(usage, 30d, person.rank = 1)", 30), ("person_days(usage, 30d, person.rank <= 2)", 36),
    ("person_days(usage, 30d, person.rank < max(1, 10% * distinct(usage.person, 30d)) + 1)", 30),
    ("distinct(usage.person, 30d, person.first_seen <= 30d)", 1), ("distinct(usage.person, 30d, person.first_seen <= 5d)", 1),
    ("distinct(usage.person, 30d, person.first_seen < 5d)", 0), ("count(usage, 30d, person.rank = 1)", 30),
    ("distinct(usage.name, 30d)", 2), ("distinct(usage.feature.name, 30d, feature.persons >= 2)", 1),
    ("distinct(usage.name, 30d, person.rank > 1)", 2), ("active_days(usage, 30d, feature.persons < 2)", 3),
    ("distinct(usage.person, 30d, name = \"export\" and person.rank = 1)", 1),
    ("own_level(distinct(usage.feature.name, feature.persons >= 2), 30d)", 1),
  ])
  func measuresPersonsAndFeatures(_ text: String, _ expected: Int) {
    let outcome = team().value(text)
    #expect(outcome == .number(Fixed(expected)), "\(text): \(outcome)")
  }

  @Test func whoIsNewIsMissingWhileUsageIsKnownForTooShort() {
    var scene = team()
    scene.knownFrom = 241
    #expect(scene.value("distinct(usage.person, 30d, person.first_seen <= 30d)").isMissing)
    scene.knownFrom = 240
    #expect(scene.value("distinct(usage.person, 30d, person.first_seen <= 30d)") == .number(Fixed(1)))
  }

  @Test func aLimitThatIsMissingMakesTheAggregateMissing() {
    #expect(team().value("distinct(usage.person, 30d, person.rank <= seats)").isMissing)
  }

  @Test func aSetAnchoredAtTheOpeningStaysTheSame() {
    var scene = team()
    scene.today = 300
    let silent = "distinct(usage.person, 90d, before (30d + open_for), person.active_days >= 30 and person.silent_for >= 30d)"
    #expect(scene.value(silent) == .number(Fixed(1)))
    scene.use("report", by: [1], on: 301...400)
    scene.today = 400
    #expect(scene.value(silent) == .number(.zero))
    scene.openedOn = 300
    #expect(scene.value(silent) == .number(Fixed(1)))
  }

  @Test(arguments: [
    ("distinct(usage.person, 30d, person.active_dayz >= 6)", RuleCode.unknownField, "person.active_days"),
    ("distinct(usage.person, 30d, person.silent_for >= 30)", .wrongType, "30d"),
    ("distinct(usage.person, 30d, person.rank <= 30d)", .wrongType, ""),
    ("distinct(usage.person, 30d, person.rank != 1)", .badUsageFilter, "person.active_days"),
    ("distinct(usage.person, 30d, 6 <= person.active_days)", .badUsageFilter, "person.active_days"),
    ("distinct(usage, 30d)", .wrongArguments, "usage.name"),
    ("seats > 3 within 3", .badWindow, ""), ("seats within 3d", .conditionExpected, "seats"),
  ])
  func refuses(_ text: String, _ code: RuleCode, _ hint: String) {
    let found = faults(text)
    #expect(found.map(\.code) == [code], "\(text): \(found)")
    #expect(hint.isEmpty || found.first?.hint?.contains(hint) == true, "\(text): \(found)")
  }

  @Test(arguments: [(10, true), (11, true), (40, true), (9, false)])
  func withinHoldsIfAnyOfTheDaysDid(_ days: Int, _ expected: Bool) {
    var scene = Scene()
    scene.use("report", on: 0...290)
    // Last used on day 290: as of day 291 it was used yesterday, ten days ago.
    #expect(scene.value("exists(usage, 1d) within \(days + 1)d") == .flag(expected))
  }

  @Test func withinIsMissingWhereNoneIsTrueAndOneIsMissing() {
    var scene = Scene()
    scene.use("report", on: 0...295)
    scene.knownFrom = 290
    #expect(scene.value("count(usage, 5d) > 100 within 5d") == .flag(false))
    #expect(scene.value("count(usage, 5d) > 100 within 30d").isMissing)
    #expect(scene.value("count(usage, 5d) >= 5 within 30d") == .flag(true))
  }
}
