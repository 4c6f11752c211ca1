import Engine
import Events
import Features

/// The steps of a test's log, day by day: what the daemon would have written had it polled an account like this.
struct TrialHistory {
  static let account = AccountKey(1)
  private static let accountID = "acme"
  private static let system = "trial"

  private let setting: TrialSetting
  private let configuration: CompiledConfiguration
  private var calendar: CompanyCalendar { configuration.calendar }
  /// The subscription as it stands.
  private var seats: Int64
  private var plan: String
  private var price: Int64
  /// The last version of each record, to which the next adds.
  private var records: [String: [String: Value]] = [:]
  private var persons: [String: PersonKey] = [:]
  private var others: [String: AccountKey] = [:]
  private var stale: [Kind: Instant] = [:]
  private var next = 0

  init(_ setting: TrialSetting, _ configuration: CompiledConfiguration) {
    self.setting = setting
    self.configuration = configuration
    seats = setting.seats
    plan = setting.plan
    price = setting.price
  }

  /// What is written before the first day.
  var beginning: [(at: Instant, content: Step.Content)] {
    [(calendar.start(of: setting.from), .activation(digest: configuration.digest))]
  }

  /// What is written on a day: how far each kind is known, then what happened; its usage is known complete on the next.
  mutating func steps(on day: Day) -> [(at: Instant, content: Step.Content)] {
    let start = calendar.start(of: day)
    var steps = Kind.allCases.filter { !setting.notConnected.contains($0) && stale[$0] == nil }.map { kind in
      (at: start + .hours(1), content: Step.Content.watermark(watermark(kind, through: kind == .usage ? start : start + .hours(1))))
    }
    if day == setting.from { steps.append((start + .hours(8), .records(firstRecords(at: start + .hours(8))))) }
    for (index, event) in setting.events.filter({ $0.day == day }).enumerated() {
      let at = start + .hours(9) + .minutes(Int64(index))
      switch event.change {
      case .stale(let kind):
        stale[kind] = at
        steps.append((at, .staleness(StreamStaleness(stream: Self.stream(kind), since: at, error: "401"))))
      case .fresh(let kind):
        stale[kind] = nil
        steps.append((at, .staleness(StreamStaleness(stream: Self.stream(kind), since: nil, error: nil))))
      default: if let record = linked(event.change, at: at) { steps.append((at, .records([record]))) }
      }
    }
    if !setting.notConnected.contains(.usage), stale[.usage] == nil {
      let use = usage(on: day, at: start + .hours(15))
      if !use.isEmpty { steps.append((start + .hours(15), .records(use))) }
    }
    return steps
  }

  private static func stream(_ kind: Kind) -> String { "\(system).\(kind.rawValue)" }

  private func watermark(_ kind: Kind, through: Instant) -> Watermark {
    Watermark(
      stream: Self.stream(kind), kinds: [kind], knownFrom: calendar.start(of: setting.from), completeThrough: through, system: Self.system,
      coversCustomers: true)
  }

  // MARK: Records

  private mutating func firstRecords(at: Instant) -> [LinkedRecord] {
    var found: [LinkedRecord] = []
    for number in 1...Int64(setting.peers + 1) {
      let key = AccountKey(number)
      let name = key == Self.account ? "Acme" : "Peer \(number)"
      var fields = setting.account
      fields["name"] = fields["name"] ?? .text(name)
      fields["status"] = fields["status"] ?? .text("customer")
      found.append(make(.account, key == Self.account ? Self.accountID : "peer\(number)", fields, key, nil, at))
      found.append(make(.subscription, key == Self.account ? "sub" : "sub\(number)", subscription, key, nil, at))
      if key == Self.account {
        records["account/\(Self.accountID)"] = fields
        records["subscription/sub"] = subscription
      }
    }
    return found.filter { !setting.notConnected.contains($0.record.kind) }
  }

  private var subscription: [String: Value] {
    let item: Value = .object([
      "id": .text("seats"), "plan": .text(plan), "quantity": .number(Fixed(seats)), "unit_amount": .price(Rational(Int128(price))),
      "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
    ])
    return [
      "status": .text("active"), "items": .list([item]), "started_at": .instant(calendar.start(of: setting.customerSince) + .hours(9)),
    ]
  }

  private mutating func linked(_ change: TrialEvent.Change, at: Instant) -> LinkedRecord? {
    switch change {
    case .seats(let count): seats = count
    case .plan(let name): plan = name
    case .price(let amount): price = amount
    case .record(let kind, let id, let name, let uses, let fields, let without):
      if setting.notConnected.contains(kind) { return nil }
      var person = uses.map { PersonKey(Int64($0)) }
      if person == nil, let name = name ?? (kind == .contact ? id : nil) { person = key(of: name) }
      if kind == .contact, let person { persons[id] = persons[id] ?? person }
      var known = records["\(kind.rawValue)/\(id)", default: [:]].merging(fields) { $1 }
      for field in without { known[field] = nil }
      records["\(kind.rawValue)/\(id)"] = known
      let account = kind == .account && id != Self.accountID ? other(id) : Self.account
      return make(kind, id, known, account, kind == .contact ? persons[id] : person, at)
    case .stale, .fresh: return nil
    }
    let known = records["subscription/sub", default: [:]].merging(subscription) { $1 }
    records["subscription/sub"] = known
    return make(.subscription, "sub", known, Self.account, nil, at)
  }

  /// Another account of the company's, by its id.
  private mutating func other(_ id: String) -> AccountKey {
    let key = others[id] ?? AccountKey(Int64(1_000 + others.count))
    others[id] = key
    return key
  }

  /// A person by the id of their contact, or `p3` for the third user.
  private mutating func key(of name: String) -> PersonKey {
    if let known = persons[name] { return known }
    let key = name.hasPrefix("p") ? Int64(name.dropFirst()).map(PersonKey.init) : nil
    let person = key ?? PersonKey(Int64(10_000 + persons.count))
    persons[name] = person
    return person
  }

  private func make(
    _ kind: Kind, _ id: String, _ fields: [String: Value], _ account: AccountKey, _ person: PersonKey?, _ at: Instant
  ) -> LinkedRecord {
    LinkedRecord(
      record: Record(kind: kind, id: id, at: at, system: Self.system, fields: fields), account: account, person: person, observedAt: at)
  }

  // MARK: Usage

  private mutating func usage(on day: Day, at: Instant) -> [LinkedRecord] {
    guard calendar.isBusinessDay(day) else { return [] }
    var found: [LinkedRecord] = []
    for routine in setting.routines where !routine.isWeekly || day.weekday == .monday {
      if let phase = routine.phase(on: day) { found += use(routine.event, phase, Self.account, at) }
      guard let first = routine.phases.first else { continue }
      for number in 0..<setting.peers { found += use(routine.event, first, AccountKey(Int64(number + 2)), at) }
    }
    return found
  }

  private mutating func use(_ event: String, _ phase: UsageRoutine.Phase, _ account: AccountKey, _ at: Instant) -> [LinkedRecord] {
    var fields: [String: Value] = ["name": .text(event)]
    fields["team"] = phase.team.map(Value.text)
    switch phase.who {
    case .quantity(0): return []
    case .quantity(let count):
      fields["quantity"] = .number(Fixed(count))
      next += 1
      return [make(.usage, "u\(next)", fields, account, nil, at)]
    case .persons(let numbers):
      return numbers.map { number in
        next += 1
        return make(.usage, "u\(next)", fields, account, PersonKey(Int64(number)), at)
      }
    }
  }
}
