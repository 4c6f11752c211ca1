/// What a record is about.
package enum Kind: String, CaseIterable, Sendable, Comparable {
  case account, contact, opportunity, engagement, pulse, subscription, invoice, payment, ticket, survey, usage, intent, enrichment

  /// Whether records of one id are versions of one thing; otherwise each record is an occurrence of its own.
  package var isEntity: Bool {
    switch self {
    case .account, .contact, .opportunity, .subscription, .invoice, .payment, .ticket: true
    case .engagement, .pulse, .survey, .usage, .intent, .enrichment: false
    }
  }

  package static func < (a: Kind, b: Kind) -> Bool { a.rawValue.utf8.lexicographicallyPrecedes(b.rawValue.utf8) }
}

/// Some kinds, one bit each.
package struct KindSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ kind: Kind) { rawValue = 1 << UInt32(Kind.allCases.firstIndex(of: kind) ?? 31) }

  package static let all = KindSet(rawValue: .max)
}

/// The number of an account in the store; dense, given in order of first sight.
package struct AccountKey: Hashable, Comparable, Sendable {
  package let number: Int64
  package init(_ number: Int64) { self.number = number }
  package static func < (a: AccountKey, b: AccountKey) -> Bool { a.number < b.number }
}

/// The pseudonymous number of a person in the store.
package struct PersonKey: Hashable, Comparable, Sendable {
  package let number: Int64
  package init(_ number: Int64) { self.number = number }
  package static func < (a: PersonKey, b: PersonKey) -> Bool { a.number < b.number }
}
