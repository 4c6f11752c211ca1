internal import Events

/// The functions that read the account's cohort.
extension Checker {
  mutating func adjusted(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(1, "adjusted(change(count(usage.api), 14d))", values, syntax) else { return unknown(syntax) }
    let inner = node(values[0])
    if inner.type == .unknown { return unknown(syntax) }
    switch inner.operation {
    case .change, .belowOwnLevel: break
    default:
      fault(.wrongArguments, "only a change(…) or a below_own_level(…) is adjusted by the cohort", at: values[0].range)
      return unknown(syntax)
    }
    return make(.adjusted(inner, feature: values[0].canonical(scope.bindingSyntax)), .percent, syntax)
  }

  mutating func percentile(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(2, "percentile(mrr, 50%)", values, syntax) else { return unknown(syntax) }
    guard case .number(let share, true) = values[1].form, share > .zero, share < Fixed(1) else {
      fault(.wrongArguments, "percentile takes a percentage between 0% and 100%", at: values[1].range, hint: "write percentile(mrr, 50%)")
      return unknown(syntax)
    }
    let outer = row
    row = nil
    let inner = node(values[0])
    row = outer
    if inner.type == .unknown { return unknown(syntax) }
    guard inner.type.isNumeric || inner.type == .duration || inner.type == .money else {
      fault(.wrongType, "percentile takes a number of the account, not \(inner.type.description)", at: values[0].range)
      return unknown(syntax)
    }
    if let part = inner.firstPartOfMoreThanOneAccount {
      fault(
        .wrongArguments, "percentile compares what each account is and does; \(part) is not that", at: values[0].range,
        hint: "take percentile of usage, records, seats or mrr alone")
      return unknown(syntax)
    }
    let feature = "percentile(\(values[0].canonical(scope.bindingSyntax)), \(values[1].canonical()))"
    return make(.percentile(inner, .percentile(share), feature: feature), inner.type, syntax)
  }

  mutating func rare(_ aggregate: Aggregate, _ days: Int, _ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard case .rows(let rows) = aggregate, rows.function == .count, rows.last == nil else {
      fault(
        .wrongArguments, "rare tells how likely a count of records is", at: values[0].range, hint: "write rare(count(ticket, …), 14d)")
      return unknown(syntax)
    }
    let feature = "rate(\(values[0].canonical(scope.bindingSyntax)), before \(values[1].canonical()))"
    let rate = make(.dailyRate(aggregate, days: days), .number, syntax)
    return make(.rare(aggregate, days: days, rate: rate, feature: feature), .percent, syntax)
  }
}

extension TypedNode {
  /// The first part, as written, that is no property of one account at one time: other cohort figures, other rules, an open episode, a case.
  fileprivate var firstPartOfMoreThanOneAccount: String? {
    isOfMoreThanOneAccount ? source : operation.children.lazy.compactMap(\.firstPartOfMoreThanOneAccount).first
  }

  private var isOfMoreThanOneAccount: Bool {
    switch operation {
    case .adjusted, .percentile, .rare, .firing, .levelOf, .anyFiring: return true
    case .scalar(let scalar): return scalar.needsCase || [.openFor, .riskBand, .riskPoints].contains(scalar)
    case .aggregate(let aggregate), .change(let aggregate, _, _), .ownLevel(let aggregate, _, _), .belowOwnLevel(let aggregate, _, _):
      if case .usage(let usage) = aggregate, usage.source.needsCase { return true }
      return aggregate.window.sinceOpening
    default: return false
    }
  }
}
