import ArgumentParser
import ConfigFiles
import Console
import Delivery
import Engine
import Events
import Foundation
import Hummingbird
import Logging
import Rules
import ServiceLifecycle
import Simulation
import Store
import Synchronization

/// `bellwether demo`
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "A synthetic company's year on loopback, with the daemon watching it.",
    discussion: """
      Serves a seeded company as Stripe, HubSpot, Zendesk and PostHog would, runs the daemon over it and prints each alert as it arrives. \
      Status 0 only if every signature verified, the story was caught in time and was never called healthy or ready to expand.
      """)

  @Option(help: "Another seed gives other names, dates and sizes.") var seed: UInt64 = 1
  @Option(help: "How many customers the company has (24 or more).") var accounts = 60
  @Option(help: "How many months to simulate.") var months = 12
  @Option(name: .customLong("upgrade-on"), help: "The weekday of the story's upgrade; the seed chooses otherwise.", transform: Self.weekday)
  var upgradeOn: Weekday?
  @Flag(help: "Put a holiday into days 21 to 26 after the story's upgrade.") var holiday = false
  @Option(
    help: ArgumentHelp("Only accounts with these causes, comma-separated: \(Self.causeNames).", valueName: "causes"),
    transform: Self.causes)
  var only: Set<Cause>?
  @Flag(help: "Instead of the story, an account with each signal and one that only looks like it; says which rule saw what.")
  var catalogue = false
  @Option(
    help: ArgumentHelp("Only these signals of the catalogue, comma-separated.", valueName: "rules"), transform: Self.rules)
  var signals: Set<String>?
  @Flag(help: "Instead of the story, an account for each verdict on an expansion; says which verdict each came to.")
  var expansions = false
  @Flag(help: "End when the year is over; otherwise the console stays up until Ctrl-C.") var exit = false
  @Flag(help: "Print one JSON object at the end instead of the alerts.") var json = false
  @Option(help: ArgumentHelp("The configuration folder.", valueName: "dir")) var config = "config"
  @Option(help: ArgumentHelp("Keep the store here; a temporary folder otherwise.", valueName: "file")) var store: String?
  @Option(name: .customLong("truth"), help: ArgumentHelp("Write the ground truth to a file.", valueName: "file")) var truthPath: String?

  func validate() throws {
    if catalogue, expansions { throw ValidationError("--catalogue and --expansions are two companies; ask for one.") }
  }

  private static var causeNames: String { Cause.allCases.map(\.rawValue).joined(separator: " ") }

  private static func causes(_ text: String) throws -> Set<Cause> {
    try Set(
      text.split(separator: ",").map { word in
        guard let cause = Cause(rawValue: String(word)) else {
          throw ValidationError("'\(word)' is no cause. Known: \(causeNames).")
        }
        return cause
      })
  }

  private static func rules(_ text: String) throws -> Set<String> {
    try Set(
      text.split(separator: ",").map { word in
        guard Exhibit.all.contains(where: { $0.rule == word }) else {
          throw ValidationError("'\(word)' is not in the catalogue. Known: \(Exhibit.all.map(\.rule).joined(separator: " ")).")
        }
        return String(word)
      })
  }

  private static func weekday(_ text: String) throws -> Weekday {
    guard let weekday = Weekday.allCases.first(where: { $0.rawValue.hasPrefix(text.lowercased()) && text.count >= 3 }) else {
      throw ValidationError("'\(text)' is no weekday; write monday or mon.")
    }
    return weekday
  }

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    var options = SimulationOptions(
      seed: seed, accounts: accounts, months: catalogue ? Exhibit.months : expansions ? PlantedExpansion.months : months,
      storyWeekday: upgradeOn, holidayInSilence: holiday)
    options.isCatalogue = catalogue
    options.showsExpansions = expansions
    let world = SimulatedWorld(options, only: only, exhibits: signals)
    if let truthPath { try world.truth.json.serialized().write(toFile: truthPath, atomically: true, encoding: .utf8) }
    let demo = Demo(
      world: world, config: config, storePath: try store ?? Self.temporaryStore(), key: try Self.key(environment), environment: environment,
      screen: DemoScreen(world: world, isQuiet: json))
    let isJSON = json
    let staysUp = !exit
    let report = try await demo.run { report, port in
      StandardOutput.print(isJSON ? report.json.serialized() : "\n" + report.text)
      guard staysUp else { return }
      StandardError.print("The daemon stays up; its console answers at http://127.0.0.1:\(port)/-/ready. Ctrl-C ends it.")
      while true { try await Task.sleep(for: .seconds(3600)) }
    }
    if report?.isGood != true { throw ExitCode(1) }
  }

  private static func temporaryStore() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bellwether-demo-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.appending(path: "demo.sqlite").path
  }

  /// `BELLWETHER_DEMO_SECRET`, or a new key.
  private static func key(_ environment: [String: String]) throws -> SigningKey {
    guard let text = environment["BELLWETHER_DEMO_SECRET"] else { return SigningKey.random() }
    do { return try SigningKey(text) } catch {
      throw WrongArgument("BELLWETHER_DEMO_SECRET cannot sign: \(error)")
    }
  }
}

