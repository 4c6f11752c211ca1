internal import Events

/// A checked part of an expression: every name is resolved, so that evaluating it looks nothing up by name and cannot fail.
final class TypedNode: Sendable {
  let operation: Operation
  let type: ExpressionType
  /// As it was written, for explanations.
  let source: String
  /// What it can change with while time stands still.
  let inputs: NodeInputs
  /// How it moves as time passes; nil where nobody has worked it out.
  let pace: Pace?
  /// Whether what it gives is good for one instant only.
  let isFleeting: Bool

  init(_ operation: Operation, _ type: ExpressionType, source: String) {
    self.operation = operation
    inputs = NodeInputs(of: operation)
    pace = Pace.of(operation)
    isFleeting = Self.isFleeting(operation, pace)
    self.type = type
    self.source = source
  }
}

/// What a node computes.
enum Operation: Sendable {
  case constant(Outcome)
  case binding(slot: Int, TypedNode)
  case rowField(RowField)
  case scalar(Scalar)
  case figure(Figure)
  case accountField([String])
  case negate(TypedNode)
  case not(TypedNode)
  case both(TypedNode, TypedNode)
  case either(TypedNode, TypedNode)
  case arithmetic(BinaryOperator, TypedNode, TypedNode)
  case compare(BinaryOperator, TypedNode, TypedNode)
  /// Comparison of words by their place in an ordered choice.
  case compareRank(BinaryOperator, words: [String], TypedNode, TypedNode)
  case membership(TypedNode, [Outcome])
  case contains(TypedNode, [Phrase])
  case mentions(lexicon: String)
  case presence(TypedNode, isKnown: Bool)
  case lasting(TypedNode, days: Int)
  /// The dual of `lasting`: on any of the days.
  case occurring(TypedNode, days: Int)
  case conditional(TypedNode, then: TypedNode, otherwise: TypedNode)
  case extreme(isGreatest: Bool, [TypedNode])
  case absolute(TypedNode)
  case since(TypedNode)
  case ago(TypedNode, days: Int)
  case aggregate(Aggregate)
  /// The last days against as many that end `before` days ago.
  case change(Aggregate, days: Int, before: Int)
  case ownLevel(Aggregate, days: Int, reference: String)
  case belowOwnLevel(Aggregate, days: Int, reference: String)
  case peak(Scalar, days: Int, reference: String)
  case adjusted(TypedNode, feature: String)
  case percentile(TypedNode, CohortFeature.Statistic, feature: String)
  /// The chance of at least as many rows in the last days; the feature is the cohort's daily rate of them.
  case rare(Aggregate, days: Int, rate: TypedNode, feature: String)
  /// Rows a day in the account's history before the last days.
  case dailyRate(Aggregate, days: Int)
  case firing(rule: String)
  case levelOf(rule: String)
  case anyFiring(rules: [String], atLeast: Int)

  /// The nodes it reads, in the order they are written.
  var children: [TypedNode] {
    switch self {
    case .constant, .rowField, .scalar, .figure, .accountField, .mentions, .peak, .firing, .levelOf, .anyFiring, .percentile: []
    case .binding(_, let node), .negate(let node), .not(let node), .membership(let node, _), .contains(let node, _),
      .presence(let node, _), .lasting(let node, _), .occurring(let node, _), .absolute(let node), .since(let node), .ago(let node, _),
      .adjusted(let node, _):
      [node]
    case .both(let a, let b), .either(let a, let b), .arithmetic(_, let a, let b), .compare(_, let a, let b),
      .compareRank(_, _, let a, let b):
      [a, b]
    case .conditional(let a, let b, let c): [a, b, c]
    case .extreme(_, let nodes): nodes
    case .aggregate(let aggregate), .change(let aggregate, _, _), .ownLevel(let aggregate, _, _), .belowOwnLevel(let aggregate, _, _),
      .rare(let aggregate, _, _, _), .dailyRate(let aggregate, _):
      [aggregate.window.before].compactMap { $0 } + aggregate.filterNodes
    }
  }
}

/// A statistic over usage or over rows.
enum Aggregate: Sendable {
  case usage(UsageAggregate)
  case rows(RowAggregate)

