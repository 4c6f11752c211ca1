import Events

// What pays the same as half a year ago, and why. These are judged by what the engine found: they raise no alert.

extension Exhibit {
  static let flat = [
    Exhibit(
      "flat_evaluating", case: "flat, and on a competitor's pages",
      { stage in
        stage.begin()
        stage.tell(.intent, on: stage.weeks(2, from: stage.shownDay()), ["page": "/careers", "competitor": "rivalsoft"])
      }, decoy: "flat, and reading about gardening",
      { stage in
        stage.begin()
        stage.tell(.intent, on: stage.weeks(2, from: stage.shownDay()), ["topic": "gardening"])
      }),
    Exhibit(
      "flat_declining", case: "flat, and used a third as much",
      { stage in
        stage.begin()
        stage.changeHabits(on: stage.shownDay(), activity: 300)
      }, decoy: "flat, and used a little less",
      { stage in
        stage.begin()
        stage.changeHabits(on: stage.shownDay(), activity: 860)
      }),
    Exhibit(
      "flat_champion_changed", case: "flat, and the champion leaves without a successor",
      { stage in
        stage.begin()
        stage.loseChampion(at: stage.moment(stage.shownDay()))
      }, decoy: "flat, and a successor is there the same hour",
      { stage in
        stage.begin()
        let at = stage.moment(stage.shownDay(), hours: 12...13)
        stage.loseChampion(at: at)
        stage.nameSuccessor(at: at + .minutes(4))
      }),
    Exhibit(
      "flat_growing", case: "flat, and used twice as much",
      { stage in
        stage.begin(active: 7, seats: 24)
        stage.welcome(9, on: stage.shownDay())
      }, decoy: "as much more, and seats bought for it: not flat",
      { stage in
        stage.begin(active: 7, seats: 12)
        stage.buy(seats: 24, tier: .growth, on: stage.shownDay(after: 8))
        stage.welcome(9, on: stage.shownDay(after: 10))
      }),
    Exhibit(
      "flat_quiet", case: "flat, and nothing happens", { stage in stage.begin() },
      decoy: "a customer of five months, which is too young to be flat",
      { stage in stage.begin(since: stage.options.start - 30) }),
    Exhibit(
      "flat_unknown", case: "flat, and the CRM does not say who it is in the product",
      { stage in
        stage.begin()
        stage.script.members = []
        stage.script.isLinkedToUsage = false
      }, decoy: "flat, known to the product, and nobody uses it",
      { stage in
        stage.begin()
        stage.script.members = []
      }),
  ]
}