/// Simulator, receiver and daemon in one process, over real sockets and a real store.
struct Demo: Sendable {
  let world: SimulatedWorld
  let config: String
  let storePath: String
  let key: SigningKey
  let environment: [String: String]
  let screen: DemoScreen

  /// How often feeds poll in business time.
  private static let pollInterval = "12h"

  /// - Parameter show: given the report when the year is over, and the console's port; the demo ends when it returns. Nil if the demo is
  ///   ended before.
  func run(show: @escaping @Sendable (DemoReport, Int) async throws -> Void) async throws -> DemoReport? {
    var logger = ProgramLog.make(level: .error)
    logger[metadataKey: "demo"] = "true"
    // The servers' own complaints about being ended mid-connection tell nobody anything.
    let silent = ProgramLog.make(level: .critical)
    let simulator = SimulationServer(world, logger: silent)
    let (ports, port) = AsyncStream<Int>.makeStream()
    let receiver = DemoReceiver(key: key, logger: silent) { screen.show($0) }
    let server = receiver.application { port.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await simulator.run() }
      group.addTask { try await server.run() }
      guard let receiverPort = await ports.first(where: { _ in true }) else { throw CancellationError() }
      let report = try await watch(simulator, receiver, receiverPort, logger, show)
      group.cancelAll()
      return report
    }
  }

  private func watch(
    _ simulator: SimulationServer, _ receiver: DemoReceiver, _ receiverPort: Int, _ logger: Logger,
    _ show: @escaping @Sendable (DemoReport, Int) async throws -> Void
  ) async throws -> DemoReport? {
    let variables = try await self.variables(simulator, receiverPort)
    let loaded = try load(ConfigFiles.Environment(variables))
    let store = try EventStore(path: storePath, access: .exclusive)
    let outcome = Mutex<(report: DemoReport?, port: Int)>((nil, 0))
    var daemon = Daemon(configuration: loaded, store: store, logger: logger, metrics: PrometheusRegistry())
    daemon.simulatedClockURL = "http://\(SimulationServer.host):\(try await simulator.port())/clock"
    daemon.consolePort = 0
    daemon.onInstant = { screen.progress($0) }
    daemon.onListening = { port in outcome.withLock { $0.port = port } }
    daemon.atEnd = { [world] in
      screen.finish()
      let report = try await DemoReport(
        truth: world.truth, receptions: receiver.receptions, refusals: receiver.refusals, store: store, calendar: loaded.engine.calendar,
        rules: loaded.engine.rules.rules.map(\.id))
      let port = outcome.withLock { outcome in
        outcome.report = report
        return outcome.port
      }
      try await show(report, port)
    }
    screen.begin(storePath)
    try await daemon.run()
    return outcome.withLock { $0.report }
  }

  /// What the shipped feeds and the shipped sink take from the environment.
  private func variables(_ simulator: SimulationServer, _ receiverPort: Int) async throws -> [String: String] {
    var variables = environment.merging(try await simulator.environment()) { $1 }
    for (name, value) in SimulationServer.credentials { variables[SecretSource.variable(for: name)] = value }
    for feed in ["STRIPE", "HUBSPOT", "ZENDESK", "POSTHOG"] { variables["\(feed)_POLL"] = Self.pollInterval }
    variables["SIGNALS_URL"] = try await simulator.signalsURL()
    variables["BELLWETHER_START"] = (world.options.start - SimulationOptions.usageHistoryDays).description
    variables["BELLWETHER_WEBHOOK_URL"] = "http://127.0.0.1:\(receiverPort)/alerts"
    variables["BELLWETHER_WEBHOOK_SECRET"] = key.secretText
    return variables
  }

  /// Surveys, intent and enrichment: none of the four vendors brings them.
  private static let signals = SourceFile(
    path: "feeds/signals.yaml",
    text: """
      name: signals
      system: hubspot
      enabled: true
      base_url: ${SIGNALS_URL}
      allow_private: true
      auth: none
      poll: 12h
      start: ${BELLWETHER_START:-180d}
      streams:

      """
        + [
          ("survey", "metric: metric, score: score, comment: comment"),
          ("intent", "domain: domain, topic: topic, page: page, competitor: competitor"),
          ("enrichment", "event: event, headcount: headcount, openings: openings, company: company, title: title, department: department"),
        ].map { kind, fields in
          """
            - name: \(kind)s
              request: { path: /\(kind), query: { since: "{from}" } }
              records: data
              cursor: { format: iso8601_seconds, lag: 1m, lookback: 10m }
              completes: [\(kind)]
              map:
                - kind: \(kind)
                  id: id
                  at: at
                  account: customer
                  \(kind == "intent" ? "# A visit has no person." : "person: user")
                  fields: { \(fields) }

          """
        }.joined())

  private func load(_ environment: ConfigFiles.Environment) throws -> LoadedConfiguration {
    var diagnostics = Diagnostics()
    var folder = try ConfigurationFolder(path: config).enabled(feeds: Vendor.allCases.map(\.rawValue))
    if world.options.isCatalogue { folder = folder.adding(feed: Self.signals) }
    guard let loaded = LoadedConfiguration.load(folder, environment: environment, needsSecrets: true, into: &diagnostics) else {
      StandardError.print(diagnostics.rendered())
      throw ExitCode(1)
    }
    return loaded
  }
}
