import Events
import Revenue
import Rules
import Testing

@Suite struct EvaluationTests {
  // MARK: Logic

  /// `a`, `b`: true, false, or missing (a division by zero).
  @Test(arguments: [
    ("true and 1/0 > 1", "unknown"), ("false and 1/0 > 1", "no"), ("1/0 > 1 and false", "no"), ("true or 1/0 > 1", "yes"),
    ("1/0 > 1 or true", "yes"), ("false or 1/0 > 1", "unknown"), ("not 1/0 > 1", "unknown"), ("1/0 is missing", "yes"),
    ("1/0 is known", "no"), ("3 is known", "yes"), ("if(1/0 > 1, true, false)", "unknown"), ("max(1, 1/0) > 0", "unknown"),
    ("1/0 in (1, 2)", "unknown"), ("2 in (1, 2)", "yes"), ("3 in (1, 2)", "no"), ("if(2 > 1, 5, 6) = 5", "yes"),
  ])
  func followsKleene(_ text: String, _ expected: String) {
    #expect(word(Scene().value(text)) == expected)
  }

  private func word(_ outcome: Outcome) -> String { outcome.isMissing ? "unknown" : outcome.isTrue ? "yes" : "no" }

  @Test(arguments: [
    ("1 + 2 * 3 = 7", true), ("(1 + 2) * 3 = 9", true), ("1 / 3 = 0.333333", true), ("2 / 3 = 0.666667", true), ("-2 - 3 = -5", true),
    ("60% = 0.6", true), ("14d = 2w", true), ("2 * 7d = 14d", true), ("14d / 2 = 7d", true), ("36h / 1d = 1.5", true),
    ("abs(-3) = 3", true), ("min(3, 2, 4) = 2", true), ("max(3d, 48h) = 3d", true), ("3 > 3", false), ("3 >= 3", true), ("3 != 3", false),
  ])
  func calculatesExactly(_ text: String, _ expected: Bool) {
    #expect(Scene().value(text) == .flag(expected))
  }

  // MARK: Usage

  @Test func windowsEndAtTheLastCompleteDay() {
    var scene = Scene()
    scene.today = 100
    scene.use("api_call", on: 91...100, quantity: 5)
    scene.use("editor", by: [1, 2], on: 95...96)
    scene.use("noise", on: 100...100)
    #expect(scene.value("count(usage.api, 10d)") == .number(Fixed(50)))
    #expect(scene.value("count(usage.api, 9d)") == .number(Fixed(45)))
    #expect(scene.value("count(usage.api, 5d, before: 5d)") == .number(Fixed(25)))
    #expect(scene.value("count(usage.api, 10d, before: 10d)") == .number(.zero))
    #expect(scene.value("active_days(usage.feature, 10d)") == .number(Fixed(2)))
    #expect(scene.value("person_days(usage.feature, 10d)") == .number(Fixed(4)))
    #expect(scene.value("distinct(usage.person, 10d)") == .number(Fixed(2)))
    #expect(scene.value("count(usage, 10d, name in (\"editor\"))") == .number(Fixed(4)))
    #expect(scene.value("active_days(usage, 1d, name = \"noise\")") == .number(.zero))
    #expect(scene.value("last(usage.feature)") == .instant(Scene.instant(96, hour: 0)))
    #expect(scene.value("first(usage.feature)") == .instant(Scene.instant(95, hour: 0)))
    #expect(scene.value("silent_for(usage.feature)") == .duration(.days(4)))
    #expect(scene.value("exists(usage.limit_hit, 10d)") == .flag(false))
  }

