import Events
import Rules
import Testing

@Suite struct ScorecardTests {
  private let card = Scorecard()

  private func entry(_ id: String, _ category: RuleCategory, _ level: Level, resolved days: Int? = nil) -> ScoreEntry {
    ScoreEntry(id: id, category: category, points: level.points, daysSinceResolved: days)
  }

  /// The figures the product promises: at base 4 %, one high alone 32 %, one critical 57 %, high + medium 65 %.
  @Test(arguments: [([Level](), "4"), ([.high], "32"), ([.critical], "57"), ([.high, .medium], "65"), ([.low], "8"), ([.context], "6")])
  func turnsPointsIntoTheProbabilityPromised(_ levels: [Level], _ percent: String) {
    let categories: [RuleCategory] = [.usage, .people, .billing]
    let score = card.score(levels.enumerated().map { entry("r\($0.offset)", categories[$0.offset], $0.element) })
    let rounded = (score.probability.millionths + 5000) / 10_000
    #expect("\(rounded)" == percent)
  }

  @Test func doublesTheOddsEveryTwentyPoints() {
    let odds = { (points: Int64) -> Double in
      let p = Double(card.probability(ofMilliPoints: points * 1000).millionths) / 1_000_000
      return p / (1 - p)
    }
    for points in stride(from: Int64(0), through: 160, by: 20) { #expect(abs(odds(points + 20) / odds(points) - 2) < 0.002) }
    #expect(abs(odds(-20) / odds(0) - 0.5) < 0.001)
  }

  @Test(arguments: [
    (Int64(40_000), Band.none), (149_999, .none), (150_000, .watch), (299_999, .watch), (300_000, .atRisk), (500_000, .high),
  ])
  func drawsTheBands(_ millionths: Int64, _ band: Band) {
    #expect(card.band(of: Fixed(millionths: millionths)) == band)
  }

  @Test func capsACategoryWithALineOfItsOwn() {
    let score = card.score([entry("a", .support, .high), entry("b", .support, .medium), entry("c", .usage, .low)])
    #expect(
      score.lines == [
        ScoreLine(category: .usage, reason: .contribution(id: "c"), milliPoints: 20_000),
        ScoreLine(category: .support, reason: .contribution(id: "a"), milliPoints: 70_000),
        ScoreLine(category: .support, reason: .contribution(id: "b"), milliPoints: 40_000),
        ScoreLine(category: .support, reason: .cap, milliPoints: -30_000),
      ])
    #expect(score.milliPoints == 100_000)
  }

  @Test func keepsGoodNewsInsideItsCategory() {
    let good = ScoreEntry(id: "happy", category: .support, points: -40)
    let score = card.score([good, entry("a", .usage, .high)])
    #expect(score.milliPoints == 70_000)
    #expect(card.score([good, entry("b", .support, .high)]).milliPoints == 30_000)
  }

  @Test(arguments: [(0, 70_000), (14, 35_000), (28, 17_500), (7, 49_497), (1, 66_619), (2000, 0)] as [(Int, Int64)])
  func halvesPointsEveryHalfLifeAfterResolution(_ days: Int, _ milliPoints: Int64) {
    #expect(card.milliPoints(of: entry("a", .usage, .high, resolved: days)) == milliPoints)
  }

  /// Lines add up exactly, whatever the mix; seeded.
  @Test(arguments: UInt64(1)...20)
  func linesAddUpExactly(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let entries = (0..<(1 + next(25))).map { index in
      ScoreEntry(
        id: "r\(index)", category: RuleCategory.allCases[next(5)], points: next(200) - 60, daysSinceResolved: next(2) == 0 ? nil : next(60))
    }
    let score = card.score(entries)
    #expect(score.lines.reduce(0) { $0 + $1.milliPoints } == score.milliPoints, "seed \(seed)")
    for category in RuleCategory.allCases {
      let sum = score.lines.filter { $0.category == category }.reduce(0) { $0 + $1.milliPoints }
      #expect(sum >= 0 && sum <= Int64(card.caps[category] ?? .max) * 1000, "seed \(seed)")
    }
    #expect(card.score(entries.reversed()) == score, "seed \(seed)")
  }

  @Test func coverageIsTheShareOfKnownWeight() {
    #expect(card.coverage([(70, true), (20, false), (-10, true)]) == Fixed("0.8"))
    #expect(card.coverage([]) == nil)
  }
}
