package import Events

/// All accounts' statements, and the retention figures they give. A change to one account costs that account and those linked to it.
package struct Portfolio: Sendable {
  /// An account as the figures see it.
  package struct Member: Sendable {
    package let account: AccountKey
    /// The account at the top of its tree of parents: those with the same one are linked.
    package let family: AccountKey
    /// Oldest first; the first also stands for the days before it.
    package let profiles: [AccountProfile]
    /// With transfers between linked accounts.
    package internal(set) var statement: Statement
    /// From its own subscriptions alone.
    let own: Statement
    package let metered: MeteredMonths

    package init(
      _ statement: Statement, family: AccountKey? = nil, profiles: [AccountProfile] = [], metered: MeteredMonths = MeteredMonths()
    ) {
      account = statement.account
      self.family = family ?? statement.account
      self.profiles = profiles
      self.statement = statement
      own = statement
      self.metered = metered
    }
  }

  package private(set) var members: [AccountKey: Member] = [:]
  private var families: [AccountKey: [AccountKey]] = [:]
  package let bands: RevenueBands
  /// The currency of every amount.
  package let currency: String

  package init(currency: String, bands: RevenueBands? = nil) {
    self.currency = currency
    self.bands = bands ?? RevenueBands(currency: currency)
  }

  package init(_ members: [Member], currency: String, bands: RevenueBands? = nil) {
    self.init(currency: currency, bands: bands)
    for member in members { file(member) }
    for family in families.keys { consolidate(family) }
  }

  /// Takes an account in, or its new state.
  package mutating func update(_ member: Member) {
    let old = members[member.account]?.family
    file(member)
    if let old, old != member.family { consolidate(old) }
    consolidate(member.family)
  }

  package mutating func remove(_ account: AccountKey) {
    guard let old = members.removeValue(forKey: account) else { return }
    families[old.family]?.removeAll { $0 == account }
    consolidate(old.family)
  }

  private mutating func file(_ member: Member) {
    if let old = members.updateValue(member, forKey: member.account) {
      guard old.family != member.family else { return }
      families[old.family]?.removeAll { $0 == member.account }
    }
    var keys = families[member.family] ?? []
    keys.insert(member.account, at: keys.partitioningIndex { $0 > member.account })
    families[member.family] = keys
  }

  private mutating func consolidate(_ family: AccountKey) {
    let keys = families[family] ?? []
    guard keys.count > 1 else {
      if let only = keys.first, let own = members[only]?.own { members[only]?.statement = own }
      if keys.isEmpty { families[family] = nil }
      return
    }
    let movements = Consolidation.movements(of: keys.compactMap { members[$0]?.own })
    for (key, movements) in zip(keys, movements) { members[key]?.statement.replace(movements) }
  }

  /// Accounts in order of key.
  package var accounts: [AccountKey] { members.keys.sorted() }

  /// The accounts linked to an account, itself among them.
  func family(of member: Member) -> [Member] { (families[member.family] ?? []).compactMap { members[$0] } }
}