  @Test func aWindowBeforeTheKnownDaysIsMissingAndNotZero() {
    var scene = Scene()
    scene.today = 30
    scene.knownFrom = 10
    scene.subscribe(seats: 10, on: 0)
    #expect(scene.value("count(usage.api, 21d)") == .number(.zero))
    #expect(scene.value("count(usage.api, 22d)").missing == .usageKnownFrom(Scene.day(10)))
    #expect(scene.value("exists(ticket, 21d)") == .flag(false))
    #expect(scene.value("exists(ticket, 22d)").missing == .kindKnownFrom(.ticket, Scene.day(10)))
    #expect(scene.value("last(usage)").missing == .because(.neverUsed))
    scene.unknownKinds = [.usage, .ticket]
    #expect(scene.value("count(usage.api, 3d)").missing == .usageUnknown)
    #expect(scene.value("exists(ticket)").missing == .kindUnknown(.ticket))
  }

  @Test func countsBusinessDaysByTheCalendar() {
    var scene = Scene()
    scene.today = 99
    scene.use("api_call", on: 86...99, quantity: 10)
    scene.holidays = [Scene.day(98)]
    let open = (86...99).filter { CompanyCalendar.utc.isBusinessDay(Scene.day($0)) && $0 != 98 }.count
    #expect(scene.value("active_days(usage.api, 14d, business_day)") == .number(Fixed(open)))
    #expect(scene.value("per_business_day(usage.api, 14d)") == .number(Fixed(10)))
  }

  @Test func comparesWithTheSpanBefore() {
    var scene = Scene()
    scene.today = 100
    scene.use("api_call", on: 73...86, quantity: 10)
    scene.use("api_call", on: 87...100, quantity: 4)
    #expect(scene.value("change(count(usage.api), 14d)") == .number(Fixed("-0.6") ?? .zero))
    #expect(scene.value("change(count(usage.login), 14d)").missing == .because(.nothingBefore))
  }

  @Test func adjustsByTheCohortsMedianOfTheSameDay() {
    var scene = Scene()
    scene.today = 100
    scene.use("api_call", on: 73...86, quantity: 10)
    scene.use("api_call", on: 87...100, quantity: 4)
    let text = "adjusted(change(count(usage.api), 14d))"
    #expect(scene.value(text) == .number(Fixed("-0.6") ?? .zero))
    scene.cohort = ["change(count(usage.api), 14d)": [Scene.day(100): Fixed("0.5") ?? .zero, Scene.day(99): Fixed(9)]]
    #expect(scene.value(text) == .number(Fixed("-0.2") ?? .zero))
  }

  // MARK: References

  @Test func ownLevelIsTheMeanOverWholeWindowsOfTheNinetyDaysBefore() {
    var scene = Scene()
    scene.today = 117
    scene.use("api_call", on: 6...33, quantity: 4)
    scene.use("api_call", on: 34...61, quantity: 1)
    scene.use("api_call", on: 62...89, quantity: 1)
    scene.use("api_call", on: 90...117, quantity: 1)
    #expect(scene.value("own_level(count(usage.api), 28d)") == .number(Fixed(56)))
    #expect(scene.value("below_own_level(count(usage.api), 28d)") == .number(Fixed("-0.5") ?? .zero))
  }

  @Test(arguments: [(83, false), (84, true)])
  func ownLevelNeedsFiftySixKnownDays(_ knownDays: Int, _ isKnown: Bool) {
    var scene = Scene()
    scene.knownFrom = scene.today - knownDays + 1
    scene.use("api_call", on: 0...300)
    #expect(scene.value("own_level(count(usage.api), 28d) is known") == .flag(isKnown))
  }

  @Test func anOpenEpisodeReadsWhatWasFrozen() throws {
    var scene = Scene()
    scene.use("api_call", on: 0...180, quantity: 10)
    let text = "-below_own_level(count(usage.api), 28d)"
    // A hundred days of silence: the moving level has died with the account.
    #expect(scene.value(text).missing == .because(.nothingBefore))
    scene.openedOn = 220
    scene.frozen = ["own_level(count(usage.api), 28d)": Fixed(280)]
    #expect(scene.value(text) == .number(Fixed(1)))
    #expect(scene.value("ago(own_level(count(usage.api), 28d), 120d)") == .number(Fixed(280)))
    scene.frozen = [:]
    #expect(scene.value(text).missing == .because(.notFrozen))
  }

