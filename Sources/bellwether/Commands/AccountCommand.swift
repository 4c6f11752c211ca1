import ArgumentParser
import Engine
import Events
import Features
import Revenue
import Rules
import Store

/// `bellwether account ID`
struct AccountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account", abstract: "One account: score, open findings, cases, and what happened when.")

  @Argument(help: "The account's number, name, or id in any system.") var id: String
  @Flag(help: "Its revenue instead: every movement of MRR with the records it rests on.") var ledger = false
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    if ledger {
      let page = try LedgerPage(id, try await RevenueSnapshot(store, asOf: asOf.day))
      return StandardOutput.print(shared.json ? page.json.serialized() : page.text)
    }
    let snapshot = try await Snapshot(store, asOf: asOf.day)
    let state = try snapshot.account(id)
    let transitions = try await store.transitions(of: state.key).filter { $0.at <= snapshot.now }
    let held = try await store.account(state.key)?.references.filter { $0.since <= snapshot.now } ?? []
    let history = ScoreHistory(try await store.scores(of: state.key), snapshot)
    let page = AccountPage(state: state, references: held, snapshot: snapshot, transitions: transitions, history: history)
    StandardOutput.print(shared.json ? page.json.serialized() : page.text)
  }
}

/// What `bellwether account` shows.
struct AccountPage {
  let state: AccountState
  /// The ids that stand for the account: what its records name may be another's.
  let references: [AccountReference]
  let snapshot: Snapshot
  let transitions: [Transition]
  let history: ScoreHistory

  private var calendar: CompanyCalendar { snapshot.configuration.calendar }

  var text: String {
    ([header, score] + [cases, timeline].filter { !$0.isEmpty }).joined(separator: "\n\n")
  }

  private var header: String {
    let entry = QueueEntry(state, snapshot)
    let mrr = entry.mrr.map { MoneyText.short($0, currency: entry.currency) + " MRR" } ?? "MRR unknown"
    let seats = state.ledger.level(at: snapshot.now, calendar).map { "\($0.seats) seats" }
    let notice = entry.noticeIn.map { "notice date in \($0) days" } ?? "notice date unknown"
    let status = state.churnedOn.map { "churned on \($0)" }
    let facts = [mrr, seats, notice, "owner \(entry.owner ?? "unknown")", status].compactMap { $0 }
    let ids = references.map { "\($0.system) \($0.id)" }
    return "\(entry.name) (\(state.key.number)) as of \(snapshot.today)\n\(facts.joined(separator: " · "))\n\(ids.joined(separator: " · "))"
  }

  private var score: String {
    let risk = state.score["risk"]
    let expansion = state.score["expansion"]
    var lines = [
      "Risk \(points(risk["milli_points"])) points, band \(risk["band"].text ?? "none"), coverage \(percent(risk["coverage"]))"
    ]
    lines += (risk["lines"].list ?? []).map(line)
    if let pulse { lines.append(pulse) }
    let change = history.change.isEmpty ? "" : "; since yesterday \(history.change)"
    lines.append("Risk, last 8 weeks \(history.sparkline)\(change)")
    lines.append("Expansion \(points(expansion["milli_points"])) points, tier \(expansion["tier"].text ?? "low")")
    lines += (expansion["lines"].list ?? []).map(line)
    return lines.joined(separator: "\n")
  }

  /// What somebody said of the account, and the computed band beside it.
  private var pulse: String? {
    let pulse = state.score["pulse"]
    guard let level = pulse["level"].text, let computed = pulse["computed_band"].text else { return nil }
    let until = (pulse["until"].text.flatMap(Instant.init(iso8601:))).map { " until \(calendar.day(of: $0))" } ?? ""
    let reason = pulse["reason"].text.map { " (\($0))" } ?? ""
    return "Pulse \(level)\(reason)\(until); the computed band is \(computed)"
  }

  private func line(_ json: JSON) -> String {
    let name =
      json["rule"].text ?? (json["cap"].flag == true ? "cap of \(json["category"].text ?? "")" : "floor of \(json["category"].text ?? "")")
    let amount = points(json["milli_points"])
    return "  " + String(repeating: " ", count: max(0, 6 - amount.count)) + amount + "  " + name
  }

