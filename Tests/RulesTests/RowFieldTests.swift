import Events
import Features
import Revenue
import Rules
import Testing

/// Fields of rows that come from elsewhere: the system, the person's role, the answer to a message; and how long an account has been flat.
@Suite struct RowFieldTests {
  @Test func aRowKnowsItsSystemAndItsPersonsRole() {
    var scene = Scene()
    scene.record(.contact, "ana", on: 1, person: 7, ["role": .text("champion")])
    scene.record(.survey, "s1", on: 290, person: 7, ["metric": .text("nps"), "score": .integer(3)])
    scene.record(.survey, "s2", on: 291, person: 8, ["metric": .text("nps"), "score": .integer(9)])
    scene.record(.survey, "s3", on: 292, ["metric": .text("nps"), "score": .integer(9)])
    #expect(scene.value("count(survey, source = \"test\")") == .number(Fixed(3)))
    #expect(scene.value("count(survey, person.role = champion)") == .number(Fixed(1)))
    #expect(scene.value("last(survey.score, person.role = champion)") == .number(Fixed(3)))
    #expect(faults("count(contact, person.role = champion)").map(\.code) == [.unknownField])
  }

  @Test func aBusinessDayCountsOnceItIsComplete() {
    // Wednesday, 1 January 2025 is day 0. Written on Monday, day 5; on Tuesday the 14th, the 13th is the last complete day: 7 to 10 January
    // and the 13th.
    var scene = Scene()
    scene.record(.engagement, "a", on: 5, ["direction": .text("outbound")])
    for (day, count) in [(5, 0), (6, 1), (9, 4), (11, 4), (12, 5)] {
      scene.today = day
      #expect(scene.value("max(engagement.business_days)") == .number(Fixed(count)), "as of the end of day \(day)")
      let atNoon = Facts(account: scene.facts.account, company: scene.facts.company, now: Scene.instant(day + 1))
      let text = CompiledExpression.compile("max(engagement.business_days)", in: ExpressionScope(hasCase: false, rules: [:])).0
      #expect(text.map { Evaluator.evaluate($0, atNoon) } == .number(Fixed(count)), "the next noon")
    }
  }

  @Test func aMessageIsAnsweredByNameOrByTheSamePerson() {
    var scene = Scene()
    scene.today = 60
    for (id, day, person) in [("a", 10, 1), ("b", 20, 1), ("c", 30, 2)] {
      scene.record(.engagement, id, on: day, person: Int64(person), ["direction": .text("outbound")])
    }
    scene.record(.engagement, "r1", on: 13, person: 1, ["direction": .text("inbound")])
    scene.record(.engagement, "r2", on: 34, person: 9, ["direction": .text("inbound"), "in_reply_to": .text("c")])
    #expect(scene.value("count(engagement, answered)") == .number(Fixed(2)))
    #expect(scene.value("max(engagement.reply_time)") == .duration(.days(4)))
    #expect(scene.value("count(engagement, direction = outbound and not answered)") == .number(Fixed(1)))
    // Day 20 is Tuesday, 21 January 2025; the facts are those of the end of day 60, Sunday, 2 March, when that day is complete:
    // 22 to 24 January are 3 business days, 27 to 31 January 5, and the four weeks of February 20.
    #expect(scene.value("max(engagement.business_days, direction = outbound and not answered)") == .number(Fixed(3 + 5 + 20)))
  }

  @Test func enrichmentTellsThatAContactHasLeft() {
    var scene = Scene()
    scene.record(.contact, "ana", on: 1, person: 7, ["role": .text("champion")])
    #expect(scene.value("exists(contact, gone)") == .flag(false))
    scene.record(.enrichment, "e1", on: 200, person: 7, ["event": .text("job_change")])
    #expect(scene.value("exists(contact, gone)") == .flag(true))
    #expect(scene.value("max(contact.gone_at)") == .instant(Scene.instant(200, hour: 9)))
  }

  @Test func pricesMoveNoFlatAccount() {
    var scene = Scene()
    scene.subscribe(seats: 100, on: 0)
    scene.subscribe(seats: 101, on: 50)
    #expect(scene.value("flat_for >= 300d") == .flag(true))
    scene.subscribe(seats: 120, on: 250)
    #expect(scene.value("flat_for < 52d and flat_for > 49d") == .flag(true))
    #expect(scene.value("ago(flat_for, 60d) > 200d") == .flag(true))
  }

  @Test func aDowngradeIsRememberedUntilItIsUndone() throws {
    let rule = try #require(try Repository.shippedRules().rule("downgrade"))
    var scene = Scene()
    scene.tiers = ["starter", "growth"]
    for tier in scene.tiers {
      scene.plans[tier] = Plan(id: tier, tier: tier, productLine: "core", countsSeats: true, isElastic: false, premiumFeatures: [])
    }
    scene.subscribe(seats: 10, on: 0, plan: "growth")
    #expect(Evaluator.reading(of: rule, scene.facts) == .quiet)
    scene.subscribe(seats: 10, on: 299, plan: "starter")
    #expect(Evaluator.reading(of: rule, scene.facts) == .met(.high))
    #expect(Evaluator.render(rule.title, scene.facts) == "Downgraded from growth to starter")
  }
}
