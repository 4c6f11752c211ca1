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
}