  @Test func peakIsTheHighestEndOfDayBeforeToday() {
    var scene = Scene()
    scene.today = 100
    scene.subscribe(seats: 10, on: 0)
    scene.subscribe(seats: 4, on: 90, hour: 6)
    scene.subscribe(seats: 30, on: 90, hour: 7)
    scene.subscribe(seats: 12, on: 90, hour: 8)
    scene.subscribe(seats: 8, on: 100)
    #expect(scene.value("peak(seats, 30d)") == .number(Fixed(12)))
    #expect(scene.value("peak(seats, 5d)") == .number(Fixed(12)))
    #expect(scene.value("seats") == .number(Fixed(8)))
    #expect(scene.value("peak(mrr, 30d)") == .money(24_000))
    scene.openedOn = 100
    scene.frozen = ["peak(seats, 30d)": Fixed(12), "peak(mrr, 30d)": Fixed(24_000)]
    scene.today = 200
    #expect(scene.value("peak(seats, 30d) = 12 and peak(mrr, 30d) > mrr") == .flag(true))
  }

  // MARK: Days back

  @Test(arguments: [(14, true), (15, false)])
  func holdsForEachOfTheLastDays(_ days: Int, _ expected: Bool) {
    var scene = Scene()
    scene.today = 100
    scene.use("editor", on: 87...100)
    #expect(scene.value("count(usage.feature, 1d) = 1 for \(days)d") == .flag(expected))
  }

  @Test func aDayThatIsNotKnownMakesItMissing() {
    var scene = Scene()
    scene.today = 20
    scene.use("editor", on: 0...20)
    #expect(scene.value("count(usage.feature, 10d) = 10 for 12d") == .flag(true))
    #expect(scene.value("count(usage.feature, 10d) = 10 for 13d").isMissing)
    #expect(scene.value("count(usage.feature, 10d) = 9 for 13d") == .flag(false))
  }

  @Test func looksBackInTime() {
    var scene = Scene()
    scene.subscribe(seats: 5, on: 0)
    scene.subscribe(seats: 9, on: 200)
    scene.record(.ticket, "t", on: 250, ["status": .text("new")])
    #expect(scene.value("seats - ago(seats, 180d)") == .number(Fixed(4)))
    #expect(scene.value("count(ticket) - ago(count(ticket), 60d)") == .number(Fixed(1)))
  }

  // MARK: Rows

  @Test func aggregatesRows() {
    var scene = Scene()
    for (id, day, late) in [("a", 200, 0), ("b", 230, 4), ("c", 260, 9)] {
      scene.record(
        .invoice, id, on: day - 1,
        [
          "status": .text("paid"), "total": .integer(10_000), "due_at": .instant(Scene.instant(day)),
          "paid_at": .instant(Scene.instant(day + late)),
        ])
    }
    scene.record(
      .invoice, "d", on: 280, ["status": .text("open"), "total": .integer(5_000), "due_at": .instant(Scene.instant(290, hour: 24))])
    #expect(scene.value("count(invoice)") == .number(Fixed(4)))
    #expect(scene.value("count(invoice, 50d)") == .number(Fixed(2)))
    #expect(scene.value("count(invoice, open)") == .number(Fixed(1)))
    #expect(scene.value("max(invoice.late, open)") == .duration(.days(10)))
    #expect(scene.value("median(invoice.late, paid_at is known)") == .duration(.days(4)))
    #expect(scene.value("average(invoice.late, last: 2, not open)") == .duration(.hours(156)))
    #expect(scene.value("sum(invoice.total, 50d)") == .money(15_000))
    #expect(scene.value("sum(invoice.total, 1d)") == .money(0))
    #expect(scene.value("min(invoice.late, 1d)").missing == .noRow(.invoice))
    #expect(scene.value("last(invoice.due_at, paid_at is known)") == .instant(Scene.instant(260)))
    #expect(scene.value("distinct(invoice.status)") == .number(Fixed(2)))
    #expect(scene.value("exists(invoice, age > 90d)") == .flag(true))
    #expect(scene.value("count(invoice, before: 60d)") == .number(Fixed(2)))
  }

