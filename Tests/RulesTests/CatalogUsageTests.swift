import Events
import Features
import Rules
import Testing

/// Usage by what is paid for, capacity, and what an account was bought for.
@Suite struct CatalogUsageTests {
  private func plan(_ id: String, _ tier: String, seats: Bool = true, premium: [String] = [], limit: PlanLimit? = nil) -> Plan {
    Plan(id: id, tier: tier, productLine: "core", countsSeats: seats, isElastic: false, premiumFeatures: premium, limit: limit)
  }

  private func scene() -> Scene {
    var scene = Scene()
    scene.tiers = ["basic", "plus", "max"]
    scene.plans = [
      "basic": plan("basic", "basic"), "plus": plan("plus", "plus", premium: ["forecast"]), "max": plan("max", "max", premium: ["audit"]),
    ]
    scene.features = [
      "forecast": ProductFeature(meaning: .feature, tier: "plus", productLine: "core"),
      "audit": ProductFeature(meaning: .feature, tier: "max", productLine: "core"),
      "report": ProductFeature(meaning: .feature, tier: "basic", productLine: "core", isFirstValue: true),
      "chart": ProductFeature(meaning: .feature, tier: "basic", productLine: "other", isFirstValue: true),
    ]
    return scene
  }

  @Test func countsWhatThePlanHasAndWhatIsAboveIt() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "plus")
    scene.use("forecast", by: [1, 2], on: 290...300)
    scene.use("audit", by: [1, 2, 3], on: 299...300)
    scene.use("report", by: [1], on: 0...300)
    #expect(scene.value("distinct(usage.premium.person, 30d)") == .number(Fixed(2)))
    #expect(scene.value("distinct(usage.above_plan.person, 30d)") == .number(Fixed(3)))
    #expect(scene.value("distinct(usage.above_plan.name, 30d)") == .number(Fixed(1)))
    scene.subscribe(seats: 10, on: 295, plan: "max")
    #expect(scene.value("distinct(usage.premium.person, 30d)") == .number(Fixed(3)))
    #expect(scene.value("exists(usage.above_plan, 30d)") == .flag(false))
    #expect(scene.value("ago(distinct(usage.premium.person, 30d), 6d)") == .number(Fixed(2)))
    scene.tiers = []
    #expect(scene.value("exists(usage.above_plan, 30d)").isMissing)
  }

  @Test func aPlanWithoutPremiumFeaturesHasNoneToUse() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("report", on: 0...300)
    #expect(scene.value("exists(usage.premium, 60d)").isMissing)
    #expect(scene.value("premium_age").isMissing)
  }

  @Test func firstValueIsThatOfTheProductLinesPaidFor() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("chart", on: 0...300)
    #expect(scene.value("exists(usage.first_value)") == .flag(false))
    scene.use("report", on: 100...100)
    #expect(scene.value("exists(usage.first_value)") == .flag(true))
    scene.features = [:]
    #expect(scene.value("exists(usage.first_value)").isMissing)
  }

  @Test func premiumBeganWithTheFeaturesOfToday() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.subscribe(seats: 10, on: 100, plan: "plus")
    #expect(scene.value("premium_age >= 200d and premium_age < 202d") == .flag(true))
    scene.subscribe(seats: 12, on: 150, plan: "plus")
    #expect(scene.value("premium_age >= 200d and premium_age < 202d") == .flag(true))
    scene.subscribe(seats: 12, on: 290, plan: "max")
    #expect(scene.value("premium_age >= 10d and premium_age < 12d") == .flag(true))
  }

  @Test(arguments: [(0, 40, true), (0, 100, false), (242, 300, true), (241, 300, false)])
  func settlesSixtyDaysAfterARiseInSeats(_ riseOn: Int, _ today: Int, _ expected: Bool) {
    var scene = scene()
    scene.today = today
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    if riseOn > 0 { scene.subscribe(seats: 12, on: riseOn, plan: "basic") }
    #expect(scene.value("settling") == .flag(expected))
  }

  @Test func aHigherTierSettlesAndFewerSeatsDoNot() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.subscribe(seats: 8, on: 280, plan: "basic")
    #expect(scene.value("settling") == .flag(false))
    scene.subscribe(seats: 8, on: 290, plan: "plus")
    #expect(scene.value("settling") == .flag(true))
  }

  @Test func usedAndLicensedAreSeatsWhereSeatsArePaidFor() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("report", by: [1, 2, 3], on: 0...300)
    #expect(scene.value("used") == .number(Fixed(3)))
    #expect(scene.value("used / licensed = 30%") == .flag(true))
    scene.unknownKinds = [.usage]
    #expect(scene.value("used").isMissing)
  }

  @Test func usedAndLicensedAreTheLimitWhereNoSeatsAre() {
    var scene = scene()
    scene.plans["calls"] = plan(
      "calls", "basic", seats: false, limit: PlanLimit(event: "api_call", quantity: Fixed(36_500), per: .month))
    scene.subscribe(seats: 2, on: 0, plan: "calls")
    scene.use("api_call", by: [nil], on: 0...300, quantity: 1200)
    // 30 days of 1,200 calls are 36,500 in a twelfth of a year.
    #expect(scene.value("used") == .number(Fixed(36_500)))
    #expect(scene.value("licensed") == .number(Fixed(73_000)))
    scene.plans["calls"] = plan("calls", "basic", seats: false)
    #expect(scene.value("licensed").isMissing)
  }

  @Test func theDriverIsWhatWasUsedMostAfterTheStart() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("session_start", by: [1, 2, 3], on: 0...300)
    scene.use("report", by: [1, 2], on: 0...250)
    scene.use("chart", by: [1], on: 0...300, every: 7)
    scene.use("export", by: [3], on: 100...300)
    #expect(scene.value("driver.features") == .list(["report"]))
    #expect(scene.value("silent_for(driver.usage)") == .duration(.days(50)))
    #expect(scene.value("distinct(driver.other_usage.name, 30d)") == .number(Fixed(3)))
    scene.knownFrom = 10
    #expect(scene.value("driver.features").isMissing)
  }

  @Test func afterAnExpansionTheDriverIsWhatItUnlocked() {
    var scene = scene()
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.subscribe(
      seats: 10, on: 200, plan: "plus",
      [
        "items": .list([
          .object([
            "id": .text("si"), "plan": .text("plus"), "quantity": .number(Fixed(10)), "unit_amount": .price(Rational(4000)),
            "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
          ])
        ])
      ])
    scene.use("report", by: [1, 2], on: 0...300)
    scene.use("forecast", by: [1, 2], on: 201...240)
    #expect(scene.value("driver.features") == .list(["forecast"]))
    scene.today = 250
    #expect(scene.value("driver.features") == .list(["report"]))
  }

  @Test func aYearLaterTheDriverIsThatOfTheAnniversary() {
    var scene = scene()
    scene.today = 500
    scene.subscribe(seats: 10, on: 0, plan: "basic")
    scene.use("report", by: [1, 2], on: 0...250)
    scene.use("export", by: [1, 2], on: 251...500)
    #expect(scene.value("driver.features") == .list(["export"]))
  }
}
