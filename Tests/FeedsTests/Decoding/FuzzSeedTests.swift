import Feeds
import Foundation
import Testing

/// What the fuzzer started from and what it once broke, each run again.
@Suite struct FuzzSeedTests {
  private static let seeds =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted()) ?? []
  private static let folder = repository.appendingPathComponent("Tests/Fuzzing/Seeds")

  @Test func thereAreSeeds() { #expect(Self.seeds.count >= 20) }

  @Test(arguments: seeds) func holds(seed: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: repository.appendingPathComponent("config/feeds").path)
    let feeds = try names.filter { $0.hasSuffix(".yaml") }.sorted().map { try shippedFeed(String($0.dropLast(5))) }
    let target = FuzzedBody(feeds: feeds)
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(seed)))
    try target.check(bytes)
    // Whatever layers it was found with, it must hold with all of them.
    for selector in UInt8(0)..<32 { try target.check([selector] + bytes.dropFirst()) }
  }
}
