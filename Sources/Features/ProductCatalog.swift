package import Events

/// What a vendor's event name means to the rules.
package enum UsageMeaning: String, CaseIterable, Sendable {
  case login, api, metered
  case limitHit = "limit_hit"
  case feature, ignore
}

/// An event as `config/features.yaml` describes it.
package struct ProductFeature: Hashable, Sendable {
  package let meaning: UsageMeaning
  /// The lowest tier of plans that has it.
  package let tier: String?
  package let productLine: String?
  /// Whether its first use is the value a new customer came for.
  package let isFirstValue: Bool
  /// How people call it, where that is not the event's name.
  package let called: [String]

  package init(
    meaning: UsageMeaning, tier: String? = nil, productLine: String? = nil, isFirstValue: Bool = false, called: [String] = []
  ) {
    self.meaning = meaning
    self.tier = tier
    self.productLine = productLine
    self.isFirstValue = isFirstValue
    self.called = called
  }
}

/// What a plan without seats lets its customer use.
package struct PlanLimit: Hashable, Sendable {
  /// The event whose quantity counts.
  package let event: String
  package let quantity: Fixed
  package let per: Period

  package enum Period: String, CaseIterable, Sendable {
    case month, year
  }

  package init(event: String, quantity: Fixed, per: Period) {
    self.event = event
    self.quantity = quantity
    self.per = per
  }
}

/// A plan as `config/plans.yaml` describes it.
package struct Plan: Hashable, Sendable {
  package let id: String
  package let tier: String
  package let productLine: String
  /// per_seat, flat or usage; empty where nobody says.
  package let pricing: String
  /// Whether the subscription's quantity is a number of seats.
  package let countsSeats: Bool
  /// Seats grow with use, so capacity says nothing.
  package let isElastic: Bool
  package let premiumFeatures: [String]
  package let limit: PlanLimit?

  package init(
    id: String, tier: String, productLine: String, countsSeats: Bool, isElastic: Bool, premiumFeatures: [String], limit: PlanLimit? = nil,
    pricing: String = ""
  ) {
    self.pricing = pricing
    self.id = id
    self.tier = tier
    self.productLine = productLine
    self.countsSeats = countsSeats
    self.isElastic = isElastic
    self.premiumFeatures = premiumFeatures
    self.limit = limit
  }
}

/// The company's product as the rules need to know it: event names and plans.
package struct ProductCatalog: Hashable, Sendable {
  package let features: [String: ProductFeature]
  package let plans: [String: Plan]
  /// Lowest first.
  package let tiers: [String]
  /// What people research, in small letters, and the product line that serves it.
  package let topics: [String: String]
  /// How people call the features.
  package let featureNames: FeatureNames

  package init(
    features: [String: ProductFeature], plans: [String: Plan] = [:], tiers: [String] = [], topics: [String: String] = [:]
  ) {
    self.features = features
    self.plans = plans
    self.tiers = tiers
    self.topics = topics
    featureNames = FeatureNames(features)
  }

  package init(meanings: [String: UsageMeaning] = [:], plans: [String: Plan] = [:]) {
    self.init(features: meanings.mapValues { ProductFeature(meaning: $0) }, plans: plans)
  }

  /// A name nobody has described is a feature: better counted than lost.
  package func meaning(of name: String) -> UsageMeaning { features[name]?.meaning ?? .feature }

  package func productLine(serving topic: String) -> String? { topics[topic.lowercased()] }

  /// How high a tier stands; nil for one that `plans.yaml` does not list.
  package func rank(ofTier tier: String?) -> Int? { tier.flatMap { tiers.firstIndex(of: $0) } }

  /// The rank of the highest tier among plans; nil where none is known.
  package func rank(ofPlans ids: [String]) -> Int? { ids.compactMap { rank(ofTier: plans[$0]?.tier) }.max() }

  /// Plans nobody has described are taken as seat plans that do not grow by themselves.
  package func countsSeats(_ plan: String) -> Bool { plans[plan]?.countsSeats ?? true }
  package func isElastic(_ plan: String) -> Bool { plans[plan]?.isElastic ?? false }
}
