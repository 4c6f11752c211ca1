package import Events
package import Features
package import Revenue

/// All a rule may know of one account at one instant. Everything a rule can say is a function of this value alone.
package struct Facts: Sendable {
  package let account: AccountFacts
  /// The same for all accounts: calendar, catalogue, what is known, how the cohort moved.
  package let company: CompanyFacts
  /// The instant of evaluation; `shifted(byDays:)` moves it.
  package let now: Instant
  /// How many days back from the live instant this view stands.
  package let daysBack: Int
  /// The expansion case a rule with that subject speaks of.
  package var expansionCase: ExpansionCase?
  /// The account's expansion cases as they were judged last.
  package var cases: [ExpansionCase] = []
  /// While an episode is open: the reference values frozen when it opened, by reference id.
  package var frozen: [String: Fixed] = [:]
  /// When the open episode fired.
  package var openedAt: Instant?
  /// How other rules stand for this account, by rule id; a rule not named is not firing.
  package var ruleStates: [String: RuleStanding] = [:]
  /// The account's risk score after the risk rules, for tiers.
  package var risk: RiskStanding?
  /// The cut of the portfolio that a flag speaks of.
  package var figures: CutFigures?
  /// What the evaluation notes for the next one; nil where nobody wants to know.
  package var notebook: Notebook?

  package init(account: AccountFacts, company: CompanyFacts, now: Instant, daysBack: Int = 0) {
    self.account = account
    self.company = company
    self.now = now
    self.daysBack = daysBack
  }

  /// The company day that holds `now`.
  package var today: Day { company.calendar.day(of: now) }

  /// The last complete day of usage as of `now`, and the first known one; nil while no usage is known.
  package var usageDays: ClosedRange<Day>? {
    guard let live = company.usageDays else { return nil }
    let last = live.upperBound - daysBack
    return live.lowerBound <= last ? live.lowerBound...last : nil
  }

  /// The known days of usage from the last hole on: as far back as nothing is missing.
  package var usageDaysWithoutHoles: ClosedRange<Day>? {
    guard let days = usageDays else { return nil }
    let end = company.usageHoles.filter { $0.lowerBound <= days.upperBound }.map { $0.upperBound + 1 }.max() ?? days.lowerBound
    let first = max(days.lowerBound, end)
    return first <= days.upperBound ? first...days.upperBound : nil
  }

  /// Whether a feed that tells of all usage can know the account: where its record names its ids in other systems, one must be theirs.
  package var isKnownToUsageFeeds: Bool {
    let ids = account.entities.rows(.account, asOf: now).flatMap { row in
      if case .object(let names)? = row["external"] { Array(names.keys) } else { [String]() }
    }
    return ids.isEmpty || ids.contains(where: company.coveringFeeds.contains)
  }

  /// Whether the account pays, as far as is known; a subscription without a price counts.
  package var isPaying: Bool { account.ledger.level(at: now, company.calendar).map { ($0.mrr ?? 1) > 0 } ?? false }

  /// The same account some days earlier: windows end earlier, versions that came later are not yet there.
  package func shifted(byDays days: Int) -> Facts {
    var shifted = Facts(account: account, company: company, now: now - .days(Int64(days)), daysBack: daysBack + days)
    shifted.expansionCase = expansionCase
    shifted.cases = cases
    shifted.frozen = frozen
    shifted.openedAt = openedAt
    shifted.ruleStates = ruleStates
    shifted.risk = risk
    shifted.notebook = notebook
    return shifted
  }
}

/// One account's history.
package final class AccountFacts: Sendable {
  package let key: AccountKey
  package let usage: UsageHistory
  package let entities: EntityHistory
  package let ledger: Ledger

  package init(key: AccountKey, usage: UsageHistory, entities: EntityHistory, ledger: Ledger) {
    self.key = key
    self.usage = usage
    self.entities = entities
    self.ledger = ledger
  }
}

/// What holds for every account alike.
package final class CompanyFacts: Sendable {
  package let calendar: CompanyCalendar
  package let catalog: ProductCatalog
  package let known: KnownRanges
  /// The whole days of usage known, at the live instant.
  package let usageDays: ClosedRange<Day>?
  /// The days among them of which a part could not be read.
  package let usageHoles: [ClosedRange<Day>]
  /// Whether an account of which no usage came used nothing, if it pays and one of these feeds can know it.
  package let coversCustomers: Bool
  package let coveringFeeds: Set<String>
  /// Set while a feed of usage does not get on.
  package let usageStaleSince: Day?
  package let lexicons: Lexicons
  /// What was worked out of whole cohorts.
  package let cohort: CohortTable
  /// The companies of the CRM that are no customers.
  package let prospects: ProspectIndex
  /// What the CRM says of departures on days when it was edited in bulk counts for nothing.
  package let heldEdits: HeldEdits
  /// Features that count for nothing just now since many accounts lost them at once, and what they mean otherwise.
  package let heldBack: [String: UsageMeaning]

  package init(
    calendar: CompanyCalendar, catalog: ProductCatalog, known: KnownRanges, cohort: CohortTable,
    heldBack: [String: UsageMeaning] = [:], lexicons: Lexicons = Lexicons(), prospects: ProspectIndex = ProspectIndex(),
    heldEdits: HeldEdits = .none
  ) {
    self.lexicons = lexicons
    self.heldBack = heldBack
    self.prospects = prospects
    self.heldEdits = heldEdits
    self.calendar = calendar
    self.catalog = catalog
    self.known = known
    let usage = known.range(of: .usage)
    usageDays = usage?.days(calendar)
    usageHoles = usage?.holeDays(calendar) ?? []
    coversCustomers = usage?.coversCustomers ?? false
    coveringFeeds = usage?.coveringFeeds ?? []
    usageStaleSince = usage?.staleSince.map(calendar.day)
    self.cohort = cohort
  }
}

/// How a rule stands for an account.
package struct RuleStanding: Hashable, Sendable {
  /// Whether it fires now.
  package let isFiring: Bool
  /// context, low, medium, high, critical.
  package let level: String

  package init(isFiring: Bool, level: String) {
    self.isFiring = isFiring
    self.level = level
  }
}

/// Where an account's risk stands.
package struct RiskStanding: Hashable, Sendable {
  package let milliPoints: Int64
  /// none, watch, at_risk, high.
  package let band: String

  package init(milliPoints: Int64, band: String) {
    self.milliPoints = milliPoints
    self.band = band
  }
}
