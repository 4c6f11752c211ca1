import ConfigFiles
import Foundation
import Rules

/// How long it takes to read and check many rules: the shipped ones over and over, each copy under names of its own.
struct CheckRun {
  struct Report: Codable {
    let rules: Int
    let kilobytes: Int
    /// The best of the rounds, and their median, in milliseconds.
    let bestMilliseconds: Double
    let medianMilliseconds: Double
  }

  private let files: [SourceFile]
  private let count: Int

  /// - Parameter count: how many rules; at most as many as a configuration may have.
  init(rules path: String, count: Int) throws {
    let shipped = try MeasureEngine.files(rules: path)
    let ids = shipped.flatMap { $0.text.matches(of: #/(?m)^  - id: ([a-z_]+)/#).map { String($0.1) } }
    var files = shipped
    var copied = 0
    var copy = 1
    // The first file that would be too much ends it; single rules are not taken out of their file.
    copies: while true {
      for file in shipped where file.text.contains("\nrules:") {
        let own = file.text.matches(of: #/(?m)^  - id: /#).count
        if ids.count + copied + own > count { break copies }
        copied += own
        files.append(SourceFile(path: file.path.replacing(".yaml", with: "-\(copy).yaml"), text: Self.renamed(file.text, ids, copy)))
      }
      copy += 1
    }
    self.files = files
    self.count = ids.count + copied
  }

  /// Ids, and what reads them, with the copy's number behind.
  private static func renamed(_ text: String, _ ids: [String], _ copy: Int) -> String {
    ids.reduce(text) { $0.replacing("- id: \($1)\n", with: "- id: \($1)_\(copy)\n") }
  }

  func measure(rounds: Int = 15) throws -> Report {
    var times: [Double] = []
    for _ in 0..<rounds {
      var diagnostics = Diagnostics()
      let start = ContinuousClock.now
      let rules = CompiledRules.load(files: files, diagnostics: &diagnostics)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
      guard rules?.rules.count == count else { throw Unsound(text: diagnostics.rendered()) }
    }
    times.sort()
    return Report(
      rules: count, kilobytes: files.reduce(0) { $0 + $1.text.utf8.count } / 1024, bestMilliseconds: times[0],
      medianMilliseconds: times[rounds / 2])
  }

  struct Unsound: Error {
    let text: String
  }
}
