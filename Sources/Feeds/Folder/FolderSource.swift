package import Events
internal import Transport

/// What reading files did beside bringing records.
package struct FileReport: Sendable {
  /// Lines that gave no record, or not all they should.
  package var rejected = 0
  /// Those that could not be written beside their file, as `FILE:LINE: reason`; the first `PollReport.rejectedLimit`.
  package var unwritten: [String] = []

  package init() {}
}

/// Reads the new and the changed files of a folder feed, page by page, each with the cursor from which a killed reading goes on.
package struct FolderSource: Sendable {
  private let connector: Connector
  private let folder: FolderFeed
  private let writesRejected: Bool

  /// - Parameter writesRejected: whether rejected lines are written beside their files, or only told in the report.
  package init(connector: Connector, folder: FolderFeed, writesRejected: Bool = true) {
    self.connector = connector
    self.folder = folder
    self.writesRejected = writesRejected
  }

  /// Reads every stream's files once, in order of name.
  ///
  /// The last page of a stream has no records but what is now known: all that its files tell through the time at which the newest of
  /// them was written, as long as none older is still to be read.
  ///
  /// - Parameters:
  ///   - now: business time.
  ///   - wallNow: the machine's time, against which files settle.
  ///   - cursors: by stream, as stored with the last page of each.
  ///   - commit: stores a page with its cursor; an error it throws ends the poll.
  /// - Throws: what `commit` throws; a folder or file that cannot be read stands in the report.
  package nonisolated(nonsending) func poll(
    at now: Instant, wallNow: Instant, cursors: [String: JSON], commit: nonisolated(nonsending) (PolledPage) async throws -> Void
  ) async throws -> PollReport {
    var report = PollReport()
    let files: [FolderListing.File]
    do {
      files = try FolderListing.files(in: folder.path)
    } catch {
      report.failures = folder.streams.map { failure($0, error.message, error.hint) }
      return report
    }
    var taken: Set<String> = []
    for stream in folder.streams {
      let own = files.filter { file in
        !taken.contains(file.name) && folder.takes(file.name) && (stream.files?.matches(file.name) ?? true)
      }
      taken.formUnion(own.map(\.name))
      var reading = Reading(self, stream, cursors[stream.name] ?? .null, now)
      guard own.count <= FolderLimits.files else {
        report.failures.append(
          failure(
            stream, "\(own.count) files lie in \(folder.path), and at most \(FolderLimits.files) are followed",
            "move away those that `bellwether feeds` shows as read"))
        continue
      }
      try await reading.readAll(own, settledBefore: wallNow - folder.settledFor, report: &report, commit: commit)
      if !report.failures.contains(where: { $0.stream == stream.name }) { report.finished.append(stream.name) }
    }
    return report
  }

  fileprivate func failure(_ stream: LocalStream, _ message: String, _ hint: String) -> FeedFailure {
    FeedFailure(feed: connector.name, stream: stream.name, cause: .unavailable, message: message, hint: hint)
  }
}

extension FolderSource {
  /// One stream's files in one poll.
  private struct Reading {
    let source: FolderSource
    let stream: LocalStream
    let now: Instant
    var cursor: FolderCursor

    init(_ source: FolderSource, _ stream: LocalStream, _ cursor: JSON, _ now: Instant) {
      self.source = source
      self.stream = stream
      self.cursor = FolderCursor(cursor)
      self.now = now
    }

    nonisolated(nonsending) mutating func readAll(
      _ files: [FolderListing.File], settledBefore bound: Instant, report: inout PollReport,
      commit: nonisolated(nonsending) (PolledPage) async throws -> Void
    ) async throws {
      let names = Set(files.map(\.name))
      cursor.files = cursor.files.filter { names.contains($0.key) }
      for file in files where file.changed <= bound && !cursor.state(of: file).isFinished {
        do {
          try await read(file, report: &report, commit: commit)
        } catch let error as FolderFault {
          report.failures.append(source.failure(stream, error.message, error.hint))
        }
      }
      // A stream with a file that cannot be read has not succeeded: its page would wipe out the error.
      guard !report.failures.contains(where: { $0.stream == stream.name }) else { return }
      let unread = files.filter { !cursor.state(of: $0).isFinished }.map(\.identity.modified).min()
      let newest = files.filter { cursor.state(of: $0).isFinished }.map(\.identity.modified).max()
      if let newest {
        let through = min(newest, unread ?? newest, now)
        cursor.through = max(cursor.through ?? through, through)
      }
      report.pages += 1
      try await commit(page([], isLast: true))
    }

    private nonisolated(nonsending) mutating func read(
      _ file: FolderListing.File, report: inout PollReport, commit: nonisolated(nonsending) (PolledPage) async throws -> Void
    ) async throws {
      var state = cursor.state(of: file)
      var entries = try Entries(file, stream, behind: state.line)
      let beside = RejectedLines(of: file, format: entries.format)
      while !state.isFinished {
        try Task.checkCancellation()
        var records: [Record] = []
        var rejected: [RejectedLine] = []
        for entry in try entries.next() {
          try entries.checkHeader(entry, stream)
          take(entry, from: &entries, &records, &rejected)
          state.line = Int64(entry.line)
        }
        if entries.isAtEnd {
          // What was written to while it was read is another file now, and read again once it has settled.
          guard FileStatus(path: file.path)?.identity == file.identity else { return }
          state.isFinished = true
        }
        if !rejected.isEmpty { note(rejected, of: file, beside, &state, &report) }
        if state.isFinished, state.rejected == 0, source.writesRejected { beside.remove() }
        state.records += Int64(records.count)
        try await store(records, state, of: file, report: &report, commit: commit)
      }
    }

