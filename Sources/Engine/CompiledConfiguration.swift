package import ConfigFiles
package import Events
package import Features
package import Revenue
package import Rules

/// What the engine is told to think with, from one activation step to the next.
package struct CompiledConfiguration: Sendable {
  package let digest: String
  package private(set) var rules: CompiledRules
  package let catalog: ProductCatalog
  package let calendar: CompanyCalendar
  package let revenue: RevenueSettings

  package init(
    digest: String, rules: CompiledRules, catalog: ProductCatalog, calendar: CompanyCalendar, revenue: RevenueSettings = RevenueSettings()
  ) {
    self.digest = digest
    self.rules = rules
    self.catalog = catalog
    self.calendar = calendar
    self.revenue = revenue
  }

  /// How subscriptions are read as revenue.
  package var revenueTerms: RevenueTerms { revenueTerms(revenue.currencies) }

  /// The same in currencies that are not the configuration's.
  package func revenueTerms(_ currencies: CurrencyTable) -> RevenueTerms {
    RevenueTerms(calendar: calendar, currencies: currencies, involuntaryAfterDays: revenue.involuntaryAfterDays) { [catalog] id in
      let plan = catalog.plans[id]
      return PlanTerms(productLine: plan?.productLine ?? "", pricing: plan?.pricing ?? "", tier: plan?.tier ?? "")
    }
  }

  /// The same with the one rule and those it reads: all that is needed to say how it stands.
  package func narrowed(to rule: String) -> CompiledConfiguration {
    var configuration = self
    configuration.rules = rules.narrowed(to: rule)
    return configuration
  }

  /// The same with the verdicts on expansion cases and the rules they read.
  package var narrowedToVerdicts: CompiledConfiguration {
    var configuration = self
    configuration.rules = rules.narrowedToVerdicts
    return configuration
  }
}

extension CompiledConfiguration {
  /// Reads and checks the files that decide outcomes: rules, catalogue, calendar and revenue; nil if anything is wrong, and then `diagnostics` says
  /// what.
  ///
  /// - Parameter files: rule files stand in a folder `rules`, lexicons in a folder `lexicons`; the others are told by name.
  package init?(files: [SourceFile], digest: String, into diagnostics: inout Diagnostics) {
    var features: [String: ProductFeature] = [:]
    var plans: (plans: [String: Plan], tiers: [String], topics: [String: String]) = ([:], [], [:])
    var calendar: CompanyCalendar? = .utc
    var revenue = RevenueSettings()
    let named = { (name: Substring) in files.filter { !Self.isRule($0) && $0.path.split(separator: "/").last == name } }
    // Features name tiers of the plans.
    for file in named("plans.yaml") { plans = CatalogFiles.plans(file, into: &diagnostics) }
    for file in named("features.yaml") { features = CatalogFiles.features(file, tiers: plans.tiers, into: &diagnostics) }
    for file in named("calendar.yaml") { calendar = CatalogFiles.calendar(file, into: &diagnostics) }
    for file in named("revenue.yaml") { RevenueFiles.revenue(file, into: &revenue, &diagnostics) }
    for file in named("benchmarks.yaml") { revenue.benchmarks = RevenueFiles.benchmarks(file, into: &diagnostics) }
    let rules = CompiledRules.load(files: files.filter(Self.isRule), diagnostics: &diagnostics)
    guard let rules, let calendar, !diagnostics.hasErrors else { return nil }
    let catalog = ProductCatalog(features: features, plans: plans.plans, tiers: plans.tiers, topics: plans.topics)
    self.init(digest: digest, rules: rules, catalog: catalog, calendar: calendar, revenue: revenue)
  }

  private static func isRule(_ file: SourceFile) -> Bool {
    ["rules", "lexicons"].contains(file.path.split(separator: "/").dropLast().last)
  }
}
