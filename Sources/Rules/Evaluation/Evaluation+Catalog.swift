internal import Events
internal import Features
internal import Revenue

/// Usage as the company's own catalogue sees it: what the plan has beyond the one below, what is above the plan, what the account was bought for.
extension Evaluation {
  /// The features of a source that follows from the catalogue and from what is paid, or why nobody can say.
  func catalogNames(_ source: UsageSource) -> AdoptedNames {
    switch source {
    case .premium: premiumNames
    case .abovePlan: namesAbovePlan
    case .firstValue: firstValueNames
    case .unlocked: unlockedNames
    default:
      switch driverNames {
      case .missing(let reason): .missing(reason)
      case .names(let drivers): .names(source == .driver ? drivers : facts.otherFeatures(than: drivers))
      }
    }
  }

  private var premiumNames: AdoptedNames {
    let catalog = facts.company.catalog
    guard let level else { return .missing(.noSeats) }
    // What is held back, since its events have vanished everywhere, is ignored too.
    let names = level.plans.flatMap { catalog.plans[$0]?.premiumFeatures ?? [] }.filter { catalog.meaning(of: $0) != .ignore }
    return names.isEmpty ? .missing(.noPremium) : .names(Set(names).sorted())
  }

  /// The premium features of the plans that the expansion added, less those that the plans before it had.
  private var unlockedNames: AdoptedNames {
    guard let expansion = facts.expansionCase else { return .missing(.noCase) }
    let catalog = facts.company.catalog
    let before = facts.account.ledger.level(on: expansion.openedOn - 1)?.plans ?? []
    let had = Set(before.flatMap { catalog.plans[$0]?.premiumFeatures ?? [] })
    let names = expansion.plansAdded.flatMap { catalog.plans[$0]?.premiumFeatures ?? [] }.filter {
      catalog.meaning(of: $0) != .ignore && !had.contains($0)
    }
    return names.isEmpty ? .missing(.nothingUnlocked) : .names(Set(names).sorted())
  }

  private var namesAbovePlan: AdoptedNames {
    let catalog = facts.company.catalog
    guard let level else { return .missing(.noSeats) }
    guard let rank = catalog.rank(ofPlans: level.plans) else { return .missing(.noTier) }
    return .names(
      facts.account.usage.names.filter { name in
        catalog.meaning(of: name) != .ignore && (catalog.rank(ofTier: catalog.features[name]?.tier).map { $0 > rank } ?? false)
      })
  }

  /// Those of the product lines paid for; where these have none, all.
  private var firstValueNames: AdoptedNames {
    let catalog = facts.company.catalog
    let names = catalog.features.filter { $0.value.isFirstValue }.keys.sorted()
    if names.isEmpty { return .missing(.noFirstValue) }
    let lines = Set((level?.plans ?? []).compactMap { catalog.plans[$0]?.productLine })
    let own = names.filter { catalog.features[$0]?.productLine.map(lines.contains) ?? false }
    return .names(own.isEmpty ? names : own)
  }

  // MARK: Teams

  /// How long after its appearance a team is new.
  private static let newTeamDays = 60

  /// The teams that are new, or why there are none to name.
  var newTeams: Outcome {
    guard let known = facts.usageDaysWithoutHoles else { return .missing(.usageUnknown) }
    if facts.account.usage.usedTeams(known).isEmpty { return .missing(.because(.noTeams)) }
    guard known.upperBound - known.lowerBound >= Self.newTeamDays + UsageHistory.teamAbsence else {
      return .missing(.usageKnownFrom(known.lowerBound))
    }
    let teams = facts.account.usage.newTeams(within: Self.newTeamDays, in: known)
    return teams.isEmpty ? .missing(.because(.noNewTeam)) : .list(teams)
  }

  // MARK: Drivers

  /// How long after a purchase shows what it was made for.
  private static let driverDays = 60
  private static let mostDrivers = 3
  private static let leastDriverPersonDays = 10

  var driverFeatures: Outcome {
    switch driverNames {
    case .names(let names): .list(names)
    case .missing(let reason): .missing(.because(reason))
    }
  }

  /// The features the account was bought for: of the latest purchase that tells, the three used most in the 60 days after it. An expansion
  /// counts by what it unlocked alone; the start counts anew each year, when the customer decides again.
  private var driverNames: AdoptedNames {
    facts.standsToday()
    guard let known = facts.usageDaysWithoutHoles, let payingSince = facts.account.ledger.payingSince else {
      return .missing(.driverUnknown)
    }
    let latest = known.upperBound - (Self.driverDays - 1)
    for expansion in facts.account.ledger.expansionCases(through: min(facts.today, latest)).reversed() {
      guard let adopted = facts.adoptedFeatures(of: expansion) else { return .missing(.driverUnknown) }
      let drivers = drivers(among: adopted, from: expansion.openedOn)
      if !drivers.isEmpty { return .names(drivers) }
    }
    let start = facts.company.calendar.day(of: payingSince)
    guard start <= latest else { return .missing(.driverUnknown) }
    let purchase = start + (latest - start) / 365 * 365
    guard purchase >= known.lowerBound, purchase >= known.upperBound - UsageHistory.horizon else { return .missing(.driverUnknown) }
    let features = facts.account.usage.names.filter { facts.company.catalog.meaning(of: $0) == .feature }
    let drivers = drivers(among: features, from: purchase)
    return drivers.isEmpty ? .missing(.noDriver) : .names(drivers)
  }

  /// Most used first.
  private func drivers(among names: [String], from purchase: Day) -> [String] {
    let days = purchase...purchase + (Self.driverDays - 1)
    let used = names.map { (name: $0, days: facts.account.usage.personDays(UsageSelection(names: [$0]), days, facts.company.calendar)) }
    let enough = used.filter { $0.days >= Self.leastDriverPersonDays }.sorted { ($1.days, $0.name) < ($0.days, $1.name) }
    return enough.prefix(Self.mostDrivers).map(\.name)
  }
}
