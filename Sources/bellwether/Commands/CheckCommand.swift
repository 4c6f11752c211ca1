import ArgumentParser
import ConfigFiles
import Delivery
import Engine
import Events
import Feeds
import Rules

/// `bellwether check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Read the configuration and report every fault in it, each with its line and what to do.")

  @OptionGroup var shared: SharedOptions

  func run() throws {
    let folder = try ConfigurationFolder(path: shared.config)
    var diagnostics = Diagnostics()
    let loaded = LoadedConfiguration.load(folder, environment: shared.environment, needsSecrets: true, into: &diagnostics)
    if shared.json {
      StandardOutput.print(JSON.list(diagnostics.all.map(\.json)).serialized())
    } else {
      for diagnostic in diagnostics.all { StandardOutput.print(diagnostic.rendered() + "\n") }
      StandardOutput.print(summary(loaded, diagnostics))
    }
    guard loaded != nil else { throw ExitCode(1) }
  }

  private func summary(_ loaded: LoadedConfiguration?, _ diagnostics: Diagnostics) -> String {
    guard let loaded else {
      let count = diagnostics.errorCount
      return "\(count) \(count == 1 ? "error" : "errors") in \(shared.config)"
    }
    let feeds = loaded.connectors.count { $0.isEnabled }
    let sinks = loaded.sinks.sinks.count { $0.isEnabled }
    let counted = { (count: Int, noun: String) in "\(count) \(noun)\(count == 1 ? "" : "s")" }
    return "\(shared.config) is sound: \(counted(loaded.engine.rules.rules.count, "rule")), "
      + "\(counted(loaded.connectors.count, "feed")) (\(feeds) enabled), \(counted(loaded.sinks.sinks.count, "sink")) (\(sinks) enabled)"
  }
}
