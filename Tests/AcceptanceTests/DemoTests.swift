import Delivery
import Engine
import Events
import Foundation
import Simulation
import Testing
import Transport

/// The story that must never happen again, told by the real binary over real sockets, and its controls.
@Suite(.serialized) struct DemoTests {
  /// A year of the story in one company; the seed changes names, dates and sizes.
  struct Telling: Sendable, CustomTestStringConvertible {
    let seed: Int
    let arguments: [String]
    var testDescription: String { "seed \(seed) \(arguments.joined(separator: " "))" }
  }

  static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
  static let tellings =
    weekdays.enumerated().map { Telling(seed: $0.offset + 1, arguments: ["--upgrade-on", $0.element]) } + [
      Telling(seed: 8, arguments: ["--holiday"])
    ]

  @Test(arguments: tellings)
  func theStoryIsCaughtInTime(_ telling: Telling) async throws {
    let run = try await DemoRun(
      ["--seed", String(telling.seed), "--only", "story,story_twin,near_capacity"] + telling.arguments)
    try run.expectTheStoryCaught()
    if let weekday = telling.arguments.last, Self.weekdays.contains(weekday) {
      #expect(run.upgradedOn?.weekday.rawValue.hasPrefix(weekday) == true)
    }
  }

  @Test func aWholeCompanyWithAllItsCausesAndDecoys() async throws {
    let run = try await DemoRun(["--seed", "1"])
    try run.expectTheStoryCaught()
    for planted in run.truth where planted["rule"].text != nil {
      let alerts = run.alerts(of: planted)
      let caught = alerts.contains { $0.rule == planted["rule"].text }
      #expect(caught, "\(planted["cause"].text ?? "") at \(planted["account"].text ?? "") was missed")
    }
    for decoy in run.truth where decoy["decoy"].flag == true {
      let alarms = run.alerts(of: decoy).filter { $0.about != .expansion }.map(\.title)
      #expect(alarms.isEmpty, "\(decoy["cause"].text ?? "") raised \(alarms)")
    }
  }

  @Test func anotherSeedIsAnotherCompany() async throws {
    let arguments = ["--only", "story", "--months", "1"]
    let first = try await DemoRun(arguments + ["--seed", "21"])
    let second = try await DemoRun(arguments + ["--seed", "22"])
    #expect(first.truth.map { $0["account"] } != second.truth.map { $0["account"] })
  }
}

/// The signals of the catalogue, a few at a time, while the story is told on the other core.
@Suite(.serialized) struct CatalogueDemoTests {
  /// Each rule sees the account that has its signal, with numbers, and passes over the one that only looks like it.
  @Test(arguments: shown)
  func everySignalIsSeenAndNoDecoy(_ signals: String) async throws {
    let run = try await DemoRun(["--catalogue", "--signals", signals])
    #expect(run.catalogue.count == signals.split(separator: ",").count)
    for row in run.catalogue { #expect(row["good"].flag == true, "\(row.serialized())") }
  }

  /// Together they are all that the simulated company can show.
  @Test func everySignalIsInOneOfTheGroups() {
    #expect(Self.shown.flatMap { $0.split(separator: ",").map(String.init) }.sorted() == Exhibit.all.map(\.rule).sorted())
  }

  static let shown = [
    "api_usage_collapse,licensed_underuse,adoption_narrowing,basic_only_on_premium,purchase_driver_dropped,onboarding_stalled",
    "expansion_use_abandoned,renewal_underuse,near_capacity,exploring_advanced",
    "champion_left,champion_silent,power_users_gone,single_threaded",
    "payment_hesitation,payment_trouble,seat_reduction,cancel_scheduled",
    "false_resolution,support_spike,unresolved_tickets,competitor_mentions,reevaluating_stack,price_pressure,competitor_browsing",
    "login_decline,no_touch,usage_growth_no_upgrade,new_team,happy",
    "nps_detractor,headcount_decline,headcount_growth,capital_event,downgrade",
    "metered_decline,csm_changed,csm_unanswered,champion_moved_to_prospect,natural_trigger,adjacent_intent,power_users_growing",
    "flat_evaluating,flat_declining,flat_champion_changed,flat_growing,flat_quiet,flat_unknown",
  ]
}

/// What `bellwether demo --exit --json` answered.
private struct DemoRun {
  let story: JSON
  let truth: [JSON]
  let catalogue: [JSON]
  let deliveries: [(id: String?, at: Instant, alerts: [Alert])]

