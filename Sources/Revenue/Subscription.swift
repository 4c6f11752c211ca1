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

  /// The version in force, if it pays at an instant: not one that is past due for too long.
  func payingVersion(at now: Instant, _ terms: RevenueTerms) -> SubscriptionVersion? {
    guard let index = versions.lastIndex(where: { $0.at <= now }), versions[index].isPaying(at: now) else { return nil }
    return lateSince(index).map { $0 + terms.patience <= now } ?? false ? nil : versions[index]
  }

  /// Since when a version and those right before it are past due; nil for one that is not.
  func lateSince(_ index: Int) -> Instant? {
    let onTime = versions[...index].lastIndex { !$0.isPastDue }.map { $0 + 1 } ?? 0
    return onTime <= index ? versions[onTime].at : nil
  }
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
  /// When it was read from its source, where that is known.
  package let observedAt: Instant?

  package struct Item: Hashable, Sendable {
    /// The vendor's id of the item; empty where it tells none.
    package let id: String
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
    /// Minor units off each invoice, of which there is one an interval.
    package let amount: Int64?
    package let endsAt: Instant?
  }

  /// Reads the canonical fields of a `subscription` record.
  package init(at: Instant, fields: [String: Value], observedAt: Instant? = nil) {
    self.at = at
    self.observedAt = observedAt
    status = fields["status"]?.text ?? "active"
    items = (fields["items"]?.list ?? []).map(Item.init)
    discounts = (fields["discounts"]?.list ?? []).map(Discount.init)
    startedAt = fields["started_at"]?.instant
    cancelAt = fields["cancel_at"]?.instant
    endedAt = fields["ended_at"]?.instant
  }

  var isPastDue: Bool { status == "past_due" || status == "unpaid" }

  /// Whether it earns at an instant: active or past due, begun, and not ended. Trials, pauses and cancelled ones earn nothing.
  package func isPaying(at now: Instant) -> Bool {
    guard ["active", "past_due", "unpaid"].contains(status), startedAt.map({ $0 <= now }) ?? true else { return false }
    return endedAt.map { $0 > now } ?? true
  }
}

extension SubscriptionVersion.Item {
  init(_ value: Value) {
    id = value["id"]?.text ?? ""
    plan = value["plan"]?.text ?? ""
    quantity = value["quantity"]?.number ?? Fixed(1)
    if case .price(let price) = value["unit_amount"] { unitAmount = price } else { unitAmount = nil }
    currency = value["currency"]?.text ?? ""
    interval = value["interval"]?.text ?? ""
    intervalCount = value["interval_count"]?.integer ?? 1
    isMetered = value["metered"]?.flag ?? false
  }

  /// The share of one interval's price that falls on a month. DESIGN §7: month n: a/n · year n: a/12n · week n: a·52/12n · day n: a·365/12n.
  /// Nil for an interval nobody knows.
  var perMonth: Rational? {
    let share: (Int128, Int128)? =
      switch interval {
      case "month": (1, 1)
      case "year": (1, 12)
      case "week": (52, 12)
      case "day": (365, 12)
      default: nil
      }
    guard let (months, parts) = share, intervalCount > 0 else { return nil }
    return Rational(months, over: parts * Int128(intervalCount))
  }

  /// Exact minor units a month, in the item's own currency. Nil for an interval nobody knows, a tiered price, or numbers beyond 127 bits.
  package var monthly: Rational? {
    guard let unitAmount, let perMonth, let count = Rational(Int128(quantity.millionths), over: 1_000_000) else { return nil }
    return unitAmount.multiplied(by: count)?.multiplied(by: perMonth)
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
  /// Monthly recurring minor units of the reporting currency while it pays, before and after discounts, not yet rounded. Metered items are
  /// counted apart. Nil where an item cannot be normalised.
  func monthly(at now: Instant, _ currencies: CurrencyTable) -> (contract: Rational, net: Rational)? {
    let sold = items.filter { !$0.isMetered }
    var contract = Rational.zero
    for item in sold {
      guard let factor = currencies.factor(of: item.currency), let amount = item.monthly?.multiplied(by: factor),
        let sum = contract.adding(amount)
      else { return nil }
      contract = sum
    }
    guard let factor = currencies.factor(of: sold.first?.currency ?? "") else { return nil }
    return discounted(contract, at: now, currencyFactor: factor).map { (contract, $0) }
  }

  func hasDiscounts(at now: Instant) -> Bool { discounts.contains { $0.isGranted(at: now) } }

  /// What the discounts of an instant leave of a monthly amount, one after the other and never less than nothing. An amount is taken off
  /// each invoice, so it counts at the shortest interval of the items. Nil beyond 127 bits.
  ///
  /// - Parameter currencyFactor: what one minor unit of a discount's amount is in the currency of `monthly`.
  func discounted(_ monthly: Rational, at now: Instant, currencyFactor: Rational) -> Rational? {
    var net = monthly
    for discount in discounts where discount.isGranted(at: now) {
      if let percent = discount.percent, let kept = Rational(Int128(100_000_000 - percent.millionths), over: 100_000_000) {
        guard let reduced = net.multiplied(by: kept) else { return nil }
        net = kept.numerator < 0 ? .zero : reduced
      } else if let amount = discount.amount {
        guard let off = invoicesPerMonth.multiplied(by: Rational(-Int128(amount)))?.multiplied(by: currencyFactor),
          let reduced = net.adding(off)
        else { return nil }
        net = reduced.numerator < 0 ? .zero : reduced
      }
    }
    return net
  }
}

extension SubscriptionVersion {
  /// One for each interval of the item that is billed most often; one where no interval can be read.
  private var invoicesPerMonth: Rational {
    let rates = items.filter { !$0.isMetered }.compactMap(\.perMonth)
    return rates.max { $0.numerator * $1.denominator < $1.numerator * $0.denominator } ?? Rational(1)
  }
}

extension SubscriptionVersion.Discount {
  func isGranted(at now: Instant) -> Bool { endsAt.map { $0 > now } ?? true }
}
