import ArgumentParser
import ConfigFiles
import Engine
import Events
import Rules
import Store

/// `bellwether diff --rules DIR`
struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What other rules would change: who enters and leaves each band and tier, what opens and closes.",
    discussion: """
      Folds all that is known twice: as if the rules in force had been so from the first day, and as if those of DIR had. DIR holds rule \
      files, or is a configuration folder; what it does not hold is taken from what is in force. Reads only, also beside a running daemon.
      """)

  @Option(name: .long, help: ArgumentHelp("The folder with the other rules.", valueName: "dir")) var rules: String
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    guard let digest = try await store.loadStates().portfolio?["digest"].text,
      let inForce = try await store.configurations().first(where: { $0.digest == digest })
    else { throw WrongArgument("Nothing is known yet: run the daemon or `bellwether import` first.") }
    let current = try EngineFiles(content: inForce.content)
    let other = try current.replaced(by: CandidateFolder(path: rules))
    let (before, after) = (try compiled(current), try compiled(other))
    let now = try await Standings(store, thinkingWith: before, asOf: asOf.day)
    let then = try await Standings(store, thinkingWith: after, asOf: asOf.day)
    let difference = RuleDifference(from: now, to: then)
    StandardOutput.print(shared.json ? difference.json.serialized() : difference.text(folder: rules))
  }

  private func compiled(_ files: EngineFiles) throws -> CompiledConfiguration {
    var diagnostics = Diagnostics()
    let configuration = files.compiled(into: &diagnostics)
    for diagnostic in diagnostics.all { StandardError.print(diagnostic.rendered() + "\n") }
    guard let configuration else { throw ExitCode(1) }
    return configuration
  }
}

/// Rule files to try: a configuration folder, or a folder of rule files alone.
struct CandidateFolder {
  /// Paths relative to a configuration folder.
  let files: [SourceFile]

  /// - Throws: `FolderError`.
  init(path: String) throws {
    let path = path.hasSuffix("/") ? String(path.dropLast()) : path
    let engine = try ConfigurationFolder(path: path).engine.map { $0.moved(to: String($0.path.dropFirst(path.count + 1))) }
    let rules = try ConfigurationFolder.yamlFiles(in: ".", of: path).filter { file in
      ![
        "bellwether.yaml", "benchmarks.yaml", "calendar.yaml", "features.yaml", "links.yaml", "plans.yaml", "revenue.yaml", "sinks.yaml",
      ].contains(file.name)
    }
    files = engine.contains { $0.path.hasPrefix("rules/") } ? engine : engine + rules.map { $0.moved(to: "rules/\($0.name)") }
    guard files.contains(where: { $0.path.hasPrefix("rules/") }) else {
      throw FolderError(
        path: path, message: "there are no rule files in it", hint: "name a folder with .yaml files, or one with rules/ in it")
    }
  }
}

extension SourceFile {
  fileprivate var name: String { String(path.split(separator: "/").last ?? "") }

  fileprivate func moved(to path: String) -> SourceFile { SourceFile(path: path, text: text) }
}

/// How each account stands at the end of a fold; little enough to be kept twice.
struct Standings {
  struct Account {
    let key: AccountKey
    let name: String
    let band: String
    let tier: String
    let milliPoints: Int64
    /// The level of each open finding, by rule, and case where it speaks of one.
    let findings: [String: String]
  }

  let today: Day
  let rules: [String]
  /// In order of key.
  let accounts: [Account]

  init(_ store: EventStore, thinkingWith configuration: CompiledConfiguration, asOf day: Day?) async throws {
    let snapshot = try await Snapshot(store, thinkingWith: configuration, asOf: day)
    today = snapshot.today
    rules = configuration.rules.rules.map(\.id).sorted()
    accounts = snapshot.accounts.filter { $0.churnedOn == nil }.map { state in
      let open = state.episodes.filter { $0.state == .firing }
      let findings = open.map { ($0.caseNumber == 0 ? $0.rule : "\($0.rule) (case \($0.caseNumber))", $0.level) }
      return Account(
        key: state.key, name: state.name(asOf: snapshot.now), band: state.score["risk"]["band"].text ?? Band.none.rawValue,
        tier: state.score["expansion"]["tier"].text ?? ExpansionTier.low.rawValue,
        milliPoints: state.score["risk"]["milli_points"].integer ?? 0, findings: Dictionary(findings) { first, _ in first })
    }
  }
}
