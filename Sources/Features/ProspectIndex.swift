package import Events

/// What tells one company from another in passing: its mail domain, or its name as people write it.
package enum CompanyMark: Hashable, Comparable, Sendable {
  /// `globex.example`
  case domain(String)
  /// Small letters and digits, words parted by single blanks, without the legal form.
  case name(String)

  /// Nil for no domain, and for one under which anybody can have an address.
  package init?(domain: String?) {
    guard let domain = domain.flatMap(CompanyDomain.normalized) else { return nil }
    self = .domain(domain)
  }

  /// Nil for a name of nothing but a legal form.
  package init?(name: String?) {
    var words = (name ?? "").lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    while let last = words.last, Self.legalForms.contains(last) { words.removeLast() }
    guard !words.isEmpty else { return nil }
    self = .name(words.joined(separator: " "))
  }

  private static let legalForms: Set<String> = [
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "limited", "llc", "llp", "ltd", "nv",
    "oy",
    "plc", "pty", "sa", "sas", "se", "sl", "spa", "srl",
  ]
}

/// A company of the CRM that is no customer.
package struct Prospect: Hashable, Sendable {
  package let account: AccountKey
  package let name: String
  package let domain: String?
  /// Who sells to it, where the CRM says.
  package let ae: String?

  package init(account: AccountKey, name: String, domain: String? = nil, ae: String? = nil) {
    self.account = account
    self.name = name
    self.domain = domain
    self.ae = ae
  }

  var marks: Set<CompanyMark> { Set([CompanyMark(domain: domain), CompanyMark(name: name)].compactMap { $0 }) }
}

/// The companies of the CRM that are no customers, to be found by what their people write in their addresses and titles.
package struct ProspectIndex: Hashable, Sendable {
  private var prospects: [AccountKey: Prospect] = [:]
  private var places: [CompanyMark: Set<AccountKey>] = [:]

  package init() {}

  package var isEmpty: Bool { prospects.isEmpty }

  package subscript(account: AccountKey) -> Prospect? { prospects[account] }

  /// Enters an account, or takes it out.
  ///
  /// - Returns: the marks at which another may be found now than before.
  @discardableResult
  package mutating func set(_ prospect: Prospect?, of account: AccountKey) -> Set<CompanyMark> {
    let old = prospects[account]
    guard old != prospect else { return [] }
    prospects[account] = prospect
    for mark in old?.marks ?? [] {
      places[mark]?.remove(account)
      if places[mark]?.isEmpty ?? false { places[mark] = nil }
    }
    for mark in prospect?.marks ?? [] { places[mark, default: []].insert(account) }
    return (old?.marks ?? []).union(prospect?.marks ?? [])
  }

  /// The one prospect that a mark belongs to; nil where there is none, or several.
  package func prospect(at mark: CompanyMark) -> Prospect? {
    guard let accounts = places[mark], accounts.count == 1 else { return nil }
    return accounts.first.flatMap { prospects[$0] }
  }
}

extension EntityHistory {
  /// What a contact's new company is known by, the surest first: the domain of the new address, the name in the CRM, the name that
  /// enrichment told. Empty while the contact has not left.
  package func newCompany(of contact: EntityRow, held: HeldEdits) -> [CompanyMark] {
    guard leftAt(contact, held) != nil else { return [] }
    var marks: [CompanyMark?] = []
    if contact.goneAt(held) != nil {
      marks.append(contact.versions.compactMap(\.emailDomain).moved.flatMap(CompanyMark.init(domain:)))
      marks.append(contact.versions.compactMap { $0.fields["company"]?.text }.moved.flatMap(CompanyMark.init(name:)))
    }
    marks.append(newJob(of: contact)?["company"]?.text.flatMap { CompanyMark(name: $0) })
    return marks.compactMap { $0 }
  }
}

extension [String] {
  /// The last, where it is another than the first.
  fileprivate var moved: String? { last == first ? nil : last }
}
