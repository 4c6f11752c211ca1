import ConfigFiles
import Engine
import Events
import Store

/// Compiles the configurations a store's log names, from the texts it keeps of them.
enum StoredConfigurations {
  struct Unreadable: Error {
    let what: String
  }

  static func source(of store: EventStore) async throws -> LogFold.ConfigurationSource {
    var compiled: [String: CompiledConfiguration] = [:]
    for stored in try await store.configurations() { compiled[stored.digest] = try compile(stored) }
    return { [compiled] digest in
      guard let configuration = compiled[digest] else { throw Unreadable(what: digest) }
      return configuration
    }
  }

  private static func compile(_ stored: StoredConfiguration) throws -> CompiledConfiguration {
    let texts = try JSON(parsing: stored.content)["files"].object ?? [:]
    let files = texts.sorted { $0.key < $1.key }.map { SourceFile(path: $0.key, text: $0.value.text ?? "") }
    var diagnostics = Diagnostics()
    guard let configuration = CompiledConfiguration(files: files, digest: stored.digest, into: &diagnostics) else {
      throw Unreadable(what: diagnostics.rendered())
    }
    return configuration
  }
}
