import Delivery
import Engine
import Events
import Simulation
import Store

/// What became of the planted expansions: each case at its own verdict, and never at another bad one.
struct ExpansionOutcome: Sendable {
  struct Row: Sendable {
    let planted: GroundTruth.Expansion
    /// The verdicts of the account's cases at the end; one is as it should be.
    let verdicts: [String]
    let tags: [String]
    let since: Day?
    /// The verdicts that were told, in order: those that turned bad, and those that recovered.
    let told: [String]
    /// The first fact that the verdict rests on.
    let why: String?
    /// Whether what was told arrived at the receiver.
    let isDelivered: Bool

    var isGood: Bool { verdicts == [planted.verdict] && told == expected && isDelivered }

    /// A case that settles well says nothing, unless it was bad before.
    private var expected: [String] {
      switch planted.verdict {
      case "proving": []
      case "healthy": planted.before.isEmpty ? [] : planted.before + ["healthy"]
      default: planted.before + [planted.verdict]
      }
    }
  }

  let rows: [Row]

  var isGood: Bool { rows.allSatisfy(\.isGood) }

  /// Nil if the company is another.
  init?(_ truth: GroundTruth, _ receptions: [DemoReceiver.Reception], _ store: EventStore) async throws {
    guard !truth.expansions.isEmpty else { return nil }
    let heard = receptions.flatMap(\.envelope.alerts).filter { $0.change == .verdictChanged }
    var rows: [Row] = []
    for planted in truth.expansions {
      guard let key = try await store.findAccounts(planted.account).first(where: { $0.name == planted.account })?.key,
        let stored = try await store.state(of: key)
      else {
        rows.append(Row(planted: planted, verdicts: [], tags: [], since: nil, told: [], why: nil, isDelivered: false))
        continue
      }
      let cases = stored.state["cases"].list ?? []
      let told = try await store.notices(of: key).filter { $0.topic == "case" }.compactMap { try? Alert(json: $0.content) }
        .filter { $0.change == .verdictChanged }.compactMap(\.caseVerdict)
      let judgement = cases.last?["judgement"] ?? .null
      rows.append(
        Row(
          planted: planted, verdicts: cases.compactMap { $0["verdict"].text }, tags: (judgement["tags"].list ?? []).compactMap(\.text),
          since: judgement["since"].text.flatMap { Day($0) }, told: told, why: judgement["evidence"].list?.first?["text"].text,
          isDelivered: heard.filter { $0.account.key == key }.compactMap(\.caseVerdict) == told))
    }
    self.rows = rows
  }

  var text: String {
    var table = TextTable([
      ("ACCOUNT", .left), ("PLANTED", .left), ("VERDICT", .left), ("TAGS", .left), ("SINCE", .left), ("WHY", .left), ("", .left),
    ])
    for row in rows {
      table.add([
        row.planted.account, row.planted.words, row.verdicts.isEmpty ? "no case" : row.verdicts.joined(separator: ", "),
        row.tags.joined(separator: ", "), row.since?.description ?? "–", row.why ?? "–",
        row.isGood ? "as planted" : "WRONG: planted \(row.planted.verdict), told \(row.told.joined(separator: ", "))",
      ])
    }
    return "What became of each expansion\n\n" + table.rendered()
      + "\n\n\(rows.count(where: \.isGood)) of \(rows.count) cases came to the verdict they were planted for."
  }

  var json: JSON {
    .list(
      rows.map { row in
        [
          "account": .text(row.planted.account), "planted": .text(row.planted.verdict), "words": .text(row.planted.words),
          "verdicts": .list(row.verdicts.map(JSON.text)), "tags": .list(row.tags.map(JSON.text)), "since": JSON(row.since),
          "told": .list(row.told.map(JSON.text)), "why": JSON(row.why), "good": .flag(row.isGood),
        ]
      })
  }
}
