import Delivery
import Engine
import Events
import Testing

/// Alerts and keys that the tests share.
enum Sample {
  static let day = Day(number: 20_533)
  static let key = SigningKey.random()

  /// Names three people in its texts, one of them by first name only.
  static let alert = Alert(
    rule: "expansion_use_abandoned", title: "2 features of the upgrade unused since 18 Mar", level: .high, about: .risk, change: .opened,
    subject: .expansionCase(AccountKey(12), 1), episode: 1, day: day,
    account: .init(key: AccountKey(12), name: "Mercer Logistics", external: ["stripe": "cus_12", "hubspot": "991"]),
    owner: .init(name: "Jo Park", email: "jo@bellwether.example"),
    contactToCall: .init(
      name: "Dana Reyes", email: "dana@mercer.example", role: "champion", lastActive: Day(year: 2026, month: 3, day: 18)),
    mrr: .init(amount: 2_916_667, currency: "usd"), noticeInDays: 54,
    facts: [
      .init(
        text: "forecasting: 38 person-days until 18 Mar, none since; Dana Reyes used it most", records: ["usage:dana@mercer.example/1"]),
      .init(text: "14 escalated tickets came back after they were solved", records: ["ticket:zendesk/1042", "ticket:zendesk/1051"]),
      .init(text: "Ida Mercer signed the order", records: []),
    ],
    changedSinceLast: ["dana@mercer.example has not logged in since the upgrade"],
    play: "Book a working session on forecasting with Dana this week.",
    opener: "Hi Dana, I saw the team stopped using forecasting after 18 March.\nWhat got in the way?",
    score: .init(points: Fixed("82.5") ?? .zero, band: "at_risk", coverage: Fixed("0.92") ?? .zero),
    people: [
      .init(name: "Dana Reyes", email: "dana@mercer.example", shownAs: "the champion"),
      .init(name: "Ida Mercer", shownAs: "the decision maker"),
    ])

  static func alert(_ level: Alert.Level, about: Alert.About = .risk, change: Alert.Change = .opened, rule: String = "a_rule") -> Alert {
    Alert(
      rule: rule, title: "Something happened", level: level, about: about, change: change, subject: .account(AccountKey(12)), episode: 1,
      day: day, account: alert.account)
  }

  static func envelope(id: String = "msg_1", sequence: Int64 = 1, alerts: [Alert] = [alert]) throws -> Envelope {
    try #require(Envelope(id: id, sequence: sequence, time: Instant(seconds: 1_774_000_000), alerts: alerts))
  }
}

/// A small seeded generator (SplitMix64): the same draws for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
