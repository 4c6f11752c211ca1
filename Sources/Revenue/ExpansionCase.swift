package import Events

/// An expansion under observation: did the revenue that was added take root?
package struct ExpansionCase: Hashable, Sendable {
  /// How long a case is followed.
  package static let followedDays = 180
  /// A further increase within these days belongs to the same case.
  package static let mergeDays = 30
  /// From this share of MRR on an increase opens a case, in per cent.
  package static let leastPercent: Int64 = 5
  /// From this number of seats on an increase opens a case.
  package static let leastSeats: Int64 = 3

  /// From 1, per account.
  package let number: Int
  package let openedOn: Day
  package let mrrBefore: Int64
  package var mrrAfter: Int64
  package let seatsBefore: Int64
  package var seatsAfter: Int64
  package var plansAdded: [String]
  /// Every case starts as `proving`.
  package var verdict: String

  package init(
    number: Int, openedOn: Day, mrrBefore: Int64, mrrAfter: Int64, seatsBefore: Int64, seatsAfter: Int64, plansAdded: [String],
    verdict: String = "proving"
  ) {
    self.number = number
    self.openedOn = openedOn
    self.mrrBefore = mrrBefore
    self.mrrAfter = mrrAfter
    self.seatsBefore = seatsBefore
    self.seatsAfter = seatsAfter
    self.plansAdded = plansAdded
    self.verdict = verdict
  }

  package func isOpen(on day: Day) -> Bool { day >= openedOn && day - openedOn <= Self.followedDays }
}

extension Ledger {
  /// The cases an account's history opens through a day: quantity, plan or add-ons raised MRR by 5 % or by three seats. A price, a discount
  /// or a first purchase opens none; increases within 30 days are one case.
  package func expansionCases(through day: Day) -> [ExpansionCase] {
    var cases: [ExpansionCase] = []
    for (before, after) in zip(levels, levels.dropFirst()) where after.day <= day {
      guard let old = before.mrr, let new = after.mrr, old > 0, new > old else { continue }
      let plansAdded = after.plans.filter { !before.plans.contains($0) }
      guard after.seats > before.seats || !plansAdded.isEmpty else { continue }
      guard (new - old) * 100 >= old * ExpansionCase.leastPercent || after.seats - before.seats >= ExpansionCase.leastSeats else {
        continue
      }
      if var last = cases.last, after.day - last.openedOn <= ExpansionCase.mergeDays {
        last.mrrAfter = new
        last.seatsAfter = after.seats
        last.plansAdded = Set(last.plansAdded).union(plansAdded).sorted()
        cases[cases.count - 1] = last
      } else {
        cases.append(
          ExpansionCase(
            number: cases.count + 1, openedOn: after.day, mrrBefore: old, mrrAfter: new, seatsBefore: before.seats, seatsAfter: after.seats,
            plansAdded: plansAdded))
      }
    }
    return cases
  }
}

extension ExpansionCase {
  package var json: JSON {
    [
      "number": JSON(number), "opened_on": JSON(openedOn), "mrr_before": JSON(mrrBefore), "mrr_after": JSON(mrrAfter),
      "seats_before": JSON(seatsBefore), "seats_after": JSON(seatsAfter), "plans_added": .list(plansAdded.map(JSON.text)),
      "verdict": .text(verdict),
    ]
  }

  package init?(json: JSON) {
    guard let number = json["number"].integer, let openedOn = json["opened_on"].text.flatMap({ Day($0) }),
      let mrrBefore = json["mrr_before"].integer, let mrrAfter = json["mrr_after"].integer, let seatsBefore = json["seats_before"].integer,
      let seatsAfter = json["seats_after"].integer, let plans = json["plans_added"].list, let verdict = json["verdict"].text
    else { return nil }
    self.init(
      number: Int(number), openedOn: openedOn, mrrBefore: mrrBefore, mrrAfter: mrrAfter, seatsBefore: seatsBefore, seatsAfter: seatsAfter,
      plansAdded: plans.compactMap(\.text), verdict: verdict)
  }
}
