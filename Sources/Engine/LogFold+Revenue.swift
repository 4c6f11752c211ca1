import Events
import Features
package import Revenue

extension LogFold {
  /// All accounts as the retention figures see them, in the reporting currency: their statements, what the CRM says of them from day to day,
  /// and whom they are linked to by a parent.
  package func revenue() -> Portfolio {
    guard let configuration else { return Portfolio(currency: "") }
    let terms = configuration.revenueTerms
    let families = Families(accounts)
    let members = accounts.keys.sorted().compactMap { key in
      accounts[key].map { state in
        Portfolio.Member(
          Statement(account: key, state.entities.subscriptions, terms), family: families.head(of: key),
          profiles: state.entities.profiles(terms.calendar), metered: MeteredMonths(state.entities.meteredInvoices(terms)))
      }
    }
    let currency = configuration.revenue.currencies.reporting
    return Portfolio(members, currency: currency, bands: RevenueBands(bounds: configuration.revenue.bands, currency: currency))
  }
}

/// Who belongs to whom, by the parent that the CRM names.
private struct Families {
  private var parents: [AccountKey: AccountKey] = [:]

  init(_ accounts: [AccountKey: AccountState]) {
    var keys: [String: AccountKey] = [:]
    var named: [(child: AccountKey, parent: String)] = []
    for (key, state) in accounts {
      for timeline in state.entities.timelines(of: .account) {
        keys["\(timeline.system)/\(timeline.id)"] = key
        if let parent = timeline.versions.last?.fields["parent"]?.text { named.append((key, "\(timeline.system)/\(parent)")) }
      }
    }
    for (child, parent) in named where keys[parent] != child { parents[child] = keys[parent] }
  }

  /// The account at the top; of a circle, the one with the least key.
  func head(of account: AccountKey) -> AccountKey {
    var path = [account]
    while let parent = parents[path[path.count - 1]] {
      if let start = path.firstIndex(of: parent) { return path[start...].min() ?? account }
      path.append(parent)
    }
    return path[path.count - 1]
  }
}

extension EntityHistory {
  /// What the CRM said of the account, a profile for each day on which it said something else.
  fileprivate func profiles(_ calendar: CompanyCalendar) -> [AccountProfile] {
    let versions = timelines(of: .account).flatMap(\.versions).sorted { $0.at < $1.at }
    var profiles: [AccountProfile] = []
    for version in versions {
      var profile = AccountProfile(day: calendar.day(of: version.at))
      profile.segment = version.fields["segment"]?.text ?? ""
      profile.industry = version.fields["industry"]?.text ?? ""
      profile.region = version.fields["region"]?.text ?? ""
      profile.channel = version.fields["channel"]?.text ?? ""
      profile.owner = version.fields["owner"]?["name"]?.text ?? version.fields["owner"]?["email"]?.text ?? ""
      profile.term = version.fields["contract"]?["term"]?.text ?? ""
      if profiles.last?.day == profile.day { profiles.removeLast() }
      profiles.append(profile)
    }
    return profiles
  }

  /// The day and the metered lines' sum of each invoice that has any.
  fileprivate func meteredInvoices(_ terms: RevenueTerms) -> [(day: Day, amount: Int64)] {
    timelines(of: .invoice).compactMap { timeline in
      guard let version = timeline.versions.last, version.fields["status"]?.text != "void" else { return nil }
      let lines = (version.fields["lines"]?.list ?? []).filter { $0["type"]?.text == "metered" }
      guard !lines.isEmpty, let factor = terms.currencies.factor(of: version.fields["currency"]?.text ?? "") else { return nil }
      let sum = lines.reduce(Int64(0)) { $0 + ($1["amount"]?.integer ?? 0) }
      return Rational(Int128(sum)).multiplied(by: factor).map { (terms.calendar.day(of: version.at), $0.rounded) }
    }
  }
}
