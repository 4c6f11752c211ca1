import Events

// What goes wrong, or right, at the other planted accounts.

extension Stage {
  /// A business day far enough from both ends for the signal to have a before and an after.
  private mutating func signalDay(_ range: ClosedRange<Int> = 70...190) -> Day { businessDay(onOrAfter: options.start + chance.int(range)) }

  /// The customer leaves three to five months after the signal; use fades only in the last weeks.
  private mutating func loseAfter(_ signal: Day, reason: String) {
    let last = signal + chance.int(90...150)
    let at = moment(businessDay(onOrAfter: last))
    script.loss = Loss(at: at, reason: reason, scheduledAt: nil)
    script.lulls.append(Lull(days: last - 24...last - 11, people: 750, api: 800))
    script.lulls.append(Lull(days: last - 10...last + 5, people: 450, api: 600))
  }

  mutating func collapseAPI() {
    let signal = signalDay()
    let level = chance.int(120...320)
    script.api = APIUse(levels: [
      (from: options.firstUsageDay, callsPerDay: level), (from: signal, callsPerDay: level * chance.int(8...14) / 100),
    ])
    script.dates["signal_at"] = calendar.start(of: signal)
    if script.part.variant < 2 { loseAfter(signal, reason: "Integration replaced by an in-house tool") }
  }

  mutating func loseChampion() {
    ensureSize(6)
    let signal = signalDay()
    let at = moment(signal)
    loseChampion(at: at)
    script.dates["signal_at"] = at
    switch script.part.variant {
    case 0: loseAfter(signal, reason: "Sponsor left, new leadership consolidated tools")
    case 2: nameSuccessor(at: at + .days(Int64(chance.int(38...50))))
    default: break
    }
  }

  /// The champion is gone from the product some days before the CRM says so.
  mutating func loseChampion(at: Instant) {
    script.contactChanges.append(ContactChange(at: at, person: 0, change: .left))
    for index in script.members.indices where script.members[index].person == 0 {
      script.members[index].leaves = calendar.day(of: at) - chance.int(1...3)
    }
  }

  mutating func nameSuccessor(at: Instant) {
    let person = addPerson()
    script.people[person].role = .champion
    script.lateContacts.append((person: person, at: at))
    join(person: person, on: calendar.day(of: at) + 1, activity: chance.int(760...900))
  }

  mutating func silenceChampion() {
    ensureSize(6)
    let signal = signalDay()
    for index in script.members.indices where script.members[index].person == 0 {
      script.members[index].leaves = signal
      script.members[index].away.removeAll { $0.upperBound > signal - 60 }
    }
    script.dates["signal_at"] = calendar.start(of: signal)
    if script.part.variant == 0 { loseAfter(signal, reason: "Sponsor lost interest") }
  }

