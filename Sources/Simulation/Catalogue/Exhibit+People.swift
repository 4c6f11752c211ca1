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
    Exhibit(
      "csm_changed", case: "somebody else looks after the account",
      { stage in
        stage.begin()
        stage.changeOwner(to: "Casey Marlin", email: "casey.marlin@vantage.example")
      }, decoy: "the owner gets another address",
      { stage in
        stage.begin()
        stage.changeOwner(to: stage.script.identity.owner, email: "success@vantage.example")
      }),
    Exhibit(
      "csm_unanswered", case: "whoever always replied leaves three mails unanswered",
      { stage in
        stage.begin()
        stage.write(mails: 6, answered: { _ in true }, from: -60)
        stage.write(mails: 3, answered: { _ in false }, from: 40)
      }, decoy: "three mails, to somebody who never answered more than every other",
      { stage in
        stage.begin()
        stage.write(mails: 8, answered: { $0 % 2 == 0 }, from: -74)
        stage.write(mails: 3, answered: { _ in false }, from: 40)
      }),
    Exhibit(
      "champion_moved_to_prospect", case: "the champion starts at a company we are talking to",
      { stage in
        stage.begin()
        stage.know(prospect: "Halvorsen Instruments", domain: "halvorsen-instruments.example")
        stage.moveChampion(to: "Halvorsen Instruments", domain: "halvorsen-instruments.example")
      }, decoy: "at a company that nobody here knows",
      { stage in
        stage.begin()
        stage.know(prospect: "Tolland Instruments", domain: "tolland-instruments.example")
        stage.moveChampion(to: "Tolland Ceramics", domain: "tolland-ceramics.example")
      }),
  ]
}

extension Stage {
  /// Some use it on every business day.
  fileprivate mutating func excite(_ places: Range<Int>) {
    for index in places { script.members[index].activity = 1000 }
  }

  fileprivate mutating func changeOwner(to name: String, email: String) {
    script.ownerChanges.append(OwnerChange(at: moment(shownDay()), name: name, email: email))
  }

  /// Mails to the champion a week apart, from a day of business time on; an answer comes within two days.
  fileprivate mutating func write(mails: Int, answered: (Int) -> Bool, from first: Int) {
    for number in 0..<mails {
      let day = businessDay(onOrAfter: options.start + first + 7 * number)
      let at = moment(day, hours: 9...11)
      script.mails.append(PlannedMail(at: at, person: 0, isInbound: false, subject: "How is the quarter going?"))
      guard answered(number) else { continue }
      script.mails.append(PlannedMail(at: at + .hours(Int64(chance.int(3...30))), person: 0, isInbound: true, subject: "Re: the quarter"))
    }
  }

  fileprivate mutating func know(prospect name: String, domain: String) {
    script.prospects.append(
      PlannedProspect(name: name, domain: domain, seller: "Sasha Lindholm", enteredAt: moment(businessDay(onOrAfter: options.start + 10))))
  }

  fileprivate mutating func moveChampion(to company: String, domain: String) {
    let at = moment(shownDay())
    script.contactChanges.append(ContactChange(at: at, person: 0, change: .moved(company: company, domain: domain)))
    leave(0..<1, on: calendar.day(of: at) - 2)
  }
}
