import Events
import Features
import Rules
import Testing

/// Where the tenth and the thirty per cent lie, beside the rule's tests in `config/rules/tests`.
@Suite struct MeteredDeclineTests {
  private let rule: Rule

  init() throws { rule = try #require(try Repository.shippedRules().rule("metered_decline")) }

  /// Ten units a day, and other than that in the last 28; a share of each invoice is for them.
  private func account(unitsNow: Int, metered: Int64 = 300) -> Scene {
    var scene = Scene()
    scene.meanings["units"] = .metered
    scene.subscribe(seats: 10, on: 0)
    scene.use("units", by: [nil], on: 0...272, quantity: 10)
    scene.use("units", by: [nil], on: 273...300, quantity: unitsNow)
    for day in [220, 250, 280] {
      let lines: Value = .list([
        .object(["amount": .integer(1000 - metered), "type": .text("recurring")]),
        .object(["amount": .integer(metered), "type": .text("metered")]),
      ])
      scene.record(.invoice, "i\(day)", on: day, ["lines": lines, "total": .integer(1000), "due_at": .instant(Scene.instant(day))])
    }
    return scene
  }

  @Test(
    arguments: [
      (7, 300, RuleReading.met(.medium)), (8, 300, .quiet), (7, 100, .met(.medium)), (0, 99, .notApplicable),
    ] as [(Int, Int64, RuleReading)])
  func firesThirtyPercentBelowTheOwnLevel(_ units: Int, _ metered: Int64, _ expected: RuleReading) {
    #expect(Evaluator.reading(of: rule, account(unitsNow: units, metered: metered).facts) == expected)
  }

  @Test func isQuietWhereEverybodyUsedLess() {
    var scene = account(unitsNow: 7)
    scene.cohort = ["below_own_level(count(usage.metered), 28d)": [Scene.day(300): Fixed("0.8") ?? .zero]]
    #expect(Evaluator.reading(of: rule, scene.facts) == .quiet)
  }

  @Test func saysNothingWithoutInvoices() {
    var scene = account(unitsNow: 0)
    scene.unknownKinds = [.invoice]
    #expect(!Evaluator.reading(of: rule, scene.facts).isKnown)
  }

  @Test(arguments: [(8, false), (9, true)])
  func endsNearTheFrozenLevel(_ units: Int, _ isOver: Bool) {
    var scene = account(unitsNow: 0)
    scene.frozen = Evaluator.references(of: rule, scene.facts)
    scene.openedOn = 300
    scene.today = 330
    scene.use("units", by: [nil], on: 301...330, quantity: units)
    #expect(Evaluator.clears(rule, scene.facts) == .flag(isOver))
  }
}
