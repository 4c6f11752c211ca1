import ArgumentParser
import Engine
import Events
import Revenue
import Rules
import Store

/// `bellwether explain ID [RULE]`
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Why a rule fires for an account, or why not: every part of it with its value.")

  @Argument(help: "The account's number, name, or id in any system.") var id: String
  @Argument(help: "A rule; without one, all rules, a line each.") var rule: String?
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let snapshot = try await Snapshot(store, asOf: asOf.day)
    let state = try snapshot.account(id)
    if let rule, snapshot.configuration.rules.rule(rule) == nil {
      let known = snapshot.configuration.rules.rules.map(\.id).joined(separator: ", ")
      throw WrongArgument("There is no rule '\(rule)'. Known: \(known).")
    }
    let cases = snapshot.fold.ruleCases(of: state.key).filter { rule == nil || $0.rule.id == rule }
    let explanations = cases.map { ExplainedRule($0, snapshot) }
    if shared.json {
      StandardOutput.print(JSON.list(explanations.map(\.json)).serialized())
      return
    }
    let frozen = state.churnedOn.map { "\nIt churned on \($0): its findings are closed, and rules rest until it pays again." } ?? ""
    let heading = "\(state.name(asOf: snapshot.now)) (\(state.key.number)) as of \(snapshot.today)\(frozen)"
    if explanations.isEmpty { StandardOutput.print("\(heading)\n\n\(rule ?? "") speaks of expansion cases, and none is open.") }
    if rule == nil {
      var table = TextTable([("RULE", .left), ("STANDS", .left), ("WHY", .left)])
      for explanation in explanations { table.add([explanation.name, explanation.standing, explanation.reason]) }
      StandardOutput.print("\(heading)\n\n\(table.rendered())")
    } else if !explanations.isEmpty {
      StandardOutput.print(heading + "\n\n" + explanations.map(\.text).joined(separator: "\n\n"))
    }
  }
}

/// How one rule stands for one subject, and why.
struct ExplainedRule {
  private let subject: RuleCase
  private let format: OutcomeFormat
  private let reading: RuleReading

  init(_ subject: RuleCase, _ snapshot: Snapshot) {
    self.subject = subject
    format = OutcomeFormat(calendar: snapshot.configuration.calendar, currency: subject.facts.account.ledger.currency)
    reading = Evaluator.reading(of: subject.rule, subject.facts)
  }

  private var isOpen: Bool { subject.episode?.state == .firing }

  var name: String { subject.expansionCase.map { "\(subject.rule.id) (case \($0.number))" } ?? subject.rule.id }

  /// firing, pending, quiet, not applicable; with the level of a finding that is open.
  var standing: String {
    if let episode = subject.episode, episode.state != .resolved { return "\(episode.state.rawValue) (\(episode.level))" }
    return switch reading {
    case .notApplicable, .unknown: "not applicable"
    case .quiet, .met: "quiet"
    }
  }

  var reason: String {
    if isOpen { return Evaluator.render(subject.rule.title, subject.facts) }
    switch reading {
    case .notApplicable: return "needs is false: \(subject.rule.needs?.text.oneLine ?? "")"
    case .unknown(let missing): return missing.description
    case .quiet: return "when is false"
    case .met where subject.rule.hold == Span(microseconds: 0) && subject.episode?.isSpent != true: return "when is true"
    case .met:
      return subject.episode?.isSpent == true ? "the new normal since its last episode" : "held for less than \(subject.rule.hold.days)"
    }
  }

  private var outlook: RuleOutlook { Evaluator.outlook(of: subject.rule, subject.facts) }

  var text: String {
    let outlook = outlook.rendered
    return "\(name): \(standing). \(reason)\n\n" + Evaluator.explain(subject.rule, subject.facts).rendered(format)
      + (outlook.isEmpty ? "" : "\n\nWhat would change it\n\n\(outlook)")
  }

  var json: JSON {
    [
      "rule": .text(subject.rule.id), "case": subject.expansionCase.map { JSON($0.number) } ?? .null, "stands": .text(standing),
      "reason": .text(reason), "would_change": outlook.json, "parts": Evaluator.explain(subject.rule, subject.facts).json(format),
    ]
  }
}

extension Span {
  fileprivate var days: String { wholeDays == 1 ? "1 day" : "\(wholeDays) days" }
}

extension String {
  fileprivate var oneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
