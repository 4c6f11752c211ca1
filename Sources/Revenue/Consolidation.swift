import Events

/// Finds revenue that moved between linked accounts: what one lost and another won within a week is a transfer, neither churn nor expansion.
///
/// Only what a customer chose to buy or give up can have moved; a price, a discount, a pause or an unpaid bill cannot.
enum Consolidation {
  /// How far apart the two sides may lie, in days.
  static let windowDays = 7

  /// A movement in a family's list of statements.
  private struct Place: Hashable {
    let member: Int
    let index: Int
  }

  /// The movements of each member of a family, with transfers in the place of what moved.
  static func movements(of family: [Statement]) -> [[Movement]] {
    var lost: [Place] = []
    var won: [Place] = []
    for (member, statement) in family.enumerated() {
      for (index, movement) in statement.movements.enumerated() where movement.canMove {
        if movement.amount < 0 { lost.append(Place(member: member, index: index)) } else { won.append(Place(member: member, index: index)) }
      }
    }
    guard !lost.isEmpty, !won.isEmpty else { return family.map(\.movements) }
    let movement = { (place: Place) in family[place.member].movements[place.index] }
    var left: [Place: Int64] = [:]
    for place in lost + won { left[place] = Int64(movement(place).amount.magnitude) }
    let byDay = { (a: Place, b: Place) in (movement(a).day, a.member, a.index) < (movement(b).day, b.member, b.index) }
    for source in lost.sorted(by: byDay) {
      let day = movement(source).day
      let near = won.filter { $0.member != source.member && abs(movement($0).day - day) <= windowDays }
      let order = near.sorted { a, b in
        let (x, y) = (abs(movement(a).day - day), abs(movement(b).day - day))
        return x == y ? byDay(a, b) : x < y
      }
      for target in order {
        let moved = min(left[source] ?? 0, left[target] ?? 0)
        left[source, default: 0] -= moved
        left[target, default: 0] -= moved
      }
    }
    return family.indices.map { member in
      family[member].movements.enumerated().flatMap { index, movement in
        left[Place(member: member, index: index)].map { movement.split(leaving: $0) } ?? [movement]
      }
    }
  }
}

extension Movement {
  fileprivate var canMove: Bool {
    switch kind {
    case .new, .expansion, .contraction, .churn, .reactivation: cause == .plan || cause == .addon || cause == .seats
    case .transfer, .fx: false
    }
  }

  /// What stays of the movement, and the rest as a transfer.
  fileprivate func split(leaving left: Int64) -> [Movement] {
    let kept = amount < 0 ? -left : left
    let parts = [(kind, cause, kept), (.transfer, .consolidation, amount - kept)] as [(Kind, Cause, Int64)]
    return parts.filter { $0.2 != 0 }.map { kind, cause, amount in
      Movement(day: day, kind: kind, cause: cause, productLine: productLine, amount: amount, records: records)
    }
  }
}
