import Events

/// Writes the script of one account: an ordinary customer first, then the account's part.
struct Stage {
  let options: SimulationOptions
  let calendar = SimulatedCalendar.calendar
  let storyUpgrade: Day
  var chance: Chance
  var script: Script
  /// Time of day at which the account is billed.
  let billingTime: Span

  /// The whole script; depends on the seed, the account's index and its part alone.
  static func script(of identity: Identity, part: Cause.Part, options: SimulationOptions, storyUpgrade: Day) -> Script {
    var stage = Stage(identity, part, options, storyUpgrade)
    stage.playPart()
    stage.addRoutine()
    stage.closeAtLoss()
    return stage.script
  }

  private init(_ identity: Identity, _ part: Cause.Part, _ options: SimulationOptions, _ storyUpgrade: Day) {
    self.options = options
    self.storyUpgrade = storyUpgrade
    var chance = Chance(options.seed, Purpose.script.rawValue, UInt64(identity.index))
    billingTime = .minutes(Int64(chance.int(7 * 60...20 * 60)))
    script = Script(
      identity: identity, part: part, people: identity.people(3, seed: options.seed), customerSince: options.start, purchases: [])
    self.chance = chance
    becomeCustomer()
  }

  private mutating func playPart() {
    if let place = script.part.place {
      let exhibit = place.exhibit
      return place.isDecoy ? exhibit.mimic(&self) : exhibit.plant(&self)
    }
    if let number = script.part.expansion { return PlantedExpansion.all[number].plant(&self) }
    switch script.part.cause {
    case .story: playStory()
    case .storyTwin: playTwin()
    case .apiCollapse: collapseAPI()
    case .championLeft: loseChampion()
    case .championSilent: silenceChampion()
    case .falseResolution: resolveFalsely()
    case .paymentTrouble: troublePayment()
    case .seatReduction: reduceSeats()
    case .cancelScheduled: scheduleCancellation()
    case .nearCapacity: approachCapacity()
    case .healthyGrower: growHealthily()
    case .silentLoss: leaveSilently()
    case .holidayDip: goOnHoliday()
    case .championReplaced: replaceChampion()
    case .latePayer: payLate()
    case .ticketHeavy: askOften()
    case .newCustomer: startLate()
    case .quiet: break
    }
  }

  /// Nobody uses the product once the customer is gone.
  private mutating func closeAtLoss() {
    guard let loss = script.loss else { return }
    let last = calendar.day(of: loss.at)
    for index in script.members.indices { script.members[index].leaves = min(script.members[index].leaves ?? last, last) }
    script.dates["churned_at"] = loss.at
    if let scheduled = loss.scheduledAt { script.dates["cancel_scheduled_at"] = scheduled }
  }
}

// MARK: - An ordinary customer

extension Stage {
  private mutating func becomeCustomer() {
    let since = options.start - chance.int(250...900)
    let isAnnual = chance.happens(permille: 300)
    let tier: Tier = chance.pick([.starter, .starter, .starter, .growth, .growth, .growth, .growth, .premium, .premium, .premium])
    if chance.happens(permille: 350) { script.payment = .transfer(daysAfterDue: -25 ... -3) }
    if chance.happens(permille: 600) {
      script.api = APIUse(levels: [(from: options.firstUsageDay, callsPerDay: chance.int(40...300))])
    }
    let active = chance.int(4...13)
    settle(since: since, plan: Plan(tier: tier, isAnnual: isAnnual), seats: Self.seats(for: active), active: active)
  }

  /// Sets since when, on which plan and with which people; what was there before is dropped.
  mutating func settle(since: Day, plan: Plan, seats: Int, active: Int) {
    let (year, month, day) = since.civil
    script.customerSince = Day(year: year, month: month, day: min(day, 28)) ?? since
    script.purchases = [Purchase(at: billingMoment(script.customerSince), plan: plan, seats: seats)]
    let hasUsingChampion =
      script.part.cause != .quiet || script.part.place != nil || script.part.expansion != nil || !chance.happens(permille: 150)
    script.people = script.identity.people(max(active, 1) + (hasUsingChampion ? 2 : 3), seed: options.seed)
    script.members = []
    if hasUsingChampion { join(person: 0, on: options.firstUsageDay, activity: chance.int(760...920)) }
    for person in 3..<script.people.count { join(person: person, on: options.firstUsageDay, activity: everydayActivity()) }
  }

  mutating func everydayActivity() -> Int {
    chance.happens(permille: 150) ? chance.int(280...450) : chance.int(700...930)
  }

  /// Gives a person the habits of an ordinary user of the plan in force then.
  mutating func join(person: Int, on day: Day, activity: Int, tier: Tier? = nil) {
    let plan = script.purchases.last(where: { $0.at <= calendar.start(of: day) })?.plan ?? script.purchases[0].plan
    var member = Member(person: person, joins: day, activity: activity, features: ProductEvent.everyday(tier ?? plan.tier))
    var holiday = day + chance.int(40...200)
    while holiday < options.end {
      member.away.append(holiday...holiday + chance.int(4...9))
      holiday = holiday + chance.int(140...260)
    }
    script.members.append(member)
  }

  /// A person beyond those the customer began with.
  mutating func addPerson() -> Int {
    let number = script.people.count
    script.people = script.people + [script.identity.people(number + 1, seed: options.seed)[number]]
    return number
  }

  /// Seats such that about two in three are used: neither idle nor full, even where an integration is counted as a user.
  static func seats(for active: Int) -> Int { max(active + 3, (active * 3 + 1) / 2) }

  func billingMoment(_ day: Day) -> Instant { calendar.start(of: day) + billingTime }

  func businessDay(onOrAfter day: Day) -> Day {
    var day = day
    while !calendar.isBusinessDay(day) { day = day + 1 }
    return day
  }

  /// A moment in office hours.
  mutating func moment(_ day: Day, hours: ClosedRange<Int> = 9...16) -> Instant {
    calendar.start(of: day) + .seconds(Int64(chance.int(hours.lowerBound * 3600...(hours.upperBound + 1) * 3600 - 1)))
  }
}
