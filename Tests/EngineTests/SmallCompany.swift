import ConfigFiles
import Engine
import Events
import Features
import Foundation
import Rules

/// A company of a few dozen accounts that live their lives under the shipped rules, and what can go wrong with telling of them.
///
/// Four accounts have troubles of their own, so that there is something that must not be resolved: one whose API traffic ends, one whose
/// champion leaves, one whose escalations come back, one that does not pay.
struct SmallCompany {
  static let accounts: Int64 = 24
  static let trouble = 100
  static let disturbance = 140
  static let calm = 172

  /// What goes wrong, from the day of the disturbance on.
  enum Disturbance: CaseIterable {
    case none, staleFeed, silentHours, renamedFeature, holiday, missingSupport, missingCRM, missingUsage

    /// The kinds no feed ever brings.
    var missing: [Kind] {
      switch self {
      case .missingSupport: [.ticket]
      case .missingCRM: [.contact, .engagement, .opportunity, .account]
      case .missingUsage: [.usage]
      default: []
      }
    }
  }

  private(set) var fold: LogFold
  private(set) var transitions: [Transition] = []
  private(set) var notices: [Notice] = []
  private var random: SeededGenerator
  private var sequence: Int64 = 0
  private var late: [LinkedRecord] = []
  private var identifier = 0
  let disturbance: Disturbance
  /// The day from which the API traffic of the first account is back; nil: it stays dead.
  var recovery: Int?

  init(seed: UInt64, _ disturbance: Disturbance = .none, configuration: CompiledConfiguration) throws {
    random = SeededGenerator(seed: seed)
    self.disturbance = disturbance
    fold = LogFold { _ in configuration }
    try step(.activation(digest: "d"), Self.instant(0, 0))
    for account in 1...Self.accounts { try step(.records(opening(account)), Self.instant(0, 1)) }
    for kind in Kind.allCases where !disturbance.missing.contains(kind) { try watermark(kind, Self.instant(0, 1)) }
  }

  /// The same company up to now, to which something else happens from here on.
  func branching(to disturbance: Disturbance) -> SmallCompany {
    var branch = SmallCompany(self, disturbance)
    branch.transitions = []
    branch.notices = []
    return branch
  }

  private init(_ other: SmallCompany, _ disturbance: Disturbance) {
    fold = other.fold
    random = other.random
    sequence = other.sequence
    identifier = other.identifier
    recovery = other.recovery
    self.disturbance = disturbance
  }

