import Events

/// Says how much of an end level retention counts where, when revenue moved within a family over a period.
///
/// What moved away counts as kept where it came from, as long as the place it went to still has it; there it is taken off. What is on its
/// way at the end of the period, already gone and not yet arrived, counts as kept too.
struct Settlement {
  private struct Place: Hashable, Comparable {
    let account: AccountKey
    let productLine: String

    static func < (a: Place, b: Place) -> Bool { (a.account, a.productLine) < (b.account, b.productLine) }
  }

  private var ends: [Place: Int64] = [:]

  init(_ family: [Statement], _ period: Period) {
    var moved: [Place: Int64] = [:]
    for statement in family {
      for line in statement.level(on: period.to)?.lines ?? [] {
        ends[Place(account: statement.account, productLine: line.productLine)] = line.mrr
      }
      for movement in statement.movements(after: period.from, through: period.to) where movement.kind == .transfer {
        moved[Place(account: statement.account, productLine: movement.productLine), default: 0] += movement.amount
      }
    }
    var available = max(-moved.values.reduce(0, +), 0)
    for place in moved.keys.sorted() {
      let arrived = min(max(moved[place] ?? 0, 0), ends[place] ?? 0)
      ends[place, default: 0] -= arrived
      available += arrived
    }
    for place in moved.keys.sorted() {
      let returned = min(max(-(moved[place] ?? 0), 0), available)
      ends[place, default: 0] += returned
      available -= returned
    }
  }

  /// An account's settled end by product line.
  func ends(of account: AccountKey) -> [String: Int64] {
    var lines: [String: Int64] = [:]
    for (place, amount) in ends where place.account == account { lines[place.productLine] = amount }
    return lines
  }
}
