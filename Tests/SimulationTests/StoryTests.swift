import Events
import Simulation
import Testing

/// What every telling of the story must hold, whatever the seed and the weekday.
@Suite struct StoryTests {
  private static let seeds = 1...20 as ClosedRange<UInt64>

  /// Each case has seeds of its own, so that the run sees many.
  @Test(arguments: Weekday.allCases, [false, true]) func theStoryIsTheStory(_ weekday: Weekday, _ holiday: Bool) throws {
    let first = UInt64((Weekday.allCases.firstIndex(of: weekday) ?? 0) * 2 + (holiday ? 1 : 0)) * 3
    for seed in first..<first + 3 {
      let options = SimulationOptions(seed: seed, accounts: 24, storyWeekday: weekday, holidayInSilence: holiday)
      let world = SimulatedWorld(options, only: [.story])
      let story = try #require(world.truth.story)
      let upgrade = try #require(story.dates["upgrade_at"])
      let portfolio = try Portfolio(VendorWorld(world), usageFrom: upgrade - .days(100), usageThrough: upgrade + .days(166))
      let day = portfolio.calendar.day(of: upgrade)
      let label: Comment = "seed \(seed), \(weekday), holiday \(holiday)"
      #expect(day.weekday == weekday, label)
      #expect((90...165).contains(day - options.start), label)
      let rests = (21...26).map { day + $0 }.filter { !$0.weekday.isWeekend && !portfolio.calendar.isBusinessDay($0) }
      #expect(rests.isEmpty != holiday, label)
      try checkNewUse(portfolio, story, day, holiday, label)
      checkOtherUse(portfolio, story, day, label)
      checkTickets(portfolio, story, upgrade, label)
      try checkPeople(portfolio, story, day, label)
    }
  }

  private func checkNewUse(
    _ portfolio: Portfolio, _ story: GroundTruth.Account, _ day: Day, _ holiday: Bool, _ label: Comment
  ) throws {
    let calendar = portfolio.calendar
    let new = portfolio.uses(of: story).filter { story.newFeatures.contains($0.event) }
    let first = try #require(new.map(\.day).min())
    let last = try #require(new.map(\.day).max())
    #expect(story.dates["last_new_use"] == calendar.start(of: last), label)
    #expect((18...20).contains(last - day) && calendar.isBusinessDay(last), label)
    #expect((1...4).contains(first - day), label)
    #expect((3...6).contains(Set(new.map(\.person)).count), label)
    let days = calendar.businessDays(from: first, through: last)
    #expect(new.personDays >= (holiday ? 5 : 2) * days, label)
    #expect(Set(new.map(\.event)) == Set(story.newFeatures), label)
    for feature in story.newFeatures {
      let uses = new.filter { $0.event == feature }
      #expect(uses.personDays >= max(10, 2 * days) && Set(uses.map(\.person)).count >= 2, label)
      #expect(uses.map(\.day).max() == last, label)
    }
    let firing = (0...40).first { offset in
      let silent = calendar.businessDays(from: last + 1, through: day + offset)
      let expected = new.personDays * silent
      return day + offset > last && ((silent >= 4 && expected >= 7 * days) || (silent >= 3 && expected >= 15 * days))
    }
    #expect((20...26).contains(try #require(firing)), label)
  }

  private func checkOtherUse(_ portfolio: Portfolio, _ story: GroundTruth.Account, _ day: Day, _ label: Comment) {
    let other = portfolio.uses(of: story).byPeople.filter { !story.newFeatures.contains($0.event) }
    let perDay = { (days: ClosedRange<Day>) in
      Double(other.on(days).personDays) / Double(portfolio.calendar.businessDays(from: days.lowerBound, through: days.upperBound))
    }
    let own = perDay(day - 90...day - 1)
    #expect(perDay(day + 21...day + 26) > 0.8 * own && perDay(day + 7...day + 100) > 0.8 * own, label)
    #expect(perDay(day + 146...day + 164) < 0.8 * perDay(day + 60...day + 110), label)
    for purchase in [(days: day - 60...day - 1, seats: story.purchases[0]), (days: day + 10...day + 39, seats: story.purchases[1])] {
      let seats = Int(purchase.seats.prefix { $0.isNumber }) ?? 0
      let used = Set(other.on(purchase.days).map(\.person)).count
      #expect(used * 100 < seats * 80 && used * 100 > seats * 50, label)
    }
  }