    /// A line's records that fit are kept, whatever else is wrong with it.
    private func take(
      _ entry: DecodedRecord, from entries: inout Entries, _ records: inout [Record], _ rejected: inout [RejectedLine]
    ) {
      let reason: String
      switch entry.content {
      case .fault(let fault): reason = fault
      case .record(let json) where json.object == nil: reason = "the line is no object"
      case .record(let json):
        let page = entries.map(json, stream, at: now, system: source.connector.system)
        records += page.records
        if page.rejected.isEmpty { return }
        reason = page.rejected.map { "\($0.path): \($0.message)" }.joined(separator: "; ")
      }
      rejected.append(RejectedLine(line: Int64(entry.line), reason: reason, text: entry.raw))
    }

    private func note(
      _ lines: [RejectedLine], of file: FolderListing.File, _ beside: RejectedLines, _ state: inout FolderCursor.File,
      _ report: inout PollReport
    ) {
      state.rejected += Int64(lines.count)
      report.files.rejected += lines.count
      if source.writesRejected, let length = beside.append(lines, keeping: state.rejectedBytes) {
        state.rejectedBytes = length
        return
      }
      let room = max(0, PollReport.rejectedLimit - report.files.unwritten.count)
      report.files.unwritten += lines.prefix(room).map { "\(file.name):\($0.line): \($0.reason)" }
    }

    /// One line may hold more records than a page: only the last page of a stretch moves the cursor.
    private nonisolated(nonsending) mutating func store(
      _ records: [Record], _ state: FolderCursor.File, of file: FolderListing.File, report: inout PollReport,
      commit: nonisolated(nonsending) (PolledPage) async throws -> Void
    ) async throws {
      var rest = records[...]
      repeat {
        let chunk = Array(rest.prefix(FolderLimits.pageRecords))
        rest = rest.dropFirst(chunk.count)
        if rest.isEmpty {
          cursor.files[file.name] = state
          if let first = records.map(\.at).min() { cursor.knownFrom = min(cursor.knownFrom ?? first, first) }
        }
        report.pages += 1
        report.records += chunk.count
        try await commit(page(chunk, isLast: false))
      } while !rest.isEmpty
    }

    private func page(_ records: [Record], isLast: Bool) -> PolledPage {
      PolledPage(
        feed: source.connector.name, system: source.connector.system, stream: stream.name, records: records, rejected: [],
        cursor: cursor.json, completes: stream.completes, coversCustomers: stream.coversCustomers,
        knownFrom: cursor.through == nil ? nil : cursor.knownFrom, completeThrough: isLast ? cursor.through : nil, observedAt: now,
        lag: stream.lag)
    }
  }
}

/// The lines of one file behind those read before.
private struct Entries {
  let format: Decoding.Format
  private(set) var isAtEnd = false
  private let reader: RecordReader
  private let path: String
  private var table: LocalStream.Table?
  /// Entries that were read while looking for the first that is new.
  private var ahead: [DecodedRecord] = []

  init(_ file: FolderListing.File, _ stream: LocalStream, behind line: Int64) throws(FolderFault) {
    path = file.path
    let isGzipped = file.name.hasSuffix(".gz")
    let bare = isGzipped ? file.name.dropLast(3) : file.name[...]
    // What a file's own name says of its format has the last word.
    format = [Decoding.Format.csv, .jsonl].first { bare.hasSuffix(".\($0.rawValue)") } ?? stream.format
    let body: BodyFile
    do { body = try BodyFile(path: file.path) } catch {
      throw FolderFault(message: "\(file.path) cannot be opened: \(error)", hint: "check its owner and mode")
    }
    reader = RecordReader(
      .file(body), decoding: Decoding(wrappings: isGzipped ? [.gzip] : [], format: format), badLines: .quarantined)
    while line > 0, ahead.isEmpty, !isAtEnd { ahead = try page().filter { $0.line > line } }
  }

  /// The next entries; none at the end.
  mutating func next() throws(FolderFault) -> [DecodedRecord] {
    guard ahead.isEmpty else {
      defer { ahead = [] }
      return ahead
    }
    return isAtEnd ? [] : try page()
  }

  private mutating func page() throws(FolderFault) -> [DecodedRecord] {
    do throws(DecodeFailure) {
      let page = try reader.next(limit: FolderLimits.pageRecords)
      isAtEnd = page.isEmpty
      return page
    } catch {
      throw FolderFault(
        message: "\(path) cannot be read to its end: \(error)", hint: "replace the file; what stands before that place is stored")
    }
  }

  /// A table without the columns of an id and a time is not the one that was meant: that is said once, and not of each line.
  mutating func checkHeader(_ entry: DecodedRecord, _ stream: LocalStream) throws(FolderFault) {
    guard format == .csv, table == nil, case .record(let json) = entry.content else { return }
    let table = stream.table(of: json)
    self.table = table
    let missing = stream.missingColumns(of: table)
    guard !missing.isEmpty else { return }
    throw FolderFault(
      message: "the header of \(path) has no \(missing.joined(separator: ", ")); it has \(table.names.joined(separator: ", "))",
      hint: "name its columns in the stream's map:, or narrow files: if the file is another stream's; nothing of it is stored")
  }

  mutating func map(_ json: JSON, _ stream: LocalStream, at now: Instant, system: String) -> MappedPage {
    guard format == .csv else { return stream.map(json, at: now, system: system) }
    let table = table ?? stream.table(of: json)
    self.table = table
    return stream.map(row: json, of: table, at: now, system: system)
  }
}
