import Events

/// One signal as the catalogue shows it: an account that has it, and one that looks like it and has it not.
package struct Exhibit: Sendable {
  /// The rule that must fire at the case and must not at the decoy.
  package let rule: String
  /// What the case does, in a few words.
  package let caseWords: String
  /// Why the decoy is none.
  package let decoyWords: String
  let plant: @Sendable (inout Stage) -> Void
  let mimic: @Sendable (inout Stage) -> Void

  init(
    _ rule: String, case caseWords: String, _ plant: @escaping @Sendable (inout Stage) -> Void, decoy decoyWords: String,
    _ mimic: @escaping @Sendable (inout Stage) -> Void
  ) {
    (self.rule, self.caseWords, self.decoyWords) = (rule, caseWords, decoyWords)
    (self.plant, self.mimic) = (plant, mimic)
  }

  /// All of them, by category.
  package static let all = usage + people + support + billing + expansion + flat

  /// Ordinary customers beside them, for cohorts.
  static let bystanders = 24
  /// How many months show every signal.
  package static let months = 4

  /// What an account of the catalogue's company shows.
  struct Place: Hashable {
    let number: Int
    let isDecoy: Bool

    var exhibit: Exhibit { Exhibit.all[number] }
  }

  /// Case and decoy of each exhibit, then the bystanders.
  static var cast: [Cause.Part] {
    let shown = all.indices.flatMap { number in
      [false, true].map { Cause.Part(cause: .quiet, variant: number, place: Place(number: number, isDecoy: $0)) }
    }
    return shown + (0..<bystanders).map { Cause.Part(cause: .quiet, variant: $0) }
  }
}

// MARK: - What cases and decoys begin with

extension Stage {
  /// A customer of moderate size without whims: each exhibit changes one thing about it.
  mutating func begin(
    active: Int = 12, seats: Int = 18, tier: Tier = .growth, annual: Bool = false, since: Day? = nil, activity: Int = 900,
    features: [ProductEvent]? = nil
  ) {
    script.payment = .card
    script.api = nil
    settle(since: since ?? options.start - 500, plan: Plan(tier: tier, isAnnual: annual), seats: seats, active: active)
    for index in script.members.indices {
      script.members[index].activity = activity
      script.members[index].away = []
      if let features { script.members[index].features = features }
    }
  }

  /// The business day on or after so many days of business time: most signals begin on the fortieth.
  func shownDay(after days: Int = 40) -> Day { businessDay(onOrAfter: options.start + days) }

  /// Some of the people stop.
  mutating func leave(_ places: Range<Int>, on day: Day) {
    for index in places where script.members.indices.contains(index) { script.members[index].leaves = day }
  }

  /// Everyone goes on with other habits from a day on.
  mutating func changeHabits(on day: Day, activity: Int? = nil, features: [ProductEvent]? = nil) {
    for index in script.members.indices {
      var later = script.members[index]
      script.members[index].leaves = day
      later.joins = day
      later.activity = activity ?? later.activity
      later.features = features ?? later.features
      script.members.append(later)
    }
  }

  /// New people with the habits of the others.
  mutating func welcome(_ count: Int, on day: Day, activity: Int = 900, team: String? = nil) {
    for _ in 0..<count {
      let person = addPerson()
      join(person: person, on: day, activity: activity)
      if let team { script.teams.append(TeamChange(person: person, from: day, team: team)) }
    }
  }

  /// The first so many people use features on the business days of a span.
  mutating func use(_ features: [ProductEvent], people: Int, days: ClosedRange<Day>, every: Int = 1) {
    var day = days.lowerBound
    var number = 0
    while day <= days.upperBound {
      if calendar.isBusinessDay(day) {
        if number % every == 0 {
          for member in script.members.prefix(people) {
            for feature in features { script.plannedUses.append(PlannedUse(person: member.person, day: day, feature: feature)) }
          }
        }
        number += 1
      }
      day = day + 1
    }
  }

  mutating func buy(seats: Int, tier: Tier, on day: Day) {
    script.purchases.append(Purchase(at: moment(day), plan: Plan(tier: tier, isAnnual: script.purchases[0].plan.isAnnual), seats: seats))
  }

  /// Tickets on business days from a day on; an open one is not solved within the simulated time.
  mutating func file(
    _ texts: [(subject: String, body: String)], on first: Day, every days: Int = 1, topic: String = "catalogue", type: String = "question",
    priority: String = "normal", open: Bool = false, csat: String? = nil
  ) {
    var day = first
    for (number, text) in texts.enumerated() {
      day = businessDay(onOrAfter: day)
      let opened = moment(day)
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: script.members[min(1, script.members.count - 1)].person, topic: "\(topic)_\(number)",
          subject: text.subject, body: text.body, type: type, priority: priority,
          solvedAt: open ? calendar.start(of: options.end) + .days(40) : opened + .hours(6), csat: csat))
      day = day + days
    }
  }

  mutating func note(_ text: String, on day: Day, inbound: Bool = true) {
    script.notes.append(PlannedNote(at: moment(day), isInbound: inbound, text: text))
  }

  /// An answer to a survey, a visit elsewhere or something public, on the days given.
  mutating func tell(_ kind: Kind, on days: [Day], person: Int? = nil, _ fields: [String: JSON]) {
    for day in days { script.signals.append(PlannedSignal(kind: kind, at: moment(day), person: person, fields: fields)) }
  }
}
