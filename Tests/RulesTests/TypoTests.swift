import ConfigFiles
import Events
import Foundation
import Rules
import Testing

/// Single typos in the shipped rules: none passes, each is shown where it is, with what was meant.
@Suite struct TypoTests {
  private struct Verdict {
    let typo: Typo
    let diagnostics: Diagnostics

    /// The report that points at the mistyped word, or at the dotted name around it.
    var report: Diagnostic? {
      let spot = typo.spot
      let end = spot.wholeOffset + spot.whole.utf8.count - spot.word.utf8.count + typo.typed.utf8.count
      return diagnostics.all.first { fault in
        (spot.wholeOffset...spot.offset).contains(fault.range.offset) && fault.range.offset + fault.range.length <= end
          && fault.range.file.path == spot.file.path
      }
    }

    var isHintRight: Bool {
      guard let hint = report?.hint else { return false }
      let meant = typo.spot.part == .unit ? typo.spot.whole : typo.spot.word
      return hint.contains("did you mean \(meant)?") || hint.contains("did you mean \(typo.spot.whole)?")
    }
  }

  private static let seed = ProcessInfo.processInfo.environment["BELLWETHER_TYPO_SEED"].flatMap(UInt64.init) ?? 20_261_127
  /// Two hundred in the configuration that is shipped and tested by CI; fewer where each takes ten times as long.
  #if DEBUG
  private static let ordinary = 50
  #else
  private static let ordinary = 200
  #endif
  private static let count = ProcessInfo.processInfo.environment["BELLWETHER_TYPOS"].flatMap(Int.init) ?? ordinary

  @Test func `two hundred typos are each shown in their place, nearly all with what was meant`() throws {
    let files = try Repository.ruleFiles()
    let typist = Typist(files)
    var random = SeededGenerator(seed: Self.seed)
    var typos: [Typo] = []
    var skipped = 0
    let byPart = TypoSpot.Part.allCases.map { part in typist.spots.filter { $0.part == part } }.filter { !$0.isEmpty }
    while typos.count < Self.count {
      // Each part of the language in its turn, so that none is left out for being rare.
      let part = byPart[typos.count % byPart.count]
      guard let spot = part.randomElement(using: &random) else { continue }
      if let typo = typist.typo(at: spot, using: &random) { typos.append(typo) } else { skipped += 1 }
    }
    let verdicts = typos.map { typo in
      var diagnostics = Diagnostics()
      _ = CompiledRules.load(files: files.map { $0.path == typo.spot.file.path ? typo.file : $0 }, diagnostics: &diagnostics)
      return Verdict(typo: typo, diagnostics: diagnostics)
    }
    let silent = verdicts.filter { !$0.diagnostics.hasErrors }
    let misplaced = verdicts.filter { $0.diagnostics.hasErrors && $0.report == nil }
    let unhelpful = verdicts.filter { $0.report != nil && !$0.isHintRight }
    let noisy = verdicts.filter { $0.diagnostics.all.count > 1 }
    print(
      "seed \(Self.seed): \(typos.count) typos, \(skipped) skipped for making another word; \(silent.count) silent, "
        + "\(misplaced.count) misplaced, \(unhelpful.count) without the right hint, \(noisy.count) with more than one report")
    for verdict in silent { Issue.record("seed \(Self.seed): \(verdict.typo) passes silently") }
    for verdict in misplaced { Issue.record("seed \(Self.seed): \(verdict.typo)\n\(verdict.diagnostics.rendered())") }
    let told = unhelpful.map { "\($0.typo): \($0.report?.message ?? ""): \($0.report?.hint ?? "no hint")" }.joined(separator: "\n")
    #expect(Double(unhelpful.count) <= 0.05 * Double(typos.count), "seed \(Self.seed):\n\(told)")
    if ProcessInfo.processInfo.environment["BELLWETHER_TYPOS"] != nil {
      print(told)
      for verdict in noisy { print("noisy: \(verdict.typo)\n\(verdict.diagnostics.rendered())\n") }
    }
  }
}
