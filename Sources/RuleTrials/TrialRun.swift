package import Engine
import Events
import Revenue
import Rules

/// What became of a test.
package struct TrialResult: Sendable {
  package let trial: Trial
  package let failures: [Failure]
  /// What the rule's conditions came to on the days that the test looks at.
  package let coverage: ConditionCoverage

  /// An expectation that did not hold.
  package struct Failure: Sendable {
    package let expectation: TrialExpectation
    /// How the rule stood instead.
    package let found: String
    /// The rule's conditions with the value of each part; empty where there is nothing to evaluate.
    package let explanation: String
  }

  package var hasPassed: Bool { failures.isEmpty }
}

extension Trial {
  /// Folds the account's history through the engine, as the daemon does, and compares.
  ///
  /// - Throws: whatever the engine throws; nothing where the configuration is a checked one.
  package func run(_ configuration: CompiledConfiguration) throws -> TrialResult {
    let narrowed = rule == TrialReader.verdicts ? configuration.narrowedToVerdicts : configuration.narrowed(to: rule)
    let isRead = { (subject: RuleCase) in
      rule == TrialReader.verdicts ? configuration.rules.verdicts.contains { $0.rule === subject.rule } : subject.rule.id == rule
    }
    var fold = LogFold { _ in narrowed }
    var history = TrialHistory(setting, configuration)
    var sequence: Int64 = 0
    var reasons: [String] = []
    func take(_ steps: [(at: Instant, content: Step.Content)]) throws {
      let numbered = steps.map { step in
        sequence += 1
        return Step(sequence: sequence, at: step.at, content: step.content)
      }
      let outcome = try fold.fold(numbered)
      reasons += outcome.transitions.filter {
        $0.finding.rule == rule && $0.to == .resolved && $0.finding.subject.account == TrialHistory.account
      }
      .map(\.reason)
    }
    try take(history.beginning)
    var failures: [TrialResult.Failure] = []
    var coverage = ConditionCoverage()
    var day = setting.from
    for expectation in expectations {
      var before: [RuleCase] = []
      while day <= expectation.day {
        if day == expectation.day { before = fold.ruleCases(of: TrialHistory.account).filter(isRead) }
        try take(history.steps(on: day))
        try take([(configuration.calendar.end(of: day) - Span(microseconds: 1), .tick)])
        day = day + 1
      }
      let cases = fold.ruleCases(of: TrialHistory.account).filter(isRead)
      for subject in cases {
        coverage.note(Evaluator.explain(subject.rule, subject.facts))
        if let ended = subject.asItEnded(since: before) { coverage.note(Evaluator.explain(subject.rule, ended)) }
      }
      let verdict = TrialVerdict(rule: rule, cases: cases, state: fold.accounts[TrialHistory.account], lastEnd: reasons.last)
      guard !verdict.meets(expectation.standing) else { continue }
      let format = OutcomeFormat(calendar: configuration.calendar, currency: "usd")
      failures.append(
        TrialResult.Failure(
          expectation: expectation, found: verdict.description,
          explanation: cases.map { Evaluator.explain($0.rule, $0.facts).rendered(format) }.joined(separator: "\n\n")))
    }
    return TrialResult(trial: self, failures: failures, coverage: coverage)
  }
}

extension RuleCase {
  /// The facts on which a finding ended that was still open the day before; nil where none has ended.
  fileprivate func asItEnded(since before: [RuleCase]) -> Facts? {
    guard facts.openedAt == nil, let open = before.first(where: { $0.expansionCase?.number == expansionCase?.number }),
      open.facts.openedAt != nil
    else { return nil }
    var facts = facts
    facts.openedAt = open.facts.openedAt
    facts.frozen = open.facts.frozen
    return facts
  }
}

/// How a rule stands for the account at one moment.
private struct TrialVerdict {
  let rule: String
  let cases: [RuleCase]
  let state: AccountState?
  /// Why the rule's last finding ended; nil if none ever did.
  let lastEnd: String?

  private var open: Episode? { state?.episodes.first { $0.rule == rule && $0.state == .firing } }
  private var isPending: Bool { state?.episodes.contains { $0.rule == rule && $0.state == .pending } ?? false }

  private var applies: Bool {
    cases.contains { subject in
      switch Evaluator.reading(of: subject.rule, subject.facts) {
      case .notApplicable, .unknown: false
      case .quiet, .met: true
      }
    }
  }

  private var tier: String? { state?.score["expansion"]["tier"].text }

  func meets(_ standing: TrialExpectation.Standing) -> Bool {
    switch standing {
    case .fires(let level): open.map { level == nil || $0.level == level } ?? false
    case .quiet: open == nil && applies
    case .clears(let reason): open == nil && lastEnd == reason
    case .notApplicable: open == nil && !applies
    case .tier(let wanted): tier == wanted
    case .verdict(let wanted, let tags):
      state?.cases.last.map { $0.verdict.rawValue == wanted && (tags.map($0.judgement.tags.map(\.rawValue).elementsEqual) ?? true) }
        ?? false
    }
  }

  private var judged: String {
    guard let expansion = state?.cases.last else { return "no expansion case" }
    let tags = expansion.judgement.tags.map(\.rawValue)
    return "verdict \(expansion.verdict.rawValue)" + (tags.isEmpty ? "" : " also \(tags.joined(separator: " "))")
  }

  var description: String {
    if rule == TrialReader.verdicts { return judged }
    if cases.isEmpty { return tier.map { "tier \($0)" } ?? "nothing to speak of" }
    if let open { return "fires \(open.level)" }
    if isPending { return "its condition holds, but not yet for long enough" }
    let ending = lastEnd.map { "; its last finding ended as \($0.replacing("_", with: " "))" } ?? ""
    return (applies ? "quiet" : "not applicable") + ending
  }
}
