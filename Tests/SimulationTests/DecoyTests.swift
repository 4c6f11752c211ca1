import Events
import Simulation
import Testing

/// What looks like trouble must be none, and what is trouble must be seen.
@Suite struct DecoyTests {
  private static let seeds = [2, 5, 9] as [UInt64]
  private let calendar = SimulatedCalendar.calendar

  private func read(_ cause: Cause, _ seed: UInt64) throws -> (Portfolio, GroundTruth.Account) {
    let world = SimulatedWorld(SimulationOptions(seed: seed, accounts: 24), only: [cause])
    return (try Portfolio(VendorWorld(world)), try #require(world.truth.accounts.first))
  }

  // MARK: Decoys

  @Test(arguments: seeds) func theTwinKeepsUsingWhatItBought(_ seed: UInt64) throws {
    let (portfolio, twin) = try read(.storyTwin, seed)
    let upgrade = calendar.day(of: try #require(twin.dates["upgrade_at"]))
    let story = try #require(SimulatedWorld(SimulationOptions(seed: seed, accounts: 24), only: [.story]).truth.story)
    #expect(abs(upgrade - calendar.day(of: try #require(story.dates["upgrade_at"]))) <= 7)
    let new = portfolio.uses(of: twin).filter { twin.newFeatures.contains($0.event) }
    #expect(new.allSatisfy { $0.day > upgrade })
    let days = Set(new.map(\.day))
    let end = calendar.day(of: portfolio.world.end) - 1
    #expect(days.count * 10 >= calendar.businessDays(from: upgrade + 1, through: end) * 9)
    #expect(portfolio.contacts(of: twin).allSatisfy { $0["hs_employment_change_detected_date"].isNull })
    #expect(portfolio.falseResolutions(portfolio.tickets(of: twin)).count < 3)
  }

  @Test(arguments: seeds) func onHolidayEverybodyIsAwayButTheIntegration(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.holidayDip, seed)
    let first = calendar.day(of: try #require(account.dates["away_from"]))
    let uses = portfolio.uses(of: account)
    #expect(uses.byPeople.on(first...first + 13).isEmpty)
    #expect(uses.byPeople.on(first - 14...first - 1).personDays > 20 && uses.byPeople.on(first + 14...first + 27).personDays > 20)
    let drop = callsPerDay(uses, first...first + 13) / callsPerDay(uses, first - 14...first - 1)
    #expect((0.45...0.85).contains(drop))
  }

  @Test(arguments: seeds) func aReplacedChampionHasASuccessorWithinMinutes(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.championReplaced, seed)
    let champions = portfolio.contacts(of: account).filter { $0["hs_buying_role"].text == "CHAMPION" }
    try #require(champions.count == 2)
    let gone = try #require(champions.first { !$0["hs_employment_change_detected_date"].isNull })
    let stays = try #require(champions.first { $0["hs_employment_change_detected_date"].isNull })
    let left = try Portfolio.instant(gone["hs_employment_change_detected_date"])
    let entered = try Portfolio.instant(stays["createdate"])
    #expect(abs((left - entered).microseconds) <= Span.minutes(10).microseconds)
    let hers = portfolio.uses(of: account).filter { $0.person == stays["email"].text && $0.at > entered }
    #expect(hers.personDays > 40)
  }

  @Test(arguments: seeds) func theLatePayerAlwaysPaysAWeekLate(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.latePayer, seed)
    let lateness = portfolio.invoices(of: account).compactMap(daysLate)
    #expect(lateness.count > 12)
    #expect(lateness.allSatisfy { (5.5...8.5).contains($0) })
  }

