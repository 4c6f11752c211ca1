import Engine
import Events
import Foundation
import Store
import Testing

/// What a killed process or a torn write leaves behind opens as a whole number of commits.
@Suite struct CrashTests {
  @Test func `a copy of the files at any commit opens with every commit so far`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for n in 1...8 as ClosedRange<Int64> {
      _ = try await store.commit([batch(n)], at: day(n))
      let copy = try copyFiles(of: folder, journalBytes: nil)
      let reopened = try copy.open()
      #expect(try await reopened.steps(after: 0, limit: 100) == (try await store.steps(after: 0, limit: 100)))
      #expect(try await reopened.streamState("app.events")?.cursor == .integer(n))
      // And goes on from there: the page told again is no news.
      #expect(try await reopened.commit([batch(n)], at: day(n)).map(\.new) == [0])
    }
  }

  @Test func `a journal cut anywhere loses whole commits only`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.checkpoint()
    for n in 1...8 as ClosedRange<Int64> { _ = try await store.commit([batch(n)], at: day(n)) }
    let whole = try await store.steps(after: 0, limit: 100)
    let size = try journalSize(folder)
    var seen: Set<Int64> = []
    for part in 0...20 {
      let copy = try copyFiles(of: folder, journalBytes: size * part / 20)
      let reopened = try copy.open()
      let steps = try await reopened.steps(after: 0, limit: 100)
      #expect(steps == Array(whole.prefix(steps.count)))
      let cursor = try await reopened.streamState("app.events")?.cursor?.integer ?? 0
      seen.insert(cursor)
      // Cursor and records stand together: two steps a commit.
      #expect(Int64(steps.count) == cursor * 2)
    }
    #expect(seen.isSuperset(of: [0, 8]))
    #expect(seen.count > 3)
  }

  private func batch(_ n: Int64) -> Page {
    let records = (0..<20).map { usage("u\(n)-\($0)", of: "a1", at: day(n)) }
    return page(
      "app.events", [account("c\(n)", "A", external: ["app": "a\(n)"])] + records, cursor: .integer(n), through: day(n), at: day(n))
  }

  private func journalSize(_ folder: TemporaryFolder) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: folder.store + "-wal")).count
  }

  private func copyFiles(of folder: TemporaryFolder, journalBytes: Int?) throws -> TemporaryFolder {
    let copy = try TemporaryFolder()
    try Data(contentsOf: URL(fileURLWithPath: folder.store)).write(to: URL(fileURLWithPath: copy.store))
    let journal = try Data(contentsOf: URL(fileURLWithPath: folder.store + "-wal"))
    try journal.prefix(journalBytes ?? journal.count).write(to: URL(fileURLWithPath: copy.store + "-wal"))
    return copy
  }
}
