import Events

// How much, by whom and of what the product is used.

extension Exhibit {
  private static let first: [ProductEvent] = [.reportViewed, .recordCreated, .searchRun]
  private static let others: [ProductEvent] = [.recordUpdated, .commentAdded, .dashboardShared]

  static let usage = [
    Exhibit(
      "api_usage_collapse", case: "an integration falls from 240 calls a day to 24",
      { stage in
        stage.begin()
        stage.callAPI(from: 240, to: 24)
      }, decoy: "it falls to 150: two fifths, not three",
      { stage in
        stage.begin()
        stage.callAPI(from: 240, to: 150)
      }),
    Exhibit(
      "login_decline", case: "everybody signs in a third as often",
      { stage in
        stage.begin(active: 14, activity: 950)
        stage.changeHabits(on: stage.shownDay(), activity: 300)
      }, decoy: "a fifth less often",
      { stage in
        stage.begin(active: 14, activity: 950)
        stage.changeHabits(on: stage.shownDay(), activity: 780)
      }),
    Exhibit(
      "licensed_underuse", case: "8 of 14 people stop, on 18 seats",
      { stage in
        stage.begin(active: 14)
        stage.leave(6..<14, on: stage.shownDay())
      }, decoy: "the same share, because 12 seats were bought a month ago: settling",
      { stage in
        stage.begin(active: 13, seats: 18)
        stage.buy(seats: 30, tier: .growth, on: stage.shownDay(after: 70))
      }),
    Exhibit(
      "adoption_narrowing", case: "eight features become three",
      { stage in
        stage.begin()
        stage.changeHabits(on: stage.shownDay(), features: first)
      }, decoy: "eight become six",
      { stage in
        stage.begin()
        stage.changeHabits(on: stage.shownDay(), features: first + others)
      }),
    Exhibit(
      "basic_only_on_premium", case: "premium is paid for, and only basic features are used",
      { stage in stage.begin(tier: .premium, features: first + others) }, decoy: "one person uses a premium feature now and then",
      { stage in
        stage.begin(tier: .premium, features: first + others)
        stage.use([.forecastRun], people: 1, days: stage.options.firstUsageDay...stage.options.end, every: 15)
      }),
    Exhibit(
      "purchase_driver_dropped", case: "what it was bought for is dropped, and the rest goes on",
      { stage in
        stage.begin(since: stage.options.start - 105, features: first + first + first + others)
        stage.changeHabits(on: stage.shownDay(), features: others)
      }, decoy: "everybody is away for four weeks: the rest stops too",
      { stage in
        stage.begin(since: stage.options.start - 105, features: first + first + first + others)
        let day = stage.shownDay()
        stage.script.lulls.append(Lull(days: day...day + 27, people: 0, api: 0))
      }),
    Exhibit(
      "onboarding_stalled", case: "a new customer's third of the people never gets to a report",
      { stage in
        stage.begin(active: 4, seats: 18, since: stage.options.start + 5, features: [.recordCreated, .searchRun])
        stage.startTogether()
      }, decoy: "slow, but with a report in the third week",
      { stage in
        stage.begin(active: 11, seats: 18, since: stage.options.start + 5, features: [.recordCreated, .searchRun])
        stage.startTogether()
        let day = stage.script.customerSince + 18
        stage.use([.reportViewed], people: 2, days: day...day + 60, every: 5)
      }),
    Exhibit(
      "expansion_use_abandoned", case: "an upgrade's features are used for three weeks and then by nobody",
      { stage in
        stage.begin(active: 13)
        stage.upgradeAndUse(forDays: 20)
      }, decoy: "they stay in use",
      { stage in
        stage.begin(active: 13)
        stage.upgradeAndUse(forDays: 200)
      }),
    Exhibit(
      "renewal_underuse", case: "6 of 18 seats in use, six weeks before the notice date",
      { stage in stage.begin(active: 6, since: (stage.options.start + 160).adding(months: -24)) },
      decoy: "as little used, with most of a year to go",
      { stage in stage.begin(active: 6, since: (stage.options.start + 330).adding(months: -24)) }),
    Exhibit(
      "metered_decline", case: "300 documents a day, billed by the unit, become 100",
      { stage in
        stage.begin()
        stage.process(from: 300, to: 100)
      }, decoy: "they become 260",
      { stage in
        stage.begin()
        stage.process(from: 300, to: 260)
      }),
  ]
}

extension Stage {
  fileprivate mutating func callAPI(from before: Int, to after: Int) {
    script.api = APIUse(levels: [(from: options.firstUsageDay, callsPerDay: before), (from: shownDay(), callsPerDay: after)])
  }

  /// Lines of an invoice that say of themselves that they are metered: the shapes of before 2025-03-31.
  fileprivate mutating func process(from before: Int, to after: Int) {
    script.identity.hasBasilEvents = false
    script.metered = MeteredUse(levels: [(from: options.firstUsageDay, unitsPerDay: before), (from: shownDay(), unitsPerDay: after)])
  }

  /// Nobody uses anything before the contract.
  fileprivate mutating func startTogether() {
    for index in script.members.indices { script.members[index].joins = script.customerSince + 1 }
  }

  fileprivate mutating func upgradeAndUse(forDays days: Int) {
    let day = shownDay(after: 30)
    buy(seats: 22, tier: .premium, on: day)
    use([.forecastRun, .workflowAutomated], people: 5, days: day + 1...min(day + days, options.end))
  }
}
