internal import Events
internal import Features

/// How own levels are found.
enum OwnLevel {
  /// The days before the window that the level is averaged over.
  static let referenceDays = 90
  /// The days of them that must be known.
  static let leastKnownDays = 56
}

extension Evaluation {
  /// A window other than the one an aggregate was written with.
  struct WindowOverride {
    let days: Int
    let before: Int
  }

  mutating func aggregate(_ aggregate: Aggregate, _ override: WindowOverride? = nil) -> Outcome {
    switch aggregate {
    case .usage(let usage): self.usage(usage, override)
    case .rows(let rows): self.rows(rows, override)
    }
  }

  /// (a − b) / b of the last days against as many that end some days ago.
  mutating func change(_ aggregate: Aggregate, _ days: Int, _ before: Int) -> Outcome {
    let now = self.aggregate(aggregate, WindowOverride(days: days, before: 0))
    let then = self.aggregate(aggregate, WindowOverride(days: days, before: before))
    return Self.relativeChange(now, against: then)
  }

  private static func relativeChange(_ now: Outcome, against then: Outcome) -> Outcome {
    if now.isMissing { return now }
    if then.isMissing { return then }
    guard let a = now.fixed, let b = then.fixed, b > .zero else { return .missing(.because(.nothingBefore)) }
    return (a - b).divided(by: b).map(Outcome.number) ?? .missing(.because(.nothingBefore))
  }

  mutating func belowOwnLevel(_ aggregate: Aggregate, _ days: Int, _ reference: String) -> Outcome {
    let type: ExpressionType = aggregate.type
    let now = self.aggregate(aggregate, WindowOverride(days: days, before: 0))
    return Self.relativeChange(now, against: ownLevel(aggregate, days, reference, type))
  }

  /// The mean of the same statistic over whole windows of the same length in the 90 days before the window.
  mutating func ownLevel(_ aggregate: Aggregate, _ days: Int, _ reference: String, _ type: ExpressionType) -> Outcome {
    if let frozen = frozen(reference, as: type) { return frozen }
    switch knownDays(before: days, for: aggregate) {
    case .missing(let reason): return .missing(reason)
    case .days(let known):
      let reach = min(known, OwnLevel.referenceDays)
      let windows = reach / days
      guard reach >= OwnLevel.leastKnownDays, windows > 0 else { return .missing(.because(.shortHistory)) }
      var sum: Int128 = 0
      for index in 1...windows {
        let outcome = self.aggregate(aggregate, WindowOverride(days: days, before: days * index))
        guard let value = outcome.fixed else { return outcome }
        sum += Int128(value.millionths)
      }
      return Outcome(Fixed(clamping: Int128(roundedDividing: sum, by: Int128(windows))), as: type)
    }
  }

  enum KnownDays {
    case days(Int)
    case missing(Missing)
  }

  /// How many days are known before a window that ends now.
  func knownDays(before days: Int, for aggregate: Aggregate) -> KnownDays {
    switch aggregate {
    case .usage:
      guard let known = facts.usageDaysWithoutHoles else { return .missing(.usageUnknown) }
      return .days(max(0, known.upperBound - known.lowerBound + 1 - days))
    case .rows(let rows):
      guard let known = facts.company.known.range(of: rows.kind) else { return .missing(.kindUnknown(rows.kind)) }
      facts.standsToday()
      let from = max(known.from, known.holes.filter { $0.from < facts.now }.map(\.until).max() ?? known.from)
      return .days(max(0, Int((facts.now - from).wholeDays) - days))
    }
  }
}
