import Engine
import Events
import Features

/// Accounts that live an ordinary life, day by day: enough of everything that no rule is idle, and the same from the same seed.
struct SyntheticCompany {
  let accounts: Int
  private var random: SplitMix
  private var number = 0

  static let start = Instant(seconds: 1_735_689_600)  // 2025-01-01
  static let names = ["record_created", "record_updated", "report_viewed", "search_run", "comment_added", "dashboard_shared"]
  static let segments = ["enterprise", "mid_market", "smb"]

  init(accounts: Int, seed: UInt64) {
    self.accounts = accounts
    random = SplitMix(state: seed)
  }

  /// What is on record at the beginning: the account, what it pays, whom we know there.
  mutating func opening(of account: Int) -> [LinkedRecord] {
    let seats = Int64(5 + account % 40)
    let item: Value = .object([
      "id": .text("si"), "plan": .text("growth_seat_monthly"), "quantity": .number(Fixed(seats)), "unit_amount": .price(Rational(2_900)),
      "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
    ])
    let contract: Value = .object([
      "end": .instant(Self.start + .days(Int64(60 + account % 600))), "term": .text("annual"), "auto_renew": .flag(true),
    ])
    return [
      record(.account, "a\(account)", account, 0, ["segment": .text(Self.segments[account % 3]), "contract": contract]),
      record(
        .subscription, "s\(account)", account, 0,
        ["status": .text("active"), "items": .list([item]), "started_at": .instant(Self.start - .days(300))]),
      record(.contact, "c\(account)", account, 0, ["role": .text("champion"), "status": .text("active")], person: 1),
      record(.contact, "d\(account)", account, 0, ["role": .text("decision_maker"), "status": .text("active")]),
    ]
  }

  /// A day of one account: about ten records of usage on a business day, and now and then something else.
  mutating func day(_ day: Int, of account: Int) -> [LinkedRecord] {
    let weekday = (day + 2) % 7
    guard weekday < 5 else { return [] }
    var records: [LinkedRecord] = []
    let people = 2 + account % 6
    for person in 1...people where random.below(100) < 75 {
      records.append(usage("signed_in", account, day, person))
      records.append(usage(Self.names[random.below(Self.names.count)], account, day, person))
    }
    records.append(usage("api_call", account, day, nil, quantity: 20 + random.below(30)))
    if random.below(100) < 4 { records.append(ticket(day, of: account)) }
    if random.below(100) < 3 {
      records.append(record(.engagement, id("e"), account, day, ["direction": .text("outbound"), "bulk": .flag(false)]))
    }
    if day % 30 == account % 30 {
      let due: Value = .instant(Self.start + .days(Int64(day + 14)))
      records.append(
        record(.invoice, id("i"), account, day, ["status": .text("paid"), "due_at": due, "paid_at": due, "total": .integer(29_000)]))
    }
    return records
  }

  mutating func ticket(_ day: Int, of account: Int) -> LinkedRecord {
    record(
      .ticket, id("t"), account, day,
      ["status": .text("open"), "subject": .text("How do I export a report?"), "topic": .text("export"), "escalated": .flag(false)])
  }

  private mutating func id(_ letter: String) -> String {
    number += 1
    return "\(letter)\(number)"
  }

  private mutating func usage(_ name: String, _ account: Int, _ day: Int, _ person: Int?, quantity: Int = 1) -> LinkedRecord {
    record(.usage, "", account, day, ["name": .text(name), "quantity": .number(Fixed(quantity))], person: person)
  }

  private func record(
    _ kind: Kind, _ id: String, _ account: Int, _ day: Int, _ fields: [String: Value], person: Int? = nil
  ) -> LinkedRecord {
    let at = Self.start + .days(Int64(day)) + .hours(9)
    return LinkedRecord(
      record: Record(kind: kind, id: id, at: at, system: "synthetic", fields: fields), account: AccountKey(Int64(account + 1)),
      person: person.map { PersonKey(Int64(account * 100 + $0)) }, observedAt: at)
  }
}

/// SplitMix64.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
