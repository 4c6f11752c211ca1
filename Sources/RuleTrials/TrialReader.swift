package import ConfigFiles
package import Engine
import Events
import Features
import Revenue
import Rules

extension Diagnostic.Code {
  static let unknownRule: Self = "BW1101"
  static let badDate: Self = "BW1102"
  static let badExpectation: Self = "BW1103"
  static let badRoutine: Self = "BW1104"
  static let badEvent: Self = "BW1105"
  static let badField: Self = "BW1106"
  static let outOfOrder: Self = "BW1107"
}

/// Reads files of rule tests against a configuration; every fault of every file is reported.
package struct TrialReader {
  let configuration: CompiledConfiguration

  package init(_ configuration: CompiledConfiguration) { self.configuration = configuration }

  /// The longest that one test may last, in days.
  package static let longestTrial = 1_100

  package func trials(in files: [SourceFile], into diagnostics: inout Diagnostics) -> [Trial] {
    var trials: [Trial] = []
    for file in files {
      guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "file of rule tests", into: &diagnostics)
      else { continue }
      for node in reader.list("tests", into: &diagnostics) {
        if let trial = trial(node, into: &diagnostics) { trials.append(trial) }
      }
      reader.finish(into: &diagnostics)
    }
    return trials
  }

  private func trial(_ node: Node, into diagnostics: inout Diagnostics) -> Trial? {
    guard var reader = MappingReader(node, what: "rule test", into: &diagnostics) else { return nil }
    let errors = diagnostics.errorCount
    let rule = reader.required("rule", into: &diagnostics)
    let title = reader.requiredText("it", into: &diagnostics)
    let from = reader.optional("from").flatMap { day($0, into: &diagnostics) } ?? Day(year: 2025, month: 1, day: 1) ?? Day(number: 0)
    var setting = TrialSetting(from: from)
    for entry in reader.list("given", into: &diagnostics) { given(entry, &setting, &diagnostics) }
    var expectations: [TrialExpectation] = []
    let lines = reader.list("expect", into: &diagnostics)
    for entry in lines {
      guard let expectation = expectation(entry, &diagnostics) else { continue }
      if let last = expectations.last, expectation.day < last.day {
        diagnostics.report(
          .outOfOrder, "\(expectation.day) stands behind \(last.day)", at: entry.entries?.first?.key.range ?? entry.range,
          hint: "write the days in order")
      }
      expectations.append(expectation)
    }
    reader.finish(into: &diagnostics)
    if lines.isEmpty {
      diagnostics.report(.badExpectation, "this test expects nothing", at: node.range, hint: "add expect: - on 2026-01-31: fires high")
    }
    for expectation in expectations where !(0...Self.longestTrial).contains(expectation.day - from) {
      diagnostics.report(
        .badDate, "\(expectation.day) is not within \(Self.longestTrial) days from \(from), when the test begins", at: expectation.range,
        hint: "begin later with from: YYYY-MM-DD")
    }
    guard let rule, let id = rule.text(for: "rule", into: &diagnostics), let title else { return nil }
    if ![Self.tiers, Self.verdicts].contains(id), configuration.rules.rule(id) == nil {
      diagnostics.report(
        .unknownRule, "there is no rule \(id)", at: rule.range, hint: suggestion(for: id, among: configuration.rules.rules.map(\.id)))
    }
    guard diagnostics.errorCount == errors else { return nil }
    setting.events.sort { $0.day < $1.day }
    return Trial(rule: id, title: title, setting: setting, expectations: expectations, range: node.range)
  }

  /// Stands for the rule in tests of the tiers of expansion readiness.
  static let tiers = "tiers"
  /// Stands for the rule in tests of the verdicts on expansion cases.
  static let verdicts = "verdicts"

  func day(_ node: Node, into diagnostics: inout Diagnostics) -> Day? {
    guard let text = node.text else {
      diagnostics.report(.badDate, "a day is expected, not \(node.description)", at: node.range, hint: "write YYYY-MM-DD")
      return nil
    }
    return day(text, at: node.range, &diagnostics)
  }

  func day(_ text: some StringProtocol, at range: SourceRange, _ diagnostics: inout Diagnostics) -> Day? {
    if let day = Day(String(text)) { return day }
    diagnostics.report(.badDate, "\(text) is no day", at: range, hint: "write YYYY-MM-DD")
    return nil
  }

  // MARK: Expectations

  private func expectation(_ node: Node, _ diagnostics: inout Diagnostics) -> TrialExpectation? {
    guard let entry = node.entries?.first, node.entries?.count == 1, entry.name.hasPrefix("on ") else {
      diagnostics.report(
        .badExpectation, "an expectation is a day and how the rule stands", at: node.range, hint: "write on 2026-01-31: fires high")
      return nil
    }
    guard let day = day(entry.name.dropFirst(3), at: entry.key.range, &diagnostics),
      let text = entry.value.text(for: entry.name, into: &diagnostics)
    else { return nil }
    guard let standing = standing(text) else {
      diagnostics.report(
        .badExpectation, "\(text) is no way for a rule to stand", at: entry.value.range,
        hint: "quiet, fires, fires \(Level.allCases.map(\.rawValue).joined(separator: "|")), clears, clears as new normal, not applicable, "
          + "tier high, verdict healthy, verdict unadopted also bought_ahead")
      return nil
    }
    return TrialExpectation(day: day, standing: standing, range: entry.value.range)
  }

  private func standing(_ text: String) -> TrialExpectation.Standing? {
    let words = text.split(separator: " ").map(String.init)
    switch (words.first, words.dropFirst().joined(separator: " ")) {
    case ("quiet", ""): return .quiet
    case ("fires", ""): return .fires(level: nil)
    case ("fires", let level): return Level(rawValue: level).map { .fires(level: $0.rawValue) }
    case ("clears", ""): return .clears(reason: "cleared")
    case ("clears", let reason) where reason.hasPrefix("as "):
      return .clears(reason: String(reason.dropFirst(3).replacing(" ", with: "_")))
    case ("not", "applicable"): return .notApplicable
    case ("tier", let tier): return ExpansionTier(rawValue: tier).map { .tier($0.rawValue) }
    case ("verdict", let rest): return verdict(rest.split(separator: " ").map(String.init))
    default: return nil
    }
  }

  /// `unadopted`, `unadopted also bought_ahead shelfware`, `proving also nothing`.
  private func verdict(_ words: [String]) -> TrialExpectation.Standing? {
    guard let verdict = words.first.flatMap(CaseVerdict.init) else { return nil }
    if words.count == 1 { return .verdict(verdict.rawValue, tags: nil) }
    guard words.count > 2, words[1] == "also" else { return nil }
    if words.dropFirst(2) == ["nothing"] { return .verdict(verdict.rawValue, tags: []) }
    let tags = words.dropFirst(2).compactMap { CaseVerdict(rawValue: $0)?.rawValue }
    return tags.count == words.count - 2 ? .verdict(verdict.rawValue, tags: tags) : nil
  }
}
