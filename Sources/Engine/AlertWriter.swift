package import Events
import Features
import Revenue
import Rules

/// Something that happened while an account was evaluated and that its people may have to hear of.
struct Announcement {
  let rule: Rule
  let episode: Episode
  let change: Alert.Change
  /// The facts at that moment, references frozen.
  let facts: Facts
}

/// Puts an announcement into the words and numbers of an alert. Everything is read from the state at hand.
struct AlertWriter {
  let state: AccountState
  let now: Instant
  let calendar: CompanyCalendar
  let rules: CompiledRules
  /// Whoever a bulk edit marked as gone can still be called.
  let heldEdits: HeldEdits

  private var today: Day { calendar.day(of: now) }

  func alert(_ announcement: Announcement) -> Alert {
    let (rule, episode, facts) = (announcement.rule, announcement.episode, announcement.facts)
    var alert = skeleton(
      rule: rule.id, title: Evaluator.render(rule.title, facts), level: Alert.Level(rawValue: episode.level) ?? .context,
      about: Alert.About(rawValue: rule.about.rawValue) ?? .risk, change: announcement.change, subject: episode.subject(of: state.key),
      episode: episode.number)
    alert.facts = Evaluator.evidence(of: rule, facts).map { Alert.Fact(text: $0.text, records: $0.records) }
    alert.values = Evaluator.values(of: rule, facts)
    alert.context = context(beside: rule.id, facts)
    alert.changedSinceLast = changes(since: state.lastNotice, opened: rule.id)
    alert.play = Evaluator.render(rule.action, facts)
    alert.opener = rule.opener.map { Evaluator.render($0, facts) }
    alert.score = rule.about == .expansion ? expansionScore : riskScore
    return alert
  }

  func alert(opening expansion: ExpansionCase) -> Alert {
    let added = expansion.mrrAfter - expansion.mrrBefore
    var alert = skeleton(
      rule: "expansion_case", title: "Expansion of \(money(added)) a month opened as \(expansion.verdict.words)", level: .context,
      about: .quality,
      change: .caseOpened, subject: .expansionCase(state.key, expansion.number), episode: 1)
    alert.facts = [
      Alert.Fact(
        text: "MRR \(money(expansion.mrrBefore)) → \(money(expansion.mrrAfter)) on \(expansion.openedOn)", records: subscriptionRecords),
      Alert.Fact(text: "seats \(expansion.seatsBefore) → \(expansion.seatsAfter)", records: subscriptionRecords),
    ]
    if !expansion.plansAdded.isEmpty {
      alert.facts.append(Alert.Fact(text: "plans added: \(expansion.plansAdded.joined(separator: ", "))"))
    }
    alert.play = "Watch adoption daily; the case is followed for \(ExpansionCase.followedDays) days."
    alert.score = riskScore
    alert.caseVerdict = expansion.verdict.rawValue
    return alert
  }

  /// A case's new verdict: what it is now, why, since when the one before stood, and what to do.
  func alert(judging change: VerdictChange) -> Alert {
    let (expansion, rule, facts) = (change.expansion, change.rule?.rule, change.facts)
    let words = rule.map { Evaluator.render($0.title, facts) } ?? expansion.verdict.words
    var alert = skeleton(
      rule: "expansion_case", title: expansion.verdict == .healthy ? "Recovered: \(words)" : words,
      level: rule.flatMap { Alert.Level(rawValue: $0.level.rawValue) } ?? .context, about: .quality, change: .verdictChanged,
      subject: .expansionCase(state.key, expansion.number), episode: 1)
    let bought =
      "expansion of \(expansion.openedOn): MRR \(money(expansion.mrrBefore)) → \(money(expansion.mrrAfter)), "
      + "seats \(expansion.seatsBefore) → \(expansion.seatsAfter)"
    alert.facts = expansion.judgement.evidence.map { Alert.Fact(text: $0.text, records: $0.records) }
    alert.facts.append(Alert.Fact(text: bought, records: subscriptionRecords))
    alert.values = rule.map { Evaluator.values(of: $0, facts) } ?? [:]
    alert.values["verdict_before"] = .text(change.before.verdict.rawValue)
    alert.values["tags"] = .list(expansion.judgement.tags.map { .text($0.rawValue) })
    alert.values["mrr_added"] = JSON(expansion.mrrAfter - expansion.mrrBefore)
    if let origin = facts.origin(of: expansion) { alert.values["origin"] = .text(origin.rawValue) }
    alert.context = context(beside: "", facts)
    alert.changedSinceLast =
      ["The case was \(change.before.verdict.words) since \(change.before.since.short)."]
      + changes(since: state.lastNotice, opened: "")
    alert.play = rule.map { Evaluator.render($0.action, facts) }
    alert.opener = rule.flatMap { $0.opener.map { Evaluator.render($0, facts) } }
    alert.score = riskScore
    alert.caseVerdict = expansion.verdict.rawValue
    return alert
  }

