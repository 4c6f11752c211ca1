import Events

/// One expansion and what becomes of it: an account that must reach one verdict and no other.
package struct PlantedExpansion: Sendable {
  /// The verdict its case must stand at when the simulated time ends.
  package let verdict: String
  /// The verdicts it may have been given on the way there.
  package let before: [String]
  /// What the account does, in a few words.
  package let words: String
  let plant: @Sendable (inout Stage) -> Void

  init(_ verdict: String, after before: [String] = [], _ words: String, _ plant: @escaping @Sendable (inout Stage) -> Void) {
    (self.verdict, self.before, self.words, self.plant) = (verdict, before, words, plant)
  }

  /// Long enough for a case that opens in the third week to be judged for a hundred days.
  package static let months = 4

  static var cast: [Cause.Part] {
    all.indices.map { Cause.Part(cause: .quiet, variant: $0, expansion: $0) }
  }

  /// One for each verdict, one that recovers, and one whose two small steps count as one.
  package static let all = [
    PlantedExpansion("last_resort", "new features used for three weeks, then dropped, and escalations that come back") { stage in
      let day = stage.beginExpansion(active: 14, seats: 20)
      stage.buy(seats: 26, tier: .premium, on: day)
      stage.use([.forecastRun, .workflowAutomated], people: 4, days: day + 1...day + 18)
      stage.escalate(4, from: day + 5)
    },
    PlantedExpansion("champion_bet", "the champion leaves four weeks after the purchase") { stage in
      let day = stage.beginExpansion(active: 14, seats: 18)
      stage.buy(seats: 22, tier: .growth, on: day)
      stage.welcome(5, on: day + 4)
      stage.loseChampion(at: stage.moment(stage.businessDay(onOrAfter: day + 28)))
    },
    PlantedExpansion("shelfware", "a dearer plan, and nobody touches what it has more") { stage in
      let day = stage.beginExpansion(active: 14, seats: 18)
      stage.buy(seats: 18, tier: .premium, on: day)
    },
    PlantedExpansion("unadopted", "twice the seats for the same people") { stage in
      let day = stage.beginExpansion(active: 14, seats: 20)
      stage.buy(seats: 40, tier: .growth, on: day)
      stage.welcome(2, on: day + 10)
    },
    PlantedExpansion("bought_ahead", "a quarter more seats at once, all seats before it in use, nobody new") { stage in
      let day = stage.beginExpansion(active: 20, seats: 20)
      stage.buy(seats: 25, tier: .growth, on: day)
    },
    PlantedExpansion("healthy", "people and premium features come first, then the purchase, then more people") { stage in
      let day = stage.beginExpansion(active: 14, seats: 18)
      stage.welcome(3, on: day - 30)
      stage.use([.forecastRun, .scenarioCompared], people: 5, days: day - 10...stage.options.end)
      stage.buy(seats: 22, tier: .premium, on: day)
      stage.welcome(3, on: day + 8)
    },
    PlantedExpansion("healthy", after: ["shelfware"], "a dearer plan, put to use after seven weeks") { stage in
      let day = stage.beginExpansion(active: 14, seats: 18)
      stage.buy(seats: 18, tier: .premium, on: day)
      stage.use([.workflowAutomated], people: 4, days: day + 50...stage.options.end)
    },
    PlantedExpansion("healthy", "two small steps within 30 days, the seats taken each time") { stage in
      let day = stage.beginExpansion(active: 42, seats: 44)
      stage.buy(seats: 46, tier: .growth, on: day)
      stage.welcome(2, on: day + 3)
      stage.buy(seats: 48, tier: .growth, on: stage.businessDay(onOrAfter: day + 20))
      stage.welcome(3, on: day + 26)
    },
    PlantedExpansion("proving", "bought five weeks before the time ends") { stage in
      _ = stage.beginExpansion(active: 14, seats: 18)
      let day = stage.businessDay(onOrAfter: stage.options.end - 35)
      stage.buy(seats: 24, tier: .growth, on: day)
      stage.welcome(6, on: day + 3)
    },
  ]
}

extension Stage {
  /// An ordinary customer without whims; gives the day of the purchase.
  fileprivate mutating func beginExpansion(active: Int, seats: Int) -> Day {
    begin(active: active, seats: seats)
    return shownDay(after: chance.int(14...20))
  }

  /// Escalated tickets, each marked solved after two days and reopened four days later.
  fileprivate mutating func escalate(_ count: Int, from first: Day) {
    for number in 0..<count {
      let opened = moment(businessDay(onOrAfter: first + 4 * number))
      let solved = opened + .days(2)
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: script.members[1].person, topic: "forecast_\(number)", subject: "The forecast is wrong again",
          body: "The numbers of the forecast do not match our own.", isEscalated: true, solvedAt: solved, reopenedAt: solved + .days(4)))
    }
  }
}
