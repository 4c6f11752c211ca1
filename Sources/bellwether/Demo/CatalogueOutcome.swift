import Engine
import Events
import Simulation
import Store

/// What the rules made of the catalogue's company: each case seen by its own rule, each decoy passed over by it.
struct CatalogueOutcome: Sendable {
  struct Row: Sendable {
    let rule: String
    let words: String
    let decoyWords: String
    /// When the rule first fired at the case, and at the decoy, with its level and its facts.
    let seen: (on: Day, level: String, evidence: JSON)?
    let falseAlarm: (on: Day, level: String, evidence: JSON)?

    /// Whether the facts have numbers.
    var hasNumbers: Bool { seen?.evidence.serialized().contains { $0.isNumber } ?? false }
    var isGood: Bool { seen != nil && hasNumbers && falseAlarm == nil }
  }

  let rows: [Row]
  /// Signals whose rule is not in the configuration.
  let absent: [String]

  var isGood: Bool { rows.allSatisfy(\.isGood) }

  /// Nil if the company is not the catalogue's.
  ///
  /// - Parameter rules: the ids of the rules in force.
  init?(_ truth: GroundTruth, _ store: EventStore, _ calendar: CompanyCalendar, rules: [String]) async throws {
    guard !truth.exhibits.isEmpty else { return nil }
    let inForce = Set(rules)
    let cases = truth.exhibits.filter { !$0.isDecoy }
    absent = cases.map(\.rule).filter { !inForce.contains($0) }
    let transitions = try await store.transitions().filter { $0.to == .firing }
    var rows: [Row] = []
    for shown in cases where inForce.contains(shown.rule) {
      guard let decoy = truth.exhibits.first(where: { $0.isDecoy && $0.rule == shown.rule }) else { continue }
      let firing = { (account: String) in
        let key = try await store.findAccounts(account).first { $0.name == account }?.key
        return transitions.first { $0.finding.rule == shown.rule && $0.finding.subject.account == key }.map {
          (on: calendar.day(of: $0.at), level: $0.level, evidence: $0.evidence)
        }
      }
      rows.append(
        Row(
          rule: shown.rule, words: shown.words, decoyWords: decoy.words, seen: try await firing(shown.account),
          falseAlarm: try await firing(decoy.account)))
    }
    self.rows = rows
  }

  var text: String {
    var table = TextTable([("RULE", .left), ("CASE", .left), ("SEEN ON", .left), ("LEVEL", .left), ("DECOY", .left), ("RAISED", .left)])
    for row in rows {
      let seen = row.seen.map { $0.on.description + (row.hasNumbers ? "" : " WITHOUT NUMBERS") } ?? "MISSED"
      table.add([
        row.rule, row.words, seen, row.seen?.level ?? "–", row.decoyWords, row.falseAlarm.map { "FALSE on \($0.on)" } ?? "nothing",
      ])
    }
    let good = rows.count(where: \.isGood)
    let missing = absent.isEmpty ? "" : "\n\nNo rule in force for: \(absent.joined(separator: ", "))."
    return "A case and a decoy of each signal, and what its rule made of them\n\n" + table.rendered()
      + "\n\n\(good) of \(rows.count) signals seen, and their decoys passed over." + missing
  }

  var json: JSON {
    .list(
      rows.map { row in
        [
          "rule": .text(row.rule), "seen_on": JSON(row.seen?.on), "level": JSON(row.seen?.level),
          "evidence": row.seen?.evidence ?? .null, "decoy_raised_on": JSON(row.falseAlarm?.on), "good": .flag(row.isGood),
        ]
      })
  }
}
