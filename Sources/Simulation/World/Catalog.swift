/// A step of the simulated company's price list, lowest first.
package enum Tier: String, CaseIterable, Comparable, Sendable {
  case starter, growth, premium

  package static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }

  var rank: Int {
    switch self {
    case .starter: 0
    case .growth: 1
    case .premium: 2
    }
  }
}

/// What the simulated product reports; raw values are the vendor's event names, as in `config/features.yaml`.
package enum ProductEvent: String, CaseIterable, Sendable {
  case signedIn = "signed_in"
  case recordCreated = "record_created"
  case recordUpdated = "record_updated"
  case reportViewed = "report_viewed"
  case searchRun = "search_run"
  case commentAdded = "comment_added"
  case dashboardShared = "dashboard_shared"
  case reportScheduled = "report_scheduled"
  case importCompleted = "import_completed"
  case forecastRun = "forecast_run"
  case workflowAutomated = "workflow_automated"
  case auditLogExported = "audit_log_exported"
  case scenarioCompared = "scenario_compared"
  case apiCall = "api_call"
  case documentProcessed = "document_processed"
  case seatLimitReached = "seat_limit_reached"
  case sessionHeartbeat = "session_heartbeat"

  /// `login api metered limit_hit feature ignore`, the words of `config/features.yaml`.
  package var meaning: String {
    switch self {
    case .signedIn: "login"
    case .apiCall: "api"
    case .documentProcessed: "metered"
    case .seatLimitReached: "limit_hit"
    case .sessionHeartbeat: "ignore"
    default: "feature"
    }
  }

  /// The lowest plan that has the feature.
  package var tier: Tier {
    switch self {
    case .dashboardShared, .reportScheduled, .importCompleted: .growth
    case .forecastRun, .workflowAutomated, .auditLogExported, .scenarioCompared: .premium
    default: .starter
    }
  }

  /// Whether one event tells of many, in its quantity.
  var hasQuantity: Bool { self == .apiCall || self == .documentProcessed }

  package var productLine: String {
    switch self {
    case .reportViewed, .dashboardShared, .reportScheduled, .forecastRun, .scenarioCompared: "analytics"
    case .workflowAutomated, .apiCall, .documentProcessed: "automation"
    default: "core"
    }
  }

  /// Features a person chooses among on an ordinary day, by plan.
  static func everyday(_ tier: Tier) -> [ProductEvent] {
    let starter: [ProductEvent] = [.recordCreated, .recordUpdated, .reportViewed, .searchRun, .commentAdded]
    return switch tier {
    case .starter: starter
    case .growth: starter + [.dashboardShared, .reportScheduled, .importCompleted]
    case .premium: starter + [.dashboardShared, .reportScheduled, .importCompleted] + premium
    }
  }

  static let premium: [ProductEvent] = [.forecastRun, .workflowAutomated, .auditLogExported, .scenarioCompared]
}

/// A price of the simulated company; its name is the price's `lookup_key`, as in `config/plans.yaml`.
package struct Plan: Hashable, Sendable {
  package let tier: Tier
  package let isAnnual: Bool

  package static let all = Tier.allCases.flatMap { [Plan(tier: $0, isAnnual: false), Plan(tier: $0, isAnnual: true)] }

  package var name: String { "\(tier.rawValue)_seat_\(isAnnual ? "annual" : "monthly")" }

  /// Cents per seat and month, before an annual plan's factor.
  private var centsPerMonth: Int64 {
    switch tier {
    case .starter: 19_000
    case .growth: 60_000
    case .premium: 100_000
    }
  }

  /// Cents per seat and billing interval.
  package var unitAmount: Int64 { isAnnual ? centsPerMonth * 12 : centsPerMonth }
  var intervalMonths: Int { isAnnual ? 12 : 1 }
}

/// The simulated company's price by the unit; it has no tiers and no seats.
package enum MeteredPrice {
  /// The price's `lookup_key`, as in `config/plans.yaml`.
  package static let name = "document_metered"
  static let centsPerUnit: Int64 = 50
}
