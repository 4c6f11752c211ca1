package import Events
import Features
package import Revenue

/// The company's revenue as the engine's accounts tell it: every statement, what is wrong with the records, and which expansions were unsound.
package struct RevenueBook: Sendable {
  package let portfolio: Portfolio
  /// Faults of billing records, by account.
  package let faults: [BillingFault]
  /// Expansions whose verdict is neither healthy nor proving, for durable NRR.
  package let unsound: [AccountKey: [UnsoundExpansion]]
  /// MRR of subscriptions that are past due and still count, at the end of the last day.
  package let pastDue: Int64
  package let terms: RevenueTerms
  /// The last whole day: figures end on it or before.
  package let lastDay: Day

  package var currency: String { portfolio.currency }

  /// - Parameters:
  ///   - now: records that their sources stamp later are not looked at.
  ///   - cases: each account's expansion cases as they were judged by then.
  ///   - rollsUp: whether an account and all below it count as one customer, under the one at the top.
  package init(
    _ accounts: [AccountState], _ configuration: CompiledConfiguration, asOf now: Instant, cases: [AccountKey: [ExpansionCase]],
    rollsUp: Bool = false
  ) {
    let calendar = configuration.calendar
    lastDay = calendar.day(of: now + Span(microseconds: 1)) - 1
    let currencies = Self.currencies(of: accounts, configuration)
    let terms = configuration.revenueTerms(currencies)
    self.terms = terms
    let families = Families(accounts, asOf: now)
    let end = calendar.end(of: lastDay) - Span(microseconds: 1)
    var groups: [AccountKey: [AccountState]] = [:]
    for state in accounts { groups[rollsUp ? families.top(of: state.key) : state.key, default: []].append(state) }
    let members = groups.keys.sorted().compactMap { key -> Portfolio.Member? in
      let states = groups[key] ?? []
      let subscriptions = states.flatMap { $0.entities.subscriptions(through: now) }
      guard !subscriptions.isEmpty, let described = states.first(where: { $0.key == key }) ?? states.first else { return nil }
      return Portfolio.Member(
        Statement(account: key, subscriptions, terms), family: families.top(of: key), profiles: described.profiles(calendar),
        metered: MeteredMonths(states.flatMap { $0.meteredInvoices(asOf: now, terms) }))
    }
    portfolio = Portfolio(
      members, currency: currencies.reporting, bands: RevenueBands(bounds: configuration.revenue.bands, currency: currencies.reporting))
    faults = accounts.flatMap { state in
      BillingFault.all(of: state.key, state.entities.subscriptions(through: now), terms, gone: state.gone(asOf: now), asOf: now)
    }
    unsound = Dictionary(grouping: accounts) { rollsUp ? families.top(of: $0.key) : $0.key }
      .mapValues { $0.flatMap { (cases[$0.key] ?? []).compactMap(UnsoundExpansion.init) } }.filter { !$0.value.isEmpty }
    pastDue = accounts.flatMap { $0.entities.subscriptions(through: now) }.reduce(0) { $0 + $1.pastDueMRR(at: end, terms) }
  }

  /// The configured currencies, or else that in which most subscriptions are billed.
  private static func currencies(of accounts: [AccountState], _ configuration: CompiledConfiguration) -> CurrencyTable {
    guard configuration.revenue.currencies == .asBilled else { return configuration.revenue.currencies }
    var counts: [String: Int] = [:]
    for version in accounts.flatMap(\.entities.subscriptions).compactMap(\.versions.last) {
      if let code = version.items.first?.currency.lowercased(), !code.isEmpty { counts[code, default: 0] += 1 }
    }
    return CurrencyTable(reporting: counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "usd")
  }
}

/// Which account stands at the top of each account's tree of parents.
private struct Families {
  private var parents: [AccountKey: AccountKey] = [:]

  init(_ accounts: [AccountState], asOf now: Instant) {
    var owners: [String: AccountKey] = [:]
    for state in accounts {
      for (system, id) in state.externalIDs(asOf: now) { owners["\(system) \(id)"] = state.key }
    }
    for state in accounts {
      guard let row = state.entities.rows(.account, asOf: now).first, let id = row["parent"]?.text else { continue }
      if let parent = owners["\(row.system) \(id)"], parent != state.key { parents[state.key] = parent }
    }
  }

  /// An account in a circle of parents is its own top.
  func top(of key: AccountKey) -> AccountKey {
    var seen: Set<AccountKey> = [key]
    var current = key
    while let parent = parents[current] {
      guard seen.insert(parent).inserted else { return key }
      current = parent
    }
    return current
  }
}

extension AccountState {
  /// What the CRM said of the account, version by version.
  fileprivate func profiles(_ calendar: CompanyCalendar) -> [AccountProfile] {
    (entities.timelines(of: .account).first?.versions ?? []).map { version in
      var profile = AccountProfile(day: calendar.day(of: version.at))
      let text = { (name: String) in version.fields[name]?.text ?? "" }
      profile.segment = text("segment")
      profile.industry = text("industry")
      profile.region = text("region")
      profile.channel = text("channel")
      profile.owner = version.fields["owner"]?["name"]?.text ?? ""
      profile.term = version.fields["contract"]?["term"]?.text ?? ""
      return profile
    }
  }

  /// Metered lines of invoices that stand, in the reporting currency, by the day the invoice stands for.
  fileprivate func meteredInvoices(asOf now: Instant, _ terms: RevenueTerms) -> [(day: Day, amount: Int64)] {
    entities.rows(.invoice, asOf: now).compactMap { invoice in
      guard !["draft", "void", "deleted"].contains(invoice["status"]?.text ?? ""),
        let factor = terms.currencies.factor(of: invoice["currency"]?.text ?? "")
      else { return nil }
      let lines = (invoice["lines"]?.list ?? []).filter { $0["type"]?.text == "metered" }
      let amount = lines.reduce(0) { $0 + ($1["amount"]?.integer ?? 0) }
      guard amount != 0, let converted = Rational(amount).multiplied(by: factor) else { return nil }
      return (terms.calendar.day(of: invoice.timelineInstant), converted.rounded)
    }
  }

  /// When the customer was lost by the CRM's word; nil for one who is there.
  fileprivate func gone(asOf now: Instant) -> Instant? {
    guard let row = entities.rows(.account, asOf: now).first, row["status"]?.text == "churned" else { return nil }
    return row["churn"]?["at"]?.instant ?? row.current.at
  }
}

extension UnsoundExpansion {
  /// Nil for a case that is healthy or not judged yet.
  fileprivate init?(_ expansion: ExpansionCase) {
    guard expansion.verdict != .healthy, expansion.verdict != .proving else { return nil }
    self.init(openedOn: expansion.openedOn, amount: expansion.mrrAfter - expansion.mrrBefore)
  }
}
