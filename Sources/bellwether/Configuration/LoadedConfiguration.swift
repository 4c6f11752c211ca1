import ConfigFiles
import Delivery
import Engine
import Feeds
import Store

/// Everything `--config` says, checked.
struct LoadedConfiguration: Sendable {
  var main: MainFile
  var engine: CompiledConfiguration
  var engineContent: String
  var connectors: [Connector]
  /// The names of feeds that are enabled and lack a variable here; nobody who needs them gets this far.
  var lacking: Set<String> = []
  var sinks: SinkCatalog
  /// The mapping file's lines.
  var links: [LinkMapping]
  var secrets: SecretSource
  /// From `bellwether.yaml`, else the service manager's; nil where neither names one.
  var stateFolder: String?

  /// Reads and checks a folder; all faults in one run.
  ///
  /// - Parameter needsSecrets: whether the secrets and variables of enabled feeds and sinks must be there: the daemon and `check` need
  ///   them, `import`, `queue` and `explain` do not.
  static func load(
    _ folder: ConfigurationFolder, environment: Environment, needsSecrets: Bool, into diagnostics: inout Diagnostics
  ) -> LoadedConfiguration? {
    let main = folder.main.map { MainFile($0, environment: environment, into: &diagnostics) } ?? MainFile()
    let secrets = SecretSource(folder: main.secretsFolder, environment: environment)
    let (connectors, lacking) =
      needsSecrets
      ? (Connector.all(in: folder.feeds, environment: environment, into: &diagnostics), [])
      : feedsToLookAt(in: folder.feeds, environment: environment, into: &diagnostics)
    if needsSecrets {
      for connector in connectors where connector.isEnabled {
        connector.checkSecrets(in: secrets, into: &diagnostics)
        connector.checkSource(in: secrets, into: &diagnostics)
      }
    }
    var ofSinks = Diagnostics()
    let sinks = folder.sinks.map {
      SinkCatalog(reading: $0, environment: environment, secrets: needsSecrets ? secrets : nil, into: &ofSinks)
    }
    for fault in ofSinks.all where needsSecrets || fault.code != Diagnostic.Code.missingVariable.id { diagnostics.add(fault) }
    let links = folder.links.map { LinksFile.read($0, environment: environment, into: &diagnostics) } ?? []
    let files = EngineFiles(folder)
    guard let engine = files.compiled(into: &diagnostics), !diagnostics.hasErrors else { return nil }
    return LoadedConfiguration(
      main: main, engine: engine, engineContent: files.content, connectors: connectors, lacking: lacking,
      sinks: sinks ?? SinkCatalog(), links: links, secrets: secrets,
      stateFolder: main.stateFolder ?? environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init))
  }

  /// Where refresh tokens are kept: in the state folder, or beside the store.
  func tokens(besideStore path: String) -> TokenFolder {
    let folder = writableFolder(besideStore: path)
    return TokenFolder(path: (folder.hasSuffix("/") ? folder : folder + "/") + "tokens")
  }

  /// The state folder, or the store's own: on a disk with room, where answers too large for memory can be written while they are read.
  func writableFolder(besideStore path: String) -> String { stateFolder ?? path.lastIndex(of: "/").map { String(path[...$0]) } ?? "." }
}
