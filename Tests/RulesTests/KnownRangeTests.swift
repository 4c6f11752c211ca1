import Events
import Features
import Rules
import Testing

/// What is not known is missing with its reason: never zero, never good news.
@Suite struct KnownRangeTests {
  private func used() -> Scene {
    var scene = Scene()
    scene.use("export", on: 0...300)
    scene.subscribe(seats: 10, on: 0)
    return scene
  }

  @Test(
    arguments: [
      ("count(usage, 7d)", nil), ("count(usage, 10d)", 290...291), ("count(usage, 7d, before: 20d)", nil),
      ("count(usage, 7d, before: 8d)", 290...291), ("active_days(usage, 5d)", nil),
    ] as [(String, ClosedRange<Int>?)])
  func `a window of usage across a hole is missing`(text: String, hole: ClosedRange<Int>?) {
    var scene = used()
    scene.holes = [290...291]
    let missing = scene.value(text).missing
    #expect(missing == hole.map { .hole(.usage, Scene.day($0.lowerBound), Scene.day($0.upperBound)) })
  }

  @Test func `a window of records across a hole is missing, unless one is there`() {
    var scene = used()
    scene.holes = [290...290]
    scene.record(.ticket, "t", on: 295, ["status": .text("open")])
    #expect(scene.value("count(ticket, 9d)") == .number(Fixed(1)))
    #expect(scene.value("count(ticket, 14d)").missing == .hole(.ticket, Scene.day(290), Scene.day(290)))
    #expect(scene.value("exists(ticket, 14d)").isTrue)
    #expect(scene.value("exists(survey, 14d)").isMissing && scene.value("exists(survey, 5d)").isFalse)
  }

  @Test func `an own level needs as many days since the last hole as since the beginning`() {
    var scene = used()
    scene.holes = [200...200]
    #expect(!scene.value("below_own_level(count(usage), 7d)").isMissing)
    scene.holes = [260...260]
    #expect(scene.value("below_own_level(count(usage), 7d)").missing == .because(.shortHistory))
  }

  @Test func `what a stale feed brings is missing`() {
    var scene = used()
    scene.staleSince = 299
    for (text, kind) in [
      ("count(usage, 7d)", Kind.usage), ("since(last(usage)) > 1d", .usage), ("count(ticket, 7d)", .ticket),
      ("exists(ticket)", .ticket), ("seats", .subscription), ("mrr", .subscription), ("peak(seats, 30d)", .subscription),
      ("account.notice_in", .account),
    ] {
      #expect(scene.value(text).missing == .stale(kind, since: Scene.day(299)), "\(text)")
    }
  }

  @Test func `an account of which no usage came is missing unless a feed covers all that pay`() {
    var silent = Scene()
    silent.subscribe(seats: 100, on: 0)
    #expect(silent.value("count(usage, 28d)") == .number(.zero))
    silent.coversCustomers = false
    #expect(silent.value("count(usage, 28d)").missing == .usageNotCovered)
    #expect(silent.value("exists(usage, 28d)").missing == .usageNotCovered)
    let notPaying = Scene()
    #expect(notPaying.value("count(usage, 28d)").missing == .usageNotCovered)
    var seen = used()
    seen.coversCustomers = false
    #expect(seen.value("count(usage, 28d)").missing == nil)
  }
}
