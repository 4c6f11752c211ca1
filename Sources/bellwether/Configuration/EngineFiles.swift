import ConfigFiles
import Delivery
import Engine
import Events
import Store

/// The files that decide outcomes. Their texts go into the log whole, so that a replay thinks with the rules of its day.
struct EngineFiles: Sendable {
  /// Paths relative to the configuration folder, sorted.
  let files: [SourceFile]

  init(_ folder: ConfigurationFolder) {
    files = folder.engine
    prefix = folder.path + "/"
  }

  private let prefix: String

  /// Canonical JSON: `{"files": {"rules/usage.yaml": "…"}}`.
  var content: String {
    let texts = files.map { (String($0.path.hasPrefix(prefix) ? $0.path.dropFirst(prefix.count) : $0.path[...]), JSON.text($0.text)) }
    return JSON.object(["files": .object(Dictionary(texts) { $1 })]).serialized()
  }

  /// SHA-256 of `content`, in hexadecimal.
  var digest: String { Digest.sha256(Array(content.utf8)).hexText }

  /// Reads back what `content` wrote.
  ///
  /// - Throws: `JSONError` for a damaged text.
  init(content: String) throws {
    let texts = try JSON(parsing: content)["files"].object ?? [:]
    files = texts.sorted { $0.key < $1.key }.map { SourceFile(path: $0.key, text: $0.value.text ?? "") }
    prefix = ""
  }

  /// These files with others in their place: all rule files where there are any among them, else those of the same path.
  func replaced(by candidate: CandidateFolder) -> EngineFiles {
    let paths = Set(candidate.files.map(\.path))
    let kept = files.filter { !paths.contains($0.path) && !$0.path.hasPrefix("rules/") }
    return EngineFiles(relative: (kept + candidate.files).sorted { $0.path < $1.path })
  }

  private init(relative files: [SourceFile]) {
    self.files = files
    prefix = ""
  }

  /// The checked rules, catalogue and calendar; nil if anything is wrong, and then `diagnostics` says what.
  func compiled(into diagnostics: inout Diagnostics) -> CompiledConfiguration? {
    CompiledConfiguration(files: files, digest: digest, into: &diagnostics)
  }
}

/// The configurations that were ever in force, as the store keeps them.
struct ConfigurationArchive: Sendable {
  private let store: EventStore

  init(_ store: EventStore) { self.store = store }

  /// Compiles every configuration in the store once, so that folding never waits for the database.
  func source() async throws -> LogFold.ConfigurationSource {
    var compiled: [String: CompiledConfiguration] = [:]
    for stored in try await store.configurations() {
      var diagnostics = Diagnostics()
      guard let configuration = try EngineFiles(content: stored.content).compiled(into: &diagnostics) else { continue }
      compiled[stored.digest] = configuration
    }
    return { [compiled] digest in
      guard let configuration = compiled[digest] else { throw UnknownConfiguration(digest: digest) }
      return configuration
    }
  }
}

/// A step of the log names rules that cannot be read any more.
struct UnknownConfiguration: Error, CustomStringConvertible {
  let digest: String

  var description: String {
    "the rules with digest \(digest.prefix(12)) that the log names cannot be read by this version; use the version that wrote them"
  }
}
