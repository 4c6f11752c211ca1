import ConfigFiles
import Engine
import Foundation
import Revenue
import RuleTrials
import Rules
import Testing

/// The shipped configuration and its rule tests.
enum Shipped {
  static let configuration: CompiledConfiguration = {
    var diagnostics = Diagnostics()
    let files = ["calendar.yaml", "features.yaml", "plans.yaml", "revenue.yaml"].map(file) + folder("rules") + folder("lexicons")
    guard let configuration = CompiledConfiguration(files: files, digest: "shipped", into: &diagnostics) else {
      fatalError(diagnostics.rendered())
    }
    return configuration
  }()

  static let trials: [Trial] = {
    var diagnostics = Diagnostics()
    let trials = TrialReader(configuration).trials(in: folder("rules/tests"), into: &diagnostics)
    if !diagnostics.isEmpty { fatalError(diagnostics.rendered()) }
    return trials
  }()

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func file(_ name: String) -> SourceFile {
    let text = (try? String(contentsOf: root.appending(path: "config/\(name)"), encoding: .utf8)) ?? ""
    return SourceFile(path: "config/\(name)", text: text)
  }

  private static func folder(_ name: String) -> [SourceFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "config/\(name)").path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { file("\(name)/\($0)") }
  }
}

@Suite struct ShippedTrialsTests {
  @Test(arguments: Shipped.trials.indices) func holds(index: Int) throws {
    let trial = Shipped.trials[index]
    let result = try trial.run(Shipped.configuration)
    for failure in result.failures {
      Issue.record(
        """
        \(trial.rule) \(trial.title): on \(failure.expectation.day) expected \(failure.expectation.standing), but: \(failure.found)
        \(failure.explanation)
        """)
    }
  }
}

/// What is promised of a rule is tested of it.
@Suite struct TestedRulesTests {
  /// Ways in which a rule cannot stand, and why.
  private static let exceptions: [String: [String: String]] = [
    "flat_unknown": ["clears": "a feed of usage would have to be connected in the middle of a test"]
  ]

  /// The four ways in which each rule is tested to stand.
  private static func ways(_ trials: [Trial]) -> Set<String> {
    Set(
      trials.flatMap(\.expectations).map { expectation in
        switch expectation.standing {
        case .fires: "fires"
        case .quiet: "quiet"
        case .clears: "clears"
        case .notApplicable: "not applicable"
        case .tier: "tier"
        case .verdict(let verdict, _): verdict
        }
      })
  }

  @Test func everyRuleIsTestedToFireToKeepSilentNotToApplyAndToClear() {
    var waiting: [String] = []
    for rule in Shipped.configuration.rules.rules.map(\.id).sorted() {
      let tested = Self.ways(Shipped.trials.filter { $0.rule == rule }).union((Self.exceptions[rule] ?? [:]).keys)
      let missing = ["fires", "quiet", "not applicable", "clears"].filter { !tested.contains($0) }
      if !missing.isEmpty { waiting.append("\(rule): \(missing.joined(separator: ", "))") }
    }
    #expect(waiting.isEmpty, "\(waiting.joined(separator: "; "))")
  }

  @Test func everyVerdictIsTestedToBeGiven() {
    let tested = Self.ways(Shipped.trials.filter { $0.rule == "verdicts" })
    let verdicts = Shipped.configuration.rules.verdicts.map(\.verdict.rawValue) + ["proving"]
    #expect(verdicts.filter { !tested.contains($0) } == [])
  }

  @Test func placesOfPartsAreFound() throws {
    let text = """
      rules:
        - id: one
          when: seats > 3
        - id: two
          # seats > 3 and x
          when: >
            mrr is known
            and seats > 3
      """
    let places = RulePlaces([SourceFile(path: "rules/a.yaml", text: text)])
    #expect(places.place(of: "seats > 3", in: "one") == "rules/a.yaml:3")
    #expect(places.place(of: "seats > 3", in: "two") == "rules/a.yaml:8")
    #expect(places.place(of: "mrr is known and seats > 3", in: "two") == "rules/a.yaml:7")
    #expect(places.place(of: "gone", in: "two") == "rules/a.yaml:4")
    #expect(places.place(of: "gone", in: "three") == nil)
  }
}