  @Test(arguments: seeds) func theTicketHeavyAccountHasSolutionsThatHold(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.ticketHeavy, seed)
    let tickets = portfolio.tickets(of: account)
    #expect(tickets.filter(\.isEscalated).count > 40)
    #expect(portfolio.falseResolutions(tickets).count < 3)
  }

  // MARK: Causes

  @Test(arguments: seeds) func callsCollapse(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.apiCollapse, seed)
    let day = calendar.day(of: try #require(account.dates["signal_at"]))
    let uses = portfolio.uses(of: account)
    let before = uses.on(day - 28...day - 1).filter { $0.event == "api_call" }
    #expect(before.map(\.quantity).reduce(0, +) >= 200)
    #expect(Set(before.map(\.day)).filter { calendar.isBusinessDay($0) }.count >= 10)
    #expect(callsPerDay(uses, day...day + 13) < 0.3 * callsPerDay(uses, day - 14...day - 1))
  }

  @Test(arguments: [Cause.championLeft, .championSilent], seeds) func championsGo(_ cause: Cause, _ seed: UInt64) throws {
    let (portfolio, account) = try read(cause, seed)
    let signal = calendar.day(of: try #require(account.dates["signal_at"]))
    let champion = try #require(portfolio.contacts(of: account).first { $0["hs_buying_role"].text == "CHAMPION" })
    let hers = portfolio.uses(of: account).filter { $0.person == champion["email"].text }
    #expect(hers.on(signal - 90...signal).personDays >= 20)
    #expect(hers.allSatisfy { $0.day <= signal })
    #expect(portfolio.uses(of: account).byPeople.on(signal + 1...signal + 30).personDays > 40)
    #expect(champion["hs_employment_change_detected_date"].isNull == (cause == .championSilent))
  }

  @Test(arguments: seeds) func resolutionsAreFalse(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.falseResolution, seed)
    #expect(portfolio.falseResolutions(portfolio.tickets(of: account)).count >= 3)
  }

  @Test(arguments: seeds) func capacityIsNear(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.nearCapacity, seed)
    let seats = Double(Int(account.purchases[0].prefix { $0.isNumber }) ?? 0)
    let uses = portfolio.uses(of: account).byPeople
    let ratio = { (day: Day) in Double(Set(uses.on(day - 29...day).map(\.person)).count) / seats }
    let reached = calendar.day(of: try #require(account.dates["signal_at"]))
    let early = calendar.day(of: portfolio.world.start)
    #expect(ratio(early) < 0.7)
    for offset in stride(from: 30, to: 150, by: 10) { #expect((0.84...0.97).contains(ratio(reached + offset))) }
    let hits = portfolio.uses(of: account).filter { $0.event == "seat_limit_reached" }.on(reached + 30...reached + 59)
    #expect(hits.count >= 3)
    #expect(account.purchases.count == 1)
  }

  @Test(arguments: seeds) func paymentsFail(_ seed: UInt64) throws {
    let (portfolio, account) = try read(.paymentTrouble, seed)
    let signal = try #require(account.dates["signal_at"])
    let walk = Walk(vendors: VendorWorld(portfolio.world), now: signal + .hours(73))
    let events = try walk.stripe("/v1/events?types[]=charge.failed&types[]=charge.succeeded&created[gte]=\((signal - .hours(1)).seconds)")
    let types = Set(events.elements("data").compactMap { $0["type"].text })
    #expect(types == ["charge.failed"])
    #expect(try walk.stripe("/v1/subscriptions?status=past_due").elements("data").count == 1)
  }

  @Test(arguments: [Cause.seatReduction, .cancelScheduled], seeds) func billingChanges(_ cause: Cause, _ seed: UInt64) throws {
    let (portfolio, account) = try read(cause, seed)
    let signal = try #require(account.dates["signal_at"])
    let subscription = { (now: Instant) in
      try #require(try Walk(vendors: VendorWorld(portfolio.world), now: now).stripe("/v1/subscriptions").elements("data").first)
    }
    let (before, after) = (try subscription(signal - .seconds(1)), try subscription(signal + .seconds(1)))
    let seats = { (json: JSON) in json["items"]["data"][0]["quantity"].integer ?? 0 }
    #expect((seats(after) <= seats(before) - 3) == (cause == .seatReduction))
    #expect(before["cancel_at_period_end"] == false)
    #expect((after["cancel_at_period_end"] == true) == (cause == .cancelScheduled))
  }

  // MARK: Everyone else

  /// Nothing about an ordinary account may look like a planted cause.
  @Test(arguments: [3, 8] as [UInt64]) func ordinaryAccountsTripNothing(_ seed: UInt64) throws {
    let world = SimulatedWorld(SimulationOptions(seed: seed), only: [.quiet])
    let portfolio = try Portfolio(VendorWorld(world))
    let end = calendar.day(of: world.end) - 1
    let calls = Dictionary(grouping: portfolio.uses.filter { $0.event == "api_call" }, by: \.account)
    #expect(portfolio.companies.count >= 25)
    for company in portfolio.companies {
      let name: Comment = "\(company["name"].text ?? "")"
      let champions = portfolio.contacts.filter {
        $0["associatedcompanyid"] == company["hs_object_id"] && $0["hs_buying_role"].text == "CHAMPION"
      }
      #expect(champions.count == 1 && champions[0]["hs_employment_change_detected_date"].isNull, name)
      let days = Set(portfolio.uses.filter { $0.person == champions[0]["email"].text }.map(\.day)).sorted()
      for (a, b) in zip(days, days.dropFirst() + [end]) where !days.isEmpty { #expect(b - a < 28, name) }
      let lateness = portfolio.invoices.filter { $0["customer"] == company["stripe_customer_id"] }.compactMap(daysLate)
      #expect(lateness.allSatisfy { $0 < 3 }, name)
      let tickets = portfolio.tickets.filter { $0.organization == company["zendesk_organization_id"].text }
      #expect(portfolio.falseResolutions(tickets).count < 3, name)
      let own = calls[company["product_group_id"].text ?? ""] ?? []
      if !own.isEmpty { checkCalls(own, calls.values.flatMap { $0 }, through: end, name) }
    }
  }

  /// Against everybody's calls on the same days no two weeks are far below the two before.
  private func checkCalls(_ own: [Portfolio.Use], _ all: [Portfolio.Use], through end: Day, _ name: Comment) {
    let totals = { (uses: [Portfolio.Use]) in
      uses.reduce(into: [Day: Double]()) { $0[$1.day, default: 0] += Double($1.quantity) }
    }
    let (mine, theirs) = (totals(own), totals(all))
    let sum = { (days: [Day: Double], range: ClosedRange<Day>) in
      (range.lowerBound.number...range.upperBound.number).reduce(0.0) { $0 + (days[Day(number: $1)] ?? 0) }
    }
    var day = end - 300
    while day <= end {
      let ratio = sum(mine, day - 13...day) / sum(mine, day - 27...day - 14)
      let common = sum(theirs, day - 13...day) / sum(theirs, day - 27...day - 14)
      #expect(ratio / common > 0.7, name)
      day = day + 5
    }
  }

  private func callsPerDay(_ uses: [Portfolio.Use], _ days: ClosedRange<Day>) -> Double {
    let calls = uses.filter { $0.event == "api_call" }.on(days).map(\.quantity).reduce(0, +)
    return Double(calls) / Double(calendar.businessDays(from: days.lowerBound, through: days.upperBound))
  }

  /// Days from the due date, or from creation where there is none, to payment; nil if unpaid.
  private func daysLate(_ invoice: JSON) -> Double? {
    guard let paid = invoice["status_transitions"]["paid_at"].integer, let due = invoice["due_date"].integer ?? invoice["created"].integer
    else { return nil }
    return Double(paid - due) / 86_400
  }
}
