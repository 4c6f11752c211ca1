import Events

// Who is ready for more.

extension Exhibit {
  static let expansion = [
    Exhibit(
      "near_capacity", case: "19 of 20 seats in use, and people turned away",
      { stage in
        stage.begin(active: 19, seats: 20)
        stage.turnAway(every: 4)
      }, decoy: "as full for a year, and nobody turned away", { stage in stage.begin(active: 18, seats: 20) }),
    Exhibit(
      "usage_growth_no_upgrade", case: "twice as many people on the same seats",
      { stage in
        stage.begin(active: 7, seats: 24)
        stage.welcome(9, on: stage.shownDay(after: 50))
      }, decoy: "as much more, and seats bought for it",
      { stage in
        stage.begin(active: 7, seats: 12)
        stage.buy(seats: 24, tier: .growth, on: stage.shownDay(after: 48))
        stage.welcome(9, on: stage.shownDay(after: 50))
      }),
    Exhibit(
      "power_users_growing", case: "nobody comes every day, then eight do",
      { stage in
        stage.begin(activity: 550)
        stage.changeHabits(on: stage.shownDay(after: 30), activity: 1000)
      }, decoy: "as many as ever", { stage in stage.begin(activity: 950) }),
    Exhibit(
      "exploring_advanced", case: "four people try what the plan has not",
      { stage in
        stage.begin()
        stage.use([.forecastRun], people: 4, days: stage.shownDay()...stage.shownDay() + 6, every: 2)
      }, decoy: "one person tries it, often",
      { stage in
        stage.begin()
        stage.use([.forecastRun], people: 1, days: stage.shownDay()...stage.shownDay() + 20)
      }),
    Exhibit(
      "new_team", case: "four new people from a department unseen before",
      { stage in
        stage.begin()
        stage.welcome(4, on: stage.shownDay(), team: "field_service")
      }, decoy: "a team gets another name",
      { stage in
        stage.begin()
        for member in stage.script.members where member.person % 3 == 0 {
          stage.script.teams.append(TeamChange(person: member.person, from: stage.shownDay(), team: "business_operations"))
        }
      }),
    Exhibit(
      "happy", case: "the champion would recommend us",
      { stage in
        stage.begin()
        stage.tell(.survey, on: [stage.shownDay()], person: 0, ["metric": "nps", "score": 10])
        stage.praise()
      }, decoy: "a user would, the champion would not say",
      { stage in
        stage.begin()
        stage.tell(.survey, on: [stage.shownDay()], person: 4, ["metric": "nps", "score": 10])
      }),
    Exhibit(
      "headcount_growth", case: "from 400 heads to 500 in two months",
      { stage in
        stage.begin()
        stage.count(heads: [400, 400, 500, 500])
      }, decoy: "from 400 to 420",
      { stage in
        stage.begin()
        stage.count(heads: [400, 400, 420, 420])
      }),
    Exhibit(
      "natural_trigger", case: "the contract ends in three months, and use is as strong as ever",
      { stage in stage.begin(since: (stage.options.start + 130).adding(months: -24)) },
      decoy: "it ends as soon, and a third is used of what was",
      { stage in
        stage.begin(since: (stage.options.start + 130).adding(months: -24))
        stage.changeHabits(on: stage.options.start + 28, activity: 300)
      }),
    Exhibit(
      "adjacent_intent", case: "reads about automation, which another line serves",
      { stage in
        stage.begin()
        stage.tell(.intent, on: stage.weeks(3, from: stage.shownDay()), ["topic": "workflow automation"])
      }, decoy: "reads about gardening",
      { stage in
        stage.begin()
        stage.tell(.intent, on: stage.weeks(3, from: stage.shownDay()), ["topic": "gardening"])
      }),
  ]
}

extension Stage {
  fileprivate mutating func turnAway(every days: Int) {
    var day = options.start + 20
    while day < options.end {
      script.seatLimitDays.append(businessDay(onOrAfter: day))
      day = day + days
    }
  }

  fileprivate mutating func praise() {
    file(
      (1...4).map {
        (subject: "Question \($0)", body: "Thank you, the new view is great and works well. One question about column \($0).")
      },
      on: shownDay() - 20, every: 6, csat: "good")
  }
}
