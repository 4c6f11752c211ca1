import Delivery
import Engine
import Events
import Revenue
import Simulation
import Store

/// How the account of the story fared: the one that upgrades, abandons what it bought, and leaves.
struct StoryOutcome: Sendable {
  /// The alert that must come after day 20 and before day 28.
  static let window = 21..<28

  let account: String
  let upgradedOn: Day
  let openedAs: String?
  let alert: (rule: String, day: Int, on: Day, webhookID: String)?
  /// The expansion tiers it was ever in, in order, repeats left out.
  let tiers: [String]
  /// The verdicts of its cases, and since when each stands.
  let verdicts: [(word: String, since: Day?)]
  /// When it churned within the simulated time.
  private let churnedOn: Day?
  private let namesFeatures: Bool
  private let lastUse: Day?

  init?(_ truth: GroundTruth, _ receptions: [DemoReceiver.Reception], _ store: EventStore, _ calendar: CompanyCalendar) async throws {
    guard let story = truth.story, let upgradedAt = story.dates["upgrade_at"] else { return nil }
    account = story.name
    let upgradedOn = calendar.day(of: upgradedAt)
    self.upgradedOn = upgradedOn
    churnedOn = story.dates["churned_at"].map(calendar.day)
    let heard = receptions.filter { $0.envelope.alerts.first?.account.external["hubspot"] == story.external["hubspot"] }
    let first = heard.lazy.compactMap { reception in
      reception.envelope.alerts.first { $0.rule == "expansion_use_abandoned" && $0.change == .opened }.map { (reception, $0) }
    }.first
    alert = first.map { reception, alert in
      let day = calendar.day(of: reception.envelope.time)
      return (rule: alert.rule, day: day - upgradedOn, on: day, webhookID: reception.envelope.id)
    }
    let lastUse = story.dates["last_new_use"].map(calendar.day)
    self.lastUse = lastUse
    namesFeatures =
      first.map { _, alert in
        let words = ([alert.title] + alert.facts.map(\.text)).joined(separator: "\n")
        return story.newFeatures.allSatisfy(words.contains) && Self.names(lastUse, in: words)
      } ?? false
    guard let key = try await store.findAccounts(story.name).first?.key, let stored = try await store.state(of: key) else {
      (openedAs, tiers, verdicts) = (nil, [], [])
      return
    }
    let scores = try await store.scores(of: key)
    tiers = scores.compactMap { $0.content["expansion"]["tier"].text }.reduce(into: []) { tiers, tier in
      if tiers.last != tier { tiers.append(tier) }
    }
    verdicts = (stored.state["cases"].list ?? []).compactMap { expansion in
      expansion["verdict"].text.map { (word: $0, since: expansion["judgement"]["since"].text.flatMap { Day($0) }) }
    }
    let opening = try await store.notices(of: key).lazy.filter { $0.topic == "case" }.compactMap { try? Alert(json: $0.content) }.first
    openedAs = opening?.caseVerdict
  }

  private static func names(_ day: Day?, in words: String) -> Bool {
    guard let day else { return false }
    return words.contains(day.description) || words.contains(day.short)
  }

  /// Whether the expansion was known for what it was before the account left.
  var isJudged: Bool {
    guard let churnedOn else { return true }
    return verdicts.contains { verdict in
      ["last_resort", "champion_bet"].contains(verdict.word) && (verdict.since.map { $0 < churnedOn } ?? false)
    }
  }

  /// In time, by name, and never in good standing.
  var isCaught: Bool {
    guard let alert, openedAs == "proving", isJudged else { return false }
    let isReady = tiers.contains { $0 == "medium" || $0 == "high" }
    return Self.window.contains(alert.day) && namesFeatures && !isReady && !verdicts.contains { $0.word == "healthy" }
  }

  var text: String {
    guard let alert else { return "The story: \(account) upgraded on \(upgradedOn) and nothing was said. MISSED." }
    let use = lastUse.map { "; its new features were last used on \($0)" } ?? ""
    let judged = verdicts.map { "\($0.word) since \($0.since.map(\.description) ?? "?")" }.joined(separator: ", ")
    return "The story: \(account) upgraded on \(upgradedOn)\(use). The case opened as \(openedAs ?? "nothing"), the first alert came on "
      + "\(alert.on), day \(alert.day). The case came to \(judged). Tiers it was in: \(tiers.joined(separator: ", ")). "
      + (isCaught ? "Caught in time." : "NOT CAUGHT.")
  }

  var json: JSON {
    [
      "account": .text(account), "upgraded_at": JSON(upgradedOn), "case_opened_as": JSON(openedAs),
      "alert": alert.map { ["rule": .text($0.rule), "day": JSON($0.day), "date": JSON($0.on), "webhook_id": .text($0.webhookID)] } ?? .null,
      "verdicts": .list(verdicts.map { ["verdict": .text($0.word), "since": JSON($0.since)] }),
      "tiers": .list(tiers.map(JSON.text)), "last_new_use": JSON(lastUse),
    ]
  }
}
