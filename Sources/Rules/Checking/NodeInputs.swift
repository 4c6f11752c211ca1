package import Events
internal import Features

/// What a checked part's value can change with while time stands still, as far as that is proven; worked out once, when it is compiled.
///
/// What is not proven counts as changing with everything, so a rule that reads it is evaluated whenever its account is.
package struct NodeInputs: Hashable, Sendable {
  /// The kinds of records whose arrival may change it; usage that is late is one of them.
  package var kinds: KindSet = []
  /// Whether another day of usage may change it: windows end with the last complete day.
  package var readsUsageDays = false
  /// Whether it reads how other rules stand, or the risk score.
  package var readsRules = false
  package var readsRisk = false

  /// Changes with everything.
  package static let unproven = NodeInputs(kinds: .all, readsUsageDays: true, readsRules: true, readsRisk: true)

  package func union(_ other: NodeInputs) -> NodeInputs {
    NodeInputs(
      kinds: kinds.union(other.kinds), readsUsageDays: readsUsageDays || other.readsUsageDays, readsRules: readsRules || other.readsRules,
      readsRisk: readsRisk || other.readsRisk)
  }
}

extension NodeInputs {
  init(of operation: Operation) {
    self = operation.children.reduce(NodeInputs()) { $0.union($1.inputs) }
    guard let own = Self.own(of: operation) else {
      self = .unproven
      return
    }
    self = union(own)
  }

  /// What an operation reads beside its children; nil where nobody has shown it.
  private static func own(of operation: Operation) -> NodeInputs? {
    switch operation {
    // A cohort's figures are fixed with the day of usage; which cohort it is, the account record says.
    case .adjusted, .percentile: NodeInputs(kinds: KindSet(.account), readsUsageDays: true)
    case .rare(let aggregate, _, _, _):
      own(of: aggregate)?.union(NodeInputs(kinds: [KindSet(.account), KindSet(.subscription)]))
    case .dailyRate(let aggregate, _): own(of: aggregate)?.union(NodeInputs(kinds: KindSet(.subscription)))
    case .constant, .binding, .negate, .not, .both, .either, .arithmetic, .compare, .compareRank, .membership, .contains, .presence,
      .mentions,
      .lasting, .occurring, .conditional, .extreme, .absolute, .since, .ago, .figure:
      NodeInputs()
    case .rowField(let field): NodeInputs(kinds: field.kinds)
    case .scalar(let scalar): own(of: scalar)
    case .accountField: NodeInputs(kinds: KindSet(.account))
    case .peak: NodeInputs(kinds: KindSet(.subscription))
    case .aggregate(let aggregate), .change(let aggregate, _, _), .ownLevel(let aggregate, _, _), .belowOwnLevel(let aggregate, _, _):
      own(of: aggregate)
    case .firing, .levelOf, .anyFiring: NodeInputs(readsRules: true)
    }
  }

  private static func own(of scalar: Scalar) -> NodeInputs? {
    switch scalar {
    case .newTeams: NodeInputs(kinds: KindSet(.usage), readsUsageDays: true)
    case .used, .licensed, .driverFeatures:
      NodeInputs(kinds: [KindSet(.subscription), KindSet(.usage), KindSet(.account)], readsUsageDays: true)
    case .seats, .mrr, .accountAge, .planElastic, .caseOpen, .settling, .premiumAge, .planTier, .planRank, .flatFor:
      NodeInputs(kinds: KindSet(.subscription))
    case .noticeIn: NodeInputs(kinds: KindSet(.account))
    case .openFor: NodeInputs()
    case .riskBand, .riskPoints: NodeInputs(readsRisk: true)
    default: nil
    }
  }

  private static func own(of aggregate: Aggregate) -> NodeInputs? {
    switch aggregate {
    case .rows(let rows):
      return NodeInputs(kinds: KindSet(rows.kind).union(rows.field?.kinds ?? []))
    case .usage(let usage):
      guard usage.isPlain else { return nil }
      // Whether silence means no use depends on whether the account pays, and whether the usage feed can know it.
      var kinds: KindSet = [KindSet(.usage), KindSet(.subscription), KindSet(.account)]
      if usage.filter.roles != nil { kinds.insert(KindSet(.contact)) }
      return NodeInputs(kinds: kinds, readsUsageDays: true)
    }
  }
}

extension RowField {
  /// The kinds a field of a row is read from beside the row's own.
  fileprivate var kinds: KindSet {
    switch self {
    case .stored, .age, .at, .day, .sentiment, .source, .businessDays, .mentioned: []
    case .productLine: KindSet(.subscription)
    // Other accounts' records move it too; the engine counts that as news of contacts.
    case .movedTo, .movedToSeller: [KindSet(.contact), KindSet(.enrichment)]
    case .personRole: KindSet(.contact)
    case .derived(let field):
      switch field {
      case .ticketCameBack, .ticketCameBackAt: KindSet(.ticket)
      case .invoiceLate, .invoiceOpen, .invoiceMetered: KindSet(.invoice)
      case .contactGone, .contactGoneAt: [KindSet(.contact), KindSet(.enrichment)]
      case .engagementPersonal, .engagementAnswered, .engagementAnsweredAt, .engagementReplyTime: KindSet(.engagement)
      default: .all
      }
    }
  }
}

extension UsageAggregate {
  /// Whether it counts all of a source that is the same for the whole account, so that what is merged serves other aggregates too.
  var countsWholeSource: Bool {
    switch source {
    case .all, .meaning:
      !(function == .distinct && field != .person) && !filter.businessDaysOnly && filter.names == nil && filter.conditions.isEmpty
    // What is paid for changes with time, and what was bought with the case.
    default: false
    }
  }

  /// Whether it counts features by meaning, name, day, role and what each person did alone.
  var isPlain: Bool {
    switch source {
    case .all, .meaning, .premium, .abovePlan, .firstValue, .driver, .driverOther:
      filter.conditions.allSatisfy { $0.limit.pace?.isStill ?? false }
    default: false
    }
  }
}