  @Test func aFieldNobodyToldIsNeitherTrueNorFalse() {
    var scene = Scene()
    scene.record(.ticket, "a", on: 290, ["status": .text("open")])
    #expect(scene.value("count(ticket, escalated)") == .number(.zero))
    #expect(scene.value("count(ticket, not escalated)") == .number(.zero))
    #expect(scene.value("count(ticket, escalated is missing)") == .number(Fixed(1)))
  }

  @Test(arguments: [
    ("Why was the invoice so high?", true), ("INVOICES missing", true), ("reinvoiced", false), ("please send a breakdown of costs", true),
    ("the elevator", false), ("", false),
  ])
  func findsPhrasesFromTheStartOfAWord(_ subject: String, _ expected: Bool) {
    var scene = Scene()
    scene.record(.ticket, "a", on: 290, ["subject": .text(subject)])
    #expect(scene.value("exists(ticket, subject contains (\"invoice\", \"Breakdown of\"))") == .flag(expected))
  }

  // MARK: People and cases

  @Test func selectsUsageByTheRoleOfTheContact() {
    var scene = Scene()
    #expect(scene.value("last(usage, person.role = champion)").missing == .because(.noSuchContact))
    scene.record(.contact, "c", on: 0, ["role": .text("champion"), "status": .text("active")])
    #expect(scene.value("last(usage, person.role = champion)").missing == .because(.personNotLinked))
    scene.record(.contact, "c", on: 1, person: 7, ["role": .text("champion"), "status": .text("active")])
    scene.use("editor", by: [7], on: 200...210, every: 5)
    scene.use("editor", by: [8], on: 211...300)
    #expect(scene.value("silent_for(usage, person.role = champion)") == .duration(.days(90)))
    #expect(scene.value("median_gap(usage, 90d, before: 90d, person.role = champion)") == .duration(.days(5)))
  }

  @Test func seesOnlyUseSinceTheOpening() {
    var scene = Scene()
    scene.use("editor", on: 290...294)
    #expect(scene.value("active_days(usage, 14d, since: opening)").missing == .because(.notOpen))
    scene.openedOn = 296
    #expect(scene.value("active_days(usage, 14d)") == .number(Fixed(5)))
    #expect(scene.value("active_days(usage, 14d, since: opening)") == .number(.zero))
    scene.use("editor", on: 298...299)
    #expect(scene.value("active_days(usage, 14d, since: opening)") == .number(Fixed(2)))
  }

  @Test func expectsTheirPaceOfTheAdoptedFeatures() {
    var scene = Scene()
    scene.expansionCase = ExpansionCase(
      number: 1, openedOn: Scene.day(270), mrrBefore: 1, mrrAfter: 2, seatsBefore: 1, seatsAfter: 9, plansAdded: [])
    scene.use("editor", by: [1, 2, 3], on: 0...300, weekdaysOnly: true)
    #expect(scene.value("expected(case.usage)", hasCase: true).missing == .because(.nothingAdopted))
    scene.use("audit", by: [1, 2], on: 270...290, weekdaysOnly: true)
    let calendar = CompanyCalendar.utc
    let last = (270...290).last { calendar.isBusinessDay(Scene.day($0)) } ?? 0
    let silent = calendar.businessDays(from: Scene.day(last) + 1, through: Scene.day(300))
    #expect(scene.value("silent_business_days(case.usage)", hasCase: true) == .number(Fixed(silent)))
    #expect(scene.value("expected(case.usage)", hasCase: true) == .number(Fixed(2 * silent)))
    #expect(scene.value("case.features", hasCase: true) == .list(["audit"]))
    #expect(scene.value("distinct(case.other_usage.person, 7d)", hasCase: true) == .number(Fixed(3)))
    #expect(scene.value("case.open") == .flag(true))
  }

