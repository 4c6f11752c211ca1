import Events

// The story: 150 k to 350 k, three weeks of use, fourteen escalations that nobody solved, a champion who left, a loss in six months.

extension Stage {
  mutating func playStory() {
    upgrade(on: storyUpgrade, since: prepareStoryLoss())
    let last = useNewFeatures()
    script.dates["signal_at"] = calendar.end(of: last)
    script.dates["last_new_use"] = calendar.start(of: last)
    voicePaymentConcern()
    escalate()
    loseStoryChampion()
    for (days, level) in [(125..<145, 800), (145..<165, 550), (165..<200, 320)] {
      script.lulls.append(Lull(days: storyUpgrade + days.lowerBound...storyUpgrade + (days.upperBound - 1), people: level, api: level))
    }
  }

  mutating func playTwin() {
    let day = businessDay(onOrAfter: storyUpgrade + chance.int(-4...4))
    upgrade(on: day, since: options.start - chance.int(300...700))
    script.api = APIUse(levels: [(from: options.firstUsageDay, callsPerDay: chance.int(60...200))])
    script.features = Array(chance.shuffled(ProductEvent.premium).prefix(2))
    let users = Array(script.members.prefix(5).map(\.person))
    var use = day + 1
    while use < options.end {
      if calendar.isBusinessDay(use) { planUses(by: Array(chance.shuffled(users).prefix(chance.int(3...4))), on: use) }
      use = use + 1
    }
  }

  /// About 150 k a year, and on a day 350 k: a dearer plan and more seats. The share of seats in use stays as it was.
  private mutating func upgrade(on day: Day, since: Day) {
    script.payment = .transfer(daysAfterDue: -14 ... -3)
    script.api = nil
    settle(since: since, plan: Plan(tier: .growth, isAnnual: false), seats: chance.int(20...22), active: 14)
    let at = moment(day, hours: 10...15)
    let before = script.purchases[0]
    let seats = chance.int(28...30)
    script.purchases.append(Purchase(at: at, plan: Plan(tier: .premium, isAnnual: false), seats: seats))
    script.dates["upgrade_at"] = at
    for index in script.members.indices { script.members[index].activity = max(script.members[index].activity, 720) }
    for _ in 0..<chance.int(3...4) {
      join(person: addPerson(), on: businessDay(onOrAfter: day + chance.int(1...9)), activity: chance.int(720...880), tier: .growth)
    }
    let added = Int64(seats) * script.purchases[1].plan.unitAmount - Int64(before.seats) * before.plan.unitAmount
    script.deals.append(
      PlannedDeal(
        name: "\(script.identity.name) – premium rollout", type: "existingbusiness", opensAt: at - .days(Int64(chance.int(35...50))),
        closesAt: at, amountCents: added * 12))
  }

  /// The subscription ends with a billing period, some 180 days after the upgrade; gives since when the customer is one.
  private mutating func prepareStoryLoss() -> Day {
    var day = storyUpgrade + chance.int(175...183)
    while day.civil.day > 28 { day = day + 1 }
    let at = billingMoment(day)
    let isScheduled = chance.happens(permille: 500)
    script.loss = Loss(at: at, reason: "No value realised from the premium plan", scheduledAt: isScheduled ? at - .days(30) : nil)
    return day.adding(months: -12 * chance.int(2...3))
  }

  /// Three to six persons use what the upgrade unlocked, on every business day until the third week ends; gives the last day.
  private mutating func useNewFeatures() -> Day {
    let wishes = options.holidayInSilence ? 6 : chance.int(3...6)
    let users = [0] + chance.shuffled(script.members.map(\.person).filter { $0 != 0 && $0 < 17 }).prefix(wishes - 1)
    script.features = Array(chance.shuffled(ProductEvent.premium).prefix(chance.int(2...3)))
    let candidates = StoryCalendar.lastUse.map { storyUpgrade + $0 }.filter { calendar.isBusinessDay($0) }
    let last = candidates.isEmpty ? businessDay(onOrAfter: storyUpgrade + 15) : chance.pick(candidates)
    var day = businessDay(onOrAfter: storyUpgrade + 1)
    script.dates["first_new_use"] = calendar.start(of: day)
    while day <= last {
      if calendar.isBusinessDay(day) {
        let count = options.holidayInSilence ? 6 : chance.int(min(3, users.count - 1)...users.count)
        planUses(by: Array(chance.shuffled(users).prefix(count)), on: day)
      }
      day = day + 1
    }
    return last
  }

  /// Each person uses the new features; the first three of them all, so that each feature has its share.
  private mutating func planUses(by persons: [Int], on day: Day) {
    for (rank, person) in persons.enumerated() {
      for feature in script.features where rank < 3 || chance.happens(permille: 850) {
        script.plannedUses.append(PlannedUse(person: person, day: day, feature: feature))
      }
    }
  }

  private mutating func voicePaymentConcern() {
    let at = moment(businessDay(onOrAfter: storyUpgrade - chance.int(7...14)))
    let payer = script.people[2].name
    script.notes.append(
      PlannedNote(
        at: at, isInbound: true,
        text: "AP concern: \(payer) in accounts payable asked what the larger invoice covers and wants it explained before approving."))
    script.dates["payment_concern_at"] = at
  }

  private mutating func loseStoryChampion() {
    let at = moment(businessDay(onOrAfter: storyUpgrade + chance.int(55...63)))
    loseChampion(at: at)
    script.dates["champion_left_at"] = at
  }

  /// Fourteen escalated tickets, one about every six days, each marked solved and then reopened or filed again on the same topic.
  private mutating func escalate() {
    let topics = chance.shuffled(EscalationTopic.all)
    for number in 0..<14 {
      let topic = topics[number / 2 % topics.count]
      let opened = moment(businessDay(onOrAfter: storyUpgrade + 4 + number * 6 + chance.int(0...1)))
      let solved = opened + .hours(Int64(chance.int(16...38)))
      let isFiledAgain = number % 2 == 0
      let askers = script.members.map(\.person).filter { $0 != 0 }
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: chance.pick(askers), topic: topic.tag, subject: topic.subject, body: topic.body, priority: "high",
          isEscalated: true, solvedAt: solved,
          reopenedAt: isFiledAgain ? nil : solved + .hours(Int64(chance.int(30...140)))))
    }
  }
}

/// What customers escalate about.
struct EscalationTopic {
  let tag: String
  let subject: String
  let body: String

  private init(_ tag: String, _ subject: String, _ body: String) { (self.tag, self.subject, self.body) = (tag, subject, body) }

  static let all = [
    EscalationTopic("sync_errors", "Nightly sync drops rows", "The nightly sync lost rows again and totals are off."),
    EscalationTopic("slow_forecast", "Forecast page times out", "The forecast page takes minutes and then times out."),
    EscalationTopic("wrong_totals", "Totals differ from ledger", "Quarter totals differ from our ledger by several per cent."),
    EscalationTopic("workflow_stuck", "Workflows stay queued", "Automated workflows stay queued for hours."),
    EscalationTopic("export_fails", "Audit export fails", "Exporting the audit log fails with an empty file."),
    EscalationTopic("login_loop", "Sign-in loops for two teams", "Two teams are sent back to the sign-in page again and again."),
    EscalationTopic("missing_history", "History disappeared", "Record history before March is not shown any more."),
    EscalationTopic("duplicate_rows", "Imports create duplicates", "Each import creates duplicates of existing records."),
  ]
}