  private func checkTickets(_ portfolio: Portfolio, _ story: GroundTruth.Account, _ upgrade: Instant, _ label: Comment) {
    let tickets = portfolio.tickets(of: story)
    let escalated = tickets.filter { $0.isEscalated && $0.isEscalated(after: upgrade, within: 110) }
    let unsolved = portfolio.falseResolutions(tickets).filter { $0.isEscalated(after: upgrade, within: 110) }
    #expect((14...15).contains(escalated.count), label)
    #expect(unsolved.count >= 14, label)
    #expect((unsolved.first?.openedAt ?? upgrade) < upgrade + .days(14), label)
  }

  private func checkPeople(_ portfolio: Portfolio, _ story: GroundTruth.Account, _ day: Day, _ label: Comment) throws {
    let calendar = portfolio.calendar
    let champions = portfolio.contacts(of: story).filter { $0["hs_buying_role"].text == "CHAMPION" }
    #expect(champions.count == 1, label)
    let left = try Portfolio.instant(try #require(champions.first)["hs_employment_change_detected_date"])
    #expect((50...70).contains(calendar.day(of: left) - day), label)
    let email = try #require(champions.first?["email"].text)
    let hers = portfolio.uses(of: story).filter { $0.person == email }
    #expect(hers.on(day - 90...day).personDays > 30 && hers.allSatisfy { $0.at < left }, label)
    let concern = try #require(portfolio.notes.first { $0["hs_note_body"].text?.hasPrefix("AP concern:") == true })
    #expect((-20 ... -1).contains(calendar.day(of: try Portfolio.instant(concern["hs_timestamp"])) - day), label)
    let company = try #require(portfolio.companies.first)
    let churned = try Portfolio.instant(company["churned_at"])
    #expect(company["lifecyclestage"].text == "other" && company["churn_reason"].text != nil, label)
    #expect(churned == story.dates["churned_at"] && (170...190).contains(calendar.day(of: churned) - day), label)
  }

  @Test func aScheduledEndComesThirtyDaysBeforeOrNotAtAll() throws {
    let stories = try Self.seeds.map { seed in
      try #require(SimulatedWorld(SimulationOptions(seed: seed, accounts: 24), only: [.story]).truth.story)
    }
    let scheduled = stories.filter { $0.dates["cancel_scheduled_at"] != nil }
    #expect((3...17).contains(scheduled.count))
    for story in scheduled {
      let (from, end) = (try #require(story.dates["cancel_scheduled_at"]), try #require(story.dates["churned_at"]))
      #expect((end - from).wholeDays == 30)
    }
  }

  /// 150 k to 350 k, as billing tells it day by day.
  @Test(arguments: seeds) func billingTellsOfTheUpgradeAndTheEnd(_ seed: UInt64) throws {
    let world = SimulatedWorld(SimulationOptions(seed: seed, accounts: 24), only: [.story])
    let story = try #require(world.truth.story)
    let (upgrade, end) = (try #require(story.dates["upgrade_at"]), try #require(story.dates["churned_at"]))
    let yearly = { (now: Instant) throws -> Int64 in
      let walk = Walk(vendors: VendorWorld(world), now: now)
      return try walk.stripe("/v1/subscriptions?status=all").elements("data").map { subscription in
        let item = subscription["items"]["data"][0]
        return subscription["status"].text == "canceled"
          ? 0 : (item["quantity"].integer ?? 0) * (item["price"]["unit_amount"].integer ?? 0) * 12 / 100
      }.reduce(0, +)
    }
    #expect((140_000...160_000).contains(try yearly(upgrade - .seconds(1))), "seed \(seed)")
    #expect((335_000...365_000).contains(try yearly(upgrade + .seconds(1))), "seed \(seed)")
    #expect(try yearly(end) == 0, "seed \(seed)")
    let events = try Walk(vendors: VendorWorld(world), now: upgrade + .days(1)).stripe("/v1/events?types[]=customer.subscription.updated")
    #expect(events.elements("data").contains { $0["created"].integer == upgrade.seconds })
  }
}

extension Portfolio.Ticket {
  fileprivate func isEscalated(after upgrade: Instant, within days: Int64) -> Bool {
    openedAt > upgrade && openedAt < upgrade + .days(days) && isEscalated
  }
}
