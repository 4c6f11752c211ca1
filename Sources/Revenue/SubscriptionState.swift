import Events

/// What one subscription brings in, from a company day on.
struct SubscriptionState: Hashable, Sendable {
  /// Empty where nothing is paid.
  var positions: [Position]
  let standing: Standing
  /// The version that says so.
  let record: RecordCitation
  /// Whether the version could not be read, so that the positions are those of the last one that could, or none.
  var isAssumed = false

  enum Standing: Hashable, Sendable {
    case paying, trial, paused, ended, notBegun
    /// Past due for too long.
    case involuntary
  }
}

/// One item of a subscription as it is paid for.
struct Position: Hashable, Sendable {
  /// The vendor's id of the item, or its plan's name.
  let item: String
  let plan: String
  let productLine: String
  /// The plan's pricing model.
  let pricing: String
  /// Millionths.
  let quantity: Int64
  let currency: String
  let interval: String
  let intervalCount: Int64
  /// Minor units of the reporting currency a month, exactly, before and after discounts.
  let contract: Rational
  let net: Rational
}

extension SubscriptionVersion {
  /// The items paid for at an instant, or why they cannot be read.
  func positions(at now: Instant, _ terms: RevenueTerms) -> Result<[Position], UnreadableItem> {
    var sold: [(item: Item, contract: Rational)] = []
    var total = Rational.zero
    for item in items where !item.isMetered {
      guard item.quantity.millionths >= 0 else { return .failure(.negativeQuantity(plan: item.plan)) }
      guard item.unitAmount != nil else { return .failure(.noPrice(plan: item.plan)) }
      guard item.perMonth != nil else { return .failure(.unknownInterval(plan: item.plan, interval: item.interval)) }
      guard let factor = terms.currencies.factor(of: item.currency) else {
        return .failure(.noRate(plan: item.plan, currency: item.currency))
      }
      guard let contract = item.monthly?.multiplied(by: factor), let sum = total.adding(contract) else {
        return .failure(.tooLarge(plan: item.plan))
      }
      total = sum
      sold.append((item, contract))
    }
    guard let kept = shareKept(of: total, at: now, terms.currencies) else { return .failure(.tooLarge(plan: items.first?.plan ?? "")) }
    var positions: [Position] = []
    for (item, contract) in sold {
      guard let net = contract.multiplied(by: kept) else { return .failure(.tooLarge(plan: item.plan)) }
      let plan = terms.terms(ofPlan: item.plan)
      positions.append(
        Position(
          item: item.id.isEmpty ? item.plan : item.id, plan: item.plan, productLine: plan.productLine, pricing: plan.pricing,
          quantity: item.quantity.millionths, currency: item.currency.lowercased(), interval: item.interval,
          intervalCount: item.intervalCount, contract: contract, net: net))
    }
    return .success(positions)
  }

  /// What discounts leave of one minor unit; nil beyond 127 bits.
  private func shareKept(of total: Rational, at now: Instant, _ currencies: CurrencyTable) -> Rational? {
    guard hasDiscounts(at: now), total.numerator > 0 else { return Rational(1) }
    guard let factor = currencies.factor(of: items.first { !$0.isMetered }?.currency ?? ""),
      let net = discounted(total, at: now, currencyFactor: factor), let inverse = Rational(total.denominator, over: total.numerator)
    else { return nil }
    return net.multiplied(by: inverse)
  }
}

/// Why an item of a subscription cannot be counted.
package enum UnreadableItem: Error, Hashable, Sendable {
  case negativeQuantity(plan: String)
  case noPrice(plan: String)
  case unknownInterval(plan: String, interval: String)
  case noRate(plan: String, currency: String)
  case tooLarge(plan: String)
}
