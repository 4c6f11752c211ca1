import Events
import Revenue

/// A random company's raw billing rows over three years, from which both the ledger and the SQL oracle work.
struct RandomBilling {
  struct Item {
    let plan: String
    /// Twice the quantity, so that halves are whole.
    let halves: Int64
    /// Four times the price in minor units.
    let quarters: Int64
    let currency: String
    let interval: String
    let count: Int64
    let metered: Bool
  }

  struct Discount {
    let percent: Int64?
    let amount: Int64?
    let endsAt: Instant?
  }

  struct Version {
    let at: Instant
    let status: String
    let items: [Item]
    let discounts: [Discount]
    let startedAt: Instant?
    let endedAt: Instant?
  }

  struct Account {
    let key: Int64
    let family: Int64
    /// The segment, from a day on.
    let segments: [(day: Day, name: String)]
    var subscriptions: [[Version]]
  }

  /// An account that was merged into a linked one on a day: planted, for the oracle to know.
  struct Merger {
    let from: Int64
    let to: Int64
    let day: Int
    /// The product line in which it arrived.
    let line: String
  }

  private(set) var accounts: [Account] = []
  private(set) var mergers: [Merger] = []

  static let rates: [String: Int64] = ["usd": 100, "eur": 108, "gbp": 127]
  static let firstDay = 0
  static let days = 1096

  init(seed: UInt64, accounts count: Int) {
    var random = SeededGenerator(seed: seed)
    while accounts.count < count {
      let key = Int64(accounts.count + 1)
      if Int.random(in: 0..<8, using: &random) == 0 {
        plantMerger(key, &random)
      } else {
        let subscriptions = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.versions(&random) }
        accounts.append(Account(key: key, family: key, segments: Self.segments(&random), subscriptions: subscriptions))
      }
    }
  }

  /// Two accounts of a family that change nothing of themselves around the day on which one is merged into the other.
  private mutating func plantMerger(_ key: Int64, _ random: inout SeededGenerator) {
    let day = Int.random(in: 60..<(Self.days - 60), using: &random)
    let (a, b, moved) = (Self.item(&random), Self.item(&random), Self.item(&random))
    let simple = { (day: Int, item: Item, status: String) in
      Version(at: noon(day), status: status, items: [item], discounts: [], startedAt: nil, endedAt: nil)
    }
    var kept = [simple(1, b, "active")]
    // Whether what was moved is lost later on, or more.
    if Bool.random(using: &random) { kept.append(simple(day + 30, b, "canceled")) }
    var arrived = [simple(day, moved, "active")]
    if Bool.random(using: &random) { arrived.append(simple(day + 40, moved, "canceled")) }
    accounts.append(
      Account(
        key: key, family: key, segments: Self.segments(&random), subscriptions: [[simple(0, a, "active"), simple(day, a, "canceled")]]))
    accounts.append(Account(key: key + 1, family: key, segments: Self.segments(&random), subscriptions: [kept, arrived]))
    mergers.append(Merger(from: key, to: key + 1, day: day, line: String(moved.plan.prefix(4))))
  }

  private static func segments(_ random: inout SeededGenerator) -> [(day: Day, name: String)] {
    let names = ["SMB", "Mid", "Enterprise", ""]
    let first = (date(-400), names.randomElement(using: &random) ?? "")
    return Bool.random(using: &random)
      ? [first] : [first, (date(.random(in: 0..<days, using: &random)), names.randomElement(using: &random) ?? "")]
  }

  private static func item(_ random: inout SeededGenerator) -> Item {
    let (interval, counts) =
      ([("month", [1, 3, 6, 12]), ("year", [1, 2, 3]), ("week", [1, 2]), ("day", [1, 12])] as [(String, [Int64])])
      .randomElement(using: &random) ?? ("month", [1])
    return Item(
      plan: ["core/starter/per_seat", "core/pro/per_seat", "flow/pro/flat", "data/pro/usage"].randomElement(using: &random) ?? "",
      halves: .random(in: 0...12, using: &random) == 0 ? 0 : .random(in: 1...60, using: &random),
      quarters: .random(in: 0...40_000, using: &random),
      currency: Bool.random(using: &random) ? "usd" : rates.keys.sorted().randomElement(using: &random) ?? "usd", interval: interval,
      count: counts.randomElement(using: &random) ?? 1, metered: Int.random(in: 0..<10, using: &random) == 0)
  }

  /// A subscription's life: amendments, coupons, trials, pauses, late payment, an end, a new beginning, and now and then an interval nobody knows.
  private static func versions(_ random: inout SeededGenerator) -> [Version] {
    var at = noon(.random(in: -300..<days, using: &random))
    var items = (0..<Int.random(in: 1...3, using: &random)).map { _ in item(&random) }
    var status = Int.random(in: 0..<4, using: &random) == 0 ? "trialing" : "active"
    var discounts: [Discount] = []
    let startedAt: Instant? = Bool.random(using: &random) ? at - .days(.random(in: 0...200, using: &random)) : nil
    var versions: [Version] = []
    for _ in 0..<Int.random(in: 1...9, using: &random) {
      if !isPlain(items) { discounts.removeAll { $0.amount != nil } }
      let endedAt: Instant? = status == "canceled" ? at : nil
      versions.append(Version(at: at, status: status, items: items, discounts: discounts, startedAt: startedAt, endedAt: endedAt))
      at = at + .days(.random(in: 0...120, using: &random)) + .hours(.random(in: 1...30, using: &random))
      switch Int.random(in: 0..<10, using: &random) {
      case 0: items[0] = item(&random)
      case 1: items.append(item(&random))
      case 2 where items.count > 1: items.removeLast()
      case 3: status = ["paused", "past_due", "unpaid", "canceled"].randomElement(using: &random) ?? "active"
      case 4: discounts = discount(items, at, &random)
      case 5:
        let old = items[0]
        let interval = Int.random(in: 0..<4, using: &random) == 0 ? "fortnight" : old.interval
        items[0] = Item(
          plan: old.plan, halves: old.halves, quarters: old.quarters, currency: old.currency, interval: interval, count: old.count,
          metered: old.metered)
      default:
        status = "active"
        let old = items[0]
        items[0] = Item(
          plan: old.plan, halves: .random(in: 1...60, using: &random), quarters: old.quarters, currency: old.currency,
          interval: old.interval, count: old.count, metered: old.metered)
      }
    }
    return versions
  }

  private static func isPlain(_ items: [Item]) -> Bool {
    Set(items.map { $0.plan.prefix(4) }).count == 1 && Set(items.map(\.currency)).count == 1
  }

  /// Per cent anywhere; an amount only where one product line and one currency pay, for the oracle does not divide it among lines.
  private static func discount(_ items: [Item], _ at: Instant, _ random: inout SeededGenerator) -> [Discount] {
    let isPlain = isPlain(items)
    let ends: Instant? = Bool.random(using: &random) ? at + .days(.random(in: 1...200, using: &random)) : nil
    return (0..<Int.random(in: 0...2, using: &random)).map { _ in
      isPlain && Bool.random(using: &random)
        ? Discount(percent: nil, amount: .random(in: 0...3000, using: &random), endsAt: ends)
        : Discount(percent: .random(in: 0...100, using: &random), amount: nil, endsAt: ends)
    }
  }
}

