import ConfigFiles
import Events
import Features
import Revenue
import Rules
import Testing

/// Each shipped rule on a small account for which it fires, and on one much like it for which it does not.
@Suite struct ShippedRulesTests {
  @Test func everyShippedFileIsWithoutFault() throws {
    var diagnostics = Diagnostics()
    let rules = CompiledRules.load(files: try Repository.ruleFiles(), diagnostics: &diagnostics)
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    let ids = Set(rules?.rules.map(\.id) ?? [])
    #expect(ids.count >= 25)
    #expect(ids.subtracting(Self.rows).isEmpty, "\(ids.subtracting(Self.rows)) are no rows of the mission")
    #expect(rules?.tiers.map(\.tier) == [.blocked, .high, .medium, .low])
    for rule in rules?.rules ?? [] {
      #expect(rule.opener != nil && !rule.evidence.isEmpty, "\(rule.id)")
      #expect(rule.opener?.text.split(separator: "\n").count == 2, "\(rule.id): an opener has two lines")
    }
  }

  /// Every row that a rule may stand for.
  private static let rows: Set<String> = [
    "api_usage_collapse", "login_decline", "licensed_underuse", "power_users_gone", "champion_silent", "champion_left",
    "single_threaded", "purchase_driver_dropped", "expansion_use_abandoned", "adoption_narrowing", "basic_only_on_premium",
    "onboarding_stalled", "metered_decline", "support_spike", "unresolved_tickets", "false_resolution", "competitor_mentions",
    "reevaluating_stack", "price_pressure", "competitor_browsing", "payment_hesitation", "payment_trouble", "csm_unanswered", "no_touch",
    "headcount_decline", "renewal_underuse", "nps_detractor", "seat_reduction", "downgrade", "cancel_scheduled", "csm_changed",
    "capital_event", "near_capacity", "usage_growth_no_upgrade", "power_users_growing", "exploring_advanced", "new_team",
    "headcount_growth", "adjacent_intent", "happy", "natural_trigger", "champion_moved_to_prospect", "flat_evaluating", "flat_declining",
    "flat_champion_changed", "flat_growing", "flat_quiet", "flat_unknown",
  ]

  private let rules: CompiledRules

  init() throws { rules = try Repository.shippedRules() }

