import ArgumentParser
import ConfigFiles
import Engine
import Events
import RuleTrials
import Rules

/// `bellwether test [--coverage] [RULE]`
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the rules' own tests, which stand in rules/tests of the configuration folder.",
    discussion: "Status 0 if every test holds; 1 if one does not, or a file cannot be read. docs/rules/testing.md shows how to write one.")

  @Argument(help: "Only the tests of this rule.") var rule: String?
  @Flag(help: "Say which ways the conditions were never seen to go.") var coverage = false
  @Option(help: ArgumentHelp("The configuration folder.", valueName: "dir")) var config = "config"
  @Flag(help: "Print JSON for machines.") var json = false

  func run() throws {
    let folder = try ConfigurationFolder(path: config)
    var diagnostics = Diagnostics()
    let configuration = EngineFiles(folder).compiled(into: &diagnostics)
    let trials = configuration.map { TrialReader($0).trials(in: folder.ruleTests, into: &diagnostics) } ?? []
    guard let configuration, !diagnostics.hasErrors else {
      if json {
        StandardOutput.print(JSON.list(diagnostics.all.map(\.json)).serialized())
      } else {
        StandardError.print(diagnostics.rendered())
      }
      throw ExitCode(1)
    }
    if let rule, configuration.rules.rule(rule) == nil, !trials.contains(where: { $0.rule == rule }) {
      throw WrongArgument("There is no rule '\(rule)'. Known: \(configuration.rules.rules.map(\.id).joined(separator: ", ")).")
    }
    let results = try trials.filter { rule == nil || $0.rule == rule }.map { try $0.run(configuration) }
    let ids = configuration.rules.rules.map(\.id).filter { rule == nil || $0 == rule }
    let report = TrialReport(results, rules: ids, places: RulePlaces(folder.engine))
    StandardOutput.print(json ? report.json.serialized() : report.text(coverage: coverage))
    if !report.hasPassed { throw ExitCode(1) }
  }
}

/// The outcome of all tests, rule by rule.
struct TrialReport {
  private let rules: [(id: String, results: [TrialResult], coverage: ConditionCoverage)]

  private let places: RulePlaces

  init(_ results: [TrialResult], rules ids: [String], places: RulePlaces) {
    self.places = places
    let others = Set(results.map(\.trial.rule)).subtracting(ids).sorted()
    rules = (ids.sorted() + others).map { id in
      let own = results.filter { $0.trial.rule == id }
      var coverage = ConditionCoverage()
      for result in own { coverage.merge(result.coverage) }
      return (id, own, coverage)
    }
  }

  var hasPassed: Bool { rules.allSatisfy { $0.results.allSatisfy(\.hasPassed) } }

  func text(coverage: Bool) -> String {
    var table = TextTable([("RULE", .left), ("TESTS", .right), ("FAILED", .right), ("COVERAGE", .right)])
    for rule in rules {
      let failed = rule.results.count { !$0.hasPassed }
      table.add([
        rule.id, String(rule.results.count), failed == 0 ? "–" : String(failed), rule.results.isEmpty ? "–" : "\(rule.coverage.percent) %",
      ])
    }
    var parts = rules.flatMap(\.results).flatMap { result in result.failures.map { failure(result.trial, $0) } }
    if coverage {
      parts += rules.filter { !$0.results.isEmpty && !gaps(of: $0).isEmpty }.map { rule in
        "\(rule.id)\n" + gaps(of: rule).map { "  \($0)" }.joined(separator: "\n")
      }
    }
    return (parts + [table.rendered(), summary]).joined(separator: "\n\n")
  }

  private func gaps(of rule: (id: String, results: [TrialResult], coverage: ConditionCoverage)) -> [String] {
    rule.coverage.gaps { places.place(of: $0, in: rule.id) }
  }

  private func failure(_ trial: Trial, _ failure: TrialResult.Failure) -> String {
    let (line, _, _) = failure.expectation.range.position
    return """
      FAILED \(trial.rule) \(trial.title)
      \(failure.expectation.range.file.path):\(line): on \(failure.expectation.day) expected \(failure.expectation.standing), but: \
      \(failure.found)
      \(failure.explanation)
      """
  }

  private var summary: String {
    let results = rules.flatMap(\.results)
    let failed = results.count { !$0.hasPassed }
    let untested = rules.count { $0.results.isEmpty }
    let (seen, all) = rules.reduce((0, 0)) { ($0.0 + $1.coverage.branches.seen, $0.1 + $1.coverage.branches.all) }
    return "\(results.count - failed) of \(results.count) tests hold; \(all == 0 ? 0 : seen * 100 / all) % of the conditions' branches seen"
      + (untested == 0 ? "" : "; \(untested) \(untested == 1 ? "rule has" : "rules have") no test")
  }

  /// `{rules: [{rule, tests, failures: [{test, day, expected, found}], coverage, gaps}], passed}`.
  var json: JSON {
    let list = rules.map { rule -> JSON in
      let failures = rule.results.flatMap { result in
        result.failures.map { failure -> JSON in
          [
            "test": .text(result.trial.title), "day": JSON(failure.expectation.day), "found": .text(failure.found),
            "expected": .text(failure.expectation.standing.description), "file": .text(failure.expectation.range.file.path),
            "line": JSON(failure.expectation.range.position.line),
          ]
        }
      }
      return [
        "rule": .text(rule.id), "tests": JSON(rule.results.count), "failures": .list(failures), "coverage": JSON(rule.coverage.percent),
        "gaps": .list(gaps(of: rule).map(JSON.text)),
      ]
    }
    return ["passed": .flag(hasPassed), "rules": .list(list)]
  }
}
