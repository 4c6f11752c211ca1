package import Events

/// How points become a probability: a credit scorecard, in which points are logarithmic odds.
///
/// Source: N. Siddiqi, "Credit Risk Scorecards" (2006), chapter 6: score = offset + factor · ln(odds), factor = points to double ÷ ln 2.
package struct Scorecard: Hashable, Sendable {
  /// The probability of an account with no points: 4 %.
  package var baseProbability: Fixed
  /// Points that double the odds.
  package var pointsToDouble: Int
  /// Days after which a resolved finding's points have halved.
  package var halfLifeDays: Int
  /// The most points of a category; a category not named has no cap.
  package var caps: [RuleCategory: Int]
  /// The least probability of each band, mildest first.
  package var bands: [(band: Band, from: Fixed)] { Band.allCases.compactMap { band in floor(of: band).map { (band, $0) } } }

  package init(
    baseProbability: Fixed = Fixed(millionths: 40_000), pointsToDouble: Int = 20, halfLifeDays: Int = 14,
    caps: [RuleCategory: Int] = [.usage: 120, .people: 120, .billing: 120, .support: 80, .market: 60]
  ) {
    self.baseProbability = baseProbability
    self.pointsToDouble = pointsToDouble
    self.halfLifeDays = halfLifeDays
    self.caps = caps
  }

  private func floor(of band: Band) -> Fixed? {
    switch band {
    case .none: nil
    case .watch: Fixed(millionths: 150_000)
    case .atRisk: Fixed(millionths: 300_000)
    case .high: Fixed(millionths: 500_000)
    }
  }
}

/// A stretch of probability that people act on.
package enum Band: String, CaseIterable, Comparable, Sendable {
  case none
  case watch
  case atRisk = "at_risk"
  case high

  package static func < (a: Band, b: Band) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}

/// What one rule brings to a score.
package struct ScoreEntry: Hashable, Sendable {
  /// The rule, or the rule and its subject where there are several.
  package let id: String
  package let category: RuleCategory
  /// Points while firing; negative for good news.
  package let points: Int
  /// Company days since the finding was resolved; nil while it fires.
  package let daysSinceResolved: Int?

  package init(id: String, category: RuleCategory, points: Int, daysSinceResolved: Int? = nil) {
    self.id = id
    self.category = category
    self.points = points
    self.daysSinceResolved = daysSinceResolved
  }
}

/// A line of a score; the lines add up to the total.
package struct ScoreLine: Hashable, Sendable {
  package enum Reason: Hashable, Sendable {
    /// The points of an entry.
    case contribution(id: String)
    /// What a category's cap takes away.
    case cap
    /// What keeps a category's good news from outweighing other categories.
    case floor
  }

  package let category: RuleCategory
  package let reason: Reason
  package let milliPoints: Int64

  package init(category: RuleCategory, reason: Reason, milliPoints: Int64) {
    self.category = category
    self.reason = reason
    self.milliPoints = milliPoints
  }
}

/// A score with all that made it.
package struct Score: Hashable, Sendable {
  /// By category, contributions before caps, contributions greatest first and then by id.
  package let lines: [ScoreLine]
  /// Exactly the sum of the lines.
  package let milliPoints: Int64
  /// Rounded to six places.
  package let probability: Fixed
  package let band: Band
}

extension Scorecard {
  /// The score of some entries.
  package func score(_ entries: [ScoreEntry]) -> Score {
    var lines: [ScoreLine] = []
    for category in RuleCategory.allCases {
      let own = entries.filter { $0.category == category }.map { ($0.id, milliPoints(of: $0)) }.filter { $0.1 != 0 }
      let sorted = own.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
      lines += sorted.map { ScoreLine(category: category, reason: .contribution(id: $0.0), milliPoints: $0.1) }
      let sum = own.reduce(Int64(0)) { $0 + $1.1 }
      if let cap = caps[category].map({ Int64($0) * 1000 }), sum > cap {
        lines.append(ScoreLine(category: category, reason: .cap, milliPoints: cap - sum))
      } else if sum < 0 {
        lines.append(ScoreLine(category: category, reason: .floor, milliPoints: -sum))
      }
    }
    let total = lines.reduce(Int64(0)) { $0 + $1.milliPoints }
    let probability = probability(ofMilliPoints: total)
    return Score(lines: lines, milliPoints: total, probability: probability, band: band(of: probability))
  }

  /// Full points while firing; after that they halve every half-life, counted in whole days.
  package func milliPoints(of entry: ScoreEntry) -> Int64 {
    let full = Int64(entry.points) * 1000
    guard let days = entry.daysSinceResolved, days > 0 else { return full }
    let share = PowerOfTwo.value(-Int64(days), over: Int64(max(halfLifeDays, 1)))
    return Int64(clamping: Int128(roundedDividing: Int128(full) * share, by: PowerOfTwo.one))
  }

  /// p = 1 / (1 + (1 − p₀) / p₀ · 2^(−points / points to double)).
  package func probability(ofMilliPoints milliPoints: Int64) -> Fixed {
    let base = Int128(baseProbability.millionths)
    let odds = base * PowerOfTwo.value(milliPoints, over: Int64(max(pointsToDouble, 1)) * 1000)
    let against = (1_000_000 - base) * PowerOfTwo.one
    guard odds + against > 0 else { return .zero }
    return Fixed(clamping: Int128(roundedDividing: odds * 1_000_000, by: odds + against))
  }

  /// After so many days nothing is left even of a hundred points: 100,000 / 2^18 < ½.
  package var fadedAfterDays: Int { halfLifeDays * 18 }

  package func band(of probability: Fixed) -> Band { bands.last { probability >= $0.from }?.band ?? .none }

  /// The share of the rules' weight whose inputs are known; nil of no rules. A rule weighs its points without sign.
  package func coverage(_ rules: [(points: Int, isKnown: Bool)]) -> Fixed? {
    let total = rules.reduce(0) { $0 + abs($1.points) }
    let known = rules.reduce(0) { $0 + ($1.isKnown ? abs($1.points) : 0) }
    return Fixed(known).divided(by: Fixed(total))
  }
}
