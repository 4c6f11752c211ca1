import ArgumentParser
import ConfigFiles
import Events
import Rules
import Store

/// `bellwether person`
struct PersonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "person", abstract: "What is held on a person, and how to erase it.", subcommands: [Export.self, Forget.self])

  /// `bellwether person export`
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Everything held on a person, as JSON.",
      discussion: "Alerts that name them are in `deliveries`; texts of others that mention them cannot be told apart.")

    @Argument(help: "The person's number, address, id in any system, or name.") var id: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let person = try await store.thePerson(id)
      let records = try await store.records(of: person.key)
      let held: JSON = [
        "person": JSON(person.key.number), "name": JSON(person.name), "email": JSON(person.email),
        "ids": .list(person.references.map { ["system": .text($0.system), "id": .text($0.id)] }),
        "records": .list(records.map(\.json)),
      ]
      StandardOutput.print(held.serialized())
    }
  }

  /// `bellwether person forget`
  struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forget", abstract: "Erase a person's name, addresses and words; what counts without a name stays.",
      discussion: """
        Cannot be undone. Findings and scores stay as they are, and folding the log again still gives them. Later records of the person \
        bring nothing back. The daemon must be stopped.
        """)

    @Argument(help: "The person's number, address, id in any system, or name.") var id: String
    @Flag(help: "Do it. Without this the command only says what it would erase.") var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      guard yes else { return try await preview() }
      let store = try EventStore(path: shared.store, access: .exclusive)
      let person = try await store.thePerson(id)
      let lexicon = try await AskedWords(store)
      let done = try await store.forget(person.key, at: WallClock.now(), keep: { lexicon.words(of: $0) })
      try await EngineHost(store: store).catchUp()
      try await store.checkpoint()
      if shared.json {
        let summary: JSON = [
          "person": JSON(person.key.number), "records": JSON(done.records), "notices": JSON(done.notices),
          "deliveries": JSON(done.deliveries), "pending_deliveries": JSON(done.pending),
        ]
        StandardOutput.print(summary.serialized())
        return
      }
      StandardOutput.print(
        "Person \(person.key.number) is forgotten: \(done.records) records, \(done.notices) notices and \(done.deliveries) deliveries no "
          + "longer name them.")
      if done.pending > 0 {
        StandardOutput.print("\(done.pending) deliveries that wait to be sent still do: run this again once they are sent or given up.")
      }
    }

    private func preview() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let person = try await store.thePerson(id)
      let count = try await store.records(of: person.key).count
      StandardOutput.print(
        "Would erase the name, addresses and words of person \(person.key.number) (\(person.name ?? person.email ?? "nameless")) in "
          + "\(count) records. Add --yes to do it; it cannot be undone.")
    }
  }
}

extension EventStore {
  /// The one person that a text means.
  ///
  /// - Throws: `WrongArgument` if there is none or several.
  func thePerson(_ text: String) async throws -> StoredPerson {
    let found = try await findPeople(text)
    guard let first = found.first else {
      throw WrongArgument("No person is called '\(text)'. `bellwether accounts show ID` lists an account's people.")
    }
    guard found.count == 1 else {
      throw WrongArgument(
        "'\(text)' could be \(found.count) persons: \(found.prefix(5).map { String($0.key.number) }.joined(separator: ", ")). Name one by "
          + "its number.")
    }
    return first
  }
}

extension AskedWords {
  /// Of every configuration that was ever in force.
  fileprivate init(_ store: EventStore) async throws {
    self.init(try await store.configurations().map { try EngineFiles(content: $0.content).files })
  }
}