  private func skeleton(
    rule: String, title: String, level: Alert.Level, about: Alert.About, change: Alert.Change, subject: Subject, episode: Int
  ) -> Alert {
    let account = accountRow
    let ledgerLevel = state.ledger.level(at: now, calendar)
    return Alert(
      rule: rule, title: title, level: level, about: about, change: change, subject: subject, episode: episode, day: today,
      account: Alert.Account(key: state.key, name: state.name(asOf: now), external: state.externalIDs(asOf: now)), owner: owner(account),
      contactToCall: contactToCall, mrr: ledgerLevel?.mrr.map { Alert.Money(amount: $0, currency: state.ledger.currency) },
      noticeInDays: state.noticeDay(asOf: now, calendar).map { $0 - today }, people: people)
  }

  private var accountRow: EntityRow? { state.entities.rows(.account, asOf: now).first }

  private func owner(_ account: EntityRow?) -> Alert.Owner? {
    guard let owner = account?["owner"], let name = owner["name"]?.text ?? owner["email"]?.text else { return nil }
    return Alert.Owner(name: name, email: owner["email"]?.text)
  }

  private var subscriptionRecords: [String] {
    state.entities.rows(.subscription, asOf: now).map { "subscription:\($0.system)/\($0.id)" }
  }
}

// MARK: - People

extension AlertWriter {
  private static let callOrder = ["champion", "decision_maker", "billing", "user"]

  /// The contacts still there, in the order in which one would call them: by role, then by who used the product last.
  private var reachable: [(row: EntityRow, lastActive: Day?)] {
    let rows = state.entities.rows(.contact, asOf: now).filter { row in
      state.entities.derived(.contactGone, of: row, held: heldEdits) != .flag(true)
    }
    let active = rows.map { row in (row: row, lastActive: row.current.person.flatMap { state.usage.lastDay(of: $0, through: today) }) }
    return active.sorted { a, b in
      let (rankA, rankB) = (Self.rank(a.row), Self.rank(b.row))
      if rankA != rankB { return rankA < rankB }
      let (dayA, dayB) = (a.lastActive?.number ?? 0, b.lastActive?.number ?? 0)
      return dayA == dayB ? a.row.id < b.row.id : dayA > dayB
    }
  }

  private static func rank(_ row: EntityRow) -> Int { callOrder.firstIndex(of: row["role"]?.text ?? "user") ?? callOrder.count }

  private var contactToCall: Alert.Contact? {
    reachable.first.map { row, lastActive in
      Alert.Contact(name: row["name"]?.text, email: row["email"]?.text, role: row["role"]?.text ?? "user", lastActive: lastActive)
    }
  }

  private var people: [Alert.Person] {
    state.entities.rows(.contact, asOf: now).compactMap { row in
      guard let name = row["name"]?.text else { return nil }
      let role = (row["role"]?.text ?? "user").replacing("_", with: " ")
      return Alert.Person(name: name, email: row["email"]?.text, shownAs: role == "user" ? "a user" : "the \(role)")
    }
  }
}

