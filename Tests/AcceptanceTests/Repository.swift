import Foundation

/// The files these tests work on: the sources they were built from, and the binary that was built with them.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `bellwether`, which SwiftPM puts beside the test bundle.
  static let binary: URL = {
    let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return bundle.resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "bellwether")
  }()

  static func fixture(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appending(path: "Tests/FeedsTests/Fixtures/\(name)")))
  }
}

/// A folder that is gone when its owner is.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "bellwether-acceptance-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// Writes a file and gives its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  func read(_ name: String) throws -> String { try String(contentsOf: url.appending(path: name), encoding: .utf8) }

  /// Copies the shipped configuration to `config`; gives its path.
  ///
  /// - Parameter enabled: the feeds and sinks files to switch on, such as `feeds/stripe`.
  func copyConfiguration(enabling enabled: [String] = []) throws -> String {
    let destination = url.appending(path: "config")
    try FileManager.default.copyItem(at: Repository.root.appending(path: "config"), to: destination)
    for name in enabled {
      let text = try read("config/\(name).yaml")
      try write(text.replacing("enabled: false", with: "enabled: true"), to: "config/\(name).yaml")
    }
    return destination.path
  }
}
