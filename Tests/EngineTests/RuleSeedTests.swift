import Foundation
import Testing

/// What the fuzzer of rules started from and what it once broke, each run again.
@Suite struct RuleSeedTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fuzzing/RuleSeeds").resolvingSymlinksInPath()
  private static let seeds =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted()) ?? []

  @Test func `there are seeds`() { #expect(Self.seeds.count >= 20) }

  @Test(arguments: seeds) func `it holds`(seed: String) throws {
    try FuzzedRules().check([UInt8](try Data(contentsOf: Self.folder.appending(path: seed))))
  }
}
