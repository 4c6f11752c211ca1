import Events
import Revenue

/// A subscription item as the canonical fields hold it.
func item(
  _ plan: String = "pro", _ quantity: Int64 = 1, at price: String? = "1000", _ interval: String? = "month", count: Int64? = nil,
  metered: Bool? = nil, currency: String? = nil, id: String? = nil
) -> Value {
  var members: [String: Value] = ["plan": .text(plan), "quantity": .number(Fixed(quantity))]
  members["unit_amount"] = price.flatMap { Rational(decimal: $0) }.map(Value.price)
  members["interval"] = interval.map(Value.text)
  members["interval_count"] = count.map(Value.integer)
  members["metered"] = metered.map(Value.flag)
  members["currency"] = currency.map(Value.text)
  members["id"] = id.map(Value.text)
  return .object(members)
}

func discount(percent: String? = nil, amount: Int64? = nil, endsAt: Instant? = nil) -> Value {
  var members: [String: Value] = [:]
  members["percent"] = percent.flatMap { Fixed($0) }.map(Value.number)
  members["amount"] = amount.map(Value.integer)
  members["ends_at"] = endsAt.map(Value.instant)
  return .object(members)
}

func version(
  _ at: Instant, _ items: [Value], status: String = "active", discounts: [Value] = [], startedAt: Instant? = nil, endedAt: Instant? = nil,
  cancelAt: Instant? = nil
) -> SubscriptionVersion {
  var fields: [String: Value] = ["status": .text(status), "items": .list(items), "discounts": .list(discounts)]
  fields["started_at"] = startedAt.map(Value.instant)
  fields["cancel_at"] = cancelAt.map(Value.instant)
  fields["ended_at"] = endedAt.map(Value.instant)
  return SubscriptionVersion(at: at, fields: fields)
}

/// Noon, UTC, this many days after 1 January 2026.
func noon(_ day: Int) -> Instant { Instant(seconds: 1_767_268_800) + .days(Int64(day)) }

/// The day of `noon`.
func date(_ day: Int) -> Day { Day(number: 20_454) + day }

/// The ledger of an account with one subscription, all plans but `api` counting seats.
func ledger(_ versions: [SubscriptionVersion], calendar: CompanyCalendar = .utc) -> Ledger {
  ledger(subscriptions: [versions], calendar: calendar)
}

func ledger(subscriptions: [[SubscriptionVersion]], calendar: CompanyCalendar = .utc) -> Ledger {
  let timelines = subscriptions.enumerated().map { SubscriptionTimeline(id: "s\($0.offset)", versions: $0.element) }
  return Ledger(timelines, RevenueTerms(calendar: calendar)) { $0 != "api" }
}
