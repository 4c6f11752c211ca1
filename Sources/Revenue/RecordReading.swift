import Events

/// What a subscription version says and how it is counted, so that a person can do the sum again from an invoice.
package struct RecordReading: Hashable, Sendable {
  package let record: RecordCitation
  package let status: String
  /// One for each item: `10 × growth_seat_monthly at 49.00 USD a month`.
  package let items: [String]
  /// One for each discount: `25 % off until 2026-03-31`.
  package let discounts: [String]
  /// Minor units of the reporting currency a month, before and after discounts; nil where an item cannot be read.
  package let contractMRR: Int64?
  package let mrr: Int64?

  package init(_ subscription: String, _ version: SubscriptionVersion, _ terms: RevenueTerms) {
    record = RecordCitation(subscription: subscription, at: version.at)
    status = version.status
    items = version.items.map(\.words)
    discounts = version.discounts.map { $0.words(currency: version.items.first?.currency ?? "", terms.calendar) }
    let positions = try? version.positions(at: version.at, terms).get()
    contractMRR = positions.flatMap { $0.reduce(Rational?.some(.zero)) { $0?.adding($1.contract) } }?.rounded
    mrr = positions.flatMap { $0.reduce(Rational?.some(.zero)) { $0?.adding($1.net) } }?.rounded
  }
}

extension SubscriptionVersion.Item {
  fileprivate var words: String {
    let every = intervalCount == 1 ? "a \(interval)" : "every \(intervalCount) \(interval)s"
    let price = unitAmount.map { MoneyText.exact($0, currency: currency) } ?? "a price nobody can read"
    return "\(quantity) × \(plan) at \(price) \(interval.isEmpty ? "at no interval" : every)\(isMetered ? ", metered: not counted" : "")"
  }
}

extension SubscriptionVersion.Discount {
  fileprivate func words(currency: String, _ calendar: CompanyCalendar) -> String {
    let off =
      percent.map { "\($0) % off" } ?? amount.map { MoneyText.exact(Rational($0), currency: currency) + " off each invoice" }
      ?? "a discount of nothing"
    return off + (endsAt.map { " until \(calendar.day(of: $0))" } ?? "")
  }
}
