import ArgumentParser
import ConfigFiles
import Engine
import Events
import Feeds
import Logging
import Store
import Transport

/// `bellwether feeds`
struct FeedsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feeds", abstract: "What the feeds have brought, and how far each is known.",
    subcommands: [List.self, Poll.self, Again.self, Accept.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Every stream: state, freshness, known range, cursor, requests, records, error.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let loaded = try? shared.loadConfiguration(needsSecrets: false)
      let now = WallClock.now()
      let report = FeedReport(
        streams: try await store.streamStates(), days: try await store.streamDays(since: FeedReport.firstDay(now)),
        suspected: try await Self.suspected(store), connectors: loaded?.connectors ?? [], lacking: loaded?.lacking ?? [],
        calendar: loaded?.engine.calendar ?? .utc, now: now)
      let counts = try await store.eventCounts()
      let unlinked = try await store.unlinkedRecords()
      if shared.json {
        StandardOutput.print(json(report, counts, unlinked).serialized())
        return
      }
      StandardOutput.print(report.text)
      if let files = FolderFiles(report.rows.map(\.stream)).table { StandardOutput.print("\n" + files) }
      guard !counts.isEmpty else { return }
      var records = TextTable([("KIND", .left), ("SYSTEM", .left), ("RECORDS", .right)])
      for count in counts { records.add([count.kind.rawValue, count.system, String(count.count)]) }
      StandardOutput.print("\n" + records.rendered())
      if !unlinked.isEmpty { StandardOutput.print("\n" + Self.strangers(unlinked)) }
    }

    /// Unlinked ids listed before the rest are only counted.
    private static let shownStrangers = 20

    private static func strangers(_ unlinked: [UnlinkedRecords]) -> String {
      var table = TextTable([("UNLINKED", .left), ("SYSTEM", .left), ("ACCOUNT ID THERE", .left), ("RECORDS", .right)])
      for row in unlinked.prefix(shownStrangers) {
        table.add([row.kind.rawValue, row.referenceSystem ?? row.system, row.reference ?? "none given", String(row.count)])
      }
      let more = unlinked.count - shownStrangers
      return table.rendered() + (more > 0 ? "\n… and \(more) more; `bellwether accounts unlinked` shows all" : "")
    }

    /// The systems whose usage is held.
    private static func suspected(_ store: EventStore) async throws -> [String] {
      try await store.loadStates().portfolio.flatMap { PortfolioState(json: $0) }.map { $0.suspectedSystems + $0.heldFeatures } ?? []
    }

    private func json(_ report: FeedReport, _ counts: [EventCount], _ unlinked: [UnlinkedRecords]) -> JSON {
      [
        "streams": .list(report.rows.map(\.json)),
        "records": .list(
          counts.map { ["kind": .text($0.kind.rawValue), "system": .text($0.system), "count": JSON($0.count)] }),
        "unlinked": .list(
          unlinked.map { row in
            [
              "kind": .text(row.kind.rawValue), "system": .text(row.system), "reference_system": JSON(row.referenceSystem),
              "reference": JSON(row.reference), "count": JSON(row.count),
              "first": JSON(row.first), "last": JSON(row.last),
            ]
          }),
      ]
    }
  }

  struct Accept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "accept", abstract: "Say that what looks like an outage, a renamed event or a bulk edit is none: it counts at once.",
      discussion: """
        The store must not be in use: stop the daemon first. Otherwise usage counts again by itself after 48 hours, and a feature that \
        many accounts lost at once when it is used again. What a bulk edit of contacts says of departures counts when a person says so.
        """)

    @Argument(help: "The system, the feature or the day of contacts, as `bellwether feeds` and the warning name it.") var name: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .exclusive)
      let portfolio = try await store.loadStates().portfolio.flatMap { PortfolioState(json: $0) }
      let suspected = (portfolio?.suspectedSystems ?? []) + (portfolio?.heldFeatures ?? []) + (portfolio?.heldBulkEdits ?? [])
      guard suspected.contains(name) else {
        let known = suspected.isEmpty ? "nothing is" : "these are: \(suspected.joined(separator: ", "))"
        throw WrongArgument("'\(name)' is not under suspicion; \(known).")
      }
      try await store.acceptOutage(of: name, at: WallClock.now())
      try await EngineHost(store: store).catchUp()
      StandardOutput.print("What is told of \(name) counts as real from now on.")
    }
  }

  struct Again: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "again", abstract: "Let a feed's next poll read from the beginning, as its first one did.",
      discussion: """
        For records that were rejected, or never asked for, until the feed file was mended: what is stored already is passed over. \
        The store must not be in use: stop the daemon first.
        """)

    @Argument(help: "The feed's name.") var name: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let loaded = try shared.loadConfiguration(needsSecrets: false)
      guard let connector = loaded.connectors.first(where: { $0.name == name }) else {
        let known = loaded.connectors.map(\.name).sorted().joined(separator: ", ")
        throw WrongArgument("There is no feed '\(name)'. Known: \(known).")
      }
      let store = try EventStore(path: shared.store, access: .exclusive)
      let rewound = try await store.rewind(connector.streamNames.map { "\(name).\($0)" })
      StandardOutput.print(
        rewound.isEmpty ? "\(name) has not been read yet." : "The next poll reads from the beginning: \(rewound.joined(separator: ", ")).")
    }
  }

  struct Poll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "poll", abstract: "Poll one feed now and show what it brings.",
      discussion:
        "With --dry-run nothing is stored, the poll begins as the first one would, and a feed that is not enabled may be tried too.")

    @Argument(help: "The feed's name.") var name: String
    @Flag(help: "Print the canonical records and store nothing. Required: the daemon is what polls and stores.") var dryRun = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
      if !dryRun { throw ValidationError("The daemon polls and stores; to see what a feed brings, add --dry-run.") }
    }

    func run() async throws {
      let loaded = try shared.loadConfiguration(needsSecrets: false)
      guard let known = loaded.connectors.first(where: { $0.name == name }) else {
        let known = loaded.connectors.map(\.name).sorted().joined(separator: ", ")
        throw WrongArgument("There is no feed '\(name)'. Known: \(known).")
      }
      let connector = try switchedOn(known)
      guard connector.isPolled else {
        throw WrongArgument("The feed '\(name)' is not polled: it waits for its sender's requests while the daemon runs.")
      }
      let client = CurlClient()
      // Records on a terminal are progress enough.
      var progress = StandardOutput.isTerminal ? nil : ProgressLine.forCommand("polling \(name)", unit: "records")
      let report = try await dryRun(connector, loaded, client) { page in
        for record in page.records { StandardOutput.print(shared.json ? record.json.serialized() : record.line) }
        for rejected in page.rejected { StandardError.print("rejected: \(rejected)") }
        progress?.show(Int64(page.records.count))
      }
      progress?.clear()
      await client.shutDown()
      for line in report.files.unwritten { StandardError.print("rejected: \(line)") }
      for failure in report.failures { StandardError.print("\(failure); \(Self.hint(failure))") }
      for note in report.notes { StandardError.print("note: \(note)") }
      let rejected = report.rejectedCounts.values.reduce(report.files.rejected, +)
      let (records, pages) = (report.records == 1 ? "record" : "records", report.pages == 1 ? "page" : "pages")
      StandardError.print("\(report.records) \(records) in \(report.pages) \(pages), \(rejected) rejected; nothing was stored")
      if !report.failures.isEmpty || rejected > 0 { throw ExitCode(1) }
    }

    /// What to do about a failure, as it is after a dry run: no next poll comes by itself.
    private static func hint(_ failure: FeedFailure) -> String {
      let parts = failure.hint.split(separator: "; ").map(String.init)
      let kept = parts.filter { !$0.contains("next poll") }
      return (kept + (kept.count < parts.count ? ["a dry run does not try again: repeat the command later"] : [])).joined(separator: "; ")
    }

    /// The feed as it would be if its file said `enabled: true`: what is off may lack its address, and must not be asked without it.
    private func switchedOn(_ connector: Connector) throws -> Connector {
      if connector.isEnabled { return connector }
      var diagnostics = Diagnostics()
      let file = connector.range.file.switched(on: true)
      let tried = Connector(file: file, environment: shared.environment, into: &diagnostics)
      for diagnostic in diagnostics.all { StandardError.print(diagnostic.rendered() + "\n") }
      guard let tried else { throw ExitCode(1) }
      return tried
    }

    private func dryRun(
      _ connector: Connector, _ loaded: LoadedConfiguration, _ client: CurlClient, show: (PolledPage) async throws -> Void
    ) async throws -> PollReport {
      if case .folder(let folder) = connector.source {
        return try await FolderSource(connector: connector, folder: folder, writesRejected: false)
          .poll(at: WallClock.now(), wallNow: WallClock.now(), cursors: [:], commit: show)
      }
      var poller = Poller(
        connector: connector, secrets: try connector.secrets(from: loaded.secrets), tokens: loaded.tokens(besideStore: shared.store),
        budgets: HostBudgets(), seed: 0, send: { try await client.send($0) }, sleep: { try await Task.sleep(for: $0) })
      poller.spoolFolder = loaded.writableFolder(besideStore: shared.store)
      return try await poller.poll(at: WallClock.now(), cursors: [:], commit: show)
    }
  }
}

extension Record {
  /// A line for people.
  fileprivate var line: String {
    "\(at)  \(kind.rawValue)  \(id)  account \(account ?? "none")  \(body.serialized())"
  }
}
