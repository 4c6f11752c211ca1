import Events
import Features
import Testing

@Suite struct EntityHistoryTests {
  private static let kinds: [Kind] = [.contact, .ticket, .subscription]

  private func record(_ kind: Kind, _ id: String, _ day: Int64, system: String = "crm", _ fields: [String: Value]) -> Record {
    Record(kind: kind, id: id, at: noon(day), system: system, fields: fields)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func theOrderOfArrivalDoesNotMatter(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var records: [Record] = []
    for kind in Self.kinds {
      for id in ["a", "b", "c"] {
        for system in ["crm", "desk"] {
          for day in 0..<Int64.random(in: 0..<5, using: &random) {
            records.append(
              record(
                kind, id, day * 3, system: system,
                ["status": .text(kind == .contact ? "active" : "pending")].filter { _ in kind != .subscription }))
          }
        }
      }
    }
    var ordered = EntityHistory()
    for record in records { ordered.add(record, person: PersonKey(1), observedAt: record.at) }
    var shuffled = EntityHistory()
    for record in records.shuffled(using: &random) { shuffled.add(record, person: PersonKey(1), observedAt: record.at) }
    #expect(ordered == shuffled)
    #expect(ordered.json.serializedBytes() == shuffled.json.serializedBytes())
    for kind in Self.kinds {
      let timelines = shuffled.timelines(of: kind)
      #expect(timelines.map { [$0.id, $0.system] } == timelines.map { [$0.id, $0.system] }.sorted { $0.lexicographicallyPrecedes($1) })
      for timeline in timelines { #expect(timeline.versions.map(\.at) == timeline.versions.map(\.at).sorted()) }
      #expect(timelines.allSatisfy { line in zip(line.versions, line.versions.dropFirst()).allSatisfy { $0.fields != $1.fields } })
    }
    let read = try #require(EntityHistory(json: JSON(parsing: shuffled.json.serialized())))
    #expect(read == shuffled)
  }

  /// Seats 10, 4 and 10 again are three versions, however they arrive.
  @Test func aReturnToTheOldValueIsAVersionOfItsOwn() {
    var history = EntityHistory()
    for (day, topic) in [(20, "ten"), (0, "ten"), (10, "four")] as [(Int64, String)] {
      history.add(record(.ticket, "t", day, ["topic": .text(topic)]), person: nil, observedAt: noon(30))
    }
    let versions = history.timelines(of: .ticket).first?.versions ?? []
    #expect(versions.map { $0.fields["topic"]?.text } == ["ten", "four", "ten"])
  }

  @Test func standsAsItStoodAtAnInstant() throws {
    var history = EntityHistory()
    history.add(.contact, "c", [(0, ["title": .text("CTO")]), (10, ["title": .text("CEO")]), (20, ["title": .text("Chair")])])
    history.add(.contact, "d", [(15, [:])])
    #expect(history.rows(.contact, asOf: noon(0) - Span(microseconds: 1)).isEmpty)
    #expect(history.row(.contact, id: "c", asOf: noon(0))?["title"] == .text("CTO"))
    let row = try #require(history.row(.contact, id: "c", asOf: noon(20) - Span(microseconds: 1)))
    #expect(row["title"] == .text("CEO") && row["email"] == nil && row.versions.count == 2 && row.asOf == noon(20) - Span(microseconds: 1))
    #expect(row.current.at == noon(10) && row.kind == .contact && row.id == "c" && row.system == "crm")
    #expect(history.rows(.contact, asOf: noon(14)).map(\.id) == ["c"])
    #expect(history.rows(.contact, asOf: noon(20)).map(\.id) == ["c", "d"])
    #expect(history.rows(.ticket, asOf: noon(20)).isEmpty && history.row(.contact, id: "x", asOf: noon(20)) == nil)
  }

  @Test func aRevisionReplacesAndARepetitionChangesNothing() {
    var history = EntityHistory()
    let first = record(.contact, "c", 0, ["title": .text("CTO")])
    history.add(first, person: PersonKey(1), observedAt: noon(1))
    let before = history
    history.add(first, person: PersonKey(1), observedAt: noon(2))
    #expect(history == before)
    history.add(first, person: PersonKey(2), observedAt: noon(3))
    #expect(history.timelines(of: .contact).first?.versions.map(\.person) == [PersonKey(2)])
    history.add(record(.contact, "c", 0, ["title": .text("CFO")]), person: PersonKey(2), observedAt: noon(4))
    #expect(history.timelines(of: .contact).first?.versions.map(\.fields) == [["title": .text("CFO")]])
    #expect(history.timelines(of: .contact).first?.versions.map(\.observedAt) == [noon(4)])
  }

  @Test func oneIdInTwoSystemsIsTwoThings() {
    var history = EntityHistory()
    history.add(.contact, "7", system: "desk", [(0, ["title": .text("desk")])])
    history.add(.contact, "7", system: "crm", [(0, ["title": .text("crm")])])
    #expect(history.rows(.contact, asOf: noon(0)).map(\.system) == ["crm", "desk"])
    #expect(history.row(.contact, id: "7", asOf: noon(0))?.system == "crm")
  }

  @Test func everyFieldTypeComesBackFromJSON() throws {
    let lines = [
      #"""
      {"kind":"subscription","id":"s","at":"2026-01-01T00:00:00.000001Z","status":"active","items":[{"plan":"p","quantity":2.5,
      "unit_amount":"0.25","interval_count":3,"metered":true}],"discounts":[{"percent":10,"ends_at":"2026-06-01"}]}
      """#,
      #"{"kind":"account","id":"a","at":"2026-01-01","external":{"stripe":"cus_1"},"contract":{"auto_renew":false}}"#,
      #"{"kind":"ticket","id":"t","at":"2026-01-01","tags":["a","b"],"reopens":2,"escalated":true}"#,
    ]
    var history = EntityHistory()
    for line in lines { history.add(try Record(importing: JSON(parsing: line), system: "crm"), person: nil, observedAt: noon(3)) }
    history.add(record(.payment, "p", -40_000, ["amount": .integer(5)]), person: PersonKey(9), observedAt: noon(4))
    let bytes = history.json.serializedBytes()
    let read = try #require(EntityHistory(json: JSON(parsing: bytes)))
    #expect(read == history)
    #expect(read.json.serializedBytes() == bytes)
    #expect(EntityHistory(json: EntityHistory().json) == EntityHistory())
  }

  @Test(
    arguments: [
      nil, [], ["tickets": []], ["ticket": [:]], ["ticket": [["id": "t"]]], ["ticket": [["id": "t", "system": "s", "versions": [[:]]]]],
      ["ticket": [["id": "t", "system": "s", "versions": [["at": 1, "observed": 1, "fields": ["colour": "red"]]]]]],
    ] as [JSON])
  func refusesWhatItNeverWrote(json: JSON) {
    #expect(EntityHistory(json: json) == nil)
  }

  @Test func standsOnTheTimeLineWhereItsKindSays() {
    var history = EntityHistory()
    history.add(.ticket, "a", [(5, ["opened_at": .instant(noon(1))]), (9, ["opened_at": .instant(noon(2))])])
    history.add(.ticket, "b", [(5, [:]), (9, [:])])
    history.add(.invoice, "i", [(5, ["due_at": .instant(noon(35))])])
    history.add(.payment, "p", [(5, [:]), (9, [:])])
    #expect(history.rows(.ticket, asOf: noon(9)).map(\.timelineInstant) == [noon(2), noon(5)])
    #expect(history.rows(.invoice, asOf: noon(9)).map(\.timelineInstant) == [noon(35)])
    #expect(history.rows(.payment, asOf: noon(9)).map(\.timelineInstant) == [noon(5)])
  }
}
