import Events

// What the account tells support, and what it says about us.

extension Exhibit {
  private static let questions = (1...12).map { (subject: "Question \($0)", body: "How do we arrange the view number \($0)?") }

  static let support = [
    Exhibit(
      "false_resolution", case: "escalations come back after being marked solved",
      { stage in
        stage.begin()
        stage.escalate()
      },
      decoy: "as many escalations, each solved for good", { $0.askOften() }),
    Exhibit(
      "support_spike", case: "eight tickets within two weeks, where there were few",
      { stage in
        stage.begin()
        stage.file(Array(questions.prefix(8)), on: stage.shownDay())
      }, decoy: "as many every two weeks, all year",
      { stage in
        stage.begin()
        for start in stride(from: -115, to: 110, by: 14) {
          stage.file(Array(questions.prefix(6)), on: stage.options.start + start, every: 2)
        }
      }),
    Exhibit(
      "unresolved_tickets", case: "three tickets stay open",
      { stage in
        stage.begin()
        stage.file(Array(questions.prefix(3)), on: stage.shownDay(), open: true)
      }, decoy: "one stays open",
      { stage in
        stage.begin()
        stage.file(Array(questions.prefix(1)), on: stage.shownDay(), open: true)
      }),
    Exhibit(
      "competitor_mentions", case: "three tickets name a competitor",
      { stage in
        stage.begin()
        stage.file(
          [
            ("Export", "RivalSoft exports this in one step; can you?"), ("Charts", "In RivalSoft the chart has a second axis."),
            ("Speed", "RivalSoft loads this page at once."),
          ], on: stage.shownDay(), every: 4)
      }, decoy: "three tickets about importing from one",
      { stage in
        stage.begin()
        stage.file(
          [
            ("Import", "How do we import from RivalSoft?"), ("Columns", "The import from RivalSoft leaves out a column."),
            ("Again", "We migrated from RivalSoft; one list is missing."),
          ], on: stage.shownDay(), every: 4)
      }),
    Exhibit(
      "reevaluating_stack", case: "they write that they look at alternatives",
      { stage in
        stage.begin()
        stage.note("We are re-evaluating our stack this quarter and looking at alternatives.", on: stage.shownDay())
      }, decoy: "they write that they do not",
      { stage in
        stage.begin()
        stage.note("To be clear: we are not looking at alternatives.", on: stage.shownDay())
      }),
    Exhibit(
      "price_pressure", case: "they ask for a discount",
      { stage in
        stage.begin()
        stage.note("Our procurement asks for a discount before the next term.", on: stage.shownDay())
      }, decoy: "they thank for one",
      { stage in
        stage.begin()
        stage.note("Thanks for the discount last year, it helped us to start.", on: stage.shownDay())
      }),
    Exhibit(
      "competitor_browsing", case: "three days on a competitor's pricing page",
      { stage in
        stage.begin()
        stage.browse(page: "/pricing", competitor: "rivalsoft")
      }, decoy: "three days on its careers page",
      { stage in
        stage.begin()
        stage.browse(page: "/careers", competitor: "rivalsoft")
      }),
    Exhibit(
      "nps_detractor", case: "the champion answers 3",
      { stage in
        stage.begin()
        stage.tell(.survey, on: [stage.shownDay()], person: 0, ["metric": "nps", "score": 3])
      }, decoy: "the champion answers 8",
      { stage in
        stage.begin()
        stage.tell(.survey, on: [stage.shownDay()], person: 0, ["metric": "nps", "score": 8])
      }),
    Exhibit(
      "headcount_decline", case: "from 400 heads to 320 in two months",
      { stage in
        stage.begin()
        stage.count(heads: [400, 400, 320, 320])
      }, decoy: "from 400 to 385",
      { stage in
        stage.begin()
        stage.count(heads: [400, 400, 385, 385])
      }),
    Exhibit(
      "capital_event", case: "the customer raises money",
      { stage in
        stage.begin()
        stage.tell(.enrichment, on: [stage.shownDay()], ["event": "funding"])
      }, decoy: "somebody there changes jobs",
      { stage in
        stage.begin()
        stage.tell(.enrichment, on: [stage.shownDay()], person: 4, ["event": "job_change", "company": "Elsewhere"])
      }),
  ]
}

extension Stage {
  func weeks(_ count: Int, from day: Day) -> [Day] { (0..<count).map { businessDay(onOrAfter: day + 4 * $0) } }

  /// Four escalations, each on its own topic, marked solved the day after and reopened two days later.
  fileprivate mutating func escalate() {
    for (number, topic) in EscalationTopic.all.prefix(4).enumerated() {
      let opened = moment(businessDay(onOrAfter: shownDay() + 5 * number))
      script.tickets.append(
        PlannedTicket(
          openedAt: opened, person: script.members[1].person, topic: topic.tag, subject: topic.subject, body: topic.body, priority: "high",
          isEscalated: true, solvedAt: opened + .days(1), reopenedAt: opened + .days(3)))
    }
  }

  fileprivate mutating func browse(page: String, competitor: String) {
    tell(.intent, on: weeks(3, from: shownDay()), ["page": .text(page), "competitor": .text(competitor)])
  }

  /// Heads as an outside source counts them, each month from the beginning.
  mutating func count(heads: [Int]) {
    for (month, number) in heads.enumerated() {
      tell(.enrichment, on: [businessDay(onOrAfter: options.start + 3 + 28 * month)], ["headcount": JSON(number)])
    }
  }
}
