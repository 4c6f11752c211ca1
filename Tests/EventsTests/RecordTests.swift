import Events
import Testing

@Suite struct RecordTests {
  @Test(arguments: recordLines)
  func everyKindComesBackAsItWas(line: String) throws {
    let json = try JSON(parsing: line)
    let record = try Record(importing: json, system: "other")
    #expect(record.json == json)
    #expect(try Record(importing: record.json, system: "other") == record)
    #expect(try Record.fields(of: record.kind, from: record.body) == record.fields)
    #expect(record.system == json["feed"].text && record.person == json["person"].text && record.account == json["account"].text)
  }

  @Test func theLinesCoverEveryKind() throws {
    #expect(try recordLines.map { try JSON(parsing: $0)["kind"].text } == Kind.allCases.map(\.rawValue))
  }

  @Test func everyKindKnowsItsFieldsAndWhetherItIsAnEntity() {
    #expect(Kind.allCases.filter(\.isEntity) == [.account, .contact, .opportunity, .subscription, .invoice, .payment, .ticket])
    #expect(Kind.allCases.sorted().map(\.rawValue) == Kind.allCases.map(\.rawValue).sorted())
    for kind in Kind.allCases {
      let names = EventSchema.fields(of: kind).map(\.name)
      #expect(Set(names).count == names.count)
      #expect(names.allSatisfy { EventSchema.field($0, of: kind)?.name == $0 })
      #expect(Set(names).isDisjoint(with: ["kind", "id", "at", "feed", "account"]), "\(kind) hides part of the envelope")
    }
    #expect(EventSchema.field("reopens", of: .survey) == nil)
  }

  @Test func takesTheImportersNameAndNumbersForIds() throws {
    let record = try Record(
      importing: JSON(parsing: #"{"kind":"usage","id":7,"at":"2026-01-01","account":12,"name":"x","quantity":"3"}"#), system: "me")
    #expect(record.system == "me" && record.id == "7" && record.account == "12" && record.person == nil)
    #expect(record.fields == ["name": .text("x"), "quantity": .number(Fixed(3))])
  }

  @Test func nullIsNotThere() throws {
    let line =
      #"{"kind":"ticket","id":"1","at":"2026-01-01","account":null,"feed":null,"person":null,"topic":null,"tags":[null,"a"],"csat":null}"#
    let record = try Record(importing: JSON(parsing: line), system: "me")
    #expect(record.fields == ["tags": .list([.text("a")])])
    #expect(record.account == nil && record.person == nil && record.system == "me")
  }

  @Test(arguments: [
    (#"[]"#, "record"), (#"{}"#, "kind"), (#"{"kind":"tickets","id":"1","at":"2026-01-01"}"#, "kind"), (#"{"kind":5}"#, "kind"),
    (#"{"kind":"ticket","at":"2026-01-01"}"#, "ticket.id"), (#"{"kind":"ticket","id":"","at":"2026-01-01"}"#, "ticket.id"),
    (#"{"kind":"ticket","id":["1"],"at":"2026-01-01"}"#, "ticket.id"), (#"{"kind":"ticket","id":"1"}"#, "ticket.at"),
    (#"{"kind":"ticket","id":"1","at":null}"#, "ticket.at"), (#"{"kind":"ticket","id":"1","at":1769846700}"#, "ticket.at"),
    (#"{"kind":"ticket","id":"1","at":"31.01.2026"}"#, "ticket.at"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","account":{"id":"a"}}"#, "ticket.account"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","feed":7}"#, "ticket.feed"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","person":["p"]}"#, "ticket.person"),
    (#"{"kind":"account","id":"1","at":"2026-01-01","person":"p"}"#, "account.person"),
    (#"{"kind":"account","id":"1","at":"2026-01-01","external":{"stripe":["x"]}}"#, "account.external.stripe"),
    (#"{"kind":"account","id":"1","at":"2026-01-01","external":["x"]}"#, "account.external"),
    (#"{"kind":"account","id":"1","at":"2026-01-01","owner":{"nmae":"x"}}"#, "account.owner.nmae"),
    (#"{"kind":"account","id":"1","at":"2026-01-01","contract":{"end":"soon"}}"#, "account.contract.end"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","prority":"high"}"#, "ticket.prority"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","status":"Solved"}"#, "ticket.status"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","escalated":"yes"}"#, "ticket.escalated"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","reopens":1.5}"#, "ticket.reopens"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","reopens":9223372036854775808}"#, "ticket.reopens"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","tags":"a"}"#, "ticket.tags"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","tags":["a",{}]}"#, "ticket.tags[1]"),
    (#"{"kind":"ticket","id":"1","at":"2026-01-01","subject":{}}"#, "ticket.subject"),
    (#"{"kind":"usage","id":"1","at":"2026-01-01","quantity":"many"}"#, "usage.quantity"),
    (#"{"kind":"subscription","id":"1","at":"2026-01-01","items":[{"plan":"p"},{"quantity":true}]}"#, "subscription.items[1].quantity"),
    (#"{"kind":"subscription","id":"1","at":"2026-01-01","items":[{"unit_amount":"$5"}]}"#, "subscription.items[0].unit_amount"),
    (#"{"kind":"subscription","id":"1","at":"2026-01-01","items":[{"interval":"quarter"}]}"#, "subscription.items[0].interval"),
    (#"{"kind":"subscription","id":"1","at":"2026-01-01","items":[{"price":5}]}"#, "subscription.items[0].price"),
    (#"{"kind":"subscription","id":"1","at":"2026-01-01","discounts":[5]}"#, "subscription.discounts[0]"),
  ])
  func refusesWithThePathOfTheFault(line: String, path: String) throws {
    let json = try JSON(parsing: line)
    let error = #expect(throws: FieldError.self) { try Record(importing: json, system: "me") }
    #expect(error?.path == path)
    #expect(error?.description == "\(path): \(error?.message ?? "")")
  }

  @Test func saysWhatItKnows() throws {
    let misspelt = try JSON(parsing: #"{"kind":"survey","id":"1","at":"2026-01-01","scor":5}"#)
    let error = #expect(throws: FieldError.self) { try Record(importing: misspelt, system: "me") }
    #expect(error?.description == "survey.scor: unknown field; known are person, metric, score, comment")
    let choice = try JSON(parsing: #"{"kind":"survey","id":"1","at":"2026-01-01","metric":"ces"}"#)
    let other = #expect(throws: FieldError.self) { try Record(importing: choice, system: "me") }
    #expect(other?.description == #"survey.metric: one of nps, csat expected, not "ces""#)
  }

  @Test(
    arguments: [
      ("1999", 1999), ("0.25", "0.25"), ("-0.125", "-0.125"), ("2.50", "2.5"), ("9223372036854775807", .integer(.max)),
      ("123456789012345678901234567890", "123456789012345678901234567890"),
      ("0.00000000000000000000000000001", "0.00000000000000000000000000001"),
      ("12345678901234567890.1234567891", "12345678901234567890.1234567891"), ("-9223372036854775809", "-9223372036854775809"),
    ] as [(String, JSON)])
  func pricesAreKeptExactly(text: String, json: JSON) throws {
    let price = try #require(try EventSchema.FieldType.price.decode(.text(text), at: "price"))
    #expect(price.json == json)
    #expect(try EventSchema.FieldType.price.decode(price.json, at: "price") == price)
    #expect(try EventSchema.FieldType.price.decode(.decimal(text), at: "price") == price)
  }
}