  /// The shipped rules; the fortnight from the disturbance on is a holiday where one is wanted.
  static func configuration(hasHoliday: Bool = false) throws -> CompiledConfiguration {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let files = try ["lexicons", "rules"].flatMap { name in
      let folder = root.appending(path: "config/\(name)").resolvingSymlinksInPath()
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
      return try names.map {
        SourceFile(path: "\(name)/\($0)", text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
      }
    }
    var diagnostics = Diagnostics()
    guard let rules = CompiledRules.load(files: files, diagnostics: &diagnostics) else { throw diagnostics.all[0] }
    let first = Day(number: 20_454) + disturbance
    let holidays = hasHoliday ? (0..<14).map { first + $0 } : []
    return CompiledConfiguration(
      digest: "d", rules: rules, catalog: ProductCatalog(meanings: ["signed_in": .login, "api_call": .api, "api_call_v2": .api]),
      calendar: CompanyCalendar(timeZone: "UTC", holidays: holidays) ?? .utc)
  }

  // MARK: Days

  mutating func live(_ days: Range<Int>) throws {
    for day in days {
      let records = (1...Self.accounts).flatMap { self.day(day, $0) }
      try tell(records, day)
      try tellHow(day)
    }
  }

  /// What the feeds bring of a day's records, by the hour at which they happened.
  private mutating func tell(_ records: [LinkedRecord], _ day: Int) throws {
    var now: [LinkedRecord] = []
    for linked in records where !disturbance.missing.contains(linked.record.kind) {
      if isSilent(linked.record.kind, linked.record.at) { late.append(linked) } else { now.append(linked) }
    }
    try step(.records(now), Self.instant(day, 20))
  }

  private mutating func tellHow(_ day: Int) throws {
    let morning = Self.instant(day + 1, 6)
    switch disturbance {
    case .staleFeed where day == Self.disturbance + 1:
      for stream in ["usage", "contact", "ticket"] {
        try step(.staleness(StreamStaleness(stream: "app.\(stream)", since: Self.instant(Self.disturbance, 0), error: "401")), morning)
      }
    case .staleFeed where day == Self.disturbance + 8:
      try bringLate(morning)
      for stream in ["usage", "contact", "ticket"] {
        try step(.staleness(StreamStaleness(stream: "app.\(stream)", since: nil, error: nil)), morning)
      }
    case .silentHours where day == Self.disturbance + 1: try bringLate(morning)
    default: break
    }
    for kind in Kind.allCases where !disturbance.missing.contains(kind) && !isStale(kind, day) {
      try watermark(kind, Self.instant(day + 1, 0), at: morning)
    }
  }

  private mutating func bringLate(_ now: Instant) throws {
    let records = late
    late = []
    try step(.records(records), now)
  }

  private func isSilent(_ kind: Kind, _ at: Instant) -> Bool {
    switch disturbance {
    case .staleFeed:
      [.usage, .contact, .ticket].contains(kind) && at >= Self.instant(Self.disturbance, 0) && at < Self.instant(Self.disturbance + 8, 0)
    case .silentHours: kind == .usage && at >= Self.instant(Self.disturbance, 0) && at < Self.instant(Self.disturbance + 1, 0)
    default: false
    }
  }

  private func isStale(_ kind: Kind, _ day: Int) -> Bool {
    disturbance == .staleFeed && [.usage, .contact, .ticket].contains(kind) && day >= Self.disturbance && day < Self.disturbance + 8
  }

  // MARK: Lives

  private mutating func opening(_ account: Int64) -> [LinkedRecord] {
    let item: Value = .object([
      "id": .text("si"), "plan": .text("team"), "quantity": .number(Fixed(9)), "unit_amount": .price(Rational(2_900)),
      "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
    ])
    let at = Self.instant(0, 0)
    let contract: Value = .object(["end": .instant(at + .days(900)), "term": .text("annual"), "auto_renew": .flag(true)])
    return [
      told(.account, "a\(account)", account: account, at: at, ["contract": contract, "segment": .text("smb")]),
      told(
        .subscription, "s\(account)", account: account, at: at,
        ["status": .text("active"), "items": .list([item]), "started_at": .instant(at - .days(300))]),
      linked(told(.contact, "c\(account)", account: account, at: at, ["role": .text("champion"), "status": .text("active")]), to: 1),
      told(.contact, "d\(account)", account: account, at: at, ["role": .text("decision_maker"), "status": .text("active")]),
    ].filter { !disturbance.missing.contains($0.record.kind) }
  }

  private func linked(_ linked: LinkedRecord, to person: Int64) -> LinkedRecord {
    LinkedRecord(
      record: linked.record, account: linked.account, person: PersonKey(linked.account.number * 100 + person), observedAt: linked.observedAt
    )
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func day(_ day: Int, _ account: Int64) -> [LinkedRecord] {
    var records = troubles(day, account)
    let isHoliday = disturbance == .holiday && day >= Self.disturbance && day < Self.disturbance + 14
    // Everybody draws the same numbers, so that a branch differs by its disturbance alone.
    let isWeekend = (day + 3) % 7 >= 5
    for person in Int64(1)...8 {
      let isHere = chance(isWeekend ? 3 : 88)
      guard isHere, !isHoliday else { continue }
      records.append(use("signed_in", account, person, day))
      records.append(use("record_created", account, person, day))
      if person % 2 == 0 { records.append(use(isRenamed(day) ? "export_v2" : "export", account, person, day)) }
      if person % 3 == 0 { records.append(use("report_viewed", account, person, day)) }
    }
    let calls = Int.random(in: 30..<50, using: &random)
    let isDead = account == 1 && day >= Self.trouble && day < recovery ?? .max
    if !isWeekend, !isHoliday, !isDead {
      records.append(
        used(id("u"), account: account, at: Self.instant(day, 15), name: isRenamed(day) ? "api_call_new" : "api_call", quantity: calls))
    }
    if chance(1) { records.append(ticket(account, day, ["status": .text("solved"), "topic": .text("login")])) }
    if day % 30 == Int(account), account != 4 || day < Self.trouble { records.append(invoice(account, day, isPaid: true)) }
    if day % 20 == Int(account % 20) {
      records.append(told(.engagement, id("e"), account: account, at: Self.instant(day, 11), ["direction": .text("outbound")]))
    }
    return records
  }

  private func isRenamed(_ day: Int) -> Bool { disturbance == .renamedFeature && day >= Self.disturbance }

  private mutating func troubles(_ day: Int, _ account: Int64) -> [LinkedRecord] {
    switch (account, day) {
    case (2, Self.trouble):
      return [
        linked(told(.contact, "c2", account: 2, at: Self.instant(day, 9), ["role": .text("champion"), "status": .text("left")]), to: 1)
      ]
    case (3, 110...113):
      let status = day == 110 ? "open" : day == 111 ? "solved" : "open"
      return (1...4).map { number in
        told(
          .ticket, "bad\(number)", account: 3, at: Self.instant(day, 9),
          ["status": .text(status), "escalated": .flag(true), "topic": .text("sync"), "opened_at": .instant(Self.instant(110, 9))])
      }
    case (4, Self.trouble): return [invoice(account, day, isPaid: false)]
    default: return []
    }
  }

  private mutating func invoice(_ account: Int64, _ day: Int, isPaid: Bool) -> LinkedRecord {
    let due: Value = .instant(Self.instant(day, 0) + .days(5))
    var fields: [String: Value] = ["status": .text(isPaid ? "paid" : "open"), "due_at": due, "total": .integer(26_100)]
    if isPaid { fields["paid_at"] = due }
    return told(.invoice, id("i"), account: account, at: Self.instant(day, 8), fields)
  }

  private mutating func ticket(_ account: Int64, _ day: Int, _ fields: [String: Value]) -> LinkedRecord {
    told(.ticket, id("t"), account: account, at: Self.instant(day, 10), fields)
  }

  private mutating func use(_ name: String, _ account: Int64, _ person: Int64, _ day: Int) -> LinkedRecord {
    linked(used(id("u"), account: account, at: Self.instant(day, 13 + person % 2), name: name), to: person)
  }

  private mutating func id(_ letter: String) -> String {
    identifier += 1
    return "\(letter)\(identifier)"
  }

  // MARK: Steps

  /// Day n from 1 January 2026, a Thursday, on.
  static func instant(_ day: Int, _ hour: Int64) -> Instant { EngineTests.day(Int64(day), hour: hour) }

  private mutating func watermark(_ kind: Kind, _ through: Instant, at instant: Instant? = nil) throws {
    try step(
      .watermark(
        Watermark(
          stream: "app.\(kind.rawValue)", kinds: [kind], knownFrom: Self.instant(0, 0), completeThrough: through, system: "app",
          coversCustomers: true)), instant ?? through)
  }

  private mutating func step(_ content: Step.Content, _ at: Instant) throws {
    sequence += 1
    let outcome = try fold.fold([Step(sequence: sequence, at: at, content: content)], writesStates: false)
    transitions += outcome.transitions
    notices += outcome.notices
  }
}
