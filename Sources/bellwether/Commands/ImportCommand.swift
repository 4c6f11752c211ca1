import ArgumentParser
import Engine
import Events
import Features
import Foundation
import Store

/// `bellwether import FILE.jsonl…`
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Store records from JSON Lines files, all or none.",
    discussion: """
      One record a line: kind, id and at; account and person where known; feed where it is not 'import'; and the kind's own fields. \
      A finished import makes what it brought known from its first record through the moment of import.
      """)

  @Argument(help: "JSON Lines files.") var files: [String]
  @OptionGroup var shared: SharedOptions

  /// Faults shown before the rest are only counted.
  private static let shownFaults = 20

  func validate() throws {
    if files.isEmpty { throw ValidationError("Name at least one file.") }
  }

  func run() async throws {
    let loaded = try shared.loadConfiguration(needsSecrets: false)
    var records: [Record] = []
    var faults: [String] = []
    for path in files {
      let file = try ImportFile(path: path)
      records += file.records
      faults += file.faults
    }
    guard faults.isEmpty else {
      for fault in faults.prefix(Self.shownFaults) { StandardError.print(fault) }
      if faults.count > Self.shownFaults { StandardError.print("… and \(faults.count - Self.shownFaults) more") }
      StandardError.print("Nothing was stored. Mend these lines and import again.")
      throw ExitCode(1)
    }
    let store = try EventStore(path: shared.store, access: .exclusive)
    let now = WallClock.now()
    try await store.activate(digest: loaded.engine.digest, content: loaded.engineContent, at: now)
    try await store.setMappings(loaded.links, at: now)
    let results = try await store.commit(pages(records, now), at: now)
    let host = try await EngineHost(store: store)
    try await host.catchUp()
    let new = results.reduce(0) { $0 + $1.new }
    let duplicate = results.reduce(0) { $0 + $1.duplicate }
    let unlinked = results.reduce(0) { $0 + $1.unlinked }
    if shared.json {
      let summary: JSON = ["new": JSON(new), "known_already": JSON(duplicate), "unlinked": JSON(unlinked)]
      StandardOutput.print(summary.serialized())
    } else {
      StandardOutput.print("\(new) records stored, \(duplicate) known already, \(unlinked) without a linked account")
    }
  }

  /// Accounts first, so that what follows finds them; each kind is known from its first record through now.
  private func pages(_ records: [Record], _ now: Instant) -> [Page] {
    let systems = Set(records.map(\.system)).sorted()
    let kinds = Kind.allCases.sorted { ($0 == .account ? 0 : 1, $0.rawValue) < ($1 == .account ? 0 : 1, $1.rawValue) }
    return kinds.flatMap { kind in
      systems.flatMap { system -> [Page] in
        let own = records.filter { $0.kind == kind && $0.system == system }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
        guard let first = own.first else { return [] }
        let chunks = stride(from: 0, to: own.count, by: StoreLimits.recordsPerPage).map { start in
          Array(own[start..<min(start + StoreLimits.recordsPerPage, own.count)])
        }
        return chunks.enumerated().map { index, chunk in
          let isLast = index == chunks.count - 1
          return Page(
            stream: "\(KnownRanges.importPrefix)\(system).\(kind.rawValue)", system: system, records: chunk, kinds: [kind],
            knownFrom: isLast ? first.at : nil,
            completeThrough: isLast ? now : nil, observedAt: now)
        }
      }
    }
  }
}

/// A file of the import format, read whole: every line is a record or a fault.
struct ImportFile {
  private(set) var records: [Record] = []
  private(set) var faults: [String] = []

  init(path: String) throws {
    guard let contents = FileManager.default.contents(atPath: path) else {
      throw ValidationError("\(path) cannot be read. Check the name and its mode.")
    }
    for (index, line) in contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
      do {
        records.append(try Record(importing: JSON(parsing: line), system: "import"))
      } catch {
        faults.append("\(path):\(index + 1): \(error)")
      }
    }
  }
}
