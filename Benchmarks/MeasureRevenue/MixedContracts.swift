import Events
import Revenue

/// Accounts with one to three subscriptions each over five years: monthly, quarterly, yearly and three-yearly, in three currencies, with
/// seats, add-ons, coupons, pauses, late payments, ends and returns.
struct MixedContracts {
  private let subscriptions: [[SubscriptionTimeline]]
  let versionCount: Int
  let lastDay = Day(number: 20_454 + 5 * 365)

  private static let start = Instant(seconds: 1_767_268_800)
  private static let terms = RevenueTerms(
    calendar: .utc,
    currencies: CurrencyTable(
      reporting: "usd", rates: ["eur": Rational(108, over: 100) ?? .zero, "gbp": Rational(127, over: 100) ?? .zero])
  ) { PlanTerms(productLine: String($0.prefix(4)), pricing: $0.hasSuffix("flat") ? "flat" : "per_seat", tier: String($0.suffix(3))) }

  init(accounts: Int, seed: UInt64) {
    var random = Numbers(state: seed)
    subscriptions = (0..<accounts).map { account in
      (0..<random.below(3) + 1).map { index in
        SubscriptionTimeline(id: "sub_\(account)_\(index)", versions: Self.versions(&random))
      }
    }
    versionCount = subscriptions.joined().reduce(0) { $0 + $1.versions.count }
  }

  /// An account as the figures see it; amended, its first subscription has one version more.
  func member(_ index: Int) -> Portfolio.Member { member(index, subscriptions[index]) }

  func member(_ index: Int, amendedBy seats: Int) -> Portfolio.Member {
    var timelines = subscriptions[index]
    let first = timelines[0]
    let item = Self.item("core_pro", quantity: Int64(seats % 90) + 1, price: 4_900, currency: "usd", interval: ("month", 1))
    let amendment = SubscriptionVersion(at: Self.start + .days(5 * 365 - 3), fields: ["status": .text("active"), "items": .list([item])])
    timelines[0] = SubscriptionTimeline(id: first.id, versions: first.versions + [amendment])
    return member(index, timelines)
  }

  private func member(_ index: Int, _ timelines: [SubscriptionTimeline]) -> Portfolio.Member {
    var profile = AccountProfile(day: Day(number: 20_000))
    profile.segment = ["SMB", "Mid-market", "Enterprise"][index % 3]
    profile.industry = ["retail", "energy", "health", "finance", "media"][index % 5]
    profile.region = ["EMEA", "AMER", "APAC"][index % 3]
    profile.owner = "owner \(index % 40)"
    let family = AccountKey(Int64(index % 10 == 0 ? index : index / 10 * 10))
    return Portfolio.Member(
      Statement(account: AccountKey(Int64(index)), timelines, Self.terms), family: index % 50 < 5 ? family : nil, profiles: [profile])
  }

  private static func item(
    _ plan: String, quantity: Int64, price: Int128, currency: String, interval: (String, Int64)
  ) -> Value {
    .object([
      "id": .text("si_" + plan), "plan": .text(plan), "quantity": .integer(quantity), "unit_amount": .price(Rational(price)),
      "currency": .text(currency), "interval": .text(interval.0), "interval_count": .integer(interval.1),
    ])
  }

  private static func versions(_ random: inout Numbers) -> [SubscriptionVersion] {
    var at = start + .days(Int64(random.below(1500)))
    let interval = [("month", 1), ("month", 3), ("year", 1), ("year", 3)][random.below(4)] as (String, Int64)
    let currency = ["usd", "usd", "eur", "gbp"][random.below(4)]
    let plan = ["core_pro", "core_flat", "flow_pro", "data_max"][random.below(4)]
    var quantity = Int64(random.below(80) + 2)
    var status = "active"
    var versions: [SubscriptionVersion] = []
    while at < start + .days(5 * 365) {
      var items = [
        item(plan, quantity: quantity, price: Int128(4_900 * (interval.0 == "year" ? 10 : 1)), currency: currency, interval: interval)
      ]
      if random.below(3) == 0 { items.append(item("core_addon", quantity: 1, price: 19_900, currency: currency, interval: interval)) }
      var fields: [String: Value] = ["status": .text(status), "items": .list(items)]
      if random.below(6) == 0 {
        fields["discounts"] = .list([
          .object(["percent": .number(Fixed(Int64(random.below(30) + 5))), "ends_at": .instant(at + .days(180))])
        ])
      }
      versions.append(SubscriptionVersion(at: at, fields: fields))
      at = at + .days(Int64(random.below(150) + 10)) + .hours(Int64(random.below(24)))
      quantity = max(1, quantity + Int64(random.below(12)) - 4)
      status = ["active", "active", "active", "active", "active", "past_due", "paused", "canceled"][random.below(8)]
    }
    return versions
  }
}

/// SplitMix64.
struct Numbers {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
