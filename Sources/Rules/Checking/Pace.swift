internal import Events
internal import Features

/// How fast a value moves as time passes and nothing else happens: between `least` and `most` microseconds a microsecond.
///
/// A comparison of two values whose paces are known stays as it is until they can meet; so a rule that says `since(x) >= 30d` need not be
/// evaluated before that day.
struct Pace: Hashable, Sendable {
  var least: Int64
  var most: Int64

  static let still = Pace(least: 0, most: 0)
  /// Time since something.
  static let rising = Pace(least: 1, most: 1)

  var isStill: Bool { self == .still }

  var negated: Pace { Pace(least: -most, most: -least) }

  static func + (a: Pace, b: Pace) -> Pace { Pace(least: a.least + b.least, most: a.most + b.most) }

  func hull(_ other: Pace) -> Pace { Pace(least: min(least, other.least), most: max(most, other.most)) }
}

extension Pace {
  /// The pace of what an operation gives; nil where it is not known.
  ///
  /// Steps are no pace: whoever reads a record, a day or a level notes for itself until when it stands.
  static func of(_ operation: Operation) -> Pace? {
    if case .adjusted(let inner, _) = operation { return inner.pace }
    switch operation {
    case .constant, .figure, .accountField, .not, .both, .either, .compare, .compareRank, .membership, .contains, .mentions, .presence,
      .lasting,
      .occurring, .peak, .percentile, .firing,
      .levelOf, .anyFiring:
      return .still
    case .binding(_, let body): return body.pace
    case .ago(let inner, _): return inner.pace
    case .negate(let inner): return inner.pace?.negated
    case .rowField(let field): return field.pace
    case .scalar(let scalar): return of(scalar)
    case .since(let inner): return inner.pace == .still ? .rising : nil
    case .absolute(let inner): return inner.pace == .still ? .still : nil
    case .conditional(_, let a, let b): return join([a, b])
    case .extreme(_, let nodes): return join(nodes)
    case .arithmetic(let sign, let a, let b):
      guard let left = a.pace, let right = b.pace else { return nil }
      switch sign {
      case .plus: return left + right
      case .minus: return left + right.negated
      default: return left.isStill && right.isStill ? .still : nil
      }
    case .aggregate(let aggregate): return of(aggregate)
    case .change(let aggregate, _, _), .ownLevel(let aggregate, _, _), .belowOwnLevel(let aggregate, _, _),
      .rare(let aggregate, _, _, _), .dailyRate(let aggregate, _):
      return of(aggregate) == .still ? .still : nil
    default: return nil
    }
  }

  private static func of(_ scalar: Scalar) -> Pace? {
    switch scalar {
    case .seats, .mrr, .planElastic, .caseOpen, .riskBand, .riskPoints, .used, .licensed, .settling, .driverFeatures, .newTeams, .planTier,
      .planRank:
      .still
    case .accountAge, .premiumAge, .flatFor: .rising
    case .noticeIn: Pace.rising.negated
    // Zero while nothing is open.
    case .openFor: Pace(least: 0, most: 1)
    default: nil
    }
  }

  private static func of(_ aggregate: Aggregate) -> Pace? {
    guard aggregate.window.before?.pace ?? .still == .still else { return nil }
    switch aggregate {
    case .usage(let usage): return usage.isPlain ? .still : nil
    case .rows(let rows):
      guard let pace = rows.field.map(\.pace) ?? .still else { return nil }
      switch rows.function {
      case .exists, .count: return .still
      // The values move together, so any of them, or the middle of two, moves no faster.
      case .min, .max, .first, .last, .median, .average: return pace
      case .sum, .distinct: return pace.isStill ? .still : nil
      }
    }
  }

  private static func join(_ nodes: [TypedNode]) -> Pace? {
    var joined: Pace?
    for node in nodes {
      guard let pace = node.pace else { return nil }
      joined = joined?.hull(pace) ?? pace
    }
    return joined
  }
}

extension RowField {
  /// Nil where a field may change in another way than by a new version.
  var pace: Pace? {
    switch self {
    case .stored, .at, .day, .sentiment, .productLine, .movedTo, .movedToSeller, .source, .businessDays, .personRole, .mentioned: .still
    case .age: .rising
    case .derived(let field):
      switch field {
      case .invoiceLate: Pace(least: 0, most: 1)
      case .invoiceOpen, .invoiceMetered, .ticketCameBack, .ticketCameBackAt, .contactGone, .contactGoneAt, .engagementPersonal,
        .engagementAnswered,
        .engagementAnsweredAt, .engagementReplyTime:
        .still
      default: nil
      }
    }
  }
}

extension TypedNode {
  /// Whether it turns something that moves in a way nobody has worked out into something else: then what it gives is good for this instant
  /// only.
  static func isFleeting(_ operation: Operation, _ pace: Pace?) -> Bool {
    switch operation {
    case .compare(_, let a, let b): return a.pace == nil || b.pace == nil
    case .arithmetic, .extreme, .conditional, .negate, .absolute, .since, .ago, .binding:
      // The value itself is judged where it is compared; without a pace nobody can.
      return pace == nil
    case .aggregate, .change, .ownLevel, .belowOwnLevel, .rare, .dailyRate, .presence, .rowField, .scalar: return pace == nil
    default: return pace == nil || operation.children.contains { $0.pace?.isStill != true }
    }
  }
}
