import Events
import Features
import Revenue
import Rules
import Testing

/// The shipped rules about who uses what: each on a small account for which it fires, and on one much like it for which it does not.
@Suite struct UsageRulesTests {
  private let rules: CompiledRules

  init() throws { rules = try Repository.shippedRules() }

  private func reading(_ id: String, _ scene: Scene) throws -> RuleReading {
    Evaluator.reading(of: try #require(rules.rule(id)), scene.facts)
  }

  private func title(_ id: String, _ scene: Scene) throws -> String { Evaluator.render(try #require(rules.rule(id)).title, scene.facts) }

  private func clears(_ id: String, _ scene: Scene) throws -> Outcome { Evaluator.clears(try #require(rules.rule(id)), scene.facts) }

  /// As if the rule had fired at the end of a day.
  private func opened(_ id: String, _ scene: Scene, on day: Int, today: Int) throws -> Scene {
    var scene = scene
    scene.today = day
    scene.frozen = Evaluator.references(of: try #require(rules.rule(id)), scene.facts)
    scene.openedOn = day
    scene.today = today
    return scene
  }

  private func persons(_ count: Int, from first: Int = 1) -> [Int64?] { (first..<first + count).map { Int64($0) } }

  private func catalog(_ scene: inout Scene) {
    scene.tiers = ["basic", "plus"]
    scene.plans = [
      "basic": Plan(id: "basic", tier: "basic", productLine: "core", countsSeats: true, isElastic: false, premiumFeatures: []),
      "plus": Plan(id: "plus", tier: "plus", productLine: "core", countsSeats: true, isElastic: false, premiumFeatures: ["forecast"]),
    ]
    scene.features = [
      "forecast": ProductFeature(meaning: .feature, tier: "plus"),
      "report": ProductFeature(meaning: .feature, tier: "basic", isFirstValue: true),
    ]
  }

  // MARK: Seats

  private func seats(_ seats: Int, used: Int, until day: Int = 300, thenUsed: Int? = nil) -> Scene {
    var scene = Scene()
    scene.subscribe(seats: seats, on: 0)
    scene.use("report", by: persons(used), on: 0...day)
    if day < 300 { scene.use("report", by: persons(thenUsed ?? 0), on: (day + 1)...300) }
    return scene
  }

  @Test func licensedUnderuse() throws {
    #expect(try reading("licensed_underuse", seats(20, used: 10)) == .met(.medium))
    #expect(try title("licensed_underuse", seats(20, used: 10)) == "10 of 20 paid seats in use (50%)")
    #expect(try reading("licensed_underuse", seats(20, used: 11)) == .quiet)
    #expect(try reading("licensed_underuse", seats(4, used: 1)) == .notApplicable)
    // It was well used a month ago: an early word.
    #expect(try reading("licensed_underuse", seats(20, used: 16, until: 240, thenUsed: 13)) == .met(.low))
    #expect(try reading("licensed_underuse", seats(20, used: 15, until: 240, thenUsed: 13)) == .quiet)
    var silent = seats(20, used: 10)
    silent.unknownKinds = [.usage]
    #expect(try reading("licensed_underuse", silent).isKnown == false)
  }

  @Test func licensedUnderuseWaitsWhileNewSeatsSettle() throws {
    var scene = seats(10, used: 8)
    scene.subscribe(seats: 20, on: 270)
    #expect(try reading("licensed_underuse", scene) == .notApplicable)
  }

  @Test func licensedUnderuseClearsWithUse() throws {
    var scene = seats(20, used: 10)
    #expect(try clears("licensed_underuse", scene) == .flag(false))
    scene.use("report", by: persons(2, from: 50), on: 280...300)
    #expect(try clears("licensed_underuse", scene) == .flag(true))
  }

  @Test func renewalUnderuse() throws {
    var scene = seats(20, used: 8)
    scene.record(
      .account, "a", on: 0, ["contract": .object(["end": .instant(Scene.instant(350)), "term": .text("annual")])])
    #expect(try reading("renewal_underuse", scene) == .quiet)
    scene.standings = ["licensed_underuse": RuleStanding(isFiring: true, level: "medium")]
    #expect(try reading("renewal_underuse", scene) == .met(.high))
    scene.today = 280
    #expect(try reading("renewal_underuse", scene) == .quiet)
    scene.record(.account, "a", on: 1, ["contract": .object(["end": .instant(Scene.instant(350)), "term": .text("monthly")])])
    #expect(try reading("renewal_underuse", scene) == .notApplicable)
  }

  // MARK: People

  @Test func powerUsersGone() throws {
    var scene = Scene()
    scene.use("report", by: persons(2), on: 0...300)
    scene.use("report", by: persons(2, from: 3), on: 0...269)
    scene.use("report", by: persons(1, from: 5), on: 0...300, every: 10)
    #expect(try reading("power_users_gone", scene) == .quiet)
    scene.today = 299
    #expect(try reading("power_users_gone", scene) == .quiet)
    // The set is the three most active: two of them are gone.
    scene = Scene()
    scene.use("report", by: persons(1), on: 0...300, every: 2)
    scene.use("report", by: persons(2, from: 3), on: 0...270)
    #expect(try reading("power_users_gone", scene) == .met(.high))
    #expect(try title("power_users_gone", scene) == "2 of 3 power users silent for 30 days")
    scene.today = 299
    #expect(try reading("power_users_gone", scene) == .quiet)
    scene.today = 331
    scene.use("report", by: persons(1), on: 301...331, every: 2)
    #expect(try reading("power_users_gone", scene).isKnown)
    var few = Scene()
    few.use("report", by: persons(2), on: 0...270)
    #expect(try reading("power_users_gone", few) == .notApplicable)
  }

  @Test func powerUsersGoneGetsGraverAndReadsTheSamePeople() throws {
    var scene = Scene()
    scene.use("report", by: persons(1), on: 0...360, every: 2)
    scene.use("report", by: persons(2, from: 3), on: 0...270)
    let rule = try #require(rules.rule("power_users_gone"))
    scene = try opened("power_users_gone", scene, on: 300, today: 329)
    #expect(Evaluator.level(of: rule, scene.facts) == .high)
    scene.today = 331
    #expect(Evaluator.level(of: rule, scene.facts) == .critical)
    #expect(try clears("power_users_gone", scene) == .flag(false))
    // One of the two is back: less than half is gone.
    scene.use("report", by: persons(1, from: 3), on: 325...331)
    #expect(try clears("power_users_gone", scene) == .flag(true))
  }

  @Test func powerUsersWhoAreReplacedAreNotGone() throws {
    var scene = Scene()
    scene.use("report", by: persons(1), on: 0...330, every: 2)
    scene.use("report", by: persons(2, from: 3), on: 0...270)
    scene = try opened("power_users_gone", scene, on: 300, today: 330)
    #expect(try clears("power_users_gone", scene) == .flag(false))
    scene.use("report", by: persons(2, from: 8), on: 310...330)
    #expect(try clears("power_users_gone", scene) == .flag(true))
  }

  @Test func singleThreaded() throws {
    var scene = Scene()
    scene.subscribe(seats: 12, on: 0)
    scene.use("report", by: persons(1), on: 0...300)
    scene.use("report", by: persons(3, from: 2), on: 0...300, every: 5)
    scene.record(.contact, "c", on: 0, person: 1, ["role": .text("champion"), "status": .text("active")])
    #expect(try reading("single_threaded", scene) == .met(.low))
    scene.use("report", by: persons(1, from: 5), on: 240...300)
    #expect(try reading("single_threaded", scene) == .quiet)
    #expect(try clears("single_threaded", scene) == .flag(true))
    scene.record(.contact, "c", on: 290, person: 1, ["role": .text("champion"), "status": .text("left")])
    #expect(try reading("single_threaded", scene) == .met(.low))
    scene.subscribe(seats: 9, on: 1)
    #expect(try reading("single_threaded", scene) == .notApplicable)
  }

  // MARK: Features

  @Test func purchaseDriverDropped() throws {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    scene.use("session_start", by: persons(3), on: 0...300)
    scene.use("report", by: persons(2), on: 0...279)
    #expect(try reading("purchase_driver_dropped", scene) == .met(.high))
    #expect(try title("purchase_driver_dropped", scene) == "Nobody uses report any more, what the account was bought for")
    scene.today = 299
    #expect(try reading("purchase_driver_dropped", scene) == .quiet)
    scene.today = 300
    var open = try opened("purchase_driver_dropped", scene, on: 300, today: 310)
    open.use("session_start", by: persons(3), on: 301...310)
    #expect(try clears("purchase_driver_dropped", open) == .flag(false))
    open.use("report", by: persons(1), on: 305...307)
    #expect(try clears("purchase_driver_dropped", open) == .flag(true))
    // The whole account went silent: another rule's concern.
    var silent = Scene()
    silent.subscribe(seats: 10, on: 0)
    silent.use("session_start", by: persons(3), on: 0...279)
    silent.use("report", by: persons(2), on: 0...279)
    #expect(try reading("purchase_driver_dropped", silent) == .quiet)
    silent.knownFrom = 30
    #expect(try reading("purchase_driver_dropped", silent).isKnown == false)
  }

  @Test(arguments: [(3, RuleReading.met(.medium)), (4, .quiet)])
  func adoptionNarrowing(_ left: Int, _ expected: RuleReading) throws {
    var scene = Scene()
    for index in 0..<6 { scene.use("feature_\(index)", by: persons(2), on: 0...(index < left ? 300 : 265), every: 5) }
    for index in 6..<9 { scene.use("feature_\(index)", by: persons(1), on: 0...265, every: 5) }
    #expect(try reading("adoption_narrowing", scene) == expected)
    var open = try opened("adoption_narrowing", scene, on: 300, today: 340)
    for index in 0..<4 { open.use("feature_\(index)", by: persons(2), on: 301...340, every: 5) }
    #expect(try clears("adoption_narrowing", open) == .flag(false))
    for index in 0..<5 { open.use("feature_\(index)", by: persons(2), on: 301...340, every: 5) }
    #expect(try clears("adoption_narrowing", open) == .flag(true))
  }

  @Test func adoptionNarrowingNeedsSomethingToNarrow() throws {
    var scene = Scene()
    for index in 0..<4 { scene.use("feature_\(index)", by: persons(2), on: 0...(index < 1 ? 300 : 265), every: 5) }
    #expect(try reading("adoption_narrowing", scene) == .notApplicable)
    scene.unknownKinds = [.usage]
    #expect(try reading("adoption_narrowing", scene).isKnown == false)
  }

  @Test func basicOnlyOnPremium() throws {
    var scene = Scene()
    catalog(&scene)
    scene.subscribe(seats: 10, on: 0, plan: "plus")
    scene.use("report", by: persons(5), on: 0...300)
    scene.use("forecast", by: persons(2), on: 0...240)
    #expect(try reading("basic_only_on_premium", scene) == .met(.low))
    scene.record(.account, "a", on: 0, ["contract": .object(["end": .instant(Scene.instant(400))])])
    #expect(try reading("basic_only_on_premium", scene) == .met(.medium))
    var open = try opened("basic_only_on_premium", scene, on: 300, today: 320)
    open.use("forecast", by: persons(1), on: 310...320)
    #expect(try clears("basic_only_on_premium", open) == .flag(false))
    open.use("forecast", by: persons(2), on: 310...320)
    #expect(try clears("basic_only_on_premium", open) == .flag(true))
    scene.use("forecast", by: persons(1), on: 241...241)
    #expect(try reading("basic_only_on_premium", scene) == .quiet)
    scene.subscribe(seats: 10, on: 290, plan: "basic")
    #expect(try reading("basic_only_on_premium", scene).isKnown == false)
  }

  @Test(arguments: [(29, RuleReading.quiet), (31, .met(.medium)), (61, .met(.high)), (95, .notApplicable)])
  func onboardingStalledWithoutFirstValue(_ age: Int, _ expected: RuleReading) throws {
    var scene = Scene()
    catalog(&scene)
    scene.today = 100 + age
    scene.subscribe(seats: 10, on: 100, plan: "basic", startedOn: 100)
    scene.use("session_start", by: persons(8), on: 100...(100 + age))
    #expect(try reading("onboarding_stalled", scene) == expected)
    scene.use("report", by: persons(1), on: 110...110)
    #expect(try reading("onboarding_stalled", scene) == (expected == .notApplicable ? .notApplicable : .quiet))
    #expect(try clears("onboarding_stalled", scene) == .flag(true))
  }

  @Test(arguments: [(44, 2, RuleReading.quiet), (46, 2, .met(.medium)), (46, 3, .quiet), (61, 2, .met(.high))])
  func onboardingStalledWithFewPeople(_ age: Int, _ people: Int, _ expected: RuleReading) throws {
    var scene = Scene()
    catalog(&scene)
    scene.today = 100 + age
    scene.subscribe(seats: 10, on: 100, plan: "basic", startedOn: 100)
    scene.use("report", by: persons(people), on: 100...(100 + age))
    #expect(try reading("onboarding_stalled", scene) == expected)
    scene.features = [:]
    #expect(try reading("onboarding_stalled", scene).isKnown == (age >= 46 && people == 2))
  }

  @Test func exploringAdvanced() throws {
    var scene = Scene()
    catalog(&scene)
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("report", by: persons(5), on: 0...300)
    scene.use("forecast", by: persons(2), on: 290...300)
    #expect(try reading("exploring_advanced", scene) == .quiet)
    scene.use("forecast", by: persons(3), on: 299...299)
    #expect(try reading("exploring_advanced", scene) == .met(.medium))
    #expect(try title("exploring_advanced", scene) == "3 people tried features above their plan")
    #expect(try clears("exploring_advanced", scene) == .flag(false))
    scene.subscribe(seats: 10, on: 300, plan: "plus")
    #expect(try reading("exploring_advanced", scene) == .quiet)
    #expect(try clears("exploring_advanced", scene) == .flag(true))
    scene.tiers = []
    #expect(try reading("exploring_advanced", scene).isKnown == false)
  }

  @Test func nearCapacityOfALimit() throws {
    var scene = Scene()
    scene.plans = [
      "calls": Plan(
        id: "calls", tier: "", productLine: "", countsSeats: false, isElastic: false, premiumFeatures: [],
        limit: PlanLimit(event: "api_call", quantity: Fixed(36_500), per: .month))
    ]
    scene.subscribe(seats: 1, on: 0, plan: "calls")
    scene.use("api_call", by: [nil], on: 0...200, quantity: 600)
    scene.use("api_call", by: [nil], on: 201...300, quantity: 1020)
    #expect(try reading("near_capacity", scene) == .met(.medium))
    #expect(try title("near_capacity", scene) == "31,025 of 36,500 units of the limit in use (85%)")
    scene.use("api_call", by: [nil], on: 201...300, quantity: 80)
    #expect(try reading("near_capacity", scene) == .met(.high))
  }

  // MARK: Teams

  private func teams() -> Scene {
    var scene = Scene()
    scene.subscribe(seats: 20, on: 0)
    scene.use("report", by: persons(4), on: 0...300, team: "sales")
    return scene
  }

  @Test func newTeam() throws {
    var scene = teams()
    #expect(try reading("new_team", scene) == .quiet)
    scene.use("report", by: persons(2, from: 20), on: 290...300, team: "support")
    #expect(try reading("new_team", scene) == .quiet)
    scene.use("report", by: persons(1, from: 22), on: 298...300, team: "support")
    #expect(try reading("new_team", scene) == .met(.medium))
    #expect(try title("new_team", scene) == "New team: support")
    #expect(try clears("new_team", scene) == .flag(false))
    scene.use("report", by: persons(3, from: 20), on: 301...360, team: "support")
    scene.today = 349
    #expect(try clears("new_team", scene) == .flag(false))
    scene.today = 350
    #expect(try clears("new_team", scene) == .flag(true))
  }

  @Test func anEarlierTeamUnderAnotherNameIsNotNew() throws {
    var scene = teams()
    scene.use("report", by: persons(4), on: 290...300, team: "revenue")
    #expect(try reading("new_team", scene) == .quiet)
    scene.use("report", by: persons(5, from: 30), on: 290...300, team: "revenue")
    #expect(try reading("new_team", scene) == .met(.medium))
  }

  @Test func aSourceThatBeginsToTellTeamsHasNoNewOnes() throws {
    var scene = Scene()
    scene.subscribe(seats: 20, on: 0)
    scene.use("report", by: persons(4), on: 0...300)
    #expect(try reading("new_team", scene) == .notApplicable)
    scene.use("report", by: persons(4), on: 290...300, team: "sales")
    scene.use("report", by: persons(4, from: 10), on: 290...300, team: "support")
    #expect(try reading("new_team", scene) == .quiet)
    scene.knownFrom = 200
    #expect(try reading("new_team", scene).isKnown == false)
  }

  @Test func aTeamThatCameWithAnExpansionAndLeft() throws {
    var scene = teams()
    scene.expansionCase = ExpansionCase(
      number: 1, openedOn: Scene.day(250), mrrBefore: 1, mrrAfter: 2, seatsBefore: 4, seatsAfter: 20, plansAdded: [])
    #expect(try reading("expansion_use_abandoned", scene).isKnown == false)
    scene.use("report", by: persons(3, from: 20), on: 251...285, team: "support")
    #expect(try reading("expansion_use_abandoned", scene) == .met(.critical))
    #expect(try title("expansion_use_abandoned", scene).contains("the team support"))
    scene.use("report", by: persons(3, from: 20), on: 286...300, team: "support")
    #expect(try reading("expansion_use_abandoned", scene) == .quiet)
  }

  @Test(arguments: ["distinct(usage.api.team, 30d)", "distinct(usage.team, 30d, business_day)"])
  func teamsAreNotNarrowed(_ text: String) {
    #expect(faults(text).map(\.code) == [.badUsageFilter])
  }
}
