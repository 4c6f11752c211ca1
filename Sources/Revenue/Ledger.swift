package import Events

/// An account's recurring revenue and paid seats, day by day, from its subscriptions alone.
///
/// MRR of a day is the level at the end of that company day, rounded once; days before the first version are unknown.
package struct Ledger: Hashable, Sendable {
  /// The days on which anything changed, in order.
  package let levels: [Level]
  /// When the oldest paying subscription began, by its own word.
  package let payingSince: Instant?
  package let currency: String

  /// What an account pays from a day on.
  package struct Level: Hashable, Sendable {
    package let day: Day
    /// Net of discounts, minor units; nil where an item's price or interval cannot be read.
    package let mrr: Int64?
    /// Before discounts, minor units.
    package let contractMRR: Int64?
    package let seats: Int64
    /// The plans paid for, sorted.
    package let plans: [String]
    /// What is paid for by plan and currency, metered items aside; none where a price cannot be read.
    package let items: [ItemKey: Item]

    /// What a plan's price is counted in.
    package struct ItemKey: Hashable, Comparable, Sendable {
      package let plan: String
      package let currency: String

      package static func < (a: ItemKey, b: ItemKey) -> Bool { (a.plan, a.currency) < (b.plan, b.currency) }
    }

    /// Units of a plan over all subscriptions, and their exact minor units a month ahead of discounts.
    package struct Item: Hashable, Sendable {
      package let quantity: Fixed
      package let monthly: Rational
    }
  }

  /// The places in `levels` at which an account that paid already bought more.
  let rises: [Int]

  /// The instants at which a version, a start, an end or a discount's end may change what is paid, in order.
  package let changes: [Instant]

  private let subscriptions: [SubscriptionTimeline]
  private let terms: RevenueTerms
  private let catalog: SeatCount

  /// Tells whether a plan's quantity counts as seats.
  package typealias SeatCount = @Sendable (_ plan: String) -> Bool

  /// - Parameter terms: of them the calendar, the currencies and the patience with late payment count here.
  package init(_ subscriptions: [SubscriptionTimeline], _ terms: RevenueTerms, countsSeats: @escaping SeatCount) {
    self.subscriptions = subscriptions
    self.terms = terms
    self.catalog = countsSeats
    payingSince = subscriptions.flatMap(\.versions).filter { $0.status != "trialing" }.compactMap { $0.startedAt ?? $0.at }.min()
    let billed = subscriptions.lazy.flatMap(\.versions).flatMap(\.items).map(\.currency).first { !$0.isEmpty } ?? "usd"
    currency = terms.currencies.reporting.isEmpty ? billed : terms.currencies.reporting
    var instants: [Instant] = []
    for timeline in subscriptions {
      instants += timeline.versions.indices.compactMap { timeline.lateSince($0).map { $0 + terms.patience } }
    }
    for version in subscriptions.flatMap(\.versions) {
      instants.append(version.at)
      instants.append(contentsOf: [version.startedAt, version.endedAt].compactMap { $0 }.filter { $0 >= version.at })
      instants.append(contentsOf: version.discounts.compactMap(\.endsAt).filter { $0 >= version.at })
    }
    changes = Set(instants).sorted()
    var levels: [Level] = []
    for day in Set(instants.map(terms.calendar.day)).sorted() {
      let level = Self.level(on: day, at: terms.calendar.end(of: day) - Span(microseconds: 1), subscriptions, terms, countsSeats)
      if level.isSame(as: levels.last) { continue }
      levels.append(level)
    }
    self.levels = levels
    rises = Self.rises(among: levels)
  }

  package static func == (a: Ledger, b: Ledger) -> Bool { a.subscriptions == b.subscriptions && a.levels == b.levels }
  package func hash(into hasher: inout Hasher) { hasher.combine(subscriptions) }

  /// The level at the end of a day; nil before anything is known.
  package func level(on day: Day) -> Level? { levels.last { $0.day <= day } }

  /// The level at this very instant, part of a day included.
  package func level(at now: Instant, _ calendar: CompanyCalendar) -> Level? {
    guard subscriptions.contains(where: { $0.version(asOf: now) != nil }) else { return nil }
    return Self.level(on: calendar.day(of: now), at: now, subscriptions, terms, catalog)
  }

  /// The subscription versions in force.
  package func inForce(at now: Instant) -> [SubscriptionVersion] { subscriptions.compactMap { $0.version(asOf: now) } }

  /// The subscription versions that pay: begun, not ended, and not past due for too long.
  package func paying(at now: Instant) -> [SubscriptionVersion] { subscriptions.compactMap { $0.payingVersion(at: now, terms) } }

  private static func level(
    on day: Day, at now: Instant, _ subscriptions: [SubscriptionTimeline], _ terms: RevenueTerms, _ countsSeats: SeatCount
  ) -> Level {
    var contract: Rational? = .zero
    var net: Rational? = .zero
    var seats: Int64 = 0
    var plans: Set<String> = []
    var items: [Level.ItemKey: Level.Item]? = [:]
    for version in subscriptions.compactMap({ $0.payingVersion(at: now, terms) }) {
      let monthly = version.monthly(at: now, terms.currencies)
      contract = contract.flatMap { sum in monthly.flatMap { sum.adding($0.contract) } }
      net = net.flatMap { sum in monthly.flatMap { sum.adding($0.net) } }
      for item in version.items where !item.isMetered {
        plans.insert(item.plan)
        items = items.flatMap { $0.adding(item) }
        if countsSeats(item.plan) { seats += item.quantity.millionths / 1_000_000 }
      }
    }
    return Level(day: day, mrr: net?.rounded, contractMRR: contract?.rounded, seats: seats, plans: plans.sorted(), items: items ?? [:])
  }
}

extension [Ledger.Level.ItemKey: Ledger.Level.Item] {
  /// With one more item; nil where its price or interval cannot be read.
  fileprivate func adding(_ item: SubscriptionVersion.Item) -> Self? {
    let key = Ledger.Level.ItemKey(plan: item.plan, currency: item.currency)
    guard let monthly = item.monthly, let sum = (self[key]?.monthly ?? .zero).adding(monthly) else { return nil }
    var items = self
    items[key] = Ledger.Level.Item(quantity: (self[key]?.quantity ?? .zero) + item.quantity, monthly: sum)
    return items
  }
}

extension Ledger.Level {
  fileprivate func isSame(as other: Ledger.Level?) -> Bool {
    guard let other else { return false }
    return mrr == other.mrr && contractMRR == other.contractMRR && seats == other.seats && plans == other.plans && items == other.items
  }
}
