import ConfigFiles
import Foundation

/// The folder that `--config` names, read once.
struct ConfigurationFolder: Sendable {
  let path: String
  let main: SourceFile?
  let sinks: SourceFile?
  let links: SourceFile?
  let feeds: [SourceFile]
  /// What decides outcomes and therefore goes into the log: rules and the company's vocabulary. Paths are relative to the folder.
  let engine: [SourceFile]
  /// Tests of the rules, which decide nothing.
  let ruleTests: [SourceFile]

  /// - Throws: `FolderError` if the folder or one of its files cannot be read.
  init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw FolderError(path: path, message: "there is no configuration folder", hint: "name one with --config DIR")
    }
    self.path = path
    main = try Self.file("bellwether.yaml", in: path)
    sinks = try Self.file("sinks.yaml", in: path)
    links = try Self.file("links.yaml", in: path)
    feeds = try Self.yamlFiles(in: "feeds", of: path)
    let vocabulary = try ["benchmarks.yaml", "calendar.yaml", "features.yaml", "plans.yaml", "revenue.yaml"].compactMap {
      try Self.file($0, in: path)
    }
    engine = try vocabulary + Self.yamlFiles(in: "lexicons", of: path) + Self.yamlFiles(in: "rules", of: path)
    ruleTests = try Self.yamlFiles(in: "rules/tests", of: path)
  }

  private init(
    path: String, main: SourceFile?, sinks: SourceFile?, links: SourceFile?, feeds: [SourceFile], engine: [SourceFile],
    ruleTests: [SourceFile]
  ) {
    (self.path, self.main, self.sinks, self.links, self.feeds, self.engine) = (path, main, sinks, links, feeds, engine)
    self.ruleTests = ruleTests
  }

  /// The same folder with the named feeds and every sink switched on and people named, for the demo: what is shipped is off, and shows
  /// roles only.
  func enabled(feeds simulated: [String]) -> ConfigurationFolder {
    let enable = { (file: SourceFile) -> SourceFile in
      let text = file.text.replacing("enabled: false", with: "enabled: true").replacing("show_people: false", with: "show_people: true")
      return SourceFile(path: file.path, text: text)
    }
    let chosen = feeds.map { file in simulated.contains { file.path.hasSuffix("/\($0).yaml") } ? enable(file) : file }
    return ConfigurationFolder(
      path: path, main: main, sinks: sinks.map(enable), links: links, feeds: chosen, engine: engine, ruleTests: ruleTests)
  }

  /// The same folder with a feed more.
  func adding(feed: SourceFile) -> ConfigurationFolder {
    ConfigurationFolder(
      path: path, main: main, sinks: sinks, links: links, feeds: feeds + [feed], engine: engine, ruleTests: ruleTests)
  }

  static func yamlFiles(in folder: String, of path: String) throws -> [SourceFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []
    let wanted = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.filter { !$0.hasPrefix(".") }
    return try wanted.sorted().compactMap { try file("\(folder)/\($0)", in: path) }
  }

  private static func file(_ name: String, in path: String) throws -> SourceFile? {
    let full = "\(path)/\(name)"
    guard FileManager.default.fileExists(atPath: full) else { return nil }
    guard let contents = FileManager.default.contents(atPath: full) else {
      throw FolderError(path: full, message: "the file cannot be read", hint: "check its owner and mode")
    }
    guard let text = String(bytes: contents, encoding: .utf8) else {
      throw FolderError(path: full, message: "the file is not UTF-8 text", hint: "save it as UTF-8")
    }
    return SourceFile(path: full, text: text)
  }
}

/// A configuration folder or file that cannot be read at all.
struct FolderError: Error, CustomStringConvertible {
  let path: String
  let message: String
  let hint: String

  var description: String { "\(path): \(message); \(hint)" }
}