  init(_ arguments: [String], _ location: SourceLocation = #_sourceLocation) async throws {
    let folder = try TemporaryFolder()
    let key = SigningKey.random()
    let config = Repository.root.appending(path: "config").path
    let child = try Child(
      ["demo", "--exit", "--json", "--config", config, "--store", folder.url.appending(path: "demo.sqlite").path] + arguments,
      environment: ["BELLWETHER_DEMO_SECRET": key.secretText], in: folder)
    let ended = await child.ended(within: .seconds(600), location)
    #expect(ended == .status(0), "\(child.errorText.suffix(2_000))", sourceLocation: location)
    let answer = try JSON(parsing: child.outputText)
    story = answer["story"]
    truth = answer["truth"].list ?? []
    catalogue = answer["catalogue"].list ?? []
    // Verified here once more, with the key that only this test and the daemon know.
    let verifier = WebhookVerifier(keys: [key], tolerance: .hours(1))
    var seen: [(id: String?, at: Instant, alerts: [Alert])] = []
    for delivery in answer["deliveries"].list ?? [] {
      let body = Array((delivery["body"].text ?? "").utf8)
      let headers = (delivery["headers"].object ?? [:]).map { HTTPHeader($0.key, $0.value.text ?? "") }
      let id = try verifier.verify(headers: headers, body: body, now: Instant(seconds: Int64(Date().timeIntervalSince1970)))
      let envelope = try Envelope(parsing: body)
      seen.append((id, envelope.time, envelope.alerts))
    }
    deliveries = seen
  }

  var upgradedOn: Day? { story["upgraded_at"].text.flatMap { Day($0) } }

  func alerts(of planted: JSON) -> [Alert] {
    deliveries.flatMap(\.alerts).filter { $0.account.external["hubspot"] == planted["external"]["hubspot"].text }
  }

  func expectTheStoryCaught(_ location: SourceLocation = #_sourceLocation) throws {
    let planted = try #require(truth.first { $0["cause"].text == "story" }, sourceLocation: location)
    #expect(story["case_opened_as"].text == "proving", sourceLocation: location)
    #expect(story["alert"]["rule"].text == "expansion_use_abandoned", sourceLocation: location)
    let day = try #require(story["alert"]["day"].integer, "no alert came", sourceLocation: location)
    #expect(day > 20 && day < 28, sourceLocation: location)
    let id = story["alert"]["webhook_id"].text
    #expect(deliveries.contains { $0.id == id }, sourceLocation: location)
    let alert = try #require(alerts(of: planted).first { $0.rule == "expansion_use_abandoned" }, sourceLocation: location)
    let words = ([alert.title] + alert.facts.map(\.text)).joined(separator: "\n")
    for feature in planted["new_features"].list ?? [] { #expect(words.contains(feature.text ?? "?"), sourceLocation: location) }
    let lastUse = try #require(story["last_new_use"].text.flatMap { Day($0) }, sourceLocation: location)
    #expect(words.contains(lastUse.short), sourceLocation: location)
    #expect(alert.context.contains { $0.contains("First questions about the bill") }, sourceLocation: location)
    let tiers = (story["tiers"].list ?? []).compactMap(\.text)
    #expect(!tiers.isEmpty && !tiers.contains("medium") && !tiers.contains("high"), sourceLocation: location)
    expectControls(location)
  }

  /// On the same seeds: who fills the seats is ready to expand, and the twin who keeps using what it bought is left in peace.
  private func expectControls(_ location: SourceLocation) {
    for planted in truth where planted["cause"].text == "near_capacity" {
      let offers = alerts(of: planted).filter { $0.rule == "near_capacity" }
      #expect(offers.contains { $0.score?.band == "medium" || $0.score?.band == "high" }, sourceLocation: location)
    }
    for planted in truth where planted["cause"].text == "story_twin" {
      #expect(!alerts(of: planted).contains { $0.rule == "expansion_use_abandoned" }, sourceLocation: location)
    }
  }
}
