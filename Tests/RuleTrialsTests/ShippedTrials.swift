import ConfigFiles
import Engine
import Foundation
import RuleTrials
import Testing

/// The shipped configuration and its rule tests.
enum Shipped {
  static let configuration: CompiledConfiguration = {
    var diagnostics = Diagnostics()
    let files = ["calendar.yaml", "features.yaml", "plans.yaml"].map(file) + folder("rules") + folder("lexicons")
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