  mutating func resolveFalsely() {
    ensureSize(5)
    let signal = signalDay(70...170)
    let topics = chance.shuffled(EscalationTopic.all)
    let askers = script.members.map(\.person).filter { $0 != 0 }
    for number in 0..<chance.int(5...6) {
      let topic = topics[number / 2]
      let opened = moment(businessDay(onOrAfter: signal + number * 7))
      let solved = opened + .hours(Int64(chance.int(24...70)))
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: chance.pick(askers), topic: topic.tag, subject: topic.subject, body: topic.body, priority: "high",
          isEscalated: true, solvedAt: solved, reopenedAt: number % 2 == 0 ? nil : solved + .hours(Int64(chance.int(30...120)))))
    }
    script.dates["signal_at"] = script.tickets.first?.openedAt
    if script.part.variant < 2 { loseAfter(signal + 35, reason: "Recurring defects were never fixed") }
  }

  mutating func troublePayment() {
    script.payment = .card
    payMonthly()
    let moments = BillingPeriods(script, calendar).starts(from: options.start + chance.int(80...160), through: options.end)
    guard let first = moments.first else { return }
    script.dates["signal_at"] = first + .hours(1)
    let day = calendar.day(of: first)
    if script.part.variant == 0 {
      script.failures = [0, 1, 2, 3].map { PaymentFailure(from: day.adding(months: $0), recoversAfter: nil) }
      script.loss = Loss(at: first + .days(Int64(chance.int(95...115))), reason: "Involuntary: invoices unpaid", scheduledAt: nil)
    } else {
      script.failures = [PaymentFailure(from: day, recoversAfter: .days(Int64(chance.int(18...23))))]
    }
  }

  mutating func reduceSeats() {
    ensureSize(11)
    payMonthly()
    let signal = signalDay()
    let before = script.purchases[0]
    let gone = script.members.filter { $0.person > 2 }.suffix(script.members.count * 2 / 5).map(\.person)
    for index in script.members.indices where gone.contains(script.members[index].person) {
      script.members[index].leaves = signal + chance.int(-10...4)
    }
    let at = moment(signal)
    script.purchases.append(Purchase(at: at, plan: before.plan, seats: Self.seats(for: script.members.count - gone.count)))
    script.dates["signal_at"] = at
    if script.part.variant == 0 { loseAfter(signal, reason: "Department dissolved") }
  }

  mutating func scheduleCancellation() {
    ensureSize(5)
    let isAnnual = script.part.variant == 0
    var day = options.start + (isAnnual ? chance.int(210...270) : chance.int(150...250))
    while day.civil.day > 28 { day = day + 1 }
    let months = isAnnual ? 24 : chance.int(16...24)
    let first = script.purchases[0]
    settle(
      since: day.adding(months: -months), plan: Plan(tier: first.plan.tier, isAnnual: isAnnual), seats: first.seats,
      active: script.members.count)
    let at = billingMoment(day)
    let scheduled = at - .days(Int64(isAnnual ? chance.int(70...110) : chance.int(20...26))) + .minutes(17)
    script.loss = Loss(at: at, reason: "Budget moved to another programme", scheduledAt: scheduled)
    script.dates["signal_at"] = scheduled
    script.lulls.append(Lull(days: day - 14...day, people: 600, api: 700))
  }

  /// Use grows for months on seats that do not; everybody is content and nobody has offered more.
  mutating func approachCapacity() {
    let seats = chance.int(20...22)
    script.api = nil
    settle(since: options.start - chance.int(380...700), plan: Plan(tier: .growth, isAnnual: false), seats: seats, active: seats * 60 / 100)
    for index in script.members.indices { script.members[index].activity = max(script.members[index].activity, 740) }
    let goal = seats * 92 / 100
    var day = options.start + 20
    while script.members.count < goal {
      day = businessDay(onOrAfter: day + chance.int(9...14))
      join(person: addPerson(), on: day, activity: chance.int(740...900))
    }
    script.dates["signal_at"] = calendar.start(of: day)
    while day < options.end {
      day = businessDay(onOrAfter: day + chance.int(5...9))
      script.seatLimitDays.append(day)
    }
  }

  /// Buys seats when the people are there to use them.
  mutating func growHealthily() {
    ensureSize(9)
    payMonthly()
    var day = options.start + 30
    while day < options.end - 20 {
      day = businessDay(onOrAfter: day + chance.int(14...24))
      guard let current = script.purchases.last else { return }
      let count = script.members.count + 1
      if count * 100 > current.seats * 78 {
        let at = moment(businessDay(onOrAfter: day - 6))
        script.purchases.append(Purchase(at: at, plan: current.plan, seats: max(current.seats + 3, Self.seats(for: count))))
        if script.dates["signal_at"] == nil { script.dates["signal_at"] = at }
      }
      join(person: addPerson(), on: day, activity: chance.int(740...900))
    }
  }

  mutating func leaveSilently() {
    let at = moment(signalDay(140...330))
    script.loss = Loss(at: at, reason: "Company acquired, contract ended by the buyer", scheduledAt: nil)
  }

  mutating func startLate() {
    let since = businessDay(onOrAfter: options.start + chance.int(30...200))
    let first = script.purchases[0]
    settle(since: since, plan: Plan(tier: first.plan.tier, isAnnual: false), seats: first.seats, active: script.members.count)
    script.api = nil
    for index in script.members.indices { script.members[index].joins = script.customerSince + chance.int(1...18) }
  }

  /// At least so many active people, on seats to match.
  mutating func ensureSize(_ active: Int) {
    let first = script.purchases[0]
    let count = max(active, script.members.count)
    settle(since: script.customerSince, plan: first.plan, seats: Self.seats(for: count), active: count)
  }

  mutating func payMonthly() {
    let first = script.purchases[0]
    script.purchases[0] = Purchase(at: first.at, plan: Plan(tier: first.plan.tier, isAnnual: false), seats: first.seats)
  }
}
