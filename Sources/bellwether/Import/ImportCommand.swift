import ArgumentParser
import Engine
import Events
import Feeds
import Store

/// `bellwether import FILE.jsonl…`
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Store records from JSON Lines files, all or none.",
    discussion: """
      One record a line: kind, id and at; account and person where known; feed where it is not 'import'; and the kind's own fields. \
      Every line is checked before the first is stored. An import that was ended in the middle goes on from there when it is started \
      again with the same files. A finished import makes what it brought known from its first record through the moment it began.
      """)

  @Argument(help: "JSON Lines files.") var files: [String]
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if files.isEmpty { throw ValidationError("Name at least one file.") }
  }

  func run() async throws {
    let loaded = try shared.loadConfiguration(needsSecrets: false)
    let set = try ImportSet(paths: files)
    let survey = try ImportSurvey(of: set)
    guard survey.faults.isEmpty else {
      for fault in survey.faults { StandardError.print(fault) }
      if survey.faultCount > survey.faults.count { StandardError.print("… and \(survey.faultCount - survey.faults.count) more") }
      StandardError.print("Nothing was stored. Mend these lines and import again.")
      throw ExitCode(1)
    }
    let store = try EventStore(path: shared.store, access: .exclusive)
    var run = try await ImportRun(set, survey, store: store, calendar: loaded.engine.calendar, now: WallClock.now())
    try await store.activate(digest: loaded.engine.digest, content: loaded.engineContent, at: run.cursor.startedAt)
    try await store.setMappings(loaded.links, at: run.cursor.startedAt)
    try await run.storeAll()
    let host = try await EngineHost(store: store)
    try await host.catchUp()
    let totals = run.cursor.totals
    if shared.json {
      let summary: JSON = ["new": JSON(totals.new), "known_already": JSON(totals.known), "unlinked": JSON(totals.unlinked)]
      StandardOutput.print(summary.serialized())
    } else {
      StandardOutput.print(
        "\(totals.new) \(totals.new == 1 ? "record" : "records") stored, \(totals.known) known already, \(totals.unlinked) without a linked account"
      )
    }
  }
}
