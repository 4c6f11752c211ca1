package import Events

/// A company's own mail domain is a reference like any other, under a system of its own.
///
/// A record that names a person by address and no account is filed under the address's domain; an account whose record tells a domain
/// claims it. So what a domain links is versioned, listed and undone like every other link.
extension CompanyDomain {
  /// The system under which domains are references.
  package static let system = "domain"

  /// The domain of a record that names no account; nil where it tells none, or one that anybody can have an address under.
  static func of(_ record: EventRecord) -> String? {
    if let domain = record.person.flatMap(ofAddress) { return domain }
    switch record.kind {
    case .contact: return record.fields["email"]?.text.flatMap(ofAddress)
    case .intent: return record.fields["domain"]?.text.flatMap(normalized)
    default: return nil
    }
  }

  /// `Jo@Acme.com` → `acme.com`.
  static func ofAddress(_ text: String) -> String? {
    guard let address = PersonLinks.address(text), let sign = address.lastIndex(of: "@") else { return nil }
    return normalized(String(address[address.index(after: sign)...]))
  }
}
