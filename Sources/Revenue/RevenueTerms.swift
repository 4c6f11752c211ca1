package import Events

/// How billing records are read as recurring revenue: what no record says itself.
package struct RevenueTerms: Sendable {
  package let calendar: CompanyCalendar
  package let currencies: CurrencyTable
  /// A subscription that is past due for so many days counts as lost until it pays.
  package var involuntaryAfterDays: Int
  private let plan: @Sendable (String) -> PlanTerms

  package init(
    calendar: CompanyCalendar, currencies: CurrencyTable = .asBilled,
    involuntaryAfterDays: Int = RevenueSettings.defaultInvoluntaryDays,
    plan: @escaping @Sendable (String) -> PlanTerms = { _ in PlanTerms() }
  ) {
    self.calendar = calendar
    self.currencies = currencies
    self.involuntaryAfterDays = involuntaryAfterDays
    self.plan = plan
  }

  /// How long a subscription may be past due and still count.
  var patience: Span { .days(Int64(involuntaryAfterDays)) }

  package func terms(ofPlan id: String) -> PlanTerms { plan(id) }
}

/// What the catalogue says of a plan.
package struct PlanTerms: Hashable, Sendable {
  /// Where its revenue is counted.
  package let productLine: String
  /// per_seat, flat or usage.
  package let pricing: String
  package let tier: String

  package init(productLine: String = "", pricing: String = "", tier: String = "") {
    self.productLine = productLine
    self.pricing = pricing
    self.tier = tier
  }
}

/// What `config/revenue.yaml` and `config/benchmarks.yaml` say.
package struct RevenueSettings: Hashable, Sendable {
  package static let defaultInvoluntaryDays = 30

  package var currencies = CurrencyTable.asBilled
  package var involuntaryAfterDays = RevenueSettings.defaultInvoluntaryDays
  /// Lower bounds of the bands of yearly revenue, whole units of the reporting currency.
  package var bands = RevenueBands.defaultBounds
  package var benchmarks = RetentionBenchmarks()

  package init() {}
}