  private func reading(_ id: String, _ scene: Scene) throws -> RuleReading {
    Evaluator.reading(of: try #require(rules.rule(id)), scene.facts)
  }

  private func title(_ id: String, _ scene: Scene) throws -> String { Evaluator.render(try #require(rules.rule(id)).title, scene.facts) }

  // MARK: Usage

  private func caller(callsNow: Int, before: Int = 100) -> Scene {
    var scene = Scene()
    scene.use("api_call", by: [nil], on: 0...286, quantity: before)
    if callsNow > 0 { scene.use("api_call", by: [nil], on: 287...300, quantity: callsNow) }
    return scene
  }

  @Test func apiUsageCollapse() throws {
    #expect(try reading("api_usage_collapse", caller(callsNow: 18)) == .met(.high))
    #expect(try title("api_usage_collapse", caller(callsNow: 18)) == "API calls down 82% in 14 days")
    #expect(try reading("api_usage_collapse", caller(callsNow: 45)) == .quiet)
    #expect(try reading("api_usage_collapse", caller(callsNow: 1, before: 5)) == .notApplicable)
    var young = caller(callsNow: 10)
    young.knownFrom = 250
    #expect(try reading("api_usage_collapse", young).isKnown == false)
    #expect(try reading("api_usage_collapse", caller(callsNow: 18)) == .met(.high))
  }

  @Test func aHolidayThatEverybodyKeepsIsNoCollapse() throws {
    var scene = caller(callsNow: 35)
    #expect(try reading("api_usage_collapse", scene) == .met(.high))
    let feature = try #require(rules.cohortFeatures.first { $0.id.contains("usage.api") })
    scene.cohort = [feature.id: [Scene.day(300): Fixed("0.4") ?? .zero]]
    #expect(try reading("api_usage_collapse", scene) == .quiet)
  }

  @Test func explainsWhyAndWhyNot() throws {
    let rule = try #require(rules.rule("api_usage_collapse"))
    let text = Evaluator.explain(rule, caller(callsNow: 45).facts).rendered(OutcomeFormat(calendar: .utc, currency: "usd"))
    for part in ["needs:", "when:", "critical:", "clear:", "not adjusted", "held on 0 of the last 7 days", "drop >= 60%", "55%"] {
      #expect(text.contains(part), "\(part) is not in\n\(text)")
    }
  }

  @Test func apiUsageStaysCollapsedUntilItsOldLevelIsBack() throws {
    let rule = try #require(rules.rule("api_usage_collapse"))
    var scene = caller(callsNow: 0)
    scene.frozen = Evaluator.references(of: rule, scene.facts)
    #expect(
      scene.frozen.keys.sorted() == [
        "own_level(count(usage.api), 28d)", "own_level(count(usage.api), 30d)", "own_level(count(usage.api), 7d)",
      ])
    scene.openedOn = 300
    scene.today = 330
    #expect(Evaluator.level(of: rule, scene.facts) == .critical)
    scene.today = 500
    #expect(Evaluator.clears(rule, scene.facts) == .flag(false))
    scene.use("api_call", by: [nil], on: 400...500, quantity: 90)
    #expect(Evaluator.clears(rule, scene.facts) == .flag(true))
  }

  @Test func aSuddenCollapseDoesNotClearBecauseFourWeeksHaveNotFallenYet() throws {
    let rule = try #require(rules.rule("api_usage_collapse"))
    var scene = caller(callsNow: 18)
    scene.frozen = Evaluator.references(of: rule, scene.facts)
    scene.openedOn = 300
    #expect(Evaluator.clears(rule, scene.facts) == .flag(false))
  }

  /// The story: new features in use for three weeks after the expansion on day 200, the rest of the product as ever.
  private func story(silentFrom lastUse: Int, today: Int) -> Scene {
    var scene = Scene()
    scene.today = today
    scene.subscribe(seats: 20, on: 0)
    scene.subscribe(seats: 45, on: 200)
    scene.use("editor", by: [1, 2, 3, 4], on: 0...today, weekdaysOnly: true)
    scene.use("audit_export", by: [1, 2], on: 201...lastUse, weekdaysOnly: true)
    scene.use("forecast", by: [2, 3], on: 202...lastUse, weekdaysOnly: true)
    scene.expansionCase = scene.facts.account.ledger.expansionCases(through: Scene.day(today)).last
    return scene
  }

  /// For each weekday of the upgrade: no alert while the features are in use, and one by day 27 at the latest.
  @Test(arguments: 0..<7)
  func expansionUseAbandonedIsSeenBeforeDay28(_ shift: Int) throws {
    var scene = Scene()
    var fired: Int?
    let upgrade = 200 + shift
    let last = (upgrade...(upgrade + 20)).last { CompanyCalendar.utc.isBusinessDay(Scene.day($0)) } ?? upgrade
    scene.subscribe(seats: 20, on: 0)
    scene.subscribe(seats: 45, on: upgrade)
    scene.use("editor", by: [1, 2, 3, 4], on: 0...(upgrade + 40), weekdaysOnly: true)
    scene.use("audit_export", by: [1, 2], on: (upgrade + 1)...last, weekdaysOnly: true)
    for day in upgrade...(upgrade + 40) where fired == nil {
      scene.today = day
      scene.expansionCase = scene.facts.account.ledger.expansionCases(through: Scene.day(day)).last
      if case .met = try reading("expansion_use_abandoned", scene) { fired = day }
    }
    let day = try #require(fired) - upgrade
    #expect(day > 20 && day < 28, "fired on day \(day)")
    #expect(try title("expansion_use_abandoned", scene).contains("audit_export"))
    #expect(try title("expansion_use_abandoned", scene).hasPrefix("Unused since \(Scene.day(last).short)"))
  }

  /// With a holiday among the silent days there are only three of them, and five persons a day make up for it.
  @Test(arguments: 0..<7)
  func expansionUseAbandonedIsSeenAcrossAHoliday(_ shift: Int) throws {
    let upgrade = 200 + shift
    let isOpen = { (day: Int) in CompanyCalendar.utc.isBusinessDay(Scene.day(day)) }
    let last = (upgrade...(upgrade + 20)).last(where: isOpen) ?? upgrade
    var scene = Scene()
    scene.holidays = [Scene.day(((upgrade + 21)...(upgrade + 26)).first(where: isOpen) ?? 0)]
    scene.subscribe(seats: 20, on: 0)
    scene.subscribe(seats: 45, on: upgrade)
    scene.use("editor", by: [1, 2, 3, 4, 5, 6], on: 0...(upgrade + 40), weekdaysOnly: true)
    scene.use("audit_export", by: [1, 2, 3, 4, 5], on: (upgrade + 1)...last, weekdaysOnly: true)
    let fired = try ((upgrade + 1)...(upgrade + 40)).first { day in
      scene.today = day
      scene.expansionCase = scene.facts.account.ledger.expansionCases(through: Scene.day(day)).last
      if case .met = try reading("expansion_use_abandoned", scene) { return true }
      return false
    }
    let day = try #require(fired) - upgrade
    #expect(day > 20 && day < 28, "fired on day \(day)")
  }

  @Test func expansionUseAbandonedGetsGraver() throws {
    let rule = try #require(rules.rule("expansion_use_abandoned"))
    var scene = story(silentFrom: 220, today: 226)
    #expect(try reading("expansion_use_abandoned", scene) == .met(.high))
    #expect(
      try title("expansion_use_abandoned", scene) == "Unused since 8 Aug 2025: audit_export, forecast, brought in by the expansion")
    scene.standings = ["payment_hesitation": RuleStanding(isFiring: true, level: "context")]
    #expect(Evaluator.level(of: rule, scene.facts) == .critical)
    #expect(Evaluator.level(of: rule, story(silentFrom: 220, today: 240).facts) == .critical)
  }

  @Test func expansionUseAbandonedSparesTheTwinAndTheHoliday() throws {
    #expect(try reading("expansion_use_abandoned", story(silentFrom: 226, today: 226)) == .quiet)
    var holiday = Scene()
    holiday.today = 226
    holiday.subscribe(seats: 20, on: 0)
    holiday.subscribe(seats: 45, on: 200)
    holiday.use("editor", by: [1, 2, 3, 4], on: 0...219, weekdaysOnly: true)
    holiday.use("audit_export", by: [1, 2], on: 201...219, weekdaysOnly: true)
    holiday.expansionCase = holiday.facts.account.ledger.expansionCases(through: Scene.day(226)).last
    #expect(try reading("expansion_use_abandoned", holiday) == .quiet)
  }

  @Test func expansionUseAbandonedClearsOnlyByNewUse() throws {
    let rule = try #require(rules.rule("expansion_use_abandoned"))
    var scene = story(silentFrom: 220, today: 226)
    scene.frozen = Evaluator.references(of: rule, scene.facts)
    scene.openedOn = 226
    #expect(Evaluator.clears(rule, scene.facts) == .flag(false))
    scene.today = 231
    scene.use("audit_export", by: [1, 2], on: 228...230)
    #expect(Evaluator.clears(rule, scene.facts) == .flag(true))
  }

  // MARK: People

  private func withChampion(status: String, successor: Bool = false, since day: Int = 290) -> Scene {
    var scene = Scene()
    scene.record(.contact, "c1", on: 0, person: 1, ["role": .text("champion"), "status": .text("active"), "email": .text("a@x.example")])
    scene.record(.contact, "c1", on: day, person: 1, ["role": .text("champion"), "status": .text(status), "email": .text("a@x.example")])
    if successor {
      scene.record(.contact, "c2", on: day, person: 2, hour: 10, ["role": .text("champion"), "status": .text("active")])
    }
    return scene
  }

  @Test func championLeft() throws {
    #expect(try reading("champion_left", withChampion(status: "left")) == .met(.high))
    #expect(try reading("champion_left", withChampion(status: "left", since: 260)) == .met(.critical))
    #expect(try reading("champion_left", withChampion(status: "active")) == .quiet)
    #expect(try reading("champion_left", withChampion(status: "left", successor: true)) == .quiet)
    #expect(try reading("champion_left", Scene()) == .notApplicable)
    let rule = try #require(rules.rule("champion_left"))
    #expect(rule.hold == .days(2))
    #expect(Evaluator.clears(rule, withChampion(status: "left").facts) == .flag(false))
    #expect(Evaluator.clears(rule, withChampion(status: "left", successor: true).facts) == .flag(true))
  }

  @Test func championMovedToAnotherDomain() throws {
    var scene = withChampion(status: "active")
    scene.record(.contact, "c1", on: 295, person: 1, ["role": .text("champion"), "status": .text("active"), "email": .text("a@y.example")])
    #expect(try reading("champion_left", scene) == .met(.high))
  }

  @Test(arguments: [(1, 271, false), (1, 270, true), (15, 260, false), (15, 255, true)])
  func championSilent(_ step: Int, _ lastUse: Int, _ fires: Bool) throws {
    var scene = withChampion(status: "active")
    scene.use("editor", by: [1], on: lastUse % step...lastUse, every: step)
    scene.use("editor", by: [9], on: 0...300)
    #expect(try reading("champion_silent", scene) == (fires ? .met(.medium) : .quiet))
  }

  @Test func aChampionWhoHardlyUsedItIsNotSilent() throws {
    var scene = withChampion(status: "active")
    scene.use("editor", by: [1], on: 180...200, every: 10)
    #expect(try reading("champion_silent", scene) == .notApplicable)
    #expect(try reading("champion_silent", withChampion(status: "active")).isKnown == false)
  }

  // MARK: Support

  private func escalations(_ count: Int, last day: Int) -> Scene {
    var scene = Scene()
    for index in 0..<count {
      let opened = day - 20 - index * 3
      let common: [String: Value] = ["subject": .text("Export \(index)"), "topic": .text("export\(index)"), "escalated": .flag(true)]
      let versions: [(Int, String, Int64)] = [(opened, "open", 0), (opened + 5, "solved", 0), (opened + 20, "open", 1)]
      for (on, status, reopens) in versions {
        scene.record(.ticket, "t\(index)", on: on, common.merging(["status": .text(status), "reopens": .integer(reopens)]) { $1 })
      }
    }
    return scene
  }

  @Test func falseResolution() throws {
    #expect(try reading("false_resolution", escalations(3, last: 290)) == .met(.high))
    #expect(try title("false_resolution", escalations(4, last: 290)) == "4 escalated tickets came back after being marked solved")
    #expect(try reading("false_resolution", escalations(2, last: 290)) == .quiet)
    #expect(try reading("false_resolution", escalations(3, last: 250)) == .quiet)
    let rule = try #require(rules.rule("false_resolution"))
    #expect(Evaluator.clears(rule, escalations(3, last: 290).facts) == .flag(false))
    #expect(Evaluator.clears(rule, escalations(3, last: 250).facts) == .flag(true))
  }

  // MARK: Billing

  @Test func paymentHesitation() throws {
    var scene = Scene()
    scene.record(.engagement, "e", on: 290, ["text": .text("AP concern: who approved this? Wants it explained before approving.")])
    #expect(try reading("payment_hesitation", scene) == .met(.context))
    scene.record(.account, "a", on: 0, ["contract": .object(["end": .instant(Scene.instant(360))])])
    #expect(try reading("payment_hesitation", scene) == .met(.low))
    scene.today = 351
    #expect(try reading("payment_hesitation", scene) == .quiet)
    scene.unknownKinds = [.engagement, .ticket]
    #expect(try reading("payment_hesitation", scene).isKnown == false)
  }

  @Test(arguments: [(3, [290], true), (2, [290], false), (3, [100, 290], false), (3, [], false)])
  func theFirstInvoiceQueryOfAPayingAccount(_ paidInvoices: Int, _ queries: [Int], _ fires: Bool) throws {
    var scene = Scene()
    scene.subscribe(seats: 5, on: 0)
    for index in 0..<paidInvoices { scene.pay("i\(index)", due: 150 + 30 * index, late: 0) }
    for day in queries {
      scene.record(.ticket, "t\(day)", on: day, ["subject": .text("Question about our last invoice"), "status": .text("new")])
    }
    #expect(try reading("payment_hesitation", scene) == (fires ? .met(.context) : .quiet))
  }

  @Test func aFailedChargeIsTroubleAfterThreeDays() throws {
    var scene = Scene()
    scene.pay("i0", due: 200, late: 0)
    scene.record(.payment, "p", on: 295, ["invoice": .text("i9"), "status": .text("failed")])
    #expect(try reading("payment_trouble", scene) == .met(.medium))
    scene.today = 297
    #expect(try reading("payment_trouble", scene) == .quiet)
    scene.today = 300
    scene.record(.payment, "p2", on: 298, ["invoice": .text("i9"), "status": .text("succeeded")])
    #expect(try reading("payment_trouble", scene) == .quiet)
  }

  @Test(arguments: [(0, 292, true), (0, 294, false), (6, 292, false), (6, 285, true)])
  func anInvoiceOverdueBeyondTheCustomersHabit(_ habit: Int, _ due: Int, _ fires: Bool) throws {
    var scene = Scene()
    for index in 0..<6 { scene.pay("i\(index)", due: 60 + 25 * index, late: habit) }
    scene.record(.invoice, "open", on: due - 10, ["status": .text("open"), "due_at": .instant(Scene.instant(due))])
    #expect(try reading("payment_trouble", scene) == (fires ? .met(.medium) : .quiet))
  }

  @Test func threeLateInARowWhereItWasNotSoBefore() throws {
    var scene = Scene()
    for index in 0..<5 { scene.pay("i\(index)", due: 60 + 30 * index, late: 0) }
    for index in 5..<8 { scene.pay("i\(index)", due: 70 + 30 * index, late: 5) }
    #expect(try reading("payment_trouble", scene) == .met(.medium))
    scene.pay("i8", due: 297, late: 0)
    #expect(try reading("payment_trouble", scene) == .quiet)
  }

  @Test func seatReduction() throws {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    #expect(try reading("seat_reduction", scene) == .quiet)
    scene.subscribe(seats: 4, on: 298)
    #expect(try reading("seat_reduction", scene) == .met(.high))
    #expect(try title("seat_reduction", scene) == "Seats cut from 10 to 4")
    let rule = try #require(rules.rule("seat_reduction"))
    #expect(Evaluator.evidence(of: rule, scene.facts).map(\.text) == ["10 seats before, 4 now (60% fewer)"])
    scene.frozen = Evaluator.references(of: rule, scene.facts)
    scene.openedOn = 298
    scene.today = 380
    #expect(Evaluator.clears(rule, scene.facts) == .flag(false))
    scene.subscribe(seats: 10, on: 379)
    #expect(Evaluator.clears(rule, scene.facts) == .flag(true))
  }

  @Test func cancelScheduled() throws {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    #expect(try reading("cancel_scheduled", scene) == .quiet)
    scene.subscribe(seats: 10, on: 290, ["cancel_at": .instant(Scene.instant(330))])
    #expect(try reading("cancel_scheduled", scene) == .met(.critical))
    #expect(try title("cancel_scheduled", scene) == "Cancellation scheduled for 27 Nov 2025")
    scene.subscribe(seats: 10, on: 299)
    #expect(try reading("cancel_scheduled", scene) == .quiet)
    scene.unknownKinds = [.subscription]
    #expect(try reading("cancel_scheduled", scene).isKnown == false)
  }

  // MARK: Expansion

  private func filling(_ persons: Int, seats: Int = 20, plan: String = "team") -> Scene {
    var scene = Scene()
    scene.subscribe(seats: seats, on: 0, plan: plan)
    scene.use("editor", by: (1...10).map { $0 }, on: 0...150)
    scene.use("editor", by: (1...Int64(persons)).map { $0 }, on: 151...300)
    return scene
  }

  @Test func nearCapacity() throws {
    #expect(try reading("near_capacity", filling(16)) == .met(.medium))
    #expect(try title("near_capacity", filling(17)) == "17 of 20 seats in use (85%)")
    #expect(try reading("near_capacity", filling(18)) == .met(.high))
    #expect(try reading("near_capacity", filling(15)) == .quiet)
    #expect(try reading("near_capacity", filling(4, seats: 4)) == .notApplicable)
    var elastic = filling(18, plan: "metered")
    elastic.plans = ["metered": Plan(id: "metered", tier: "", productLine: "", countsSeats: true, isElastic: true, premiumFeatures: [])]
    #expect(try reading("near_capacity", elastic) == .notApplicable)
  }

  @Test func nearCapacityWaitsWhileNewSeatsSettle() throws {
    var scene = filling(16)
    scene.subscribe(seats: 18, on: 0)
    scene.subscribe(seats: 20, on: 270)
    #expect(try reading("near_capacity", scene) == .notApplicable)
  }

  @Test func tiers() throws {
    func tier(_ scene: Scene) -> ExpansionTier? { Evaluator.tier(among: rules.tiers, scene.facts)?.tier }
    var scene = filling(18)
    scene.risk = RiskStanding(milliPoints: 0, band: "none")
    #expect(tier(scene) == .low)
    scene.standings = ["near_capacity": RuleStanding(isFiring: true, level: "high")]
    #expect(tier(scene) == .medium)
    scene.risk = RiskStanding(milliPoints: 40_000, band: "watch")
    #expect(tier(scene) == .low)
    scene.risk = RiskStanding(milliPoints: 70_000, band: "at_risk")
    #expect(tier(scene) == .blocked)
    scene.risk = RiskStanding(milliPoints: 0, band: "none")
    scene.standings["cancel_scheduled"] = RuleStanding(isFiring: true, level: "critical")
    #expect(tier(scene) == .blocked)
    scene.standings["cancel_scheduled"] = nil
    scene.record(.invoice, "late", on: 290, ["status": .text("open"), "due_at": .instant(Scene.instant(295))])
    #expect(tier(scene) == .blocked)
    var expanded = story(silentFrom: 226, today: 226)
    expanded.risk = RiskStanding(milliPoints: 0, band: "none")
    expanded.standings = ["near_capacity": RuleStanding(isFiring: true, level: "high")]
    expanded.expansionCase = nil
    #expect(tier(expanded) == .blocked)
  }
}

extension Scene {
  /// An invoice paid some days after its due date.
  mutating func pay(_ id: String, due: Int, late: Int) {
    record(
      .invoice, id, on: due - 5,
      ["status": .text("paid"), "due_at": .instant(Scene.instant(due)), "paid_at": .instant(Scene.instant(due + late))])
  }
}
