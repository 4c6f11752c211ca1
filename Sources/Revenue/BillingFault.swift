package import Events

/// Something in billing records that cannot be right, or cannot be read: revenue that would otherwise be missed or doubled without a word.
package struct BillingFault: Hashable, Sendable {
  package let kind: Kind
  package let account: AccountKey
  package let subscription: String
  /// The version that shows it, by its source's time.
  package let at: Instant
  /// What is wrong and how it was counted, for a person.
  package let words: String

  package enum Kind: String, CaseIterable, Sendable {
    /// Two versions of one subscription for the same time, or the same thing sold by two subscriptions at once.
    case overlappingVersions = "overlapping_versions"
    case unknownInterval = "unknown_interval"
    case negativeQuantity = "negative_quantity"
    case negativePrice = "negative_price"
    case missingCurrency = "missing_currency"
    /// A currency without a rate.
    case unknownCurrency = "unknown_currency"
    /// A tiered price, or none.
    case unreadablePrice = "unreadable_price"
    /// Times that contradict each other, or the moment at which they were told.
    case clockSkew = "clock_skew"
    /// The customer is gone by the CRM, and billing goes on.
    case deletedCustomer = "deleted_customer"
  }

  /// How far a source's clock may run ahead of the moment at which a record was read.
  static let clockTolerance = Span.minutes(15)

  /// All faults of an account's subscriptions up to an instant, by subscription and time.
  ///
  /// - Parameter gone: when the customer was lost or deleted by the CRM's word.
  package static func all(
    of account: AccountKey, _ subscriptions: [SubscriptionTimeline], _ terms: RevenueTerms, gone: Instant?, asOf now: Instant
  ) -> [BillingFault] {
    let finder = FaultFinder(account: account, terms: terms)
    var faults: [BillingFault] = []
    for timeline in subscriptions.sorted(by: { $0.id < $1.id }) {
      let told = timeline.versions.filter { $0.at <= now }
      faults += finder.faults(of: timeline.id, told)
      if let gone, gone <= now, let last = told.last, last.isPaying(at: now), last.items.contains(where: { !$0.isMetered }) {
        let words =
          "the customer is gone since \(terms.calendar.day(of: gone)) by the CRM, and this subscription is \(last.status): it counts"
        faults.append(finder.fault(.deletedCustomer, timeline.id, last, words))
      }
    }
    return faults + finder.doubles(among: subscriptions, asOf: now)
  }
}

private struct FaultFinder {
  let account: AccountKey
  let terms: RevenueTerms

  func fault(_ kind: BillingFault.Kind, _ subscription: String, _ version: SubscriptionVersion, _ words: String) -> BillingFault {
    BillingFault(kind: kind, account: account, subscription: subscription, at: version.at, words: words)
  }

  func faults(of id: String, _ versions: [SubscriptionVersion]) -> [BillingFault] {
    var faults: [BillingFault] = []
    for (index, version) in versions.enumerated() {
      faults += unreadable(id, version, hasEarlier: index > 0)
      faults += times(id, version)
      guard index > 0 else { continue }
      let before = versions[index - 1]
      if before.at == version.at, !before.saysTheSame(as: version) {
        faults.append(fault(.overlappingVersions, id, version, "two versions of the same instant: the later one in the log counts"))
      } else if let end = before.endedAt, let start = version.startedAt, before.startedAt != version.startedAt, start < end {
        let days = "ended \(terms.calendar.day(of: end)), yet began anew \(terms.calendar.day(of: start))"
        faults.append(fault(.overlappingVersions, id, version, days + ": each version counts from its own time on"))
      }
    }
    return faults
  }

  private func unreadable(_ id: String, _ version: SubscriptionVersion, hasEarlier: Bool) -> [BillingFault] {
    var faults: [BillingFault] = []
    let sold = version.items.filter { !$0.isMetered }
    let counted = hasEarlier ? "the last version that could be read counts" : "nothing is counted for it until it can be read"
    if case .failure(let reason) = version.positions(at: version.at, terms) {
      let (kind, words) = reason.described
      faults.append(fault(kind, id, version, "\(words): \(counted)"))
    }
    if let item = sold.first(where: { $0.currency.isEmpty }) {
      let home = terms.currencies.reporting.uppercased()
      faults.append(fault(.missingCurrency, id, version, "\(item.plan) names no currency: it counts as \(home)"))
    }
    if let item = sold.first(where: { ($0.unitAmount?.numerator ?? 0) < 0 }) {
      faults.append(
        fault(.negativePrice, id, version, "\(item.plan) has a price below zero: it lowers its product line, at most to nothing"))
    }
    return faults
  }

  private func times(_ id: String, _ version: SubscriptionVersion) -> [BillingFault] {
    if let observed = version.observedAt, version.at > observed + BillingFault.clockTolerance {
      let minutes = (version.at - observed).microseconds / 60_000_000
      return [fault(.clockSkew, id, version, "dated \(minutes) minutes after it was read: it counts from its own date on")]
    }
    if let start = version.startedAt, let end = version.endedAt, end < start {
      let days = "ended \(terms.calendar.day(of: end)), before it began \(terms.calendar.day(of: start))"
      return [fault(.clockSkew, id, version, days + ": nothing is counted for it")]
    }
    return []
  }

  /// Subscriptions that sell the very same at the same time.
  func doubles(among subscriptions: [SubscriptionTimeline], asOf now: Instant) -> [BillingFault] {
    var first: [[SubscriptionVersion.Item]: String] = [:]
    var faults: [BillingFault] = []
    for timeline in subscriptions.sorted(by: { $0.id < $1.id }) {
      guard let version = timeline.version(asOf: now), version.isPaying(at: now) else { continue }
      let sold = version.items.filter { !$0.isMetered }.map(\.withoutID)
      guard !sold.isEmpty, sold.contains(where: { ($0.unitAmount?.numerator ?? 0) > 0 }) else { continue }
      if let other = first[sold] {
        faults.append(fault(.overlappingVersions, timeline.id, version, "sells the same as \(other), both running: both count"))
      } else {
        first[sold] = timeline.id
      }
    }
    return faults
  }
}

extension SubscriptionVersion.Item {
  fileprivate var withoutID: Self {
    Self(
      id: "", plan: plan, quantity: quantity, unitAmount: unitAmount, currency: currency, interval: interval,
      intervalCount: intervalCount, isMetered: isMetered)
  }
}

extension UnreadableItem {
  fileprivate var described: (BillingFault.Kind, String) {
    switch self {
    case .negativeQuantity(let plan): (.negativeQuantity, "\(plan) has a quantity below zero")
    case .noPrice(let plan): (.unreadablePrice, "\(plan) has no price that can be read")
    case .unknownInterval(let plan, let interval):
      (.unknownInterval, "\(plan) is billed every \(interval.isEmpty ? "unnamed interval" : "'\(interval)'")")
    case .noRate(let plan, let currency): (.unknownCurrency, "\(plan) is paid in \(currency.uppercased()), for which there is no rate")
    case .tooLarge(let plan): (.unreadablePrice, "\(plan) has a price too large to be counted")
    }
  }
}

extension SubscriptionVersion {
  fileprivate func saysTheSame(as other: Self) -> Bool {
    status == other.status && items == other.items && discounts == other.discounts && startedAt == other.startedAt
      && endedAt == other.endedAt
  }
}
