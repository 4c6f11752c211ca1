import Engine
import Events
import Store
import Testing

@Suite struct CommitTests {
  @Test func `a page becomes a records step and a watermark, in stored order`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [account("1", "Acme", external: ["app": "a1"]), usage("u2", of: "a1"), usage("u1", of: "a1")]
    let results = try await store.commit([page("app.events", records, cursor: ["page": 2], through: day(1))], at: day(2))
    #expect(results.map(\.new) == [3])
    #expect(results.map(\.duplicate) == [0])
    #expect(results.map(\.unlinked) == [0])

    let steps = try await store.steps(after: 0, limit: 10)
    #expect(steps.map(\.sequence) == [1, 2])
    #expect(steps.map(\.at) == [day(2), day(2)])
    #expect(linked(steps[0]).map(\.record) == records)
    #expect(linked(steps[0]).map(\.account) == [AccountKey(1), AccountKey(1), AccountKey(1)])
    #expect(
      steps[1].content
        == .watermark(
          Watermark(stream: "app.events", kinds: [.usage], knownFrom: day(0), completeThrough: day(1), system: "app")))
    let state = try #require(try await store.streamState("app.events"))
    #expect(state.cursor == ["page": 2])
    #expect(state.completeThrough == day(1))
    #expect(state.lastSuccess == day(2))
  }

  @Test func `the same page again changes nothing but the cursor`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [
      account("1", "Acme", external: ["app": "a1"]), seats(10, at: day(1)), seats(4, at: day(2)), seats(10, at: day(3)),
      usage("u1", of: "a1", by: "Jo@Acme.com"), usage("u2", of: nil),
      Record(kind: .contact, id: "c", at: day(1), system: "crm", account: "1", fields: ["email": .text("jo@acme.com")]),
    ]
    _ = try await store.commit([page("app.events", records, cursor: 1, through: day(1))], at: day(2))
    let before = try await store.steps(after: 0, limit: 100)
    let results = try await store.commit([page("app.events", records, cursor: 2, through: day(1))], at: day(3))
    #expect(results.map(\.new) == [0])
    #expect(results.map(\.duplicate) == [7])
    #expect(try await store.steps(after: 0, limit: 100) == before)
    #expect(try await store.streamState("app.events")?.cursor == 2)
  }

  @Test func `a page without news still moves its watermark, never back`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for (through, expected) in [(day(1), day(1)), (day(3), day(3)), (day(2), day(3))] {
      _ = try await store.commit([page("app.events", [], through: through)], at: day(4))
      #expect(try await store.streamState("app.events")?.completeThrough == expected)
    }
    #expect(try await store.lastStep() == 2)
  }

  @Test func `time never goes back`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.appendTick(at: day(5))
    try await store.appendTick(at: day(4))
    #expect(try await store.activate(digest: "d1", content: "{}", at: day(6)) == 3)
    #expect(try await store.activate(digest: "d1", content: "{}", at: day(7)) == nil)
    let steps = try await store.steps(after: 0, limit: 10)
    #expect(steps.map(\.at) == [day(5), day(5), day(6)])
    #expect(steps.map(\.content) == [.tick, .tick, .activation(digest: "d1")])
    #expect(try await store.activeConfiguration()?.content == "{}")
  }

  @Test func `one bad page undoes the whole call`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let long = String(repeating: "x", count: StoreLimits.recordBytes)
    let good = page("app.events", [usage("u1", of: "a1")], cursor: 1, through: day(1))
    for text in [long, String(long.dropLast(30))] {
      let bad = page("app.more", [usage("u2", of: "a1", text)])
      let isOver = text.utf8.count == StoreLimits.recordBytes
      if isOver {
        await #expect(throws: StoreError.self) { try await store.commit([good, bad], at: day(2)) }
        #expect(try await store.lastStep() == 0)
        #expect(try await store.streamStates().isEmpty)
        #expect(try await store.eventCounts().isEmpty)
      } else {
        _ = try await store.commit([good, bad], at: day(2))
        #expect(try await store.lastStep() == 3)
      }
    }
  }

  @Test func `ids of a page that was undone are new again`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let good = page("app.events", [usage("u1", of: "a1", by: "u-17")])
    let bad = page("app.more", [usage("u2", of: "a1", String(repeating: "x", count: StoreLimits.recordBytes))])
    await #expect(throws: StoreError.self) { try await store.commit([good, bad], at: day(2)) }
    let accounts = [account("1", "Acme"), account("2", "Beta", external: ["app": "a1"])]
    _ = try await store.commit([page("crm.accounts", accounts), good], at: day(2))
    let events = try await store.events(of: AccountKey(2), kind: .usage)
    #expect(events.map(\.record.id) == ["u1"])
    #expect(try await store.findPeople("u-17").map(\.key) == events.map(\.person))
  }

  @Test func `more ids than the writer remembers stay what they are`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let names = (0...StoreLimits.rememberedReferences).map { "p\($0)" }
    for start in stride(from: 0, to: names.count, by: StoreLimits.recordsPerPage) {
      let part = names[start..<min(start + StoreLimits.recordsPerPage, names.count)]
      _ = try await store.commit([page("app.events", part.map { usage("u-\($0)", of: $0, by: $0) })], at: day(2))
    }
    let again = [names[0], names[1], names[names.count - 1]]
    _ = try await store.commit([page("app.events", again.map { usage("v-\($0)", of: $0, by: $0) })], at: day(3))
    for name in again {
      let people = try await store.findPeople(name)
      #expect(people.count == 1)
      #expect(try await store.records(of: people[0].key).map(\.id) == ["u-\(name)", "v-\(name)"])
    }
  }

  @Test(arguments: [StoreLimits.recordsPerPage, StoreLimits.recordsPerPage + 1])
  func `a page has at most so many records`(count: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [Record](repeating: usage("u1", of: "a1"), count: count)
    if count <= StoreLimits.recordsPerPage {
      #expect(try await store.commit([page("app.events", records)], at: day(2)).map(\.new) == [1])
    } else {
      await #expect(throws: StoreError.self) { try await store.commit([page("app.events", records)], at: day(2)) }
    }
  }

  @Test(arguments: [StoreLimits.idBytes, StoreLimits.idBytes + 1])
  func `an id has at most so many bytes`(count: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let records = [usage(String(repeating: "i", count: count), of: "a1")]
    if count <= StoreLimits.idBytes {
      #expect(try await store.commit([page("app.events", records)], at: day(2)).map(\.new) == [1])
    } else {
      await #expect(throws: StoreError.self) { try await store.commit([page("app.events", records)], at: day(2)) }
    }
  }

  @Test func `a failed poll leaves cursor and range, and a stored page clears it`() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    _ = try await store.commit([page("app.events", [], cursor: 7, through: day(1))], at: day(2))
    try await store.recordFailure(stream: "app.events", system: "app", error: "503", at: day(3))
    let failed = try #require(try await store.streamState("app.events"))
    #expect(failed.lastError == "503")
    #expect(failed.cursor == 7)
    #expect(failed.completeThrough == day(1))
    _ = try await store.commit([page("app.events", [])], at: day(4))
    #expect(try await store.streamState("app.events")?.lastError == nil)
  }
}

func linked(_ step: Step) -> [LinkedRecord] {
  if case .records(let records) = step.content { records } else { [] }
}
