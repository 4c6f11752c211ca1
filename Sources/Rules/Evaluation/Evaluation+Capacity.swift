internal import Events
internal import Features
internal import Revenue

/// How much of what is paid for is used, and since when it is paid for.
extension Evaluation {
  /// How long after a start or a rise in seats or tier the seats may still be filling up.
  static let settlingDays = 60
  /// The days over which use is counted against seats and limits.
  private static let usedDays = 30

  /// Persons active in 30 days where seats are paid for; else the limited quantity of 30 days, pro rata to the limit's period.
  var used: Outcome {
    guard let level else { return .missing(.because(.noSeats)) }
    if level.seats > 0 { return activePersons }
    guard let fullest = fullestLimit else { return .missing(.because(.noLimit)) }
    return fullest.used
  }

  var licensed: Outcome {
    guard let level else { return .missing(.because(.noSeats)) }
    if level.seats > 0 { return .number(Fixed(level.seats)) }
    guard let fullest = fullestLimit else { return .missing(.because(.noLimit)) }
    return .number(fullest.licensed)
  }

  private var activePersons: Outcome {
    var counting = self
    counting.frames = nil
    return counting.usage(Self.activePersonsAggregate, nil)
  }

  /// Made once: some rules ask on each of ninety days.
  private static let activePersonsAggregate = UsageAggregate(
    function: .distinct, source: .all, field: .person, filter: UsageFilter(), window: Window(length: .days(Int64(usedDays))))

  private struct Limit {
    let used: Outcome
    let licensed: Fixed
  }

  /// Of several limits the one that is nearest; the first by event where use is not known.
  private var fullestLimit: Limit? {
    var quantities: [String: (quantity: Fixed, per: PlanLimit.Period)] = [:]
    for item in facts.account.ledger.paying(at: facts.now).flatMap(\.items) where !item.isMetered {
      guard let limit = facts.company.catalog.plans[item.plan]?.limit else { continue }
      let before = quantities[limit.event]?.quantity ?? .zero
      quantities[limit.event] = (before + limit.quantity * item.quantity, limit.per)
    }
    var fullest: Limit?
    for (event, limit) in quantities.sorted(by: { $0.key < $1.key }) {
      let candidate = Limit(used: quantity(of: event, per: limit.per), licensed: limit.quantity)
      guard let best = fullest else {
        fullest = candidate
        continue
      }
      if let a = candidate.used.fixed?.divided(by: candidate.licensed), let b = best.used.fixed?.divided(by: best.licensed), a > b {
        fullest = candidate
      }
    }
    return fullest
  }

  /// The quantity of 30 days, pro rata to the limit's period: a month is a twelfth of 365 days.
  private func quantity(of event: String, per period: PlanLimit.Period) -> Outcome {
    var counting = self
    counting.frames = nil
    let outcome = counting.usage(
      UsageAggregate(
        function: .count, source: .all, field: .person, filter: UsageFilter(names: [event]),
        window: Window(length: .days(Int64(Self.usedDays)))), nil)
    guard case .number(let quantity) = outcome else { return outcome }
    let periods = period == .month ? 12 : 1
    return (quantity * Fixed(365)).divided(by: Fixed(periods * Self.usedDays)).map(Outcome.number) ?? outcome
  }

  /// Whether the account has begun to pay, or pays for more seats or a higher tier, since less than 60 days.
  var settling: Outcome {
    guard let since = facts.account.ledger.payingSince, let now = level else { return .missing(.because(.notPaying)) }
    let today = facts.today
    let catalog = facts.company.catalog
    let isSettling = { (day: Day) in day <= today && today - day < Self.settlingDays }
    var before: Ledger.Level?
    var isRising = isSettling(facts.company.calendar.day(of: since))
    for level in facts.account.ledger.levels.filter({ $0.day < today }) + [now] {
      if let before,
        level.seats > before.seats || Self.isHigher(catalog.rank(ofPlans: level.plans), than: catalog.rank(ofPlans: before.plans)),
        isSettling(level.day)
      {
        isRising = true
      }
      before = level
    }
    if isRising { facts.standsToday() }
    return .flag(isRising)
  }

  private static func isHigher(_ a: Int?, than b: Int?) -> Bool {
    guard let a, let b else { return false }
    return a > b
  }

  /// Time since all premium features of today have been paid for without a break.
  var premiumAge: Outcome {
    let catalog = facts.company.catalog
    let premium = { (level: Ledger.Level) in Set(level.plans.flatMap { catalog.plans[$0]?.premiumFeatures ?? [] }) }
    guard let now = level else { return .missing(.because(.noSeats)) }
    let names = premium(now)
    guard !names.isEmpty else { return .missing(.because(.noPremium)) }
    let isPremium = { (level: Ledger.Level) in premium(level).isSuperset(of: names) }
    let past = facts.account.ledger.levels.filter { $0.day < facts.today }
    let stretch = past.reversed().prefix(while: isPremium)
    let since = stretch.last?.day ?? now.day
    // Where the first that is known of the account is a premium plan, it has it as long as it pays.
    let calendar = facts.company.calendar
    var start = calendar.start(of: since)
    if stretch.count == past.count, let payingSince = facts.account.ledger.payingSince { start = min(start, payingSince) }
    return .duration(facts.now - start)
  }
}
