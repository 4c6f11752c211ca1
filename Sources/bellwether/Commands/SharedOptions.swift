import ArgumentParser
import ConfigFiles
import Events
import Foundation
import Rules
import Store

/// What every command takes.
struct SharedOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The configuration folder.", valueName: "dir"))
  var config = "config"

  @Option(name: .long, help: ArgumentHelp("The event store.", valueName: "file"))
  var store = "bellwether.sqlite"

  @Flag(name: .long, help: "Print JSON for machines.")
  var json = false

  var environment: Environment { Environment(ProcessInfo.processInfo.environment) }

  /// The company's calendar, for moments that people read; UTC where its file cannot be read, which `check` tells.
  var calendar: CompanyCalendar {
    var unheard = Diagnostics()
    let file = try? ConfigurationFolder(path: config).engine.first { $0.path == "\(config)/calendar.yaml" }
    return file.flatMap { CatalogFiles.calendar($0, into: &unheard) } ?? .utc
  }

  /// The checked configuration; otherwise every fault is printed and the command ends with status 1.
  func loadConfiguration(needsSecrets: Bool) throws -> LoadedConfiguration {
    try loadConfiguration(ConfigurationFolder(path: config), needsSecrets: needsSecrets)
  }

  func loadConfiguration(_ folder: ConfigurationFolder, needsSecrets: Bool) throws -> LoadedConfiguration {
    var diagnostics = Diagnostics()
    let loaded = LoadedConfiguration.load(folder, environment: environment, needsSecrets: needsSecrets, into: &diagnostics)
    for diagnostic in diagnostics.all { StandardError.print(diagnostic.rendered() + "\n") }
    guard let loaded else {
      let count = diagnostics.errorCount
      StandardError.print(
        "\(count) \(count == 1 ? "error" : "errors") in \(config); `bellwether check` shows \(count == 1 ? "it" : "them") again.")
      throw ExitCode(1)
    }
    return loaded
  }
}

/// An answer as it stood at the end of a company day.
struct AsOfOption: ParsableArguments {
  @Option(
    name: .customLong("as-of"), help: ArgumentHelp("Answer as it stood at the end of that day (YYYY-MM-DD).", valueName: "day"),
    transform: { text in
      guard let day = Day(text) else { throw ValidationError("'\(text)' is no day; write YYYY-MM-DD.") }
      return day
    })
  var day: Day?
}

/// Where messages for people go, so that standard output stays clean for pipes.
enum StandardError {
  static func print(_ text: String) { write(text + "\n") }

  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Standard output, unbuffered, so that a reader at the other end of a pipe sees each line as it comes.
enum StandardOutput {
  static func print(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}
