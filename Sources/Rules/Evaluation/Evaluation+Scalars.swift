internal import Events
internal import Features
internal import Revenue

extension Evaluation {
  func value(of scalar: Scalar) -> Outcome {
    if let kind = scalar.kind, let gap = staleness(of: kind) { return .missing(gap) }
    return known(scalar)
  }

  /// Why a kind says nothing just now; nil where its feeds get on.
  private func staleness(of kind: Kind) -> Missing? {
    facts.company.known.range(of: kind)?.staleSince.map { .stale(kind, since: facts.company.calendar.day(of: $0)) }
  }

  private func known(_ scalar: Scalar) -> Outcome {
    switch scalar {
    case .seats: level.map { .number(Fixed($0.seats)) } ?? .missing(.because(.noSeats))
    case .mrr: level?.mrr.map(Outcome.money) ?? .missing(.because(.noMRR))
    case .planElastic: level.map { .flag($0.plans.contains(where: facts.company.catalog.isElastic)) } ?? .missing(.because(.noSeats))
    case .accountAge: accountAge
    case .noticeIn: noticeIn
    case .caseOpen: .flag(hasOpenCase)
    case .caseAge:
      facts.expansionCase.map { .duration(facts.now - facts.company.calendar.start(of: $0.openedOn)) } ?? .missing(.because(.noCase))
    case .caseFeatures:
      switch adoptedNames {
      case .names(let names): .list(names + adoptedTeams.map { "the team \($0)" })
      case .missing(let reason): .missing(.because(reason))
      }
    case .newTeams: newTeams
    case .caseVerdict, .caseOpened, .caseSeats, .caseSeatsBefore, .caseMRRAdded, .casePurchases, .caseOrigin:
      facts.expansionCase.map { value(of: scalar, $0) } ?? .missing(.because(.noCase))
    case .openFor: .duration(facts.openedAt.map { facts.now - $0 } ?? Span(microseconds: 0))
    case .used: used
    case .licensed: licensed
    case .settling: settling
    case .premiumAge: premiumAge
    case .driverFeatures: driverFeatures
    case .planTier: planTier
    case .planRank: planRank(of: level).map { .number(Fixed($0)) } ?? .missing(.because(.noTier))
    case .flatFor: flatFor
    case .riskBand: facts.risk.map { .text($0.band) } ?? .missing(.because(.noRisk))
    case .riskPoints: facts.risk.map { .number(Fixed(millionths: $0.milliPoints * 1000)) } ?? .missing(.because(.noRisk))
    }
  }

  /// What the account pays at this instant. The day's level is exact unless something changed on this very day.
  var level: Ledger.Level? {
    let today = facts.today
    facts.standsUntilNextLevel()
    guard let level = facts.account.ledger.level(on: today) else { return nil }
    return level.day < today ? level : facts.account.ledger.level(at: facts.now, facts.company.calendar)
  }

  private var accountAge: Outcome {
    guard let since = facts.account.ledger.payingSince else { return .missing(.because(.notPaying)) }
    if since <= facts.now { return .duration(facts.now - since) }
    facts.stands(until: since)
    return .missing(.because(.notPaying))
  }

  private var noticeIn: Outcome {
    facts.standsUntilNext(.account)
    guard let notice = facts.account.entities.noticeInstant(asOf: facts.now, facts.company.calendar) else {
      return .missing(.because(.noContractEnd))
    }
    // A contract that renews itself has its next date once this one has passed.
    if notice > facts.now { facts.stands(until: notice) } else { facts.standsToday() }
    return .duration(notice - facts.now)
  }

