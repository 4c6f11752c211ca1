package import ConfigFiles
internal import Foundation

extension Connector {
  /// Reports what a feed that is enabled needs of the machine it runs on and does not find: its folder, its sender's secret.
  package func checkSource(in secrets: SecretSource, into diagnostics: inout Diagnostics) {
    guard isEnabled else { return }
    switch source {
    case .api: break
    case .folder(let folder):
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
        diagnostics.report(
          .badFolder, "there is no folder \(folder.path)", at: folder.range, hint: "create it, or set enabled: false in this feed")
        return
      }
      if !FileManager.default.isReadableFile(atPath: folder.path) {
        diagnostics.report(
          .badFolder, "the folder \(folder.path) may not be read by this user", at: folder.range, hint: "check its owner and mode")
      }
    case .push(let push):
      do {
        _ = try secrets.values(push.signature.secret.name)
      } catch {
        diagnostics.report(
          .missingSecret, "the secret \(error.name) \(error.message)", at: push.signature.secret.range, hint: error.hint)
      }
    }
  }

  /// Reports push feeds that cannot be told apart by where they listen.
  static func checkListeners(of connectors: [Connector], into diagnostics: inout Diagnostics) {
    var known: [String: String] = [:]
    for connector in connectors {
      guard connector.isEnabled, case .push(let push) = connector.source, push.port > 0 else { continue }
      let place = "\(push.host):\(push.port)\(push.path)"
      if let other = known[place] {
        diagnostics.report(
          .badListener, "the feed \(other) listens at \(place) too", at: push.range, hint: "give each push feed a path of its own")
      }
      known[place] = connector.name
    }
  }
}
