import ConfigFiles
import Feeds

extension SourceFile {
  /// A feed file as if it said `enabled: true`, or `false`.
  func switched(on isOn: Bool) -> SourceFile {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let switched = lines.map { $0.hasPrefix("enabled:") ? "enabled: \(isOn)" : $0 }.joined(separator: "\n")
    let isSaid = lines.contains { $0.hasPrefix("enabled:") }
    return SourceFile(path: path, text: isSaid || !isOn ? switched : switched + "\nenabled: true\n")
  }
}

extension LoadedConfiguration {
  /// The feeds for a command that asks no vendor: one that lacks a variable, which the daemon's environment may well have, is read as if
  /// it were off. Gives the names of those, too.
  static func feedsToLookAt(
    in files: [SourceFile], environment: Environment, into diagnostics: inout Diagnostics
  ) -> (connectors: [Connector], lacking: Set<String>) {
    var first = Diagnostics()
    let connectors = Connector.all(in: files, environment: environment, into: &first)
    let paths = Set(first.all.filter { $0.code == Diagnostic.Code.missingVariable.id }.map(\.range.file.path))
    guard !paths.isEmpty else {
      diagnostics.add(contentsOf: first)
      return (connectors, [])
    }
    let readable = files.map { paths.contains($0.path) ? $0.switched(on: false) : $0 }
    let again = Connector.all(in: readable, environment: environment, into: &diagnostics)
    return (again, Set(again.filter { paths.contains($0.range.file.path) }.map(\.name)))
  }
}
