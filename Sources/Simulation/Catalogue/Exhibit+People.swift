import Events

// Who carries the account.

extension Exhibit {
  static let people = [
    Exhibit(
      "champion_left", case: "the champion leaves and nobody follows",
      { stage in
        stage.begin()
        stage.loseChampion(at: stage.moment(stage.shownDay()))
      }, decoy: "a successor is entered within minutes",
      { stage in
        stage.begin()
        let at = stage.moment(stage.shownDay(), hours: 12...13)
        stage.loseChampion(at: at)
        stage.nameSuccessor(at: at + .minutes(4))
      }),
    Exhibit(
      "champion_silent", case: "the champion stops using the product",
      { stage in
        stage.begin()
        stage.leave(0..<1, on: stage.shownDay())
      }, decoy: "three weeks of holiday",
      { stage in
        stage.begin()
        let day = stage.shownDay()
        stage.script.members[0].away = [day...day + 20]
      }),
    Exhibit(
      "power_users_gone", case: "the three who use it most stop",
      { stage in
        stage.begin(activity: 500)
        stage.excite(1..<4)
        stage.leave(1..<4, on: stage.shownDay())
      }, decoy: "three others take their place and use it as much",
      { stage in
        stage.begin(activity: 500)
        stage.excite(1..<4)
        let day = stage.shownDay()
        stage.leave(1..<4, on: day)
        stage.welcome(3, on: day + 2, activity: 1000)
      }),
    Exhibit(
      "single_threaded", case: "the CRM knows no champion",
      { stage in
        stage.begin()
        stage.script.people[0].role = .user
      }, decoy: "one person does much, others too",
      { stage in
        stage.begin(active: 6, seats: 12, activity: 500)
        stage.excite(0..<1)
      }),
    Exhibit(
      "no_touch", case: "nobody of ours calls one of the largest customers",
      { stage in
        stage.begin(active: 40, seats: 60)
        stage.script.untouchedFrom = stage.options.firstUsageDay
      }, decoy: "a call every seven weeks",
      { stage in
        stage.begin(active: 40, seats: 60)
        stage.script.untouchedFrom = stage.options.firstUsageDay
        for start in [-70, -21, 28, 77] {
          stage.note("Called to ask how the quarter went.", on: stage.businessDay(onOrAfter: stage.options.start + start), inbound: false)
        }
      }),
  ]
}

extension Stage {
  /// Some use it on every business day.
  fileprivate mutating func excite(_ places: Range<Int>) {
    for index in places { script.members[index].activity = 1000 }
  }
}
