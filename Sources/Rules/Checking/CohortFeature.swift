package import Events

/// A figure of the whole cohort that rules read, and that the engine works out once a day for every rule that says so.
package struct CohortFeature: Sendable {
  /// Its canonical spelling: the key of `CompanyFacts.cohort`.
  package let id: String
  package let expression: CompiledExpression
  /// What is made of the accounts' values.
  package let statistic: Statistic
  /// How many days back rules look at it.
  package let daysBack: Int
  /// Whether its day is the last complete day of usage; else it is the company day.
  package let followsUsage: Bool

  /// What is made of the values of a cohort's accounts.
  package enum Statistic: Hashable, Sendable {
    /// The median of 1 + value.
    case medianRatio
    /// The value below which this share of the accounts lies, by nearest rank.
    case percentile(Fixed)
    case mean
  }

  init(id: String, _ statistic: Statistic, of node: TypedNode, daysBack: Int) {
    self.init(
      id: id, statistic, of: CompiledExpression(text: id, root: node), daysBack: daysBack, followsUsage: node.inputs.readsUsageDays)
  }

  private init(id: String, _ statistic: Statistic, of expression: CompiledExpression, daysBack: Int, followsUsage: Bool) {
    self.id = id
    self.statistic = statistic
    self.expression = expression
    self.daysBack = daysBack
    self.followsUsage = followsUsage
  }

  /// The same, looked at as far back as either.
  func joined(_ other: CohortFeature?) -> CohortFeature {
    CohortFeature(
      id: id, statistic, of: expression, daysBack: max(daysBack, other?.daysBack ?? 0), followsUsage: followsUsage)
  }

  /// The figure of at least one value.
  package func figure(of values: [Fixed]) -> Fixed {
    let sorted = values.sorted()
    switch statistic {
    case .medianRatio:
      let middle = sorted.count / 2
      if sorted.count % 2 == 1 { return Fixed(1) + sorted[middle] }
      let sum = Int128(sorted[middle - 1].millionths) + Int128(sorted[middle].millionths)
      return Fixed(1) + Fixed(clamping: sum / 2)
    case .percentile(let share):
      // The nearest rank: the least value that at least this share of all does not exceed.
      let rank = (Int128(share.millionths) * Int128(sorted.count) + 999_999) / 1_000_000
      return sorted[min(max(Int(rank), 1), sorted.count) - 1]
    case .mean:
      let sum = sorted.reduce(Int128(0)) { $0 + Int128($1.millionths) }
      return Fixed(clamping: Int128(roundedDividing: sum, by: Int128(sorted.count)))
    }
  }
}
