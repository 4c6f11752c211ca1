import Events
import Features
import Testing

@Suite struct ReplyTests {
  private enum Said {
    case ours(String, day: Int64, to: Int64?, bulk: Bool = false)
    case theirs(String, day: Int64, from: Int64?, names: String? = nil)
  }

  /// The day on which each of our messages was answered, as of day 90.
  private func answers(_ said: [Said]) -> [String: Int64] {
    var history = EntityHistory()
    for one in said {
      var fields: [String: Value] = [:]
      let (id, day, number): (String, Int64, Int64?)
      switch one {
      case .ours(let name, let at, let person, let bulk):
        (id, day, number) = (name, at, person)
        fields["direction"] = .text("outbound")
        fields["bulk"] = bulk ? .flag(true) : nil
      case .theirs(let name, let at, let person, let names):
        (id, day, number) = (name, at, person)
        fields["direction"] = .text("inbound")
        fields["in_reply_to"] = names.map(Value.text)
      }
      let record = Record(kind: .engagement, id: id, at: noon(day), system: "crm", fields: fields)
      history.add(record, person: number.map(PersonKey.init), observedAt: noon(day))
    }
    var answers: [String: Int64] = [:]
    for row in history.rows(.engagement, asOf: noon(90)) {
      guard case .instant(let at)? = history.derived(.engagementAnsweredAt, of: row) else {
        #expect(history.derived(.engagementAnswered, of: row) == .flag(false))
        #expect(history.derived(.engagementReplyTime, of: row) == nil)
        continue
      }
      #expect(history.derived(.engagementAnswered, of: row) == .flag(true))
      #expect(history.derived(.engagementReplyTime, of: row) == .span(at - row.timelineInstant))
      answers[row.id] = (at - noon(0)).microseconds / Span.days(1).microseconds
    }
    return answers
  }

  @Test func aReplyAnswersTheLastMessageToItsPerson() {
    #expect(answers([.ours("a", day: 1, to: 7), .ours("b", day: 5, to: 7), .theirs("r", day: 9, from: 7)]) == ["b": 9])
    #expect(answers([.ours("a", day: 1, to: 7), .ours("b", day: 5, to: 8), .theirs("r", day: 9, from: 7)]) == ["a": 9])
    #expect(answers([.ours("a", day: 1, to: 7), .theirs("r", day: 9, from: 7), .theirs("s", day: 20, from: 7)]) == ["a": 9])
    #expect(answers([.theirs("r", day: 1, from: 7), .ours("a", day: 2, to: 7)]) == [:])
  }

  @Test func orTheMessageThatItNames() {
    let said: [Said] = [.ours("a", day: 1, to: 7), .ours("b", day: 5, to: 7)]
    #expect(answers(said + [.theirs("r", day: 9, from: 7, names: "a")]) == ["a": 9])
    #expect(answers(said + [.theirs("r", day: 9, from: 8, names: "a")]) == ["a": 9])
    // What it names is not known, or is the customer's own: the last message, as without a name.
    #expect(answers(said + [.theirs("r", day: 9, from: 7, names: "elsewhere")]) == ["b": 9])
    #expect(answers(said + [.theirs("q", day: 6, from: 7), .theirs("r", day: 9, from: 7, names: "q")]) == ["b": 6])
  }

  @Test func massMailIsAnsweredByNameOnly() {
    let said: [Said] = [.ours("a", day: 1, to: 7), .ours("news", day: 5, to: 7, bulk: true)]
    #expect(answers(said + [.theirs("r", day: 9, from: 7)]) == ["a": 9])
    #expect(answers(said + [.theirs("r", day: 9, from: 7, names: "news")]) == ["news": 9])
  }

  @Test func nobodyKnownAnswersNothing() {
    #expect(answers([.ours("a", day: 1, to: nil), .theirs("r", day: 9, from: nil)]) == [:])
  }
}
