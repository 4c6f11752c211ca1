import Events
import Rules
import Testing

/// What would have to change for a rule to stand otherwise.
@Suite struct OutlookTests {
  private let rules: CompiledRules

  init() throws { rules = try Repository.shippedRules() }

  private func ways(_ id: String, _ scene: Scene) throws -> String {
    Evaluator.outlook(of: try #require(rules.rule(id)), scene.facts).rendered
  }

  private func caller(_ now: Int) -> Scene {
    var scene = Scene()
    scene.use("api_call", by: [nil], on: 0...286, quantity: 100)
    scene.use("api_call", by: [nil], on: 287...300, quantity: now)
    return scene
  }

  @Test func aComparisonTellsWhereItTips() throws {
    let text = try ways("api_usage_collapse", caller(59))
    #expect(text.hasPrefix("to fire:\n  any of\n    drop reaches 60% (now 41%)\n    slide reaches 60% (now 2"), "\(text)")
  }

  @Test func aRuleThatFiresTellsHowItGetsGraverAndHowItEnds() throws {
    var scene = caller(18)
    scene.frozen = Evaluator.references(of: try #require(rules.rule("api_usage_collapse")), scene.facts)
    scene.openedOn = 300
    let text = try ways("api_usage_collapse", scene)
    // The week of days 294 to 300 has 7 × 18 = 126 calls. Its own level is the mean of the 12 whole weeks that 90 days hold, days 210 to
    // 293: eleven of 700 calls and, from day 287 on, one of 126, so 7,826 / 12 = 652.17. 1 − 126 / 652.17 = 80.68 %.
    let below = caller(18).value("-below_own_level(count(usage.api), 7d) > 80.67% and -below_own_level(count(usage.api), 7d) < 80.69%")
    #expect(below == .flag(true))
    #expect(text.contains("to become critical:\n  -below_own_level(count(usage.api), 30d) reaches 80%"), "\(text)")
    #expect(text.contains("to end:\n  below_normal falls below 40% (now 81%) and stays so for 7 days"), "\(text)")
  }

  @Test func needsAndWhenAreAskedForTogether() throws {
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    #expect(try ways("seat_reduction", scene) == "to fire:\n  seats falls below seats_before, which is 10 (now 10)")
    #expect(try ways("champion_left", Scene()).hasPrefix("to fire:\n  all of\n    exists(contact, role = champion) becomes true"))
  }

  @Test func whatIsMissingMustFirstBeKnown() throws {
    var scene = caller(18)
    scene.unknownKinds = [.usage]
    #expect(try ways("api_usage_collapse", scene).contains("is known (now not: usage is not known)"))
  }
}
