internal import Events
internal import Features
internal import Revenue

/// What the account pays for, and since when nothing has moved.
extension Evaluation {
  /// The place of the highest tier paid for; nil where nothing is paid or no plan is known.
  func planRank(of level: Ledger.Level?) -> Int? { level.flatMap { facts.company.catalog.rank(ofPlans: $0.plans) } }

  /// The highest tier paid for.
  var planTier: Outcome {
    let catalog = facts.company.catalog
    guard let level, let rank = planRank(of: level),
      let tier = level.plans.lazy.compactMap({ catalog.plans[$0]?.tier }).first(where: { catalog.rank(ofTier: $0) == rank })
    else { return .missing(.because(.noTier)) }
    return .text(tier)
  }

  /// The least part of MRR that is a movement.
  private static let movement = Fixed(millionths: 20_000)

  /// How long plans and quantities have moved MRR by less than 2 % against today's.
  ///
  /// A change of MRR with the same plans and seats is one of price or discount, and is set aside.
  var flatFor: Outcome {
    guard let now = level, let mrr = now.mrr, mrr > 0, let payingSince = facts.account.ledger.payingSince, payingSince <= facts.now else {
      return .missing(.because(.noMRR))
    }
    facts.standsToday()
    let past = facts.account.ledger.levels.filter { $0.day < now.day || $0.day < facts.today }
    var moved: Int64 = 0
    var later = now
    for earlier in past.reversed() where earlier != later {
      guard let before = earlier.mrr, let after = later.mrr else { return .missing(.because(.noMRR)) }
      if earlier.seats != later.seats || earlier.plans != later.plans { moved += after - before }
      if Int128(moved.magnitude) * 1_000_000 >= Int128(mrr) * Int128(Self.movement.millionths) {
        return .duration(facts.now - facts.company.calendar.start(of: later.day))
      }
      later = earlier
    }
    return .duration(facts.now - min(payingSince, facts.company.calendar.start(of: later.day)))
  }
}
