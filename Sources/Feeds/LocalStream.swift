package import Events

extension Connector {
  /// Where a feed's records come from.
  package enum Source: Sendable {
    /// An API that is asked.
    case api
    /// Files that are put into a folder.
    case folder(FolderFeed)
    /// Requests that a sender makes.
    case push(PushFeed)
  }

  /// Whether it is we who begin: a push feed's sender does.
  package var isPolled: Bool { if case .push = source { false } else { true } }

  /// The names under which cursors are kept, in the order the streams are read.
  package var streamNames: [String] {
    switch source {
    case .api: streams.map(\.name)
    case .folder(let folder): folder.streams.map(\.name)
    case .push(let push): push.streams.map(\.name)
    }
  }
}

/// A stream whose records lie in files or are pushed: mappings, and nothing to ask for.
package struct LocalStream: Sendable {
  package let name: String
  /// The kinds of which this stream tells everything.
  package let completes: [Kind]
  /// Whether absence means zero for every paying account.
  package let coversCustomers: Bool
  /// How long after its own time a record may come.
  package let lag: Span
  /// In a folder: which of the feed's files; nil for all of them.
  let files: FilePattern?
  /// In a folder: how a file holds its records.
  let format: FileFormat
  /// In a push: where in the body the record, or the list of records, may be.
  let selection: [JSONPath]
  let mappings: [RecordMapping]
  /// Every path of the mappings, by slot.
  let paths: [ValuePath]

  /// The most bytes of an id; longer ones would be refused by the store with everything beside them.
  package static let idLimit = 1_024

  /// What one record of the source becomes.
  func map(_ record: JSON, at now: Instant, system: String) -> MappedPage {
    map(Scope(root: record, current: record, answerDate: now), system: system)
  }

  /// What one row of a table becomes; `columns` says where the paths begin in it.
  func map(row: [JSON], columns: [Scope.Column?], at now: Instant, system: String) -> MappedPage {
    map(Scope(root: .null, current: .null, row: row, columns: columns, isRow: true, answerDate: now), system: system)
  }

  /// Where each path begins in a table with these columns.
  ///
  /// A path has no blanks and none of `|=<>{}"'`: where a column's name has, the path has `_`.
  func columns(named names: [String]) -> [Scope.Column?] {
    Connector.Stream.columns(names.map { .text(Self.pathName($0)) }, of: paths)
  }

  static func pathName(_ column: String) -> String { String(column.map { " |=<>{}\"'".contains($0) ? "_" : $0 }) }

  private func map(_ scope: Scope, system: String) -> MappedPage {
    var page = MappedPage()
    for mapping in mappings { mapping.map(scope, into: &page, system: system, stream: name) }
    let isTooLong = { (record: Record) in
      [record.id, record.account ?? "", record.person ?? ""].contains { $0.utf8.count > Self.idLimit }
    }
    for record in page.records where isTooLong(record) {
      page.rejected.append(
        RejectedRecord(
          stream: name, kind: record.kind, sourceID: String(record.id.prefix(40)), path: "\(record.kind.rawValue).id",
          message: "an id of more than \(Self.idLimit) bytes"))
    }
    page.records.removeAll(where: isTooLong)
    return page
  }
}

/// How a file holds its records.
enum FileFormat: String, CaseIterable, Sendable {
  /// A header line, then a record a line (RFC 4180).
  case csv
  /// A JSON object a line.
  case jsonl
}
