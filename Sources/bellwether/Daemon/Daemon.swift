import ConfigFiles
import Console
import Delivery
import Engine
import Events
import Feeds
import Foundation
import Logging
import Metrics
import Rules
import ServiceLifecycle
import Store
import Synchronization
import Transport
import UnixSignals

/// The daemon: feeds → log → engine → deliveries, and the console beside them, as one group of services.
struct Daemon: Sendable {
  let configuration: LoadedConfiguration
  /// What SIGHUP reads again; nil where it reads nothing.
  var reloaded: (folder: ConfigurationFolder, environment: Environment)?
  let store: EventStore
  let logger: Logger
  let metrics: PrometheusRegistry
  /// Nil for the machine's clock.
  var simulatedClockURL: String?
  /// Nil for the configured port.
  var consolePort: Int?
  /// Told of each instant of simulated time once everything up to it is done.
  var onInstant: @Sendable (Instant) async -> Void = { _ in }
  /// Called when simulated time is over; the daemon ends when it returns.
  var atEnd: @Sendable () async throws -> Void = {}
  /// Told the console's port.
  var onListening: @Sendable (Int) -> Void = { _ in }

  private static let consoleHost = "127.0.0.1"

  /// Shutdown is over within this time, well inside systemd's stop timeout.
  static let drainLimit = Duration.seconds(5)

  /// Runs until shutdown, or until simulated time ends.
  func run(signals: [UnixSignal] = [.sigterm, .sigint]) async throws {
    try checkAddresses()
    let client = CurlClient()
    let clock = businessClock(client)
    let now = try await clock.now()
    try await store.activate(digest: configuration.engine.digest, content: configuration.engineContent, at: now)
    try await store.setMappings(configuration.links, at: now)
    let host = try await EngineHost(store: store) { [logger] in Self.log($0, logger) }
    try await host.catchUp()
    let tokens = configuration.tokens(besideStore: store.path)
    let budgets = simulatedClockURL == nil ? HostBudgets() : nil
    let runners = try configuration.connectors.filter { $0.isEnabled && $0.isPolled }.sorted { $0.name < $1.name }.map {
      try FeedRunner(
        $0, secrets: configuration.secrets, tokens: tokens, spoolFolder: configuration.writableFolder(besideStore: store.path),
        budgets: budgets, client: client, store: store, logger: logger)
    }
    let dispatcher = Dispatcher(
      store: store, client: client, catalog: configuration.sinks, signers: try configuration.sinks.signers(from: configuration.secrets),
      logger: logger, atStage: { if case .freezing = $0 { Failpoint.hit(.beforeFreezing) } })
    let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    var services: [any Service] = [TransportService(client: client)]
    let watch = FreshnessWatch(runners: runners, store: store, start: now)
    let reloader = reloaded.map { source in
      Reloader(
        source.folder, environment: source.environment, store: store, host: host, clock: clock, notifier: notifier, logger: logger,
        wakeDispatcher: { dispatcher.wake() })
    }
    services.append(console(watch, reloader, notifier))
    services += try work(client, host, watch, dispatcher)
    if let reloader { services.append(ReloadService(reloader: reloader) { Self.status(watch, rules: $0) }) }
    try await run(services, signals)
    notifier.stopping()
    try await store.checkpoint()
  }

  /// A port that is taken is said before anything is read, stored or called ready.
  private func checkAddresses() throws {
    let console = consolePort ?? configuration.main.consolePort
    try ListenAddress(
      host: Self.consoleHost, port: console, use: "the console", advice: "name another port with --port or in bellwether.yaml"
    ).check()
    guard simulatedClockURL == nil else { return }
    var tried: Set<String> = []
    for connector in configuration.connectors where connector.isEnabled {
      guard case .push(let push) = connector.source, tried.insert("\(push.host) \(push.port)").inserted else { continue }
      try ListenAddress(
        host: push.host, port: push.port, use: "the push feed \(connector.name)",
        advice: "name another address under listen: in \(connector.range.file.path)"
      ).check()
    }
  }

  private func businessClock(_ client: CurlClient) -> BusinessClock {
    simulatedClockURL.map { .simulated(SimulatedClock(url: $0, client: client)) } ?? .machine
  }

