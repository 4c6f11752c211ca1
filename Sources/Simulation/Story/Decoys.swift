import Events

// What looks like trouble and is none, and the routine of every account.

extension Stage {
  mutating func goOnHoliday() {
    ensureSize(6)
    script.api = APIUse(levels: [(from: options.firstUsageDay, callsPerDay: chance.int(60...200))])
    var first = options.start + chance.int(100...180)
    while first.weekday != .monday { first = first + 1 }
    script.lulls.append(Lull(days: first...first + 13, people: 0, api: 620))
    for index in script.members.indices {
      script.members[index].away.removeAll { $0.upperBound >= first - 12 && $0.lowerBound <= first + 26 }
    }
    script.dates["away_from"] = calendar.start(of: first)
    script.dates["back_at"] = calendar.start(of: first + 14)
  }

  mutating func replaceChampion() {
    ensureSize(6)
    let day = businessDay(onOrAfter: options.start + chance.int(80...200))
    let at = moment(day, hours: 14...15)
    loseChampion(at: at)
    nameSuccessor(at: at + .minutes(Int64(chance.pick([-7, -4, -2, 3, 5, 8]))))
    script.dates["replaced_at"] = at
  }

  mutating func payLate() {
    payMonthly()
    script.payment = .transfer(daysAfterDue: 6...8)
  }

  /// Escalates about weekly, always about something else, and is content each time.
  mutating func askOften() {
    ensureSize(6)
    let askers = script.members.map(\.person)
    var day = options.firstUsageDay
    var number = 0
    while day < options.end {
      day = businessDay(onOrAfter: day + chance.int(5...8))
      let opened = moment(day)
      let area = Self.areas[number % Self.areas.count]
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: chance.pick(askers), topic: "advanced_\(area)", subject: "Advanced question on \(area)",
          body: "We want to get more out of \(area) and need a specialist.", type: "question", priority: "high", isEscalated: true,
          solvedAt: opened + .hours(Int64(chance.int(8...48))), csat: "good"))
      number += 1
    }
  }

  /// Enough of them that a topic returns only after months.
  private static let areas = [
    "dashboards", "filters", "calendars", "permissions", "templates", "imports", "mobile", "charts", "locales", "archives", "labels",
    "formulas", "layouts", "alerts", "themes", "views", "folders", "comments", "currencies", "units",
  ]
}

extension Stage {
  /// The day after the last on which anything happens with the customer.
  private var lastDay: Day { script.loss.map { calendar.day(of: $0.at) } ?? options.end }

  mutating func addRoutine() {
    // Whoever is shown for its tickets has those alone.
    if script.part.place == nil { addRoutineTickets() }
    addRoutineNotes()
    addRoutineChanges()
    addDeals()
  }

  private mutating func addRoutineTickets() {
    let askers = script.members.map(\.person).filter { $0 != 0 && $0 < 17 }
    var day = max(options.start - 150, script.customerSince + 3)
    while day < lastDay - 8 {
      day = businessDay(onOrAfter: day + chance.int(12...95))
      let topic = chance.pick(RoutineTopic.all)
      let opened = moment(day)
      let solved = opened + .hours(Int64(chance.int(3...70)))
      guard let person = askers.isEmpty ? nil : chance.pick(askers), day < lastDay - 8 else { continue }
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: person, topic: topic.tag, subject: topic.subject, body: topic.body, type: "question",
          priority: chance.pick(["low", "normal", "normal", "high"]), isEscalated: chance.happens(permille: 40), solvedAt: solved,
          reopenedAt: nil, csat: chance.happens(permille: 300) ? "good" : nil))
    }
  }

  private mutating func addRoutineNotes() {
    var day = max(options.firstUsageDay, script.customerSince)
    while true {
      day = businessDay(onOrAfter: day + chance.int(18...38))
      guard day < lastDay else { return }
      let isInbound = chance.happens(permille: 300)
      let text = chance.pick(isInbound ? Self.inbound : Self.outbound)
      let at = moment(day)
      if !isInbound, let silence = script.untouchedFrom, day >= silence { continue }
      script.notes.append(PlannedNote(at: at, isInbound: isInbound, text: text))
    }
  }

  private static let outbound = [
    "Checked in with the team; they shared next quarter's plans.", "Sent the release notes and offered a walkthrough.",
    "Quarterly review held; the goals for the year stand.", "Called to ask how the new joiners are getting on.",
  ]
  private static let inbound = [
    "They asked for the agenda of the next review.", "They sent thanks for the quick answer last week.",
    "They introduced a new colleague who will join the calls.",
  ]

  /// A new title here and there: a change to a contact that means nothing.
  private mutating func addRoutineChanges() {
    for person in script.people.indices where person > 2 && chance.happens(permille: 60) {
      let at = moment(businessDay(onOrAfter: options.start + chance.int(10...340)))
      script.contactChanges.append(ContactChange(at: at, person: person, change: .title("Senior \(script.people[person].title)")))
    }
  }

  private mutating func addDeals() {
    guard let first = script.purchases.first else { return }
    let yearly = Int64(first.seats) * first.plan.unitAmount * (first.plan.isAnnual ? 1 : 12)
    script.deals.append(
      PlannedDeal(
        name: "\(script.identity.name) – first contract", type: "newbusiness", opensAt: first.at - .days(Int64(chance.int(30...90))),
        closesAt: first.at, amountCents: yearly))
  }
}

/// What customers ask on an ordinary day.
struct RoutineTopic {
  let tag: String
  let subject: String
  let body: String

  static let all = [
    RoutineTopic(tag: "how_to", subject: "How do we copy a report?", body: "We would like to reuse last month's report."),
    RoutineTopic(tag: "permissions", subject: "Access for a colleague", body: "Please explain which role lets a colleague edit records."),
    RoutineTopic(tag: "single_sign_on", subject: "Sign-on certificate", body: "Our certificate expires next month; where do we upload it?"),
    RoutineTopic(tag: "number_format", subject: "Decimal separator", body: "Reports show a point where we expect a comma."),
    RoutineTopic(tag: "training", subject: "Course for newcomers", body: "Two people join us; is there a recording to begin with?"),
    RoutineTopic(tag: "browser", subject: "Menu overlaps", body: "On small screens the menu overlaps the table."),
    RoutineTopic(tag: "columns", subject: "Hide a column", body: "Can a column be hidden for everyone?"),
  ]
}
