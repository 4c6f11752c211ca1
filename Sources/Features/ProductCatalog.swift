/// What a vendor's event name means to the rules.
package enum UsageMeaning: String, CaseIterable, Sendable {
  case login, api, metered
  case limitHit = "limit_hit"
  case feature, ignore
}

/// A plan as `config/plans.yaml` describes it.
package struct Plan: Hashable, Sendable {
  package let id: String
  package let tier: String
  package let productLine: String
  /// Whether the subscription's quantity is a number of seats.
  package let countsSeats: Bool
  /// Seats grow with use, so capacity says nothing.
  package let isElastic: Bool
  package let premiumFeatures: [String]

  package init(id: String, tier: String, productLine: String, countsSeats: Bool, isElastic: Bool, premiumFeatures: [String]) {
    self.id = id
    self.tier = tier
    self.productLine = productLine
    self.countsSeats = countsSeats
    self.isElastic = isElastic
    self.premiumFeatures = premiumFeatures
  }
}

/// The company's product as the rules need to know it: event names and plans.
package struct ProductCatalog: Hashable, Sendable {
  package let meanings: [String: UsageMeaning]
  package let plans: [String: Plan]

  package init(meanings: [String: UsageMeaning] = [:], plans: [String: Plan] = [:]) {
    self.meanings = meanings
    self.plans = plans
  }

  /// A name nobody has described is a feature: better counted than lost.
  package func meaning(of name: String) -> UsageMeaning { meanings[name] ?? .feature }

  /// Plans nobody has described are taken as seat plans that do not grow by themselves.
  package func countsSeats(_ plan: String) -> Bool { plans[plan]?.countsSeats ?? true }
  package func isElastic(_ plan: String) -> Bool { plans[plan]?.isElastic ?? false }
}
