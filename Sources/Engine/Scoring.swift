import Events
import Features
import Revenue
import Rules

/// Which rules' inputs were known in one evaluation of an account.
struct ScoreReading {
  private(set) var risk: [(points: Int, isKnown: Bool)] = []
  private(set) var expansion: [(points: Int, isKnown: Bool)] = []

  mutating func note(_ rule: Rule, isKnown: Bool) {
    if rule.about.countsAsRisk { risk.append((rule.points, isKnown)) }
    if rule.about == .expansion { expansion.append((rule.points, isKnown)) }
  }
}

extension RuleSubjectMatter {
  /// A badly adopted expansion is a risk like any other.
  var countsAsRisk: Bool { self == .risk || self == .quality }
}

extension LogFold {
  /// Scores an account from its episodes, places its tier, and writes a row if anything changed.
  mutating func score(_ state: inout AccountState, _ facts: Facts, _ reading: ScoreReading) {
    guard let rules = configuration?.rules else { return }
    let card = Scorecard()
    let risk = card.score(entries(state, rules, facts) { $0.about.countsAsRisk })
    let expansion = card.score(entries(state, rules, facts) { $0.about == .expansion })
    var tierFacts = facts
    let pulse = Pulse(state.entities, asOf: facts.now)
    let band = pulse?.band(over: risk.band, now: facts.now) ?? risk.band
    if let pulse { facts.stands(until: pulse.changes(after: facts.now)) }
    if let next = state.entities.nextVersion(of: .pulse, after: facts.now) { facts.stands(until: next) }
    tierFacts.risk = RiskStanding(milliPoints: risk.milliPoints, band: band.rawValue)
    tierFacts.cases = state.cases
    let tier = Evaluator.tier(among: rules.tiers, tierFacts)?.tier ?? .low
    var content: [String: JSON] = [
      "risk": risk.json(card.coverage(reading.risk), adding: ("band", .text(band.rawValue))),
      "expansion": expansion.json(card.coverage(reading.expansion), adding: ("tier", .text(tier.rawValue))),
    ]
    // What somebody said of the account stands beside what was computed, and never in its place.
    if let pulse { content["pulse"] = pulse.json(over: risk.band, now: facts.now) }
    let row = JSON.object(content)
    guard row != state.score else { return }
    state.score = row
    scores.append(ScoreRow(account: state.key, step: step, at: facts.now, content: row))
  }

  private func entries(_ state: AccountState, _ rules: CompiledRules, _ facts: Facts, _ isWanted: (Rule) -> Bool) -> [ScoreEntry] {
    state.episodes.compactMap { episode in
      guard let rule = rules.rule(episode.rule), isWanted(rule) else { return nil }
      let id = episode.caseNumber == 0 ? rule.id : "\(rule.id)/\(episode.caseNumber)"
      switch episode.state {
      case .pending: return nil
      case .firing:
        let points = rule.points(at: Level(rawValue: episode.level) ?? rule.level)
        return ScoreEntry(id: id, category: rule.category, points: points)
      case .resolved:
        guard episode.fadingFrom != 0 else { return nil }
        let days = facts.today - facts.company.calendar.day(of: episode.since)
        return ScoreEntry(id: id, category: rule.category, points: episode.fadingFrom, daysSinceResolved: days)
      }
    }
  }

  /// Writes a notice for each announcement, most grave first, and remembers what was said.
  mutating func writeNotices(_ state: inout AccountState, now: Instant) {
    guard let configuration, !(announcements.isEmpty && openedCases.isEmpty && judgedCases.isEmpty) else { return }
    let writer = AlertWriter(
      state: state, now: now, calendar: configuration.calendar, rules: configuration.rules,
      heldEdits: HeldEdits(portfolio.bulkEdits.held, configuration.calendar))
    let alerts = openedCases.map(writer.alert(opening:)) + judgedCases.map(writer.alert(judging:)) + announcements.map(writer.alert)
    for alert in alerts {
      let topic = [.caseOpened, .verdictChanged].contains(alert.change) ? "case" : "finding"
      notices.append(Notice(step: step, ordinal: nextOrdinal(), account: state.key, at: now, topic: topic, content: alert.json))
    }
    guard alerts.contains(where: { $0.level >= .medium }) else { return }
    state.lastNotice = AccountState.LastNotice(
      on: configuration.calendar.day(of: now), risk: state.score["risk"]["milli_points"].integer ?? 0,
      firing: Set(state.episodes.filter { $0.state == .firing && !configuration.rules.isFlat($0.rule) }.map(\.rule)).sorted())
  }
}

extension AccountState {
  /// Risk as last scored.
  var lastRisk: RiskStanding? {
    guard let points = score["risk"]["milli_points"].integer, let band = score["risk"]["band"].text else { return nil }
    return RiskStanding(milliPoints: points, band: band)
  }
}

extension Score {
  /// `milli_points probability coverage lines` and one more member; the lines add up to the points.
  fileprivate func json(_ coverage: Fixed?, adding extra: (name: String, value: JSON)) -> JSON {
    [
      "milli_points": JSON(milliPoints), "probability": JSON(probability.millionths), "coverage": JSON(coverage?.millionths ?? 0),
      extra.name: extra.value, "lines": .list(lines.map(\.json)),
    ]
  }
}

extension ScoreLine {
  fileprivate var json: JSON {
    switch reason {
    case .contribution(let id): ["category": .text(category.rawValue), "rule": .text(id), "milli_points": JSON(milliPoints)]
    case .cap: ["category": .text(category.rawValue), "cap": true, "milli_points": JSON(milliPoints)]
    case .floor: ["category": .text(category.rawValue), "floor": true, "milli_points": JSON(milliPoints)]
    }
  }
}
