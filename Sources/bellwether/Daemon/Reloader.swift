import ConfigFiles
import Engine
import Events
import Foundation
import Logging
import Metrics
import Rules
import ServiceLifecycle
import Store
import Synchronization
import UnixSignals

/// Reads the configuration again on SIGHUP, and puts what decides outcomes in force: all of it, or none.
///
/// Rules, the company's vocabulary and the mapping file are taken over; feeds, sinks and settings are read at start only.
final class Reloader: Sendable {
  private let environment: Environment
  private let store: EventStore
  private let host: EngineHost
  private let clock: BusinessClock
  private let notifier: ServiceNotifier
  private let logger: Logger
  private let wakeDispatcher: @Sendable () -> Void
  private let state: Mutex<State>

  private struct State {
    /// As it was read when what is in force was put in force.
    var folder: ConfigurationFolder
    var failure: ReloadFailure?
  }

  init(
    _ folder: ConfigurationFolder, environment: Environment, store: EventStore, host: EngineHost, clock: BusinessClock,
    notifier: ServiceNotifier, logger: Logger, wakeDispatcher: @escaping @Sendable () -> Void
  ) {
    self.environment = environment
    self.store = store
    self.host = host
    self.clock = clock
    self.notifier = notifier
    self.logger = logger
    self.wakeDispatcher = wakeDispatcher
    state = Mutex(State(folder: folder))
    Gauge(label: "bellwether_reload_failed").record(0)
  }

  /// What ops must see of the last reload, a line each; none if it did what was asked for.
  var remarks: [String] { state.withLock { $0.failure?.lines ?? [] } }

  /// - Parameter status: how the daemon stands, told to the service manager once the reload is over, given the number of rules.
  /// - Throws: what the engine or the store throws; a fault in the files is no error of the daemon.
  func reload(status: (Int) -> String) async throws {
    notifier.reloading()
    let now = try await clock.now()
    var diagnostics = Diagnostics()
    let old = state.withLock { $0.folder }
    do {
      let folder = try ConfigurationFolder(path: old.path)
      let loaded = LoadedConfiguration.load(folder, environment: environment, needsSecrets: true, into: &diagnostics)
      if let loaded { try await putInForce(loaded, folder, insteadOf: old, at: now) } else { keepOld(diagnostics, at: now) }
    } catch let error as FolderError {
      keepOld(ReloadFailure(at: now, faults: [error.description]))
    }
    notifier.ready(status(await host.ruleCount))
  }

  private func putInForce(
    _ loaded: LoadedConfiguration, _ folder: ConfigurationFolder, insteadOf old: ConfigurationFolder, at now: Instant
  ) async throws {
    await host.learn(loaded.engine)
    let step = try await store.activate(digest: loaded.engine.digest, content: loaded.engineContent, at: now)
    try await store.setMappings(loaded.links, at: now)
    if try await host.catchUp() > 0 { wakeDispatcher() }
    state.withLock { $0 = State(folder: folder) }
    Gauge(label: "bellwether_reload_failed").record(0)
    let changed = folder.changedFiles(since: old)
    logger.notice(
      step == nil ? "configuration reloaded: the rules are what they were" : "configuration reloaded: new rules are in force",
      metadata: [
        "digest": .string(String(loaded.engine.digest.prefix(12))), "rules": .stringConvertible(loaded.engine.rules.rules.count),
        "changed": .string(changed.isEmpty ? "nothing" : changed.joined(separator: " ")),
      ])
    let waiting = changed.filter { !folder.isTakenOverWhileRunning($0) }
    if !waiting.isEmpty {
      logger.warning(
        "feeds, sinks and settings are read at start only: restart to use what changed",
        metadata: ["changed": .string(waiting.joined(separator: " "))])
    }
  }

  private func keepOld(_ diagnostics: Diagnostics, at now: Instant) {
    let faults = diagnostics.all.filter { $0.severity == .error }.map { fault in
      let (line, column, _) = fault.range.position
      return "\(fault.range.file.path):\(line):\(column): error[\(fault.code)]: \(fault.message)" + (fault.hint.map { "; \($0)" } ?? "")
    }
    keepOld(ReloadFailure(at: now, faults: faults))
  }

  private func keepOld(_ failure: ReloadFailure) {
    state.withLock { $0.failure = failure }
    Gauge(label: "bellwether_reload_failed").record(1)
    logger.error(
      "reload failed: the old rules stay in force", metadata: ["errors": .stringConvertible(failure.faults.count)])
    for fault in failure.faults.prefix(ReloadFailure.told) { logger.error("reload", metadata: ["fault": .string(fault)]) }
  }
}

/// Why the files as they are now are not in force.
struct ReloadFailure: Sendable {
  let at: Instant
  /// `config/rules/usage.yaml:16:14: error[BW1012]: …`, in order of file and place.
  let faults: [String]

  /// The most faults told in the log and on `/-/ready`; `check` tells all.
  static let told = 20

  var lines: [String] {
    let count = faults.count == 1 ? "1 error" : "\(faults.count) errors"
    let rest = faults.count > Self.told ? ["  and \(faults.count - Self.told) more: `bellwether check` tells all"] : []
    return ["reload failed at \(at): \(count); the old rules stay in force"] + faults.prefix(Self.told).map { "  \($0)" } + rest
  }
}

extension ConfigurationFolder {
  /// The files that say something else than in an earlier reading, or came or went; relative to the folder, sorted.
  func changedFiles(since old: ConfigurationFolder) -> [String] {
    let (before, after) = (old.texts, texts)
    return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }

  /// Whether a reload puts a file in force; others wait for a restart.
  func isTakenOverWhileRunning(_ name: String) -> Bool {
    name != "bellwether.yaml" && name != "sinks.yaml" && !name.hasPrefix("feeds/")
  }

  private var texts: [String: String] {
    let all = [main, sinks, links].compactMap { $0 } + feeds + engine
    return Dictionary(all.map { (String($0.path.dropFirst(path.count + 1)), $0.text) }) { $1 }
  }
}

/// Reloads for each SIGHUP until shutdown.
struct ReloadService: Service {
  let reloader: Reloader
  let status: @Sendable (Int) -> String

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    do {
      for await _ in signals.cancelOnGracefulShutdown() { try await reloader.reload(status: status) }
    } catch is CancellationError {
      // Shutdown came in the middle: what is in the log is folded at the next start.
    }
  }
}
