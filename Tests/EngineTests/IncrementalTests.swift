import Engine
import Events
import Features
import Foundation
import Rules
import Testing

/// Passing over what would decide as it did changes nothing, whatever the rules and whatever the history.
///
/// `make properties HISTORIES=10000` runs more; a failure names the seed, and `BELLWETHER_PROPERTY_SEED` runs that one.
@Suite struct IncrementalTests {
  private static let histories = ProcessInfo.processInfo.environment["BELLWETHER_HISTORIES"].flatMap(Int.init) ?? share
  #if DEBUG
  private static let share = 10
  #else
  private static let share = 150
  #endif
  private static let seeds: [UInt64] =
    ProcessInfo.processInfo.environment["BELLWETHER_PROPERTY_SEED"].flatMap(UInt64.init).map { [$0] }
    ?? (0..<UInt64(max(histories / 10, 1))).map { $0 }

  private static let berlin = CompanyCalendar(timeZone: "Europe/Berlin", holidays: [Day("2026-03-17")].compactMap { $0 }) ?? .utc

  /// What a run of steps brought.
  private struct Story: Equatable {
    var transitions: [Transition] = []
    var notices: [Notice] = []
    var scores: [ScoreRow] = []
    var states: [AccountKey: JSON] = [:]
    var portfolio: JSON = .null

    mutating func add(_ outcome: FoldOutcome) {
      transitions += outcome.transitions
      notices += outcome.notices
      scores += outcome.scores
      for account in outcome.accounts { states[account.key] = account.state }
      portfolio = outcome.portfolio
    }
  }

  private func source(seed: UInt64) throws -> LogFold.ConfigurationSource {
    let feature = { (tier: String, isFirstValue: Bool) in ProductFeature(meaning: .feature, tier: tier, isFirstValue: isFirstValue) }
    let plan = { (id: String, seats: Bool, premium: [String], limit: PlanLimit?) in
      Plan(
        id: id, tier: id, productLine: "core", countsSeats: seats, isElastic: false, premiumFeatures: premium, limit: limit)
    }
    let catalog = ProductCatalog(
      features: [
        "login": ProductFeature(meaning: .login), "api_call": ProductFeature(meaning: .api), "meter": ProductFeature(meaning: .metered),
        "noise": ProductFeature(meaning: .ignore), "export": feature("team", true), "report": feature("pro", false),
      ],
      plans: [
        "team": plan("team", true, ["export"], nil),
        "pro": plan("pro", seed % 2 == 0, ["report"], PlanLimit(event: "meter", quantity: Fixed(100), per: .month)),
      ], tiers: ["team", "pro"])
    let calendar = seed % 3 == 0 ? Self.berlin : .utc
    let rules = try ["a", "b"].map { digest in
      let text = RandomRules.file(seed: seed &* 2 &+ (digest == "a" ? 0 : 1), rules: 6)
      return CompiledConfiguration(digest: digest, rules: try #require(RandomRules.load(text)), catalog: catalog, calendar: calendar)
    }
    return { digest in digest == "a" ? rules[0] : rules[1] }
  }

  /// Ten histories for each pair of rule files, since rules take longer to read than to run.
  @Test(arguments: seeds)
  func `incremental is recompute, whatever the batches, and after a restart`(seed: UInt64) throws {
    let source = try source(seed: seed)
    for number in 0..<UInt64(10) {
      // Five accounts with a value make a cohort.
      let steps = RandomHistory(seed: seed &* 1_000 &+ number, accounts: number == 9 ? 7 : 3, length: 90).steps
      let recomputed = try run(steps, source, isIncremental: false)
      let incremental = try run(steps, source, isIncremental: true)
      expectSame(incremental, recomputed, "incremental", seed, number)
      expectSame(try replay(steps, source, seed: seed &+ number), recomputed, "replayed in batches with restarts", seed, number)
      if incremental != recomputed { return }
    }
  }

  private func expectSame(_ a: Story, _ b: Story, _ what: String, _ seed: UInt64, _ number: UInt64) {
    guard a != b else { return }
    let place = zip(a.transitions, b.transitions).prefix { $0 == $1 }.count
    let first = (a.transitions.dropFirst(place).first, b.transitions.dropFirst(place).first)
    let score = zip(a.scores, b.scores).first { $0 != $1 }
    Issue.record(
      """
      seed \(seed), history \(number): \(what) is not recomputed.
      transitions \(a.transitions.count) \(b.transitions.count): \(String(describing: first))
      scores \(a.scores.count) \(b.scores.count): \(String(describing: score))
      """)
  }

  private func run(_ steps: [Step], _ source: @escaping LogFold.ConfigurationSource, isIncremental: Bool) throws -> Story {
    var fold = LogFold(source: source)
    fold.isIncremental = isIncremental
    var story = Story()
    for step in steps { story.add(try fold.fold([step])) }
    return story
  }

  private func replay(_ steps: [Step], _ source: @escaping LogFold.ConfigurationSource, seed: UInt64) throws -> Story {
    var random = SeededGenerator(seed: seed)
    var fold = LogFold(source: source)
    var story = Story()
    var rest = steps[...]
    while !rest.isEmpty {
      let batch = rest.prefix(Int.random(in: 1...15, using: &random))
      rest = rest.dropFirst(batch.count)
      story.add(try fold.fold(Array(batch)))
      if Int.random(in: 0..<4, using: &random) == 0 {
        fold = try LogFold(portfolio: story.portfolio, accounts: story.states.map { ($0.key, $0.value) }, source: source)
      }
    }
    return story
  }
}