  /// What is known of the case itself.
  private func value(of scalar: Scalar, _ expansion: ExpansionCase) -> Outcome {
    switch scalar {
    case .caseOpened: .instant(facts.company.calendar.start(of: expansion.openedOn))
    case .caseSeats: .number(Fixed(expansion.seatsAfter))
    case .caseSeatsBefore: .number(Fixed(expansion.seatsBefore))
    case .caseMRRAdded: .money(expansion.mrrAfter - expansion.mrrBefore)
    case .casePurchases: .number(Fixed(expansion.purchases))
    case .caseOrigin: facts.origin(of: expansion).map { .text($0.rawValue) } ?? .missing(.because(.noOrigin))
    default: .text(expansion.verdict.rawValue)
    }
  }

  /// Whether an expansion is still being followed and not yet found healthy.
  private var hasOpenCase: Bool {
    facts.standsWithCases()
    let today = facts.today
    if let expansion = facts.expansionCase { return expansion.isOpen(on: today) && !expansion.isHealthy(on: today) }
    return facts.account.ledger.expansionCases(through: today).contains { found in
      found.isOpen(on: today) && !(facts.judged(found)?.isHealthy(on: today) ?? false)
    }
  }

  /// A field of the account record: of all systems that tell it, the one that spoke last.
  func accountField(_ path: [String], _ type: ExpressionType) -> Outcome {
    guard facts.company.known.range(of: .account) != nil else { return .missing(.kindUnknown(.account)) }
    if let gap = staleness(of: .account) { return .missing(gap) }
    facts.standsUntilNext(.account)
    guard let value = facts.accountValue(path), let outcome = Outcome(value, as: type) else {
      return .missing(.unset(.account, path.joined(separator: ".")))
    }
    return outcome
  }

  /// The highest end-of-day value of the days before today, frozen while an episode is open.
  func peak(_ scalar: Scalar, _ days: Int, _ reference: String) -> Outcome {
    if let frozen = frozen(reference, as: scalar.type) { return frozen }
    if let gap = staleness(of: .subscription) { return .missing(gap) }
    let today = facts.today
    let levels = facts.account.ledger.levels
    if let last = levels.last, last.day > today - days { facts.standsToday() }
    let inForce = levels.last { $0.day <= today - days }
    let later = levels.filter { $0.day > today - days && $0.day < today }
    let candidates = later + (inForce.map { [$0] } ?? [])
    if scalar == .seats {
      return candidates.map(\.seats).max().map { .number(Fixed($0)) } ?? .missing(.because(.noSeats))
    }
    if scalar == .planRank {
      return candidates.compactMap(planRank).max().map { .number(Fixed($0)) } ?? .missing(.because(.noTier))
    }
    return candidates.compactMap(\.mrr).max().map(Outcome.money) ?? .missing(.because(.noMRR))
  }
}

extension Scalar {
  /// The kind of record it is read from; nil where it follows from what the engine itself keeps.
  fileprivate var kind: Kind? {
    switch self {
    case .seats, .mrr, .planElastic, .accountAge: .subscription
    case .noticeIn: .account
    case .used, .licensed, .settling, .premiumAge, .planTier, .planRank, .flatFor: .subscription
    case .caseFeatures, .driverFeatures, .newTeams: .usage
    case .caseOrigin: .opportunity
    case .caseOpen, .caseAge, .caseVerdict, .caseOpened, .caseSeats, .caseSeatsBefore, .caseMRRAdded, .casePurchases, .openFor, .riskBand,
      .riskPoints:
      nil
    }
  }
}

extension Outcome {
  /// A record's value as an expression of a type sees it; nil where it does not fit.
  init?(_ value: Value, as type: ExpressionType) {
    switch (type, value) {
    case (.money, .integer(let amount)): self = .money(amount)
    case (_, .integer(let integer)): self = .number(Fixed(integer))
    case (_, .number(let number)): self = .number(number)
    case (_, .text(let text)): self = .text(text)
    case (_, .flag(let flag)): self = .flag(flag)
    case (_, .instant(let instant)): self = .instant(instant)
    case (_, .list(let values)): self = .list(values.compactMap(\.text))
    case (_, .price), (_, .object): return nil
    }
  }
}
