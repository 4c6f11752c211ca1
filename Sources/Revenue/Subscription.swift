package import Events

/// A subscription's versions in source time, oldest first.
package struct SubscriptionTimeline: Hashable, Sendable {
  package let id: String
  package let versions: [SubscriptionVersion]

  package init(id: String, versions: [SubscriptionVersion]) {
    self.id = id
    self.versions = versions
  }

  /// The version in force at an instant; nil before the first, which is unknown and not zero.
  package func version(asOf now: Instant) -> SubscriptionVersion? { versions.last { $0.at <= now } }
}

/// What a subscription sells from an instant on.
package struct SubscriptionVersion: Hashable, Sendable {
  package let at: Instant
  package let status: String
  package let items: [Item]
  package let discounts: [Discount]
  package let startedAt: Instant?
  package let cancelAt: Instant?
  package let endedAt: Instant?

  package struct Item: Hashable, Sendable {
    package let plan: String
    package let quantity: Fixed
    /// Minor units per unit and interval; nil for tiered prices, which no list amount describes.
    package let unitAmount: Rational?
    package let currency: String
    package let interval: String
    package let intervalCount: Int64
    package let isMetered: Bool
  }

  package struct Discount: Hashable, Sendable {
    /// 25 for 25 %.
    package let percent: Fixed?
    /// Minor units a month.
    package let amount: Int64?
    package let endsAt: Instant?
  }

  /// Reads the canonical fields of a `subscription` record.
  package init(at: Instant, fields: [String: Value]) {
    self.at = at
    status = fields["status"]?.text ?? "active"
    items = (fields["items"]?.list ?? []).map(Item.init)
    discounts = (fields["discounts"]?.list ?? []).map(Discount.init)
    startedAt = fields["started_at"]?.instant
    cancelAt = fields["cancel_at"]?.instant
    endedAt = fields["ended_at"]?.instant
  }

  /// Whether it earns at an instant: active or past due, begun, and not ended. Trials, pauses and cancelled ones earn nothing.
  package func isPaying(at now: Instant) -> Bool {
    guard ["active", "past_due", "unpaid"].contains(status), startedAt.map({ $0 <= now }) ?? true else { return false }
    return endedAt.map { $0 > now } ?? true
  }
}

extension SubscriptionVersion.Item {
  init(_ value: Value) {
    plan = value["plan"]?.text ?? ""
    quantity = value["quantity"]?.number ?? Fixed(1)
    if case .price(let price) = value["unit_amount"] { unitAmount = price } else { unitAmount = nil }
    currency = value["currency"]?.text ?? ""
    interval = value["interval"]?.text ?? ""
    intervalCount = value["interval_count"]?.integer ?? 1
    isMetered = value["metered"]?.flag ?? false
  }

  /// Exact minor units a month: month n: a/n · year n: a/12n · week n: a·52/12n · day n: a·365/12n. Nil for an interval nobody knows, a
  /// tiered price, or numbers beyond 127 bits.
  package var monthly: Rational? {
    let perMonth: (Int128, Int128)? =
      switch interval {
      case "month": (1, 1)
      case "year": (1, 12)
      case "week": (52, 12)
      case "day": (365, 12)
      default: nil
      }
    guard let (months, parts) = perMonth, intervalCount > 0, let unitAmount,
      let factor = Rational(months, over: parts * Int128(intervalCount)), let count = Rational(Int128(quantity.millionths), over: 1_000_000)
    else { return nil }
    return unitAmount.multiplied(by: count)?.multiplied(by: factor)
  }
}

extension SubscriptionVersion.Discount {
  init(_ value: Value) {
    percent = value["percent"]?.number
    amount = value["amount"]?.integer
    endsAt = value["ends_at"]?.instant
  }
}

extension SubscriptionVersion {
  /// Monthly recurring minor units at an instant, before and after discounts, not yet rounded. Metered items are counted apart. Nil where an
  /// item cannot be normalised.
  func monthly(at now: Instant) -> (contract: Rational, net: Rational)? {
    guard isPaying(at: now) else { return (.zero, .zero) }
    var contract = Rational.zero
    for item in items where !item.isMetered {
      guard let amount = item.monthly, let sum = contract.adding(amount) else { return nil }
      contract = sum
    }
    var net = contract
    for discount in discounts where discount.endsAt.map({ $0 > now }) ?? true {
      if let percent = discount.percent, let kept = Rational(Int128(100_000_000 - percent.millionths), over: 100_000_000) {
        guard let reduced = net.multiplied(by: kept) else { return nil }
        net = kept.numerator < 0 ? .zero : reduced
      } else if let amount = discount.amount {
        guard let reduced = net.adding(Rational(-Int128(amount))) else { return nil }
        net = reduced.numerator < 0 ? .zero : reduced
      }
    }
    return (contract, net)
  }
}
