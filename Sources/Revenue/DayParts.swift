import Events

/// A piece of a day's difference with one cause, before anything is netted or rounded.
struct MovementPart {
  let productLine: String
  let cause: Movement.Cause
  /// Millionths of a minor unit.
  let micro: Int128
  let record: RecordCitation
  /// The currency of a price changed, and the price with it.
  var isExchange = false
}

/// Takes the difference between two days of an account apart, item by item.
///
/// Items are matched by their id, then by plan, then by product line: what is left on both sides of a line is one plan exchanged for another,
/// also where one subscription was ended for a new one.
struct DayParts {
  private(set) var parts: [MovementPart] = []
  private let terms: RevenueTerms
  /// Whether an item that was paid for before is still paid for.
  private var somethingStays = false

  /// An item of a subscription, on one side of the difference.
  private struct Side {
    let subscription: Int
    let position: Position
    let record: RecordCitation
    /// Why it came or went, where that is not the customer's choice of plans.
    let cause: Movement.Cause?
  }

  init(from before: [SubscriptionState?], to after: [SubscriptionState?], changed: [Int], _ terms: RevenueTerms) {
    self.terms = terms
    var old: [Side] = []
    var new: [Side] = []
    for index in changed {
      guard let next = after[index] else { continue }
      let last = before[index]
      let cause = next.positions.isEmpty ? next.standing.cause : last?.standing.cause
      old += (last?.positions ?? []).map { Side(subscription: index, position: $0, record: next.record, cause: cause) }
      new += next.positions.map { Side(subscription: index, position: $0, record: next.record, cause: cause) }
    }
    pair(&old, &new) { $0.subscription == $1.subscription && $0.position.item == $1.position.item }
    pair(&old, &new) { $0.subscription == $1.subscription && $0.position.plan == $1.position.plan }
    pair(&old, &new) { $0.cause == nil && $1.cause == nil && $0.position.plan == $1.position.plan }
    pair(&old, &new) { $0.cause == nil && $1.cause == nil && $0.position.productLine == $1.position.productLine }
    let unchanged = after.indices.contains { !changed.contains($0) && after[$0]?.brings == true }
    let choice: Movement.Cause = unchanged || somethingStays ? .addon : .plan
    for side in old { add(side.position, side.cause ?? choice, -micro(side.position.net), side.record) }
    for side in new { add(side.position, side.cause ?? choice, micro(side.position.net), side.record) }
  }

  private mutating func pair(_ old: inout [Side], _ new: inout [Side], where match: (Side, Side) -> Bool) {
    var unmatched: [Side] = []
    for side in old {
      guard let index = new.firstIndex(where: { match(side, $0) }) else {
        unmatched.append(side)
        continue
      }
      compare(side, new.remove(at: index))
    }
    old = unmatched
  }

  /// Another quantity counts at the old price and discount, another price at the new quantity and the old discount, the discount last.
  private mutating func compare(_ old: Side, _ new: Side) {
    let (a, b) = (old.position, new.position)
    somethingStays = somethingStays || (a.net.numerator > 0 && b.net.numerator > 0)
    guard a != b else { return }
    guard a.productLine == b.productLine else {
      add(a, .plan, -micro(a.net), new.record)
      add(b, .plan, micro(b.net), new.record)
      return
    }
    let (netBefore, netAfter) = (micro(a.net), micro(b.net))
    let (contractBefore, contractAfter) = (micro(a.contract), micro(b.contract))
    guard a.quantity > 0, b.quantity > 0 else { return add(b, .seats, netAfter - netBefore, new.record) }
    let atNewQuantity = Int128(roundedDividing: netBefore * Int128(b.quantity), by: Int128(a.quantity))
    let atOldDiscount =
      contractBefore == 0 ? contractAfter : Self.scaled(contractAfter, by: netBefore, over: contractBefore)
    add(b, .seats, atNewQuantity - netBefore, new.record)
    add(b, priceCause(a, b), atOldDiscount - atNewQuantity, new.record, isExchange: a.plan == b.plan && a.currency != b.currency)
    add(b, .discount, netAfter - atOldDiscount, new.record)
  }

  private func priceCause(_ a: Position, _ b: Position) -> Movement.Cause {
    let isOtherTerm = a.interval != b.interval || a.intervalCount != b.intervalCount
    if a.plan == b.plan { return isOtherTerm ? .term : .price }
    let (old, new) = (terms.terms(ofPlan: a.plan), terms.terms(ofPlan: b.plan))
    return isOtherTerm && !old.tier.isEmpty && old == new ? .term : .plan
  }

  private mutating func add(
    _ position: Position, _ cause: Movement.Cause, _ micro: Int128, _ record: RecordCitation, isExchange: Bool = false
  ) {
    guard micro != 0 else { return }
    parts.append(
      MovementPart(productLine: position.productLine, cause: cause, micro: micro, record: record, isExchange: isExchange))
  }

  private func micro(_ amount: Rational) -> Int128 {
    let (scaled, overflows) = amount.numerator.multipliedReportingOverflow(by: 1_000_000)
    return overflows ? Int128(amount.rounded) * 1_000_000 : Int128(roundedDividing: scaled, by: amount.denominator)
  }

  /// a·b/c; b/c is a share, so that losing digits of huge amounts changes nothing in minor units.
  private static func scaled(_ a: Int128, by b: Int128, over c: Int128) -> Int128 {
    let (product, overflows) = a.multipliedReportingOverflow(by: b)
    return overflows ? a / 1_000_000 * b / c * 1_000_000 : Int128(roundedDividing: product, by: c)
  }
}

extension SubscriptionState {
  fileprivate var brings: Bool { positions.contains { $0.net.numerator > 0 } }
}

extension SubscriptionState.Standing {
  /// The cause of what begins or ends with a standing.
  fileprivate var cause: Movement.Cause? {
    switch self {
    case .paused: .pause
    case .involuntary: .involuntary
    case .paying, .trial, .ended, .notBegun: nil
    }
  }
}
