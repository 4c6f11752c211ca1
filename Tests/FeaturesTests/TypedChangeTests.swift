import Events
import Features
import Testing

/// Changes come from our own neighbouring versions in source time, in whatever order those arrived.
@Suite struct TypedChangeTests {
  private func subscription(_ seats: Int, plan: String = "team", price: Int64 = 2_000, _ more: [String: Value] = [:]) -> [String: Value] {
    let item: Value = .object([
      "id": .text("si"), "plan": .text(plan), "quantity": .number(Fixed(seats)), "unit_amount": .price(Rational(price)),
    ])
    return ["status": .text("active"), "items": .list([item])].merging(more) { $1 }
  }

  private func words(_ kind: Kind, _ versions: [[String: Value]]) -> [String] {
    var history = EntityHistory()
    history.add(kind, "x", versions.enumerated().map { (day: Int64($0.offset), fields: $0.element) })
    return history.changes(asOf: noon(100), ProductCatalog(), .utc).map(\.description)
  }

  @Test func `ten, four, ten seats are two changes`() {
    #expect(words(.subscription, [subscription(10), subscription(4), subscription(10)]) == ["seats 10 → 4", "seats 4 → 10"])
  }

  @Test func `a subscription's plan, price, status and cancellation`() {
    #expect(words(.subscription, [subscription(4), subscription(4, plan: "pro", price: 9)]) == ["plan team → pro"])
    #expect(words(.subscription, [subscription(4), subscription(4, price: 2_500)]) == ["price team 2000 → team 2500"])
    #expect(words(.subscription, [subscription(4), subscription(4, ["status": .text("canceled")])]) == ["status active → canceled"])
    let set = subscription(4, ["cancel_at": .instant(noon(40))])
    #expect(
      words(.subscription, [subscription(4), set, subscription(4)])
        == ["cancellation set for 2026-02-10", "cancellation of 2026-02-10 taken back"])
  }

  @Test func `owner, notice date and status of an account`() {
    let account = { (owner: String, notice: Int64, status: String) -> [String: Value] in
      let contract: Value = .object(["notice_by": .instant(noon(notice))])
      return ["owner": .object(["name": .text(owner)]), "contract": contract, "status": .text(status)]
    }
    #expect(
      words(.account, [account("Ann", 90, "customer"), account("Ben", 180, "churned")])
        == ["notice date 2026-04-01 → 2026-06-30", "owner Ann → Ben", "status customer → churned"])
  }

  @Test func `a champion who left, and one who came back`() {
    let champion = { (status: String) -> [String: Value] in ["role": .text("champion"), "status": .text(status)] }
    #expect(words(.contact, [champion("active"), champion("left"), champion("active")]) == ["champion left", "champion came back"])
    let before: [String: Value] = ["email": .text("a@old.com"), "role": .text("billing")]
    let after: [String: Value] = ["email": .text("a@new.com"), "role": .text("billing")]
    #expect(words(.contact, [before, after]) == ["billing left"])
  }

  @Test func `a ticket that is deleted, an opportunity that moves`() {
    let ticket = { (status: String) -> [String: Value] in ["status": .text(status)] }
    #expect(words(.ticket, [ticket("open"), ticket("deleted")]) == ["ticket status open → deleted"])
    let opportunity = { (stage: String) -> [String: Value] in ["stage": .text(stage)] }
    #expect(words(.opportunity, [opportunity("demo"), opportunity("closed")]) == ["opportunity stage demo → closed"])
  }

  @Test func `a field that only one version tells is no change`() {
    let versions: [[String: Value]] = [["stage": .text("demo")], ["amount": .integer(5)], ["stage": .text("demo")]]
    #expect(words(.opportunity, versions) == [])
  }

  @Test func `a change has the source's time and the time we learned it, and is not seen before`() throws {
    var history = EntityHistory()
    history.add(.ticket, "t", [(day: 1, fields: ["status": .text("open")])])
    let late = Record(kind: .ticket, id: "t", at: noon(2), system: "crm", fields: ["status": .text("solved")])
    history.add(late, person: nil, observedAt: noon(9))
    let change = try #require(history.changes(asOf: noon(10), ProductCatalog(), .utc).first)
    #expect(change.at == noon(2) && change.learnedAt == noon(9) && change.from == "open" && change.to == "solved")
    #expect(history.changes(asOf: noon(2) - Span(microseconds: 1), ProductCatalog(), .utc).isEmpty)
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `any order of arrival gives the same history and the same changes`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let versions = (0..<Int.random(in: 2...12, using: &random)).map { day in
      Record(
        kind: .subscription, id: "s", at: noon(Int64(day)), system: "billing", fields: subscription(Int.random(in: 1...3, using: &random)))
    }
    let inOrder = history(of: versions)
    #expect(zip(inOrder.versions, inOrder.versions.dropFirst()).allSatisfy { $0.fields != $1.fields })
    for _ in 0..<5 {
      let shuffled = history(of: versions.shuffled(using: &random))
      #expect(shuffled.versions.map(\.at) == inOrder.versions.map(\.at), "seed \(seed)")
      #expect(shuffled.versions.map(\.fields) == inOrder.versions.map(\.fields), "seed \(seed)")
      #expect(shuffled.changes == inOrder.changes, "seed \(seed)")
    }
  }

  private func history(of records: [Record]) -> (versions: [EntityVersion], changes: [String]) {
    var history = EntityHistory()
    for record in records { history.add(record, person: nil, observedAt: noon(50)) }
    let changes = history.changes(asOf: noon(100), ProductCatalog(), .utc).map { "\($0.at) \($0.description)" }
    return (history.timelines(of: .subscription).flatMap(\.versions), changes)
  }
}
