import Events
import Features
import Rules

extension LogFold {
  /// Fewer accounts than this are no cohort.
  static let leastCohort = 20
  /// The cohort of all accounts is the last resort: in a small company a median of five still tells a holiday from a collapse.
  static let leastOfAll = 5
  /// Figures kept behind those that rules look back at: days of usage that are held come back.
  static let cohortReserve = 7

  /// Fixes the figures of each day of usage that is newly complete, and of the company day.
  ///
  /// Of a feature that is new, the days that rules look back at are worked out too. A figure that stands stays. It costs one evaluation per
  /// account, feature and day.
  mutating func updateCohorts(now: Instant) {
    guard let configuration, let company = currentCompany() else { return }
    let features = configuration.rules.cohortFeatures
    var table = portfolio.cohort
    table.keep(Set(features.map(\.id)))
    var views: [Facts]?
    for feature in features {
      guard let last = feature.followsUsage ? company.usageDays?.upperBound : company.calendar.day(of: now) else { continue }
      let oldest = last - feature.daysBack
      let known = table.days(of: feature.id)
      if let known, known.upperBound >= last { continue }
      let accounts = views ?? living(company, now)
      views = accounts
      // Of so few there is no figure; a first day is left open, since more may be told of on the same day.
      guard known != nil || accounts.count >= Self.leastOfAll else { continue }
      for day in Self.days(from: max(known.map { $0.upperBound + 1 } ?? oldest, oldest), through: last) {
        let figures = Self.figures(of: feature, accounts.map { $0.shifted(byDays: last - day) })
        table.append(figures, of: feature.id, on: day)
      }
      table.forget(feature.id, before: oldest - Self.cohortReserve)
      // What is not read as of a day of usage may now be read otherwise.
      if !feature.followsUsage, table.days(of: feature.id) != known, known == nil { epoch += 1 }
    }
    if table != portfolio.cohort { portfolio.cohort = table }
  }

  private func living(_ company: CompanyFacts, _ now: Instant) -> [Facts] {
    accounts.keys.sorted().compactMap { accounts[$0] }.filter { $0.churnedOn == nil }.map {
      Facts(account: $0.facts, company: company, now: now)
    }
  }

  private static func figures(of feature: CohortFeature, _ accounts: [Facts]) -> [String: Fixed] {
    guard accounts.count >= leastOfAll else { return [:] }
    var values: [String: [Fixed]] = [:]
    for account in accounts {
      guard let value = Evaluator.evaluate(feature.expression, account).fixed else { continue }
      for cohort in account.cohorts { values[cohort, default: []].append(value) }
    }
    return values.filter { $0.value.count >= ($0.key == CohortName.all ? leastOfAll : leastCohort) }.mapValues(feature.figure)
  }

  private static func days(from first: Day, through last: Day) -> [Day] { first <= last ? (0...(last - first)).map { first + $0 } : [] }
}
