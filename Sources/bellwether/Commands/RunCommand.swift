import ArgumentParser
import Console
import Foundation
import Logging
import Metrics
import Store

/// `bellwether run`
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Run the daemon until SIGTERM.")

  @OptionGroup var shared: SharedOptions
  @Option(help: ArgumentHelp("The console's port on loopback; 0 lets the system choose.", valueName: "port")) var port: Int?
  @Option(
    help: "Log from this level on: trace, debug, info, notice, warning, error, critical.",
    transform: { text in
      guard let level = Logger.Level(rawValue: text) else { throw ValidationError("'\(text)' is no log level.") }
      return level
    })
  var logLevel = Logger.Level.info
  @Option(help: ArgumentHelp("Take business time from a simulator's clock.", valueName: "url", visibility: .hidden)) var clock: String?

  func run() async throws {
    // A terminal that closes must not end it; once it runs, SIGHUP reloads.
    signal(SIGHUP, SIG_IGN)
    let folder = try ConfigurationFolder(path: shared.config)
    let loaded = try shared.loadConfiguration(folder, needsSecrets: true)
    let metrics = PrometheusRegistry()
    MetricsSystem.bootstrap(metrics)
    let store = try EventStore(path: shared.store, access: .exclusive)
    var daemon = Daemon(configuration: loaded, store: store, logger: ProgramLog.make(level: logLevel), metrics: metrics)
    daemon.simulatedClockURL = clock
    daemon.consolePort = port
    daemon.reloaded = (folder, shared.environment)
    try await daemon.run()
  }
}

/// The process's one logger: lines on standard error, as systemd's journal wants them.
enum ProgramLog {
  static func make(level: Logger.Level) -> Logger {
    var logger = Logger(label: "bellwether") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }
}