extension RandomBilling {
  static let terms = RevenueTerms(
    calendar: .utc,
    currencies: CurrencyTable(reporting: "usd", rates: rates.compactMapValues { Rational(Int128($0), over: 100) })
  ) {
    let parts = $0.split(separator: "/").map(String.init)
    return PlanTerms(productLine: parts[0], pricing: parts[2], tier: parts[1])
  }

  /// The accounts as the figures see them.
  var members: [Portfolio.Member] { accounts.map(\.member) }
}

extension RandomBilling.Account {
  var member: Portfolio.Member {
    let timelines = subscriptions.enumerated().map { index, versions in
      SubscriptionTimeline(id: "\(key).\(index)", versions: versions.map(\.version))
    }
    let profiles = segments.map { day, name in
      var profile = AccountProfile(day: day)
      profile.segment = name
      profile.industry = ["retail", "energy"][Int(key % 2)]
      return profile
    }
    return Portfolio.Member(
      Statement(account: AccountKey(key), timelines, RandomBilling.terms), family: AccountKey(family), profiles: profiles)
  }
}

extension RandomBilling.Version {
  var version: SubscriptionVersion {
    let items: [Value] = items.map {
      .object([
        "plan": .text($0.plan), "quantity": .number(Fixed(millionths: $0.halves * 500_000)), "currency": .text($0.currency),
        "unit_amount": .price(Rational(Int128($0.quarters), over: 4) ?? .zero), "interval": .text($0.interval),
        "interval_count": .integer($0.count), "metered": .flag($0.metered),
      ])
    }
    let discounts = discounts.map { discount(percent: $0.percent.map(String.init), amount: $0.amount, endsAt: $0.endsAt) }
    return Revenue.SubscriptionVersion(
      at: at,
      fields: [
        "status": .text(status), "items": .list(items), "discounts": .list(discounts), "started_at": startedAt.map(Value.instant),
        "ended_at": endedAt.map(Value.instant),
      ].compactMapValues { $0 })
  }
}
