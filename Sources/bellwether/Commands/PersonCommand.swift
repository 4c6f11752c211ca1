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

/// The words that rules ever asked texts for: all that may stay of a forgotten text, so that what was found in it is found again.
private struct AskedWords: Sendable {
  private let phrases: [String]
  private let lexicons: [Lexicon]

  /// Every quoted text of every rule that was ever in force, which is more than rules look for in texts and nobody's name, and every lexicon.
  init(_ store: EventStore) async throws {
    var phrases: Set<String> = []
    var lexicons: Set<Lexicon> = []
    for stored in try await store.configurations() {
      let files = try EngineFiles(content: stored.content).files
      var unheard = Diagnostics()
      let ofLexicons = files.filter { $0.path.hasPrefix("lexicons/") }
      if let rules = CompiledRules.load(files: ofLexicons, diagnostics: &unheard) { lexicons.formUnion(rules.lexicons.all.values) }
      for file in files where !file.path.hasPrefix("lexicons/") {
        for match in file.text.matches(of: /"([^"\n]+)"/) { phrases.insert(match.output.1.lowercased()) }
      }
    }
    self.phrases = phrases.sorted()
    self.lexicons = lexicons.sorted { $0.id < $1.id }
  }

  /// What was found, each find a sentence of its own, so that none can take another's meaning.
  func words(of text: String) -> String {
    let prose = Prose(text)
    let found = lexicons.flatMap { $0.found(in: prose) }.map { $0.replacing("*", with: "") }
    let asked = phrases.filter { Self.stands($0, in: text.lowercased()) }
    return (found + asked.filter { !found.contains($0) }).joined(separator: " | ")
  }

  /// Whether a phrase stands in a text from the start of a word on, as rules read it.
  private static func stands(_ phrase: String, in text: String) -> Bool {
    text.ranges(of: phrase).contains { range in
      guard range.lowerBound > text.startIndex else { return true }
      let before = text[text.index(before: range.lowerBound)]
      return !(before.isLetter || before.isNumber)
    }
  }
}
