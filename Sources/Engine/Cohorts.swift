import Events
import Features
import Rules

extension LogFold {
  /// How many days of medians are kept: rules look at most 90 days back.
  static let cohortHorizon = 120
  /// Fewer accounts than this have no median worth the name. Narrower cohorts need twenty; the cohort of all accounts is the last resort,
  /// and in a small company a median of five still tells a holiday from a collapse.
  static let leastCohort = 5

  /// Fixes the medians of each newly complete usage day. The cohort is every account that pays.
  mutating func updateCohorts(through days: ClosedRange<Day>, now: Instant) {
    guard let configuration, !configuration.rules.cohortFeatures.isEmpty, let company = companyFacts() else { return }
    let first = max(portfolio.cohortThrough.map { $0 + 1 } ?? days.lowerBound, days.lowerBound, days.upperBound - Self.cohortHorizon)
    portfolio.cohortThrough = days.upperBound
    guard first <= days.upperBound else { return }
    let keys = accounts.keys.sorted()
    let facts = keys.compactMap { accounts[$0] }.filter { $0.churnedOn == nil }.map {
      Facts(account: $0.facts, company: company, now: now)
    }
    for feature in configuration.rules.cohortFeatures {
      var table = (portfolio.cohort[feature.id] ?? [:]).filter { days.upperBound - $0.key <= Self.cohortHorizon }
      for day in Self.days(from: first, through: days.upperBound) {
        let values = facts.compactMap { account -> Fixed? in
          guard case .number(let change) = Evaluator.evaluate(feature.expression, account.shifted(byDays: days.upperBound - day)) else {
            return nil
          }
          return Fixed(1) + change
        }
        if values.count >= Self.leastCohort { table[day] = Self.median(values) }
      }
      portfolio.cohort[feature.id] = table
    }
  }

  private static func days(from first: Day, through last: Day) -> [Day] { (0...(last - first)).map { first + $0 } }

  private static func median(_ values: [Fixed]) -> Fixed {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    if sorted.count % 2 == 1 { return sorted[middle] }
    return Fixed(millionths: (sorted[middle - 1].millionths + sorted[middle].millionths) / 2)
  }
}
