package import Events

/// One account's recurring revenue by product line, day by day, and every movement that led there.
///
/// MRR of a day is the level at its end. Each product line is rounded to minor units once a day, and every figure is a sum of those
/// whole numbers, so that what adds up by line adds up in total.
package struct Statement: Hashable, Sendable {
  package let account: AccountKey
  /// The days on which a level changes, oldest first; before the first the account pays nothing.
  package let levels: [Level]
  /// In order of day, product line, kind and cause.
  package private(set) var movements: [Movement]

  /// What the account pays from the end of a day on.
  package struct Level: Hashable, Sendable {
    package let day: Day
    /// Net of discounts, minor units, never less than nothing; lines without revenue are left out.
    package let lines: [LineLevel]
    package let mrr: Int64
    package let contractMRR: Int64
    /// The pricing model that brings in most; empty where there is none.
    package let pricing: String
    /// `monthly`, `annual` or `multi_year`: the longest interval that is paid for.
    package let term: String
    /// Subscriptions whose present version cannot be read.
    package let assumed: Int
  }

  package struct LineLevel: Hashable, Sendable {
    package let productLine: String
    package let mrr: Int64
  }

  package init(account: AccountKey, _ subscriptions: [SubscriptionTimeline], _ terms: RevenueTerms) {
    self.account = account
    let states = subscriptions.map { $0.states(terms) }
    let changes = states.enumerated().flatMap { index, list in list.map { StateChange(subscription: index, day: $0.day, state: $0.state) } }
    var current = [SubscriptionState?](repeating: nil, count: states.count)
    var levels: [Level] = []
    var movements: [Movement] = []
    var reader = DayReader(terms: terms)
    for (day, changed) in grouped(changes.sorted { ($0.day, $0.subscription) < ($1.day, $1.subscription) }) {
      let before = current
      for change in changed { current[change.subscription] = change.state }
      let level = Level(day: day, current.compactMap { $0 })
      movements += reader.movements(from: before, to: current, level, changed: changed.map(\.subscription))
      if levels.last?.isSame(as: level) != true { levels.append(level) }
    }
    self.levels = levels
    self.movements = movements
  }

  /// Puts movements between linked accounts in the place of those they were taken for.
  package mutating func replace(_ movements: [Movement]) { self.movements = movements }

  /// The level at the end of a day; nil while nothing was ever paid.
  package func level(on day: Day) -> Level? {
    let after = levels.partitioningIndex { $0.day > day }
    return after == 0 ? nil : levels[after - 1]
  }

  package func mrr(on day: Day) -> Int64 { level(on: day)?.mrr ?? 0 }

  /// The movements after one day and through another.
  package func movements(after first: Day, through last: Day) -> ArraySlice<Movement> {
    let start = movements.partitioningIndex { $0.day > first }
    return movements[start..<max(start, movements.partitioningIndex { $0.day > last })]
  }

  /// The first day with MRR.
  package var startedOn: Day? { levels.first { $0.mrr > 0 }?.day }
}

/// A subscription's new state on a day.
private struct StateChange {
  let subscription: Int
  let day: Day
  let state: SubscriptionState
}

private func grouped(_ changes: [StateChange]) -> [(Day, [StateChange])] {
  var days: [(Day, [StateChange])] = []
  for change in changes {
    if days.last?.0 == change.day { days[days.count - 1].1.append(change) } else { days.append((change.day, [change])) }
  }
  return days
}

extension Statement.Level {
  fileprivate init(day: Day, _ states: [SubscriptionState]) {
    var sums: [String: (contract: Rational, net: Rational)] = [:]
    var pricing: [String: Int64] = [:]
    var months: Int128 = 0
    for position in states.flatMap(\.positions) {
      let sum = sums[position.productLine] ?? (.zero, .zero)
      // Sums beyond 127 bits cannot come from prices that were read one by one, but for the last digits of unlike fractions.
      sums[position.productLine] = (
        sum.contract.adding(position.contract) ?? Rational(sum.contract.rounded + position.contract.rounded),
        sum.net.adding(position.net) ?? Rational(sum.net.rounded + position.net.rounded)
      )
      pricing[position.pricing, default: 0] += position.net.rounded
      months = max(months, position.months)
    }
    self.day = day
    lines = sums.keys.sorted().compactMap { line in
      let mrr = max(sums[line]?.net.rounded ?? 0, 0)
      return mrr > 0 ? Statement.LineLevel(productLine: line, mrr: mrr) : nil
    }
    mrr = lines.reduce(0) { $0 + $1.mrr }
    contractMRR = sums.values.reduce(0) { $0 + max($1.contract.rounded, 0) }
    self.pricing = pricing.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    term = months == 0 ? "" : months > 12 ? "multi_year" : months == 12 ? "annual" : "monthly"
    assumed = states.count { $0.isAssumed }
  }

  fileprivate func isSame(as other: Self) -> Bool {
    lines == other.lines && contractMRR == other.contractMRR && pricing == other.pricing && term == other.term && assumed == other.assumed
  }
}

extension Position {
  /// Whole months of the billing interval.
  var months: Int128 {
    switch interval {
    case "year": 12 * Int128(intervalCount)
    case "month": Int128(intervalCount)
    default: 1
    }
  }
}

extension Array {
  /// The index of the first element for which a monotonic condition holds; `count` if there is none.
  func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