  /// Points with one decimal at most.
  private func points(_ json: JSON) -> String {
    let tenths = ((json.integer ?? 0) + ((json.integer ?? 0) < 0 ? -50 : 50)) / 100
    return Fixed(millionths: tenths * 100_000).description
  }

  private func percent(_ json: JSON) -> String { "\(((json.integer ?? 0) + 5_000) / 10_000)%" }

  private var cases: String {
    let lines = state.cases.flatMap(lines(of:))
    return lines.isEmpty ? "" : "Expansion cases\n" + lines.joined(separator: "\n")
  }

  /// What was bought, the verdict on it, and what the verdict rests on.
  private func lines(of expansion: ExpansionCase) -> [String] {
    let money = { (amount: Int64) in MoneyText.short(amount, currency: state.ledger.currency) }
    let origin = snapshot.facts(of: state)?.origin(of: expansion).map { ", \($0.rawValue)" } ?? ""
    let standing = state.churnedOn != nil ? "kept since the account left" : expansion.isFinal(on: snapshot.today) ? "final" : "open"
    let tags = expansion.judgement.tags.map(\.words)
    let first =
      "  \(expansion.openedOn)  MRR \(money(expansion.mrrBefore)) → \(money(expansion.mrrAfter)), seats "
      + "\(expansion.seatsBefore) → \(expansion.seatsAfter)\(origin)"
    let second =
      "              \(expansion.verdict.words) since \(expansion.judgement.since)"
      + (tags.isEmpty ? "" : ", also \(tags.joined(separator: ", "))") + "; \(standing)"
    return [first, second] + expansion.judgement.evidence.map { "                - \($0.text)" }
  }

  private var changes: [TypedChange] {
    state.entities.changes(asOf: snapshot.now, snapshot.configuration.catalog, calendar)
  }

  /// What the sources told and what became of it, day by day.
  private var timeline: String {
    var lines: [(at: Instant, cells: [String])] = changes.map { change in
      let learned = change.learnedAt > change.at + Self.lateness ? "learned \(calendar.day(of: change.learnedAt))" : ""
      return (change.at, [change.kind.rawValue, change.description, "", learned])
    }
    lines += transitions.map { transition in
      let evidence = (transition.evidence.list ?? []).compactMap(\.text).first ?? ""
      return (transition.at, [transition.finding.rule, transition.reason, transition.level, evidence])
    }
    guard !lines.isEmpty else { return "" }
    var table = TextTable([("DAY", .left), ("RULE OR RECORD", .left), ("CHANGE", .left), ("LEVEL", .left), ("EVIDENCE", .left)])
    let ordered = lines.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    for (_, line) in ordered { table.add([calendar.day(of: line.at).description] + line.cells) }
    return "Timeline\n" + table.rendered()
  }

  /// What was learned later than this is shown as such.
  private static let lateness = Span.days(2)

  var json: JSON {
    let entry = QueueEntry(state, snapshot)
    return [
      "account": entry.json(history), "ids": .list(references.map { ["system": .text($0.system), "id": .text($0.id)] }),
      "as_of": JSON(snapshot.today), "score": state.score, "cases": .list(state.cases.map(\.json)),
      "churned_on": JSON(state.churnedOn),
      "changes": .list(
        changes.map { change in
          [
            "at": JSON(change.at), "learned_at": JSON(change.learnedAt), "kind": .text(change.kind.rawValue), "id": .text(change.id),
            "system": .text(change.system), "topic": .text(change.topic.rawValue), "from": JSON(change.from), "to": JSON(change.to),
          ]
        }),
      "transitions": .list(
        transitions.map { transition in
          [
            "rule": .text(transition.finding.rule), "subject": .text(transition.finding.subject.description),
            "episode": JSON(transition.finding.episode), "at": JSON(transition.at), "to": .text(transition.to.rawValue),
            "level": .text(transition.level), "reason": .text(transition.reason), "evidence": transition.evidence,
          ]
        }),
    ]
  }
}
