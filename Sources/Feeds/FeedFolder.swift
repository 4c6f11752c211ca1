package import ConfigFiles

extension Connector {
  /// Reads every feed file of a configuration; each that has errors is left out, and all errors of all files are reported.
  package static func all(in files: [SourceFile], environment: Environment, into diagnostics: inout Diagnostics) -> [Connector] {
    var connectors: [Connector] = []
    for file in files.sorted(by: { $0.path < $1.path }) {
      guard let connector = Connector(file: file, environment: environment, into: &diagnostics) else { continue }
      if let other = connectors.first(where: { $0.name == connector.name }) {
        diagnostics.report(
          .duplicateName, "the feed \(connector.name) is also described in \(other.range.file.path)", at: connector.range,
          hint: "cursors are kept by this name: give each feed its own")
      }
      connectors.append(connector)
    }
    checkListeners(of: connectors, into: &diagnostics)
    return connectors
  }
}
