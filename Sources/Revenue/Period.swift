package import Events

/// A stretch of company days over which retention is measured: those after `from` and through `to`.
package struct Period: Hashable, Sendable {
  /// The day whose end is the start: not itself counted.
  package let from: Day
  package let to: Day

  package init(from: Day, to: Day) {
    self.from = from
    self.to = to
  }

  /// How figures are cut in time.
  package enum Cadence: String, CaseIterable, Sendable {
    /// Monday to Sunday.
    case week
    case month, quarter
    /// Twelve months up to any day.
    case trailingYear = "t12m"

    /// How many of them make a year.
    package var perYear: Int {
      switch self {
      case .week: 52
      case .month: 12
      case .quarter: 4
      case .trailingYear: 1
      }
    }
  }

  /// The last whole periods that are over at the end of a day, oldest first. A trailing year ends on that very day, the one before it a
  /// month earlier.
  package static func last(_ count: Int, _ cadence: Cadence, through day: Day) -> [Period] {
    var periods: [Period] = []
    var end = cadence.lastEnd(through: day)
    for _ in 0..<max(count, 0) {
      let start = cadence.start(endingOn: end)
      periods.append(Period(from: start, to: end))
      end = cadence == .trailingYear ? day.adding(months: -periods.count) : start
    }
    return periods.reversed()
  }
}

extension Period.Cadence {
  /// The last day at whose end a period of this kind ends.
  fileprivate func lastEnd(through day: Day) -> Day {
    let next = day + 1
    let (_, month, dayOfMonth) = next.civil
    switch self {
    case .week:
      let sinceMonday = (Weekday.allCases.firstIndex(of: next.weekday) ?? 0)
      return next - sinceMonday - 1
    case .month: return next - dayOfMonth
    case .quarter: return (next - (dayOfMonth - 1)).adding(months: -((month - 1) % 3)) - 1
    case .trailingYear: return day
    }
  }

  fileprivate func start(endingOn end: Day) -> Day {
    switch self {
    case .week: end - 7
    case .month: (end + 1).adding(months: -1) - 1
    case .quarter: (end + 1).adding(months: -3) - 1
    case .trailingYear: end.adding(months: -12)
    }
  }
}
