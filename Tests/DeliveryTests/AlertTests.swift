import Delivery
import Engine
import Events
import Testing

@Suite struct AlertTests {
  @Test(arguments: [Sample.alert, Sample.alert(.low), Sample.alert.hidingPeople(), Sample.alert(.critical, change: .tierChanged)])
  func anAlertIsReadBack(alert: Alert) throws {
    let text = alert.json.serialized()
    #expect(try Alert(json: try JSON(parsing: text)) == alert)
  }

  @Test(arguments: ["rule", "title", "level", "about", "transition", "finding", "day", "account", "facts"])
  func aMemberThatIsMissingIsNamed(name: String) throws {
    var members = try #require(Sample.alert.json.object)
    members[name] = nil
    let error = #expect(throws: FieldError.self) { try Alert(json: .object(members)) }
    #expect(error?.path.contains(name) == true)
  }

  @Test(arguments: ["", "account", "account:", "account:x", "account:1/2", "case:1", "case:1/2/3", "contact:1"])
  func whatIsNoSubjectIsRefused(text: String) { #expect(Subject(text) == nil) }

  @Test func hidingPeopleLeavesNoNameAndNoAddress() throws {
    let hidden = Sample.alert.hidingPeople()
    let text = hidden.json.serialized()
    for name in ["Dana", "Reyes", "dana@", "Ida"] { #expect(!text.contains(name), "\(name) is left in \(text)") }
    // The account is called so too: its name stays whole.
    #expect(hidden.account.name == "Mercer Logistics")
    #expect(hidden.facts.first?.text == "forecasting: 38 person-days until 18 Mar, none since; the champion used it most")
    #expect(hidden.facts.last?.text == "the decision maker signed the order")
    #expect(hidden.opener?.hasPrefix("Hi the champion, I saw") == true)
    #expect(hidden.changedSinceLast == ["the champion has not logged in since the upgrade"])
    #expect(hidden.contactToCall == .init(name: nil, email: nil, role: "champion", lastActive: Sample.alert.contactToCall?.lastActive))
    #expect(hidden.owner == Sample.alert.owner)
    #expect(hidden.peopleHidden && hidden.hidingPeople() == hidden)
  }

  @Test func onlyWholeWordsAreHidden() {
    var alert = Sample.alert(.high)
    alert.title = "Ann: annual plan, Annex, Ann's seat"
    alert.people = [.init(name: "Ann", shownAs: "a user")]
    #expect(alert.hidingPeople().title == "a user: annual plan, Annex, a user's seat")
  }
}

@Suite struct EnvelopeTests {
  @Test func theBodyIsACloudEvent() throws {
    let json = try JSON(parsing: try Sample.envelope(id: "msg_7", sequence: 42).body)
    #expect(json["specversion"] == "1.0")
    #expect(json["id"] == "msg_7")
    #expect(json["source"] == "/bellwether")
    #expect(json["type"] == "com.bellwether.finding.opened")
    #expect(json["subject"] == "account:12")
    #expect(json["time"] == "2026-03-20T09:46:40Z")
    #expect(json["datacontenttype"] == "application/json")
    #expect(json["sequence"] == "000000000042")
    #expect(json["data"]["headline"] == "Mercer Logistics: 2 features of the upgrade unused since 18 Mar")
    #expect(json["data"]["notices"][0] == Sample.alert.json)
    // CloudEvents 1.0 §3.1: attribute names are lower-case letters and digits.
    for name in try #require(json.object).keys { #expect(name.allSatisfy { $0.isLowercase || $0.isNumber }) }
  }

  @Test func aBodyIsReadBackAndEqualEnvelopesGiveEqualBytes() throws {
    let envelope = try Sample.envelope(alerts: [Sample.alert(.low), Sample.alert])
    let read = try Envelope(parsing: envelope.body)
    #expect(read == envelope)
    #expect(read.body == envelope.body)
  }

  @Test func theGravestNewsLeads() throws {
    let alerts = [
      Sample.alert(.critical, change: .resolved, rule: "over"), Sample.alert(.low, rule: "small"),
      Sample.alert(.high, change: .escalated, rule: "worse"), Sample.alert(.high, rule: "later"),
    ]
    let envelope = try Sample.envelope(alerts: alerts)
    #expect(envelope.alerts.map(\.rule) == ["worse", "later", "small", "over"])
    #expect(envelope.type == "com.bellwether.finding.escalated")
    #expect(envelope.headline == "Mercer Logistics: worse: Something happened (and 3 more)")
  }

  @Test func anEnvelopeNeedsAnAlert() {
    #expect(Envelope(id: "msg_1", sequence: 1, time: Instant(seconds: 0), alerts: []) == nil)
  }

  @Test(arguments: ["", "[]", "{}", #"{"specversion":"1.0","id":"a"}"#]) func whatIsNoEnvelopeIsRefused(text: String) {
    #expect(throws: EnvelopeError.self) { try Envelope(parsing: Array(text.utf8)) }
  }
}

@Suite struct AlertTextTests {
  @Test func anAlertReadsInFiveSeconds() throws {
    let text = AlertText().text(for: try Sample.envelope(alerts: [Sample.alert, Sample.alert(.medium)]))
    #expect(
      text == """
        HIGH  Mercer Logistics: 2 features of the upgrade unused since 18 Mar (and 1 more)
          MRR $29,167 · 54 days to the notice date · owner Jo Park · 2026-03-21
          Changed  dana@mercer.example has not logged in since the upgrade
          Why      forecasting: 38 person-days until 18 Mar, none since; Dana Reyes used it most
                   14 escalated tickets came back after they were solved
          Call     Dana Reyes, the champion, dana@mercer.example, last active 18 Mar
          Do       Book a working session on forecasting with Dana this week.
          Say      Hi Dana, I saw the team stopped using forecasting after 18 March.
                   What got in the way?
          Score    risk 83 points, at risk, 92 % of its inputs known
          Also     MEDIUM: Something happened

        """)
  }

  @Test func longTextsWrapAndControlCharactersGo() {
    var alert = Sample.alert(.critical)
    alert.title = "bad\u{1B}[2J\u{202E} title"
    alert.play = Array(repeating: "word", count: 100).joined(separator: " ")
    let text = AlertText().text(for: alert)
    #expect(text.hasPrefix("CRITICAL  Mercer Logistics: bad[2J title\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(text.split(separator: "\n").contains { $0.count > 95 })
    #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
  }

  @Test func whatIsUnknownIsSaidSo() {
    #expect(AlertText().text(for: Sample.alert(.high)).contains("MRR unknown · notice date unknown · no owner"))
  }

  @Test(
    arguments: [
      (2_916_667, "usd", "$29,167"), (9_999, "usd", "$99.99"), (100_049, "EUR", "€1,000"), (100_050, "eur", "€1,001"),
      (-5_000, "gbp", "-£50"),
      (1_234_567, "jpy", "JPY 1,234,567"), (12_050, "kwd", "KWD 12.050"), (0, "chf", "CHF 0"), (905, "chf", "CHF 9.05"),
    ] as [(Int64, String, String)])
  func moneyReadsAsPeopleWriteIt(amount: Int64, currency: String, text: String) {
    #expect(Alert.Money(amount: amount, currency: currency).text == text)
  }
}