  /// What ops must hear of is heard in the log too, where no sink is set up for it.
  private static func log(_ notice: Notice, _ logger: Logger) {
    guard let alert = try? Alert(json: notice.content) else { return }
    let metadata: Logger.Metadata = [
      "feed": .string(alert.account.name), "facts": .string(alert.facts.map(\.text).joined(separator: "; ")),
    ]
    logger.log(level: alert.change == .resolved ? .notice : .warning, "\(alert.title)", metadata: metadata)
  }

  private func work(_ client: CurlClient, _ host: EngineHost, _ watch: FreshnessWatch, _ dispatcher: Dispatcher) throws -> [any Service] {
    if let simulatedClockURL {
      let clock = SimulatedClock(url: simulatedClockURL, client: client)
      return [
        SimulatedTimeline(
          clock: clock, watch: watch, store: store, host: host, dispatcher: dispatcher, onInstant: onInstant, atEnd: atEnd,
          logger: logger)
      ]
    }
    let (wakeups, wakeup) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    var services: [any Service] = [DispatcherService(dispatcher: dispatcher)]
    services.append(
      EngineService(host: host, store: store, wakeups: wakeups) { dispatcher.wake() })
    let listeners = try PushListener.all(
      configuration.connectors, secrets: configuration.secrets, store: store, wakeEngine: { wakeup.yield() }, logger: logger)
    for listener in listeners { services.append(listener.server.application { listener.listening(at: $0) }) }
    services.append(FreshnessService(watch: watch, wakeEngine: { wakeup.yield() }, logger: logger))
    for runner in watch.runners {
      services.append(FeedService(runner: runner, store: store, wakeEngine: { wakeup.yield() }, logger: logger))
    }
    return services
  }

  private static func status(_ watch: FreshnessWatch, rules: Int) -> String { "\(watch.runners.count) feeds, \(rules) rules" }

  private func console(_ watch: FreshnessWatch, _ reloader: Reloader?, _ notifier: ServiceNotifier) -> any Service {
    let status = Self.status(watch, rules: configuration.engine.rules.rules.count)
    let server = ConsoleServer(
      host: Self.consoleHost, port: consolePort ?? configuration.main.consolePort, metrics: metrics, logger: logger,
      readiness: { await Self.readiness(watch, remarks: reloader?.remarks ?? []) })
    return server.application { port in
      notifier.ready(status)
      onListening(port)
      logger.info("bellwether is ready", metadata: ["status": .string(status), "console.port": .stringConvertible(port)])
    }
  }

  private func run(_ services: [any Service], _ signals: [UnixSignal]) async throws {
    var settings = ServiceGroupConfiguration(
      services: services.map {
        .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .gracefullyShutdownGroup)
      }, gracefulShutdownSignals: signals, logger: logger)
    settings.maximumGracefulShutdownDuration = Self.drainLimit
    try await ServiceGroup(configuration: settings).run()
  }

  /// Ready means: the store answers, each enabled feed has been polled once, and no stream's last poll failed or hangs for too long.
  ///
  /// - Parameter remarks: what ops must see although it hinders nothing.
  private static func readiness(_ watch: FreshnessWatch, remarks: [String]) async -> Readiness {
    do {
      let states = try await watch.states()
      var reasons: [String] = []
      for runner in watch.runners {
        let own = states.filter { $0.stream.hasPrefix(runner.connector.name + ".") }
        if own.allSatisfy({ $0.firstTried == nil }) { reasons.append("feed \(runner.connector.name) has not been polled yet") }
        reasons += own.filter { $0.staleSince != nil && !$0.isFailing }.map { "feed \($0.stream) is stale: it brings nothing any more" }
        reasons += own.filter(\.isFailing).map { "feed \($0.stream) is failing: \($0.lastError ?? "unknown error")" }
      }
      return Readiness(isReady: reasons.isEmpty, reasons: (reasons.isEmpty ? ["ready"] : reasons) + remarks)
    } catch {
      return Readiness(isReady: false, reasons: ["the store does not answer: \(error)"] + remarks)
    }
  }
}
