import ArgumentParser
import Engine
import Events
import Features
import Foundation
import Revenue
import Rules
import Store

/// `bellwether queue`
struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "The accounts to work on, most expected loss first.",
    discussion: """
      Ranked by p × MRR at stake × 2^(−days to the notice date / 90); an unknown date weighs one half. LAST 8 WEEKS are the points at the
      end of each, drawn from 0 to 150. A band marked * is a person's judgement; the computed one stands on the account's page.
      """)

  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption
  @Flag(help: "Also the accounts without a band.") var all = false
  @Option(help: ArgumentHelp("At most so many rows.", valueName: "n")) var limit = 25

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: asOf.day)
    let entries = snapshot.accounts.filter { $0.churnedOn == nil }.map { QueueEntry($0, snapshot) }
    let wanted = entries.filter { all || $0.band != Band.none.rawValue }.sorted(by: QueueEntry.isBefore).prefix(max(0, limit))
    var histories: [AccountKey: ScoreHistory] = [:]
    for entry in wanted { histories[entry.key] = ScoreHistory(try await store.scores(of: entry.key), snapshot) }
    if shared.json {
      StandardOutput.print(JSON.list(wanted.map { $0.json(histories[$0.key]) }).serialized())
      return
    }
    guard !wanted.isEmpty else {
      StandardOutput.print("No account is in a band on \(snapshot.today). `--all` lists them all.")
      return
    }
    var table = TextTable([
      ("#", .right), ("ACCOUNT", .left), ("OWNER", .left), ("BAND", .left), ("POINTS", .right), ("MRR", .right), ("NOTICE IN", .right),
      ("TIER", .left), ("LAST 8 WEEKS", .left), ("SINCE YESTERDAY", .left), ("WHY", .left),
    ])
    for (index, entry) in wanted.enumerated() {
      table.add([
        String(index + 1), "\(entry.name) (\(entry.key.number))", entry.owner ?? "–", entry.band + (entry.isJudged ? "*" : ""),
        String((entry.milliPoints + 500) / 1000), entry.mrr.map { MoneyText.short($0, currency: entry.currency) } ?? "–",
        entry.noticeIn.map { "\($0) d" } ?? "–", entry.tier,
        histories[entry.key]?.sparkline ?? "", histories[entry.key]?.change ?? "", entry.reasons.joined(separator: ", "),
      ])
    }
    StandardOutput.print("\(all ? "All accounts" : "Accounts at risk") as of \(snapshot.today)\n\n" + table.rendered())
  }
}

/// An account's place in the queue.
struct QueueEntry {
  let key: AccountKey
  let name: String
  let owner: String?
  let band: String
  let milliPoints: Int64
  let tier: String
  /// Whether a person's pulse made the band another than the computed one.
  let isJudged: Bool
  let mrr: Int64?
  let currency: String
  let noticeIn: Int?
  /// The rules that fire, gravest first.
  let reasons: [String]
  /// Minor units times millionths: only its order matters.
  private let weight: Double

  init(_ state: AccountState, _ snapshot: Snapshot) {
    key = state.key
    name = state.name(asOf: snapshot.now)
    owner = state.entities.rows(.account, asOf: snapshot.now).first?["owner"]?["name"]?.text
    band = state.score["risk"]["band"].text ?? Band.none.rawValue
    milliPoints = state.score["risk"]["milli_points"].integer ?? 0
    tier = state.score["expansion"]["tier"].text ?? ExpansionTier.low.rawValue
    isJudged = state.score["pulse"]["computed_band"].text.map { $0 != state.score["risk"]["band"].text } ?? false
    mrr = state.ledger.level(at: snapshot.now, snapshot.configuration.calendar)?.mrr
    currency = state.ledger.currency
    noticeIn = state.noticeDay(asOf: snapshot.now, snapshot.configuration.calendar).map { $0 - snapshot.today }
    reasons = state.episodes.filter { $0.state == .firing && !snapshot.configuration.rules.isFlat($0.rule) }
      .sorted { (Level(rawValue: $1.level) ?? .context, $0.rule) < (Level(rawValue: $0.level) ?? .context, $1.rule) }
      .map { "\($0.rule) (\($0.level))" }
    let nearness = noticeIn.map { exp2(-Double(max($0, 0)) / 90) } ?? 0.5
    weight = Double(state.score["risk"]["probability"].integer ?? 0) * Double(mrr ?? 0) * nearness
  }

  static func isBefore(_ a: QueueEntry, _ b: QueueEntry) -> Bool { a.weight == b.weight ? a.key < b.key : a.weight > b.weight }

  func json(_ history: ScoreHistory?) -> JSON {
    [
      "account": JSON(key.number), "name": .text(name), "owner": JSON(owner), "band": .text(band), "milli_points": JSON(milliPoints),
      "tier": .text(tier), "mrr": mrr.map { JSON($0) } ?? .null, "currency": .text(currency),
      "notice_in_days": noticeIn.map { JSON($0) } ?? .null, "findings": .list(reasons.map(JSON.text)),
      "judged": .flag(isJudged), "weekly_milli_points": .list((history?.weekly ?? []).map { JSON($0) }),
      "since_yesterday": .text(history?.change ?? ""),
    ]
  }
}