  @Test func readsOtherRulesAndTheScore() {
    var scene = Scene()
    let rules: [String: RuleSubjectMatter] = ["a": .risk, "b": .risk, "c": .expansion]
    scene.standings = ["a": RuleStanding(isFiring: true, level: "medium"), "b": RuleStanding(isFiring: false, level: "high")]
    #expect(scene.value("firing(a) and not firing(b) and not firing(c)", rules: rules) == .flag(true))
    #expect(scene.value("level_of(a) >= medium and level_of(b) = none", rules: rules) == .flag(true))
    #expect(scene.value("any_firing(risk) and not any_firing(risk, at_least: high)", rules: rules) == .flag(true))
    #expect(scene.value("any_firing(expansion)", rules: rules) == .flag(false))
    #expect(scene.value("risk_band < watch").missing == .because(.noRisk))
    scene.risk = RiskStanding(milliPoints: 70_000, band: "at_risk")
    #expect(scene.value("risk_band >= at_risk and risk_band < high and risk_points = 70") == .flag(true))
  }

  @Test func readsTheAccount() {
    var scene = Scene()
    scene.subscribe(seats: 5, on: 0)
    scene.record(.account, "hub", on: 0, ["segment": .text("smb"), "contract": .object(["end": .instant(Scene.instant(330, hour: 24))])])
    #expect(scene.value("account.segment = \"smb\"") == .flag(true))
    #expect(scene.value("account.notice_in") == .duration(.days(30)))
    #expect(scene.value("account.industry").missing == .unset(.account, "industry"))
    #expect(scene.value("account.age > 300d") == .flag(true))
    #expect(scene.value("mrr") == .money(10_000))
    #expect(scene.value("plan.elastic") == .flag(false))
  }

  // MARK: Explanations

  @Test func explainsEachPart() throws {
    var scene = Scene()
    scene.today = 100
    scene.use("api_call", on: 73...86, quantity: 10)
    scene.use("api_call", on: 87...100, quantity: 4)
    let expression = try #require(compiled("-change(count(usage.api), 14d) >= 60% and count(usage.api, 14d) >= 100"))
    let facts = scene.facts
    let explanation = Evaluator.explain(expression, facts)
    #expect(explanation.outcome == Evaluator.evaluate(expression, facts))
    let format = OutcomeFormat(calendar: .utc, currency: "usd")
    let lines = explanation.rendered(format).split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(
      lines == [
        "-change(count(usage.api), 14d) >= 60% and count(usage.api, 14d) >= 100 no",
        "├ -change(count(usage.api), 14d) >= 60% yes", "│ └ -change(count(usage.api), 14d) 60%", "│ └ change(count(usage.api), 14d) -60%",
        "└ count(usage.api, 14d) >= 100 no", "└ count(usage.api, 14d) 56 [2025-03-29 to 2025-04-11]",
      ])
  }

  @Test(arguments: [
    (Outcome.number(Fixed("0.824") ?? .zero), ExpressionType.percent, "82%"), (.number(Fixed("0.034") ?? .zero), .percent, "3.4%"),
    (.number(Fixed(1_234_567)), .number, "1,234,567"), (.number(Fixed("7.25") ?? .zero), .number, "7.3"),
    (.number(Fixed(-3)), .number, "-3"),
    (.duration(.days(14)), .duration, "14 days"), (.duration(.days(1)), .duration, "1 day"), (.duration(.hours(36)), .duration, "36 hours"),
    (.money(1_234_500), .money, "USD 12,345"), (.money(-5), .money, "-USD 0.05"), (.instant(Instant(seconds: 0)), .instant, "1 Jan 1970"),
    (.list(["a", "b"]), .list, "a, b"), (.missing(.usageUnknown), .number, "unknown (usage is not known)"),
  ])
  func writesValuesAsPeopleDo(_ outcome: Outcome, _ type: ExpressionType, _ text: String) {
    #expect(OutcomeFormat(calendar: .utc, currency: "usd").text(outcome, as: type) == text)
  }
}
