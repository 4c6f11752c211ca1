import Engine
import Events
import Rules

/// What changes for the accounts from one set of rules to another.
struct RuleDifference {
  struct Change {
    let now: Standings.Account
    let then: Standings.Account
    /// Findings that would be open and are not, that are open and would not be, and that would be at another level; each sorted.
    let opens: [String]
    let closes: [String]
    let shifts: [String]

    var isNone: Bool {
      now.band == then.band && now.tier == then.tier && now.milliPoints == then.milliPoints && opens.isEmpty && closes.isEmpty
        && shifts.isEmpty
    }
  }

  private let now: Standings
  private let then: Standings
  /// All accounts, in order of key.
  private let pairs: [Change]
  /// The accounts for which anything changes.
  let changes: [Change]

  init(from now: Standings, to then: Standings) {
    self.now = now
    self.then = then
    pairs = zip(now.accounts, then.accounts).map { now, then in
      Change(
        now: now, then: then, opens: then.findings.keys.filter { now.findings[$0] == nil }.sorted(),
        closes: now.findings.keys.filter { then.findings[$0] == nil }.sorted(),
        shifts: now.findings.keys.filter { then.findings[$0] != nil && then.findings[$0] != now.findings[$0] }.sorted())
    }
    changes = pairs.filter { !$0.isNone }
  }

  // MARK: For people

  func text(folder: String) -> String {
    let heading = "Rules of \(folder) against the rules in force, \(pairs.count) accounts as of \(now.today)"
    guard !changes.isEmpty else { return "\(heading)\n\nNothing would change for any account." }
    let (added, removed) = (then.rules.filter { !now.rules.contains($0) }, now.rules.filter { !then.rules.contains($0) })
    var parts = [heading]
    if !added.isEmpty { parts.append("New rules: \(added.joined(separator: ", "))") }
    if !removed.isEmpty { parts.append("Rules left out: \(removed.joined(separator: ", "))") }
    parts.append(groups("BAND", Band.allCases.map(\.rawValue), \.band))
    parts.append(groups("TIER", ExpansionTier.allCases.map(\.rawValue), \.tier))
    if let table = ruleTable { parts.append(table) }
    parts.append(accountTable)
    return parts.joined(separator: "\n\n")
  }

  /// How many stand in each group now and then, and who enters and leaves it.
  private func groups(_ title: String, _ names: [String], _ group: (Standings.Account) -> String) -> String {
    var table = TextTable([(title, .left), ("NOW", .right), ("THEN", .right), ("ENTER", .right), ("LEAVE", .right)])
    for name in names.reversed() {
      let (before, after) = (pairs.count { group($0.now) == name }, pairs.count { group($0.then) == name })
      let entering = pairs.count { group($0.now) != name && group($0.then) == name }
      table.add([name, String(before), String(after), String(entering), String(before - after + entering)])
    }
    return table.rendered()
  }

  /// The rules whose findings change; nil where none do.
  private var ruleTable: String? {
    var table = TextTable([
      ("RULE", .left), ("OPEN NOW", .right), ("THEN", .right), ("WOULD OPEN", .right), ("WOULD CLOSE", .right), ("OTHER LEVEL", .right),
    ])
    for rule in ruleCounts where rule.opens + rule.closes + rule.shifts > 0 {
      table.add([rule.id] + [rule.now, rule.then, rule.opens, rule.closes, rule.shifts].map(String.init))
    }
    return table.isEmpty ? nil : table.rendered()
  }

  private var accountTable: String {
    var table = TextTable([("ACCOUNT", .left), ("BAND", .left), ("POINTS", .right), ("TIER", .left), ("FINDINGS", .left)])
    for change in changes {
      let shifts = change.shifts.map { "\($0): \(change.now.findings[$0] ?? "") → \(change.then.findings[$0] ?? "")" }
      let findings =
        change.opens.map { "+ \($0) (\(change.then.findings[$0] ?? ""))" } + change.closes.map { "− \($0)" } + shifts
      table.add([
        "\(change.now.name) (\(change.now.key.number))", Self.arrow(change.now.band, change.then.band),
        Self.arrow(Self.points(change.now), Self.points(change.then)), Self.arrow(change.now.tier, change.then.tier),
        findings.joined(separator: ", "),
      ])
    }
    return table.rendered()
  }

  private static func arrow(_ now: String, _ then: String) -> String { now == then ? now : "\(now) → \(then)" }

  private static func points(_ account: Standings.Account) -> String { String((account.milliPoints + 500) / 1000) }

  // MARK: Rules

  private struct RuleCount {
    let id: String
    var now = 0
    var then = 0
    var opens = 0
    var closes = 0
    var shifts = 0
  }

  /// Rules of either side, by id.
  private var ruleCounts: [RuleCount] {
    var counts: [String: RuleCount] = [:]
    func count(_ findings: some Sequence<String>, _ member: WritableKeyPath<RuleCount, Int>) {
      for finding in findings {
        let id = String(finding.prefix { $0 != " " })
        counts[id, default: RuleCount(id: id)][keyPath: member] += 1
      }
    }
    for pair in pairs {
      count(pair.now.findings.keys, \.now)
      count(pair.then.findings.keys, \.then)
      count(pair.opens, \.opens)
      count(pair.closes, \.closes)
      count(pair.shifts, \.shifts)
    }
    return counts.values.sorted { $0.id < $1.id }
  }

  // MARK: For machines

  var json: JSON {
    [
      "as_of": .text(now.today.description), "accounts": JSON(pairs.count), "bands": groups(Band.allCases.map(\.rawValue), \.band),
      "tiers": groups(ExpansionTier.allCases.map(\.rawValue), \.tier),
      "rules": .list(
        ruleCounts.map {
          [
            "rule": .text($0.id), "open_now": JSON($0.now), "open_then": JSON($0.then), "would_open": JSON($0.opens),
            "would_close": JSON($0.closes), "other_level": JSON($0.shifts),
          ]
        }), "changes": .list(changes.map(\.json)),
    ]
  }

  private func groups(_ names: [String], _ group: (Standings.Account) -> String) -> JSON {
    let members = names.map { name in
      let entering = pairs.filter { group($0.now) != name && group($0.then) == name }
      let leaving = pairs.filter { group($0.now) == name && group($0.then) != name }
      let content: JSON = [
        "now": JSON(pairs.count { group($0.now) == name }), "then": JSON(pairs.count { group($0.then) == name }),
        "enter": .list(entering.map { JSON($0.now.key.number) }), "leave": .list(leaving.map { JSON($0.now.key.number) }),
      ]
      return (name, content)
    }
    return .object(Dictionary(members) { first, _ in first })
  }
}

extension RuleDifference.Change {
  fileprivate var json: JSON {
    func pair(_ now: JSON, _ then: JSON) -> JSON { ["now": now, "then": then] }
    return [
      "account": JSON(now.key.number), "name": .text(now.name), "band": pair(.text(now.band), .text(then.band)),
      "tier": pair(.text(now.tier), .text(then.tier)), "milli_points": pair(JSON(now.milliPoints), JSON(then.milliPoints)),
      "opens": .list(opens.map { ["finding": .text($0), "level": JSON(then.findings[$0])] }), "closes": .list(closes.map(JSON.text)),
      "other_level": .list(
        shifts.map { ["finding": .text($0), "now": JSON(now.findings[$0]), "then": JSON(then.findings[$0])] }),
    ]
  }
}
