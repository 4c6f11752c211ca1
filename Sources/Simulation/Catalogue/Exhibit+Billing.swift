import Events

// What the account pays, and how.

extension Exhibit {
  static let billing = [
    Exhibit(
      "payment_hesitation", case: "accounts payable asks what the invoice covers",
      { stage in
        stage.begin()
        stage.note("AP asked what the invoice covers and wants it explained before approving.", on: stage.shownDay())
      }, decoy: "a question about the invoice each month, as ever",
      { stage in
        stage.begin()
        stage.file(
          (0..<9).map { (subject: "Invoice number \($0)", body: "Please send the invoice once more.") }, on: stage.options.start - 115,
          every: 25)
      }),
    Exhibit(
      "payment_trouble", case: "a card fails for three weeks",
      { stage in
        stage.begin(since: stage.options.start - 320)
        stage.failPayment(recoversAfter: .days(21))
      }, decoy: "it fails and is charged the next day",
      { stage in
        stage.begin(since: stage.options.start - 320)
        stage.failPayment(recoversAfter: .hours(26))
      }),
    Exhibit(
      "seat_reduction", case: "18 seats become 12",
      { stage in
        stage.begin(active: 11)
        stage.buy(seats: 12, tier: .growth, on: stage.shownDay())
      }, decoy: "the seats stay, the plan grows",
      { stage in
        stage.begin(active: 11)
        stage.buy(seats: 18, tier: .premium, on: stage.shownDay())
      }),
    Exhibit(
      "downgrade", case: "premium becomes growth on as many seats",
      { stage in
        stage.begin(tier: .premium)
        stage.buy(seats: 18, tier: .growth, on: stage.shownDay())
      }, decoy: "growth becomes premium",
      { stage in
        stage.begin()
        stage.buy(seats: 18, tier: .premium, on: stage.shownDay())
      }),
    Exhibit(
      "cancel_scheduled", case: "the subscription is set to end",
      { stage in
        stage.begin()
        stage.cancel()
      }, decoy: "the contract's year ends and goes on", { stage in stage.begin(since: (stage.options.start + 50).adding(months: -12)) }),
  ]
}

extension Stage {
  fileprivate mutating func failPayment(recoversAfter: Span) {
    guard let first = BillingPeriods(script, calendar).starts(from: options.start + 30, through: options.end).first else { return }
    script.failures = [PaymentFailure(from: calendar.day(of: first), recoversAfter: recoversAfter)]
  }

  /// At the end of the period that is running at the signal; the words come first.
  fileprivate mutating func cancel() {
    let signal = moment(shownDay())
    let end = Instant(seconds: BillingPeriods(script, calendar).period(of: signal).upperBound)
    script.loss = Loss(at: end, reason: "Project ended", scheduledAt: signal)
  }
}
