internal import Events
internal import Features

/// What is read of the account's cohort.
extension Evaluation {
  /// A figure, and whose it is.
  struct CohortFigure {
    let cohort: String
    let value: Fixed
  }

  /// The figure of the narrowest of the account's cohorts that has one on this view's day.
  func cohortFigure(_ feature: String, followsUsage: Bool) -> CohortFigure? {
    facts.standsUntilNext(.account)
    if !followsUsage { facts.standsToday() }
    guard let day = followsUsage ? facts.usageDays?.upperBound : facts.today else { return nil }
    guard facts.company.cohort.days(of: feature)?.contains(day) ?? false else { return nil }
    for cohort in facts.cohorts {
      if let value = facts.company.cohort.value(of: feature, in: cohort, on: day) { return CohortFigure(cohort: cohort, value: value) }
    }
    return nil
  }

  /// (1 + own) / (1 + the cohort's median) − 1; where no cohort is large enough to have one, the own change alone.
  mutating func adjusted(_ inner: TypedNode, _ feature: String) -> Outcome {
    let own = value(of: inner)
    guard case .number(let change) = own, let median = cohortFigure(feature, followsUsage: inner.inputs.readsUsageDays) else { return own }
    return (Fixed(1) + change).divided(by: median.value).map { .number($0 - Fixed(1)) } ?? .missing(.because(.divisionByZero))
  }

  /// Whom the account was compared with, for explanations.
  func note(onAdjusted inner: TypedNode, _ feature: String) -> String {
    guard let median = cohortFigure(feature, followsUsage: inner.inputs.readsUsageDays) else {
      return "not adjusted: too few accounts to compare with"
    }
    let change = OutcomeFormat(facts).text(.number(median.value - Fixed(1)), as: .percent)
    return "cohort \(change), \(CohortName.text(median.cohort))"
  }

  /// The cohort's percentile; missing where no cohort is large enough.
  func percentile(_ inner: TypedNode, _ feature: String, _ type: ExpressionType) -> Outcome {
    guard let figure = cohortFigure(feature, followsUsage: inner.inputs.readsUsageDays) else { return .missing(.because(.smallCohort)) }
    return Outcome(figure.value, as: type)
  }

  /// Whose figure it is, for explanations.
  func note(onPercentile inner: TypedNode, _ feature: String) -> String? {
    cohortFigure(feature, followsUsage: inner.inputs.readsUsageDays).map { "of \(CohortName.text($0.cohort))" }
  }

  // MARK: Rare counts

  /// The chance of at least as many rows in the last days at the account's own rate before them, shrunk to its cohort's.
  mutating func rare(_ aggregate: Aggregate, _ days: Int, _ feature: String) -> Outcome {
    let observed = self.aggregate(aggregate, WindowOverride(days: days, before: 0))
    guard let count = observed.fixed else { return observed }
    switch history(of: aggregate, before: days) {
    case .missing(let reason): return .missing(reason)
    case .known(let past, let known):
      let own = Fixed(past).divided(by: Fixed(max(known, 1))) ?? .zero
      let rate = cohortFigure(feature, followsUsage: false)?.value ?? own
      return .number(
        GammaPoisson.chance(
          ofAtLeast: Int(count.millionths / 1_000_000), in: days, after: past, in: known, meanRate: max(rate, GammaPoisson.leastRate)))
    }
  }

  /// Rows a day before the last days; missing where fewer than four weeks are known.
  mutating func dailyRate(_ aggregate: Aggregate, _ days: Int) -> Outcome {
    switch history(of: aggregate, before: days) {
    case .missing(let reason): return .missing(reason)
    case .known(let past, let known):
      guard known >= GammaPoisson.leastHistory else { return .missing(.because(.shortHistory)) }
      return Fixed(past).divided(by: Fixed(known)).map(Outcome.number) ?? .missing(.because(.shortHistory))
    }
  }

  private enum History {
    case known(rows: Int, days: Int)
    case missing(Missing)
  }

  /// The rows of at most 90 days before the last ones, and the days the account paid and is known in.
  private mutating func history(of aggregate: Aggregate, before days: Int) -> History {
    switch knownDays(before: days, for: aggregate) {
    case .missing(let reason): return .missing(reason)
    case .days(let known):
      var reach = min(known, OwnLevel.referenceDays)
      if case .duration(let age) = value(of: .accountAge) { reach = min(reach, max(Int(age.wholeDays) - days, 0)) }
      guard reach > 0 else { return .known(rows: 0, days: 0) }
      let outcome = self.aggregate(aggregate, WindowOverride(days: reach, before: days))
      guard let count = outcome.fixed else { return .missing(outcome.missing ?? .because(.shortHistory)) }
      return .known(rows: Int(count.millionths / 1_000_000), days: reach)
    }
  }
}
