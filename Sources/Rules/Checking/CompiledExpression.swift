package import Events

/// A checked expression, ready to be evaluated.
package struct CompiledExpression: Sendable {
  /// As it was written.
  package let text: String
  package let type: ExpressionType
  let root: TypedNode
  /// The ids of the reference values it reads, to be frozen while an episode is open; sorted.
  package let references: [String]
  /// The rules whose states it reads, sorted.
  package let rules: [String]
  /// The kinds of records it reads, sorted.
  package let kinds: [Kind]
  let scalars: Set<Scalar>
  /// What it reads of the cohort.
  package let cohortFeatures: [CohortFeature]

  init(text: String, root: TypedNode) {
    self.text = text
    self.root = root
    type = root.type
    var survey = Survey()
    survey.visit(root)
    references = survey.references.sorted()
    rules = survey.rules.sorted()
    kinds = survey.kinds.sorted()
    scalars = survey.scalars
    cohortFeatures = survey.features.values.sorted { $0.id < $1.id }
  }

  /// The checked expression of a text, or nil and all its faults.
  package static func compile(
    _ text: String, in scope: ExpressionScope, expectingCondition: Bool = false
  ) -> (expression: CompiledExpression?, faults: [Fault]) {
    let (expression, _, faults) = Checker.compile(text, in: scope, expectingCondition: expectingCondition)
    return (expression, faults)
  }

  /// Nodes of reference values outside `ago`, by id.
  var referenceNodes: [String: TypedNode] {
    var survey = Survey()
    survey.visit(root)
    return survey.referenceNodes
  }
}

/// Walks a checked expression and notes what it depends on.
private struct Survey {
  var referenceNodes: [String: TypedNode] = [:]
  var rules: Set<String> = []
  var kinds: Set<Kind> = []
  var scalars: Set<Scalar> = []
  var features: [String: CohortFeature] = [:]

  var references: [String] { Array(referenceNodes.keys) }

  mutating func visit(_ node: TypedNode, inPast: Bool = false, daysBack: Int = 0) {
    var inPast = inPast
    var daysBack = daysBack
    switch node.operation {
    case .ownLevel(let aggregate, _, let reference), .belowOwnLevel(let aggregate, _, let reference):
      note(aggregate)
      if !inPast { referenceNodes[reference] = node }
    case .peak(_, _, let reference):
      kinds.insert(.subscription)
      if !inPast { referenceNodes[reference] = node }
    case .aggregate(let aggregate), .change(let aggregate, _, _), .dailyRate(let aggregate, _): note(aggregate)
    case .scalar(let scalar):
      kinds.formUnion(scalar.kinds)
      scalars.insert(scalar)
    case .accountField: kinds.insert(.account)
    case .firing(let rule), .levelOf(let rule): rules.insert(rule)
    case .anyFiring(let ids, _): rules.formUnion(ids)
    case .adjusted(let inner, let feature): note(CohortFeature(id: feature, .medianRatio, of: inner, daysBack: daysBack))
    case .percentile(let inner, let statistic, let feature):
      let feature = CohortFeature(id: feature, statistic, of: inner, daysBack: daysBack)
      kinds.formUnion(feature.expression.kinds)
      note(feature)
    case .rare(let aggregate, _, let rate, let feature):
      note(aggregate)
      kinds.insert(.subscription)
      note(CohortFeature(id: feature, .mean, of: rate, daysBack: daysBack))
    case .ago(_, let days):
      inPast = true
      daysBack += days
    case .lasting(_, let days), .occurring(_, let days): daysBack += days - 1
    default: break
    }
    for child in node.operation.children { visit(child, inPast: inPast, daysBack: daysBack) }
  }

  private mutating func note(_ feature: CohortFeature) { features[feature.id] = feature.joined(features[feature.id]) }

  private mutating func note(_ aggregate: Aggregate) {
    switch aggregate {
    case .usage(let usage):
      kinds.insert(.usage)
      if usage.filter.roles != nil { kinds.insert(.contact) }
      if usage.source.readsPlans { kinds.insert(.subscription) }
    case .rows(let rows): kinds.insert(rows.kind)
    }
  }
}

extension Scalar {
  /// The kinds of records it is read from.
  fileprivate var kinds: [Kind] {
    switch self {
    case .seats, .mrr, .accountAge, .planElastic, .caseOpen, .caseAge, .caseVerdict, .settling, .premiumAge, .planTier, .planRank, .flatFor,
      .caseOpened, .caseSeats, .caseSeatsBefore, .caseMRRAdded, .casePurchases:
      [.subscription]
    case .caseOrigin: [.opportunity, .subscription]
    case .noticeIn: [.account]
    case .caseFeatures, .newTeams: [.usage]
    case .used, .licensed, .driverFeatures: [.subscription, .usage]
    case .openFor, .riskBand, .riskPoints: []
    }
  }
}
