/// A customer of the simulated company as each vendor names it.
package struct Identity: Hashable, Sendable {
  package let index: Int
  package let name: String
  package let domain: String
  package let industry: String
  package let segment: String
  package let region: String
  /// Stripe's customer id.
  package let stripe: String
  /// HubSpot's company id.
  package let hubspot: String
  /// Zendesk's organization id.
  package let zendesk: Int64
  /// PostHog's group key.
  package let posthog: String
  package let owner: String
  /// Whether Stripe renders this account's events in the shapes of 2025-03-31.
  var hasBasilEvents: Bool
}

/// Someone at a customer.
struct Person: Hashable {
  enum Role: String {
    case champion = "CHAMPION"
    case decisionMaker = "DECISION_MAKER"
    case billing = "BUDGET_HOLDER"
    case user = "END_USER"
  }

  let number: Int
  let firstName: String
  let lastName: String
  let email: String
  var title: String
  var role: Role
  let hubspot: String
  let zendesk: Int64

  var name: String { "\(firstName) \(lastName)" }
}

extension Identity {
  init(index: Int, name: String, seed: UInt64) {
    var chance = Chance(seed, Purpose.identity.rawValue, UInt64(index))
    self.index = index
    self.name = name
    domain = String(name.lowercased().filter { $0.isLetter }) + ".example"
    industry = chance.pick(["Manufacturing", "Retail", "Healthcare", "Logistics", "Financial Services"])
    segment = chance.pick(["enterprise", "mid_market", "mid_market", "smb"])
    region = chance.pick(["NA", "NA", "EMEA", "APAC"])
    stripe = "cus_" + chance.identifier(length: 14)
    hubspot = String(9_000_000_000 + Int64(index) * 1000 + Int64(chance.below(1000)))
    zendesk = 360_000_000_000 + Int64(index) * 1000 + Int64(chance.below(1000))
    posthog = "org_" + chance.identifier(length: 12).lowercased() + String(index)
    owner = chance.pick(NameBook.customerSuccess)
    hasBasilEvents = index % 2 == 1
  }

  var ownerEmail: String { owner.lowercased().split(separator: " ").joined(separator: ".") + "@vantage.example" }

  /// Persons with distinct names; the first is the champion, the second decides, the third pays.
  func people(_ count: Int, seed: UInt64) -> [Person] {
    var chance = Chance(seed, Purpose.names.rawValue, UInt64(index))
    let first = chance.shuffled(NameBook.firstNames)
    let last = chance.shuffled(NameBook.lastNames)
    return (0..<count).map { number in
      let role: Person.Role = number == 0 ? .champion : number == 1 ? .decisionMaker : number == 2 ? .billing : .user
      let (firstName, lastName) = (first[number % first.count], last[(number + number / first.count) % last.count])
      return Person(
        number: number, firstName: firstName, lastName: lastName,
        email: "\(firstName.lowercased()).\(lastName.lowercased())@\(domain)", title: Self.title(of: role, &chance), role: role,
        hubspot: String(50_000_000_000 + Int64(index) * 1000 + Int64(number)),
        zendesk: 370_000_000_000 + Int64(index) * 1000 + Int64(number))
    }
  }

  private static func title(of role: Person.Role, _ chance: inout Chance) -> String {
    switch role {
    case .champion: chance.pick(["Head of Operations", "Director of Revenue Operations", "VP Planning"])
    case .decisionMaker: chance.pick(["Chief Operating Officer", "Chief Financial Officer", "General Manager"])
    case .billing: chance.pick(["Accounts Payable Lead", "Finance Manager"])
    case .user: chance.pick(["Analyst", "Planner", "Operations Associate", "Account Coordinator", "Team Lead"])
    }
  }
}
