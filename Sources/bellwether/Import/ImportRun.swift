import ArgumentParser
import Events
import Features
import Feeds
import Store

/// What of an import becomes a stream: the records of one kind that one system tells.
struct ImportStream: Hashable, Comparable, Sendable {
  let kind: Kind
  let system: String

  init(_ record: Record) {
    kind = record.kind
    system = record.system
  }

  var name: String { "\(KnownRanges.importPrefix)\(system).\(kind.rawValue)" }

  /// Accounts first, so that what follows finds them.
  static func < (a: ImportStream, b: ImportStream) -> Bool {
    (a.kind == .account ? 0 : 1, a.kind.rawValue, a.system) < (b.kind == .account ? 0 : 1, b.kind.rawValue, b.system)
  }
}

/// Where an unfinished import stands; stored with every page of it.
struct ImportCursor: Hashable, Sendable {
  /// What an import has stored so far.
  struct Totals: Hashable, Sendable {
    var new = 0
    var known = 0
    var unlinked = 0
  }

  /// Of the files.
  let digest: String
  /// When it was first started: what it brings was learned then, however often it is taken up again.
  let startedAt: Instant
  /// The first pass over the files stores the accounts, the second the rest.
  var isPastAccounts = false
  /// The file being read, and its last line that needs no second look in this pass.
  var file = 0
  var line = 0
  /// Records of earlier pages.
  var records: Int64 = 0
  var totals = Totals()
  var isFinished = false

  init(digest: String, startedAt: Instant) {
    self.digest = digest
    self.startedAt = startedAt
  }

  /// Nil for what is no cursor of an import.
  init?(_ json: JSON) {
    guard let digest = json["digest"].text, let startedAt = json["started_at"].integer else { return nil }
    self.init(digest: digest, startedAt: Instant(microseconds: startedAt))
    isPastAccounts = json["accounts_done"].flag ?? false
    file = json["file"].integer.map { Int($0) } ?? 0
    line = json["line"].integer.map { Int($0) } ?? 0
    records = json["records"].integer ?? 0
    totals.new = json["new"].integer.map { Int($0) } ?? 0
    totals.known = json["known_already"].integer.map { Int($0) } ?? 0
    totals.unlinked = json["unlinked"].integer.map { Int($0) } ?? 0
    isFinished = json["done"].flag ?? false
  }

  /// Behind pages of which this became.
  func counting(_ results: [CommitResult]) -> ImportCursor {
    var cursor = self
    for result in results {
      cursor.totals.new += result.new
      cursor.totals.known += result.duplicate
      cursor.totals.unlinked += result.unlinked
    }
    return cursor
  }

  var json: JSON {
    [
      "digest": .text(digest), "started_at": JSON(startedAt.microseconds), "accounts_done": .flag(isPastAccounts), "file": JSON(file),
      "line": JSON(line), "records": JSON(records), "new": JSON(totals.new),
      "known_already": JSON(totals.known), "unlinked": JSON(totals.unlinked), "done": .flag(isFinished),
    ]
  }
}

/// The passes that store: page after page, each with the cursor from which a killed import goes on.
struct ImportRun {
  /// Records of one page.
  static let pageRecords = 5_000
  /// The stream whose state holds the cursor; it has no records.
  static let cursorStream = "import"

  private let set: ImportSet
  private let survey: ImportSurvey
  private let store: EventStore
  private(set) var cursor: ImportCursor
  private var progress: ProgressLine

  /// - Parameter calendar: what moments are told to people in.
  init(_ set: ImportSet, _ survey: ImportSurvey, store: EventStore, calendar: CompanyCalendar, now: Instant) async throws {
    self.set = set
    self.survey = survey
    self.store = store
    let stored = try await store.streamState(Self.cursorStream)?.cursor.flatMap(ImportCursor.init)
    cursor = ImportCursor(digest: set.digest, startedAt: now)
    if let stored, !stored.isFinished {
      let begun = "\(calendar.text(of: stored.startedAt)) (\(calendar.timeZone))"
      let records = "\(stored.records) \(stored.records == 1 ? "record" : "records")"
      if stored.digest == set.digest {
        cursor = stored
        StandardError.print("This import was begun at \(begun) and goes on behind its first \(records).")
      } else {
        StandardError.print(
          "An import of other files was begun at \(begun) and not finished: its first \(records) \(stored.records == 1 ? "is" : "are") stored. "
            + "Import those files again to bring in the rest.")
      }
    }
    progress = .forCommand("storing", unit: "records", total: survey.records, done: cursor.records)
  }

  /// Stores what is left, then says how far it is all known.
  mutating func storeAll() async throws {
    defer { progress.clear() }
    for accounts in [true, false] where accounts == !cursor.isPastAccounts {
      while cursor.file < set.files.count { try await storeFile(accounts: accounts) }
      cursor.file = 0
      cursor.isPastAccounts = true
    }
    cursor.isFinished = true
    let known = survey.first.sorted { $0.key < $1.key }.map { stream, first in
      Page(
        stream: stream.name, system: stream.system, records: [], kinds: [stream.kind], knownFrom: first,
        completeThrough: cursor.startedAt, observedAt: cursor.startedAt)
    }
    _ = try await store.commit(known + [cursorPage], at: cursor.startedAt)
  }

  /// The rest of the cursor's file, of which this pass stores accounts or everything else.
  private mutating func storeFile(accounts: Bool) async throws {
    let file = set.files[cursor.file]
    let reader = try file.reader()
    var records: [Record] = []
    while case let page = try reader.next(limit: ImportSet.readAtOnce), !page.isEmpty {
      for line in page where line.line > cursor.line {
        Failpoint.hit(.importedLine)
        let record = try record(on: line, of: file)
        guard (record.kind == .account) == accounts else { continue }
        records.append(record)
        guard records.count == Self.pageRecords else { continue }
        try await commit(records, behind: line.line)
        records = []
      }
    }
    if !records.isEmpty { try await commit(records, behind: .max) }
    cursor.file += 1
    cursor.line = 0
  }

  private func record(on line: DecodedRecord, of file: ImportSet.File) throws -> Record {
    do { return try ImportSet.record(line) } catch {
      throw WrongArgument("\(file.path):\(line.line): \(error). The file was changed while it was imported; import it again.")
    }
  }

  /// One transaction: the records by stream, in order of their times, and the cursor behind them.
  private mutating func commit(_ records: [Record], behind line: Int) async throws {
    let streams = Dictionary(grouping: records, by: ImportStream.init).sorted { $0.key < $1.key }
    let pages = streams.map { stream, records in
      Page(
        stream: stream.name, system: stream.system, records: records.sorted { ($0.at, $0.id) < ($1.at, $1.id) },
        observedAt: cursor.startedAt)
    }
    var begun = cursor
    begun.line = line
    begun.records += Int64(records.count)
    let results = try await store.commit(pages, at: cursor.startedAt, last: { [begun] in Self.page(begun.counting($0)) })
    cursor = begun.counting(results)
    progress.show(Int64(records.count))
  }

  private var cursorPage: Page { Self.page(cursor) }

  private static func page(_ cursor: ImportCursor) -> Page {
    Page(stream: cursorStream, system: "import", records: [], cursor: cursor.json, observedAt: cursor.startedAt)
  }
}