// MARK: - Scores and what changed

extension AlertWriter {
  private var riskScore: Alert.Score? { score(of: "risk", band: "band") }
  private var expansionScore: Alert.Score? { score(of: "expansion", band: "tier") }

  private func score(of side: String, band: String) -> Alert.Score? {
    guard let points = state.score[side]["milli_points"].integer, let word = state.score[side][band].text,
      let coverage = state.score[side]["coverage"].integer
    else { return nil }
    return Alert.Score(points: Fixed(millionths: points * 1000), band: word, coverage: Fixed(millionths: coverage))
  }

  /// The other findings that are open, each a line: what one alert alone would not tell.
  private func context(beside rule: String, _ facts: Facts) -> [String] {
    state.episodes.filter { $0.state == .firing && $0.rule != rule }.compactMap { episode in
      guard let other = rules.rule(episode.rule), other.about != .flat, let firedAt = episode.firedAt else { return nil }
      var own = facts
      own.expansionCase = state.cases.first { $0.number == episode.caseNumber }
      own.frozen = episode.frozen
      own.openedAt = firedAt
      return "since \(calendar.day(of: firedAt).short): \(Evaluator.render(other.title, own))"
    }
  }

  private func changes(since last: AccountState.LastNotice?, opened: String) -> [String] {
    guard let last else { return [] }
    var lines: [String] = []
    let firing = Set(state.episodes.filter { $0.state == .firing && !rules.isFlat($0.rule) }.map(\.rule))
    let risk = state.score["risk"]["milli_points"].integer ?? 0
    if points(risk) != points(last.risk) {
      lines.append("Risk went from \(points(last.risk)) to \(points(risk)) points since \(last.on.short).")
    }
    let ended = last.firing.filter { !firing.contains($0) }
    if !ended.isEmpty { lines.append("No longer open: \(plain(ended)).") }
    if let pulse = pulseLine { lines.append(pulse) }
    let new = firing.subtracting(last.firing).subtracting([opened]).sorted()
    if !new.isEmpty { lines.append("Opened since: \(plain(new)).") }
    return lines
  }

  /// What somebody said of the account where it moved the band, beside the computed one.
  private var pulseLine: String? {
    let pulse = state.score["pulse"]
    guard let level = pulse["level"].text, let computed = pulse["computed_band"].text, state.score["risk"]["band"].text != computed else {
      return nil
    }
    let reason = pulse["reason"].text.map { ": \($0)" } ?? ""
    return "The band is \(level) by a person's judgement\(reason). The computed one is \(computed)."
  }

  /// Rule ids as people say them.
  private func plain(_ rules: [String]) -> String { rules.map { $0.replacing("_", with: " ") }.joined(separator: ", ") }

  private func points(_ milliPoints: Int64) -> String { String((milliPoints + 500) / 1000) }

  private func money(_ minor: Int64) -> String { MoneyText.short(minor, currency: state.ledger.currency) }
}

extension AccountState {
  /// The account's name as the CRM has it, or its number.
  package func name(asOf now: Instant) -> String {
    entities.rows(.account, asOf: now).first?["name"]?.text ?? "account \(key.number)"
  }

  /// The account's ids by system.
  package func externalIDs(asOf now: Instant) -> [String: String] {
    guard let row = entities.rows(.account, asOf: now).first else { return [:] }
    var ids = [row.system: row.id]
    if case .object(let members) = row["external"] ?? .object([:]) {
      for (system, id) in members { ids[system] = id.text }
    }
    return ids
  }

  /// The day by which the customer must say that they leave: the notice date, or the contract's end.
  package func noticeDay(asOf now: Instant, _ calendar: CompanyCalendar) -> Day? {
    entities.noticeInstant(asOf: now, calendar).map(calendar.day)
  }
}
