package import Events

/// An expansion under observation: did the revenue that was added take root?
package struct ExpansionCase: Hashable, Sendable {
  /// How long a case is followed.
  package static let followedDays = 180
  /// A further increase within these days belongs to the same case, and small ones within them are counted together.
  package static let mergeDays = 30
  /// From this share of MRR on an increase opens a case, in per cent.
  package static let leastPercent: Int64 = 5
  /// From this number of seats on an increase opens a case.
  package static let leastSeats: Int64 = 3

  /// From 1, per account.
  package let number: Int
  package let openedOn: Day
  package let mrrBefore: Int64
  package var mrrAfter: Int64
  package let seatsBefore: Int64
  package var seatsAfter: Int64
  package var plansAdded: [String]
  /// How many purchases it is made of.
  package var purchases: Int
  /// Every case starts as `proving`.
  package var judgement: Judgement

  /// How it stands, and since when and why.
  package struct Judgement: Hashable, Sendable {
    package let verdict: CaseVerdict
    /// The other verdicts whose condition holds too, by precedence.
    package let tags: [CaseVerdict]
    /// The day from which the verdict stands.
    package let since: Day
    /// What it rested on when it was given.
    package let evidence: [Fact]
    /// Whether any verdict before it was a bad one.
    package let wasBad: Bool

    /// A sentence with its numbers, and the records that prove it.
    package struct Fact: Hashable, Sendable {
      package let text: String
      package let records: [String]

      package init(text: String, records: [String]) {
        self.text = text
        self.records = records
      }
    }

    package init(verdict: CaseVerdict, tags: [CaseVerdict] = [], since: Day, evidence: [Fact] = [], wasBad: Bool = false) {
      self.verdict = verdict
      self.tags = tags
      self.since = since
      self.evidence = evidence
      self.wasBad = wasBad
    }
  }

  package init(
    number: Int, openedOn: Day, mrrBefore: Int64, mrrAfter: Int64, seatsBefore: Int64, seatsAfter: Int64, plansAdded: [String],
    purchases: Int = 1, judgement: Judgement? = nil
  ) {
    self.number = number
    self.openedOn = openedOn
    self.mrrBefore = mrrBefore
    self.mrrAfter = mrrAfter
    self.seatsBefore = seatsBefore
    self.seatsAfter = seatsAfter
    self.plansAdded = plansAdded
    self.purchases = purchases
    self.judgement = judgement ?? Judgement(verdict: .proving, since: openedOn)
  }

  package var verdict: CaseVerdict { judgement.verdict }

  package func isOpen(on day: Day) -> Bool { day >= openedOn && day - openedOn <= Self.followedDays }

  /// Whether a day lies behind the last on which it is judged: its verdict then stands.
  package func isFinal(on day: Day) -> Bool { day - openedOn > Self.followedDays }

  /// What a further purchase adds to it.
  mutating func take(_ level: Ledger.Level, plansAdded added: [String]) {
    mrrAfter = level.mrr ?? mrrAfter
    seatsAfter = level.seats
    plansAdded = Set(plansAdded).union(added).sorted()
    purchases += 1
  }
}

extension ExpansionCase {
  package var json: JSON {
    [
      "number": JSON(number), "opened_on": JSON(openedOn), "mrr_before": JSON(mrrBefore), "mrr_after": JSON(mrrAfter),
      "seats_before": JSON(seatsBefore), "seats_after": JSON(seatsAfter), "plans_added": .list(plansAdded.map(JSON.text)),
      "purchases": JSON(purchases), "verdict": .text(verdict.rawValue), "judgement": judgement.json,
    ]
  }

  package init?(json: JSON) {
    guard let number = json["number"].integer, let openedOn = json["opened_on"].text.flatMap({ Day($0) }),
      let mrrBefore = json["mrr_before"].integer, let mrrAfter = json["mrr_after"].integer, let seatsBefore = json["seats_before"].integer,
      let seatsAfter = json["seats_after"].integer, let plans = json["plans_added"].list,
      let verdict = json["verdict"].text.flatMap(CaseVerdict.init)
    else { return nil }
    // Stored before cases were judged: its next evaluation judges it.
    let isJudged = json["judgement"] != .null
    let judgement = isJudged ? Judgement(json: json["judgement"], verdict: verdict) : Judgement(verdict: verdict, since: openedOn)
    guard let judgement else { return nil }
    self.init(
      number: Int(number), openedOn: openedOn, mrrBefore: mrrBefore, mrrAfter: mrrAfter, seatsBefore: seatsBefore, seatsAfter: seatsAfter,
      plansAdded: plans.compactMap(\.text), purchases: Int(json["purchases"].integer ?? 1),
      judgement: judgement)
  }
}

extension ExpansionCase.Judgement {
  fileprivate var json: JSON {
    [
      "tags": .list(tags.map { .text($0.rawValue) }), "since": JSON(since),
      "evidence": .list(evidence.map { ["text": .text($0.text), "records": .list($0.records.map(JSON.text))] }), "was_bad": .flag(wasBad),
    ]
  }

  fileprivate init?(json: JSON, verdict: CaseVerdict) {
    guard let tags = json["tags"].list, let since = json["since"].text.flatMap({ Day($0) }), let evidence = json["evidence"].list,
      let wasBad = json["was_bad"].flag
    else { return nil }
    self.init(
      verdict: verdict, tags: tags.compactMap { $0.text.flatMap(CaseVerdict.init) }, since: since,
      evidence: evidence.map { Fact(text: $0["text"].text ?? "", records: ($0["records"].list ?? []).compactMap(\.text)) }, wasBad: wasBad)
  }
}
