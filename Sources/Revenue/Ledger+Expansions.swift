package import Events

extension Ledger {
  /// The cases an account's history opens through a day: more units, another plan or an add-on raised MRR by 5 % or by three seats against
  /// what was paid 30 days before, so that two small steps count as one. A price, a discount, another currency or a first purchase opens
  /// none, nor does the return of what was given up within those days. Increases within 30 days of its opening belong to the same case.
  package func expansionCases(through day: Day) -> [ExpansionCase] {
    var cases: [ExpansionCase] = []
    // What is counted in one case is not counted in the next.
    var counted = 0
    for rise in rises where levels[rise].day <= day {
      let after = levels[rise]
      if var last = cases.last, after.day - last.openedOn <= ExpansionCase.mergeDays {
        last.take(after, plansAdded: after.plansAdded(since: levels[rise - 1]))
        cases[cases.count - 1] = last
        counted = rise
        continue
      }
      let start = levels.lastIndex { $0.day < after.day - ExpansionCase.mergeDays } ?? 0
      guard let base = levels[max(start, counted)..<rise].first(where: { ($0.mrr ?? 0) > 0 }), after.isExpansion(of: base) else { continue }
      counted = rise
      cases.append(
        ExpansionCase(
          number: cases.count + 1, openedOn: after.day, mrrBefore: base.mrr ?? 0, mrrAfter: after.mrr ?? 0, seatsBefore: base.seats,
          seatsAfter: after.seats, plansAdded: after.plansAdded(since: base)))
    }
    return cases
  }

  /// The places of the levels at which more was bought than the day before, by an account that paid already.
  static func rises(among levels: [Level]) -> [Int] {
    levels.indices.dropFirst().filter { index in
      let (before, after) = (levels[index - 1], levels[index])
      guard let old = before.mrr, let new = after.mrr, old > 0, new > old, let won = after.volume(since: before) else { return false }
      return won > 0
    }
  }
}

extension Ledger.Level {
  func plansAdded(since base: Ledger.Level) -> [String] { plans.filter { !base.plans.contains($0) } }

  fileprivate func isExpansion(of base: Ledger.Level) -> Bool {
    guard let old = base.mrr, let new = mrr, new > old, let won = volume(since: base), won > 0 else { return false }
    return Int128(won) * 100 >= Int128(base.contractMRR ?? old) * Int128(ExpansionCase.leastPercent)
      || seats - base.seats >= ExpansionCase.leastSeats
  }

  /// What was won in MRR by quantity, plans and add-ons alone, at the prices of the level before and ahead of discounts: minor units.
  /// Nil where a price cannot be read, or the currency is another.
  package func volume(since base: Ledger.Level) -> Int64? {
    guard Set(items.keys.map(\.currency)) == Set(base.items.keys.map(\.currency)) else { return nil }
    var sum: Rational? = .zero
    for key in Set(items.keys).union(base.items.keys).sorted() {
      sum = sum.flatMap { total in Self.volume(of: items[key], since: base.items[key]).flatMap(total.adding) }
    }
    return sum?.rounded
  }

  private static func volume(of new: Item?, since old: Item?) -> Rational? {
    switch (old, new) {
    case (nil, nil): return .zero
    case (nil, let new?): return new.monthly
    case (let old?, nil): return old.monthly.multiplied(by: Rational(-1))
    case (let old?, let new?):
      // Free units, or none, have no price of their own to count the others at.
      guard old.quantity > .zero, let unit = Rational(1_000_000, over: Int128(old.quantity.millionths)) else { return new.monthly }
      let won = Rational(Int128(new.quantity.millionths - old.quantity.millionths), over: 1_000_000)
      return won.flatMap { old.monthly.multiplied(by: unit)?.multiplied(by: $0) }
    }
  }
}
