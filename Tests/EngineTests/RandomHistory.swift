import Engine
import Events
import Features

/// A company's log as it could be but for its haste: records of all kinds, late, ahead and told otherwise, watermarks, holes, streams that
/// go stale, links that move, other rules.
struct RandomHistory {
  private var random: SeededGenerator
  private(set) var steps: [Step] = []
  private var now = day(0, hour: 0)
  private var told: [LinkedRecord] = []
  private var sequence: Int64 = 0
  private var idNumber = 0
  private let accounts: Int64

  /// - Parameter length: how many steps, a day and a bit apart.
  init(seed: UInt64, accounts: Int64, length: Int) {
    random = SeededGenerator(seed: seed)
    self.accounts = accounts
    add(.activation(digest: "a"))
    for account in 1...accounts where chance(80) { add(.records([subscription(account)])) }
    for kind in Kind.allCases where chance(85) { watermark(kind) }
    for _ in 0..<length { move() }
  }

  private mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }

  private mutating func add(_ content: Step.Content) {
    sequence += 1
    steps.append(Step(sequence: sequence, at: now, content: content))
  }

  private mutating func move() {
    now = now + (chance(60) ? .hours(number(1...20)) : .days(number(0...3)))
    switch number(0...99) {
    case 0..<45: add(.records((0..<number(1...12)).map { _ in usage() }))
    case 45..<68: add(.records((0..<number(1...3)).map { _ in record() }))
    case 68..<86: watermark(chance(70) ? .usage : pick(Kind.allCases))
    case 86..<88: add(.activation(digest: pick(["a", "b"])))
    case 88..<91:
      let kind = chance(50) ? .usage : pick(Kind.allCases)
      let since = chance(50) ? now - .days(number(0...3)) : nil
      add(.staleness(StreamStaleness(stream: "app.\(kind.rawValue)", since: since, error: nil)))
    case 91..<93: rebuild()
    case 93..<94: add(.outageAccepted(system: "app"))
    default: add(.tick)
    }
  }

  private mutating func watermark(_ kind: Kind) {
    let hole = chance(4) ? [Hole(from: now - .days(number(5...30)), until: now - .days(number(1...4)))] : []
    add(
      .watermark(
        Watermark(
          stream: "app.\(kind.rawValue)", kinds: [kind], knownFrom: day(chance(95) ? -90 : number(-60...5), hour: 0),
          completeThrough: now - .hours(number(0...30)), system: "app", holes: hole, coversCustomers: chance(90))))
  }

  private mutating func rebuild() {
    let account = AccountKey(number(1...accounts))
    let own = told.filter { $0.account == account && chance(80) }
    add(.rebuild(Rebuild(account: account, records: own, begins: true, ends: false)))
    add(.rebuild(Rebuild(account: account, records: [], begins: false, ends: true)))
  }

  // MARK: Records

  private mutating func linked(_ record: Record) -> LinkedRecord {
    // Now and then what was told before is told otherwise.
    let before = chance(8) ? told.last { $0.record.kind == record.kind } : nil
    var record = record
    if let before { record.id = before.record.id }
    let linked = LinkedRecord(
      record: record, account: AccountKey(number(1...accounts)), person: chance(80) ? PersonKey(number(1...4)) : nil, observedAt: now,
      supersedes: before.map { Superseded(record: $0.record, account: $0.account, person: $0.person) })
    if let before { told.removeAll { $0.record.id == before.record.id && $0.record.kind == before.record.kind } }
    told.append(linked)
    return linked
  }

  private mutating func usage() -> LinkedRecord {
    let back = chance(85) ? .hours(number(0...30)) : Span.days(number(-1...60))
    idNumber += 1
    var fields: [String: Value] = ["name": .text(pick(RandomRules.usageNames)), "quantity": .number(Fixed(Int(number(1...9))))]
    if chance(40) { fields["team"] = .text(pick(RandomRules.words)) }
    return linked(Record(kind: .usage, id: "u\(idNumber)", at: now - back, system: "app", fields: fields))
  }

  private mutating func record() -> LinkedRecord {
    let kind = pick(Kind.allCases.filter { $0 != .usage })
    if kind == .subscription { return subscription(number(1...accounts)) }
    var fields: [String: Value] = [:]
    for field in EventSchema.fields(of: kind) where chance(75) { fields[field.name] = value(of: field) }
    let isEntity = kind.isEntity && chance(80)
    idNumber += 1
    let id = isEntity ? "\(kind.rawValue)\(number(1...5))" : "r\(idNumber)"
    let back = chance(85) ? .hours(number(0...20)) : Span.days(number(-5...60))
    return linked(Record(kind: kind, id: id, at: now - back, system: "app", fields: fields))
  }

  private mutating func value(of field: EventSchema.Field) -> Value? {
    switch field.type {
    case .choice(let words): .text(pick(words))
    case .flag: .flag(chance(50))
    case .integer, .money: .integer(number(0...10))
    case .number: .number(Fixed(Int(number(0...10))))
    case .instant: .instant(now + .hours(number(-900...700)))
    case .text:
      .text(pick(RandomRules.words + ["contact1", "invoice1", "invoice2", "open", "paid", "open alpha", "Beta contacts", "not alpha"]))
    case .object(let members):
      .object(
        members.reduce(into: [:]) { result, member in
          if chance(80) { result[member.name] = value(of: member) }
        })
    default: nil
    }
  }

  private mutating func subscription(_ account: Int64) -> LinkedRecord {
    let item: Value = .object([
      "id": .text("si"), "plan": .text(pick(["team", "team", "pro"])), "quantity": .number(Fixed(Int(number(1...20)))),
      "unit_amount": .price(Rational(1_000)), "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1),
      "metered": .flag(false),
    ])
    var fields: [String: Value] = [
      "status": .text(pick(["active", "active", "active", "trialing", "past_due", "canceled"])), "items": .list([item]),
    ]
    if chance(60) { fields["started_at"] = .instant(now - .days(number(-3...200))) }
    if chance(10) { fields["ended_at"] = .instant(now + .hours(number(-100...700))) }
    if chance(20) {
      fields["discounts"] = .list([.object(["percent": .number(Fixed(10)), "ends_at": .instant(now + .hours(number(-100...700)))])])
    }
    let record = Record(kind: .subscription, id: "s\(account)", at: now - .hours(number(-40...40)), system: "app", fields: fields)
    let linked = LinkedRecord(record: record, account: AccountKey(account), person: nil, observedAt: now)
    told.append(linked)
    return linked
  }
}
