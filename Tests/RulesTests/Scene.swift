import ConfigFiles
import Events
import Features
import Foundation
import Revenue
import Rules

/// One account's history, written by hand: days count from 2025-01-01 as day 0, and all is known from then through the end of `today`.
struct Scene {
  static let origin = Day(number: 20_089)
  var today = 300
  var knownFrom = 0
  var usage = UsageHistory()
  var entities = EntityHistory()
  var meanings: [String: UsageMeaning] = ["api_call": .api, "session_start": .login, "seat_limit_hit": .limitHit, "noise": .ignore]
  var plans: [String: Plan] = [:]
  /// Features beside `meanings`, with a tier and so on.
  var features: [String: ProductFeature] = [:]
  var tiers: [String] = []
  /// The company's calendar; building one with holidays takes a while, so it is kept.
  private(set) var calendar = CompanyCalendar.utc
  var holidays: [Day] = [] {
    didSet { calendar = CompanyCalendar(timeZone: "UTC", holidays: holidays) ?? .utc }
  }
  var unknownKinds: Set<Kind> = []
  var coversCustomers = true
  /// Days of which nothing could be read.
  var holes: [ClosedRange<Int>] = []
  /// The day since which the feeds do not get on.
  var staleSince: Int?
  /// Figures of all accounts, by feature.
  var cohort: [String: [Day: Fixed]] = [:] { didSet { cohorts = CohortTable(all: cohort) } }
  var cohorts = CohortTable()
  var openedOn: Int?
  var frozen: [String: Fixed] = [:]
  var standings: [String: RuleStanding] = [:]
  var risk: RiskStanding?
  var expansionCase: ExpansionCase?
  private var subscriptions: [String: [SubscriptionVersion]] = [:]

  static func day(_ index: Int) -> Day { origin + index }
  static func instant(_ index: Int, hour: Int64 = 12) -> Instant { CompanyCalendar.utc.start(of: day(index)) + .hours(hour) }

  /// Use of a feature by persons on days of a range.
  mutating func use(
    _ name: String, by persons: [Int64?] = [1], on days: ClosedRange<Int>, every step: Int = 1, quantity: Int = 1,
    weekdaysOnly: Bool = false, team: String? = nil
  ) {
    for day in stride(from: days.lowerBound, through: days.upperBound, by: step) {
      if weekdaysOnly, !CompanyCalendar.utc.isBusinessDay(Self.day(day)) { continue }
      for person in persons {
        usage.add(name: name, person: person.map(PersonKey.init), quantity: Fixed(quantity), on: Self.day(day), team: team)
      }
    }
  }

  mutating func record(_ kind: Kind, _ id: String, on day: Int, person: Int64? = nil, hour: Int64 = 9, _ fields: [String: Value]) {
    let at = Self.instant(day, hour: hour)
    let record = Record(kind: kind, id: id, at: at, system: "test", account: "a", fields: fields)
    entities.add(record, person: person.map(PersonKey.init), observedAt: at)
    if kind == .subscription { subscriptions[id, default: []].append(SubscriptionVersion(at: at, fields: fields)) }
  }

  mutating func subscribe(
    seats: Int, on day: Int, hour: Int64 = 9, plan: String = "team", startedOn: Int = 0, _ more: [String: Value] = [:]
  ) {
    var fields: [String: Value] = [
      "status": .text("active"), "started_at": .instant(Self.instant(startedOn)),
      "items": .list([
        .object([
          "id": .text("si"), "plan": .text(plan), "quantity": .number(Fixed(seats)), "unit_amount": .price(Rational(2000)),
          "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
        ])
      ]),
    ]
    fields.merge(more) { $1 }
    record(.subscription, "sub", on: day, hour: hour, fields)
  }

  private func start(of day: Int) -> Instant { calendar.start(of: Self.day(day)) }

  /// As of the last moment of `today`.
  var facts: Facts {
    let through = calendar.end(of: Self.day(today))
    var known = KnownRanges()
    known.advance(
      stream: "all", kinds: Kind.allCases.filter { !unknownKinds.contains($0) }, from: calendar.start(of: Self.day(knownFrom)),
      through: through, holes: holes.map { Hole(from: start(of: $0.lowerBound), until: start(of: $0.upperBound + 1)) },
      coversCustomers: coversCustomers)
    known.setStale("all", since: staleSince.map(start))
    let catalog = ProductCatalog(
      features: meanings.mapValues { ProductFeature(meaning: $0) }.merging(features) { $1 }, plans: plans, tiers: tiers)
    let timelines = subscriptions.keys.sorted().map {
      SubscriptionTimeline(id: $0, versions: (subscriptions[$0] ?? []).sorted { $0.at < $1.at })
    }
    let account = AccountFacts(
      key: AccountKey(1), usage: usage, entities: entities,
      ledger: Ledger(timelines, RevenueTerms(calendar: calendar), countsSeats: { catalog.countsSeats($0) }))
    let company = CompanyFacts(calendar: calendar, catalog: catalog, known: known, cohort: cohorts, lexicons: Repository.lexicons)
    var facts = Facts(account: account, company: company, now: through)
    facts.openedAt = openedOn.map { calendar.end(of: Self.day($0)) }
    facts.frozen = frozen
    facts.ruleStates = standings
    facts.risk = risk
    facts.expansionCase = expansionCase
    return facts
  }

  /// The value of an expression for this account.
  func value(_ text: String, hasCase: Bool = false, rules: [String: RuleSubjectMatter] = [:]) -> Outcome {
    guard let expression = compiled(text, hasCase: hasCase, rules: rules) else { return .missing(.named("does not compile: \(text)")) }
    return Evaluator.evaluate(expression, facts)
  }
}

func compiled(_ text: String, hasCase: Bool = false, rules: [String: RuleSubjectMatter] = [:]) -> CompiledExpression? {
  CompiledExpression.compile(text, in: ExpressionScope(hasCase: hasCase, rules: rules)).0
}

/// What a fault says, as tables of tests compare it.
func faults(_ text: String, hasCase: Bool = false, rules: [String: RuleSubjectMatter] = [:]) -> [Fault] {
  CompiledExpression.compile(text, in: ExpressionScope(hasCase: hasCase, rules: rules)).1
}

enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

  /// The shipped rule files, by name.
  static func ruleFiles() throws -> [SourceFile] {
    try ["lexicons", "rules"].flatMap { name in
      let folder = root.appending(path: "config/\(name)").resolvingSymlinksInPath()
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
      return try names.map {
        SourceFile(path: "config/\(name)/\($0)", text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
      }
    }
  }

  static let lexicons = (try? shippedRules())?.lexicons ?? Lexicons()

  static func shippedRules() throws -> CompiledRules {
    var diagnostics = Diagnostics()
    guard let rules = CompiledRules.load(files: try ruleFiles(), diagnostics: &diagnostics) else { throw diagnostics.all[0] }
    return rules
  }
}