  var window: Window {
    switch self {
    case .usage(let aggregate): aggregate.window
    case .rows(let aggregate): aggregate.window
    }
  }

  var filterNodes: [TypedNode] {
    switch self {
    case .usage(let aggregate): aggregate.filter.conditions.map(\.limit)
    case .rows(let aggregate): aggregate.filter.map { [$0] } ?? []
    }
  }
}

/// The stretch of time an aggregate looks at.
struct Window: Sendable {
  /// Nil for everything known.
  var length: Span?
  /// How far before now it ends.
  var before: TypedNode?
  /// Whether it starts no earlier than the open episode.
  var sinceOpening = false

  var days: Int? { length.map { Int($0.wholeDays) } }
}

struct UsageAggregate: Sendable {
  let function: UsageFunction
  let source: UsageSource
  /// What `distinct` counts.
  let field: UsageField
  let filter: UsageFilter
  let window: Window
  /// The same for aggregates that count the same, whichever rule they stand in; nil where more than the usage in the window counts.
  let feature: FeatureNumber?

  init(function: UsageFunction, source: UsageSource, field: UsageField, filter: UsageFilter, window: Window) {
    self.function = function
    self.source = source
    self.field = field
    self.filter = filter
    self.window = window
    feature = FeatureNumber(function, source, field, filter)
  }
}

enum UsageFunction: String, CaseIterable, Sendable {
  case count, exists, first, last, distinct
  case activeDays = "active_days"
  case personDays = "person_days"
  case perBusinessDay = "per_business_day"
  case medianGap = "median_gap"
  case expected
  case silentBusinessDays = "silent_business_days"
  case silentFor = "silent_for"

  var type: ExpressionType {
    switch self {
    case .count, .distinct, .activeDays, .personDays, .perBusinessDay, .expected, .silentBusinessDays: .number
    case .exists: .flag
    case .first, .last: .instant
    case .medianGap, .silentFor: .duration
    }
  }
}

/// What `distinct` counts of usage.
enum UsageField: String, CaseIterable, Sendable {
  case person, name
  /// Of all usage alone: days and persons are kept by team, but not names.
  case team
}

/// The part of the usage an aggregate counts; all conditions hold at once.
struct UsageFilter: Sendable {
  var businessDaysOnly = false
  var names: [String]?
  var roles: [String]?
  var conditions: [UsageCondition] = []
}

/// A measure of each person or feature, compared with a value of the account.
struct UsageCondition: Sendable {
  let measure: UsageMeasure
  let sign: BinaryOperator
  let limit: TypedNode
}

/// What is measured of each person, or of each feature, over an aggregate's window.
enum UsageMeasure: String, CaseIterable, Sendable {
  /// Days with use of what the aggregate counts.
  case activeDays = "person.active_days"
  /// Complete days since the last use of anything.
  case silentFor = "person.silent_for"
  /// 1 for the person with most active days; ties by key.
  case rank = "person.rank"
  /// Days since the first use of anything.
  case firstSeen = "person.first_seen"
  /// Persons with use of the feature.
  case featurePersons = "feature.persons"

  /// Whether it depends on more than the days of the window.
  var looksBeyondWindow: Bool { self == .silentFor || self == .firstSeen }

  var type: ExpressionType {
    switch self {
    case .activeDays, .rank, .featurePersons: .number
    case .silentFor, .firstSeen: .duration
    }
  }
}

struct RowAggregate: Sendable {
  let function: RowFunction
  let kind: Kind
  /// Nil for `exists` and `count`, which look at rows as wholes.
  let field: RowField?
  let filter: TypedNode?
  /// Only the last rows by time.
  let last: Int?
  let window: Window
  let type: ExpressionType
}

enum RowFunction: String, CaseIterable, Sendable {
  case exists, count, sum, min, max, average, median, last, first, distinct
}

/// Words to find in a text.
struct Phrase: Hashable, Sendable {
  /// Lower-case letters.
  let text: String
  let bytes: [UInt8]

  init(_ text: String) {
    self.text = text.lowercased()
    bytes = Array(self.text.utf8)
  }
}
