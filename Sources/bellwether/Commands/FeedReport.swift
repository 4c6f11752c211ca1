import Events
import Features
import Feeds
import Store

/// How the streams stand, as `bellwether feeds` shows it.
struct FeedReport {
  let rows: [Row]
  private let calendar: CompanyCalendar

  /// What a stream is at, the most telling word first.
  enum State: String {
    case off, imported, failing, stale, held, importing, fresh
  }

  struct Row {
    let stream: StreamState
    let state: State
    let behind: Span?
    let today: (records: Int, requests: Int)
    /// On the days that are shown.
    let rejected: Int
    /// The mean of the whole days before today that are known.
    let recordsPerDay: Int?

    /// Where the import as a whole stands, whose stream has no records of its own; nil for every other stream.
    static func importRun(_ stream: StreamState) -> ImportCursor? {
      stream.stream == ImportRun.cursorStream ? stream.cursor.flatMap(ImportCursor.init) : nil
    }
  }

  /// Whole days that the mean is taken over.
  private static let meanDays: Int32 = 7

  static func firstDay(_ now: Instant) -> Day { today(now) - Int(meanDays) }

  private static func today(_ now: Instant) -> Day { CompanyCalendar.utc.day(of: now) }

  init(
    streams: [StreamState], days: [StreamDay], suspected: [String], connectors: [Connector], lacking: Set<String> = [],
    calendar: CompanyCalendar, now: Instant
  ) {
    self.calendar = calendar
    let polled = connectors.filter { $0.isEnabled || lacking.contains($0.name) }
    let isPolled = Set(polled.flatMap { connector in connector.streamNames.map { "\(connector.name).\($0)" } })
    let today = Self.today(now)
    rows = streams.map { stream in
      let own = days.filter { $0.stream == stream.stream }
      let latest = own.first { $0.day == today }
      let before = own.filter { $0.day < today }
      return Row(
        stream: stream, state: Self.state(of: stream, isPolled: isPolled.contains(stream.stream) || connectors.isEmpty, suspected),
        behind: stream.behind(at: now), today: (latest?.records ?? 0, latest?.requests ?? 0),
        rejected: own.reduce(0) { $0 + $1.rejected },
        recordsPerDay: before.first.map { first in before.reduce(0) { $0 + $1.records } / max(1, today - first.day) })
    }
  }

  private static func state(of stream: StreamState, isPolled: Bool, _ suspected: [String]) -> State {
    if let run = Row.importRun(stream) { return run.isFinished ? .imported : .importing }
    if stream.stream.hasPrefix(KnownRanges.importPrefix) { return .imported }
    if !isPolled { return .off }
    if stream.staleSince != nil { return .stale }
    if stream.isFailing { return .failing }
    if stream.kinds.contains(.usage), suspected.contains(stream.system) { return .held }
    return stream.completeThrough == nil ? .importing : .fresh
  }

  /// The table, and below it what is wrong with each stream and what to do.
  var text: String {
    guard !rows.isEmpty else { return "No stream has been polled yet." }
    var table = TextTable([
      ("STREAM", .left), ("STATE", .left), ("LAST SUCCESS (\(calendar.timeZone))", .left), ("BEHIND", .right), ("KNOWN", .left),
      ("CURSOR", .left),
      ("REQUESTS TODAY", .right), ("RECORDS TODAY", .right), ("A DAY", .right), ("NEXT TRY", .left),
    ])
    for row in rows {
      table.add([
        row.stream.stream, row.state.rawValue, moment(row.stream.lastSuccess) ?? "never", row.behind.map(Self.short) ?? "–",
        known(row.stream), short(row.stream.cursor), String(row.today.requests), String(row.today.records),
        row.recordsPerDay.map { String($0) } ?? "–", moment(row.stream.nextPoll) ?? "–",
      ])
    }
    let troubles = rows.compactMap(trouble)
    return ([table.rendered()] + troubles).joined(separator: "\n\n")
  }

  private func moment(_ json: JSON) -> String? { moment(json.text.flatMap { Instant(iso8601: $0) }) }

  private func moment(_ instant: Instant?) -> String? { instant.map(calendar.text) }

  private func known(_ stream: StreamState) -> String {
    if let run = Row.importRun(stream) { return "\(run.records) \(run.records == 1 ? "record" : "records") read" }
    guard let from = stream.knownFrom, let through = stream.completeThrough else { return "nothing yet" }
    let holes = stream.holes.isEmpty ? "" : ", \(stream.holes.count) \(stream.holes.count == 1 ? "hole" : "holes")"
    let start = from <= Instant(seconds: 0) ? "the beginning" : calendar.day(of: from).description
    return "\(start) to \(calendar.text(of: through))\(holes)"
  }

  private func trouble(_ row: Row) -> String? {
    let stream = row.stream
    var lines: [String] = []
    if let since = stream.staleSince {
      lines.append("has brought nothing since \(calendar.text(of: since)); rules that need it are frozen")
    }
    if let error = stream.lastError { lines += error.split(separator: ";", maxSplits: 1).map { $0.trimmingPrefix(" ") }.map(String.init) }
    if row.rejected > 0 {
      lines.append("\(row.rejected) rejected in the last days, and not stored: the log says why")
      lines.append("once the feed file is mended: bellwether feeds again \(stream.stream.prefix { $0 != "." })")
    }
    for hole in stream.holes {
      lines.append("nothing is known from \(calendar.text(of: hole.from)) to \(calendar.text(of: hole.until))")
    }
    if row.state == .held {
      lines.append("fell silent: usage is held. If the fall is real: bellwether feeds accept \(stream.system)")
    }
    return lines.isEmpty ? nil : "\(stream.stream)\n" + lines.map { "  \($0)" }.joined(separator: "\n")
  }

  /// `3d 4h`, `12m`, `0s`: the two largest units.
  static func short(_ span: Span) -> String {
    let seconds = span.microseconds / 1_000_000
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m"
    case ..<86_400: return "\(seconds / 3_600)h \(seconds / 60 % 60)m"
    default: return "\(seconds / 86_400)d \(seconds / 3_600 % 24)h"
    }
  }

  /// Where the stream goes on: what a person may tell one poll's cursor from the next by.
  private func short(_ cursor: JSON?) -> String {
    guard let cursor else { return "–" }
    if cursor["walk"].object != nil { return "under way" }
    if let token = cursor["token"].text { return token.count > 20 ? token.prefix(19) + "…" : token }
    if let through = moment(cursor["through"]) { return through }
    return moment(cursor["listed_at"]).map { "listed \($0)" } ?? "–"
  }
}

extension FeedReport.Row {
  var json: JSON {
    [
      "stream": .text(stream.stream), "system": .text(stream.system), "state": .text(state.rawValue),
      "kinds": .list(stream.kinds.map { .text($0.rawValue) }), "known_from": JSON(stream.knownFrom),
      "complete_through": JSON(stream.completeThrough),
      "holes": .list(stream.holes.map { ["from": JSON($0.from), "until": JSON($0.until)] }),
      "covers_customers": .flag(stream.coversCustomers), "last_success": JSON(stream.lastSuccess),
      "behind_seconds": behind.map { JSON($0.microseconds / 1_000_000) } ?? .null, "stale_since": JSON(stream.staleSince),
      "last_error": JSON(stream.lastError), "next_try": JSON(stream.nextPoll), "cursor": stream.cursor ?? .null,
      "rejected": JSON(rejected), "requests_today": JSON(today.requests), "records_today": JSON(today.records),
      "records_per_day": recordsPerDay.map { JSON($0) } ?? .null, "files": FolderFiles([stream]).json,
    ]
  }
}
