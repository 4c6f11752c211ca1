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
  let format: Decoding.Format
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

  /// What one row of a table becomes.
  func map(row: JSON, of table: Table, at now: Instant, system: String) -> MappedPage {
    let values = table.names.map { row[$0] }
    return map(Scope(root: .null, current: .null, row: values, columns: table.columns, isRow: true, answerDate: now), system: system)
  }

  /// The columns of a table, and where the stream's paths begin in them.
  struct Table {
    let names: [String]
    let columns: [Scope.Column?]
  }

  /// The table that a row is of: a path may name a column whole, dots and all.
  ///
  /// A path has no blanks and none of `|=<>{}"'`: where a column's name has, the path has `_`.
  func table(of row: JSON) -> Table {
    let names = (row.object ?? [:]).keys.sorted()
    let paths = names.map { name in JSON.text(String(name.map { " |=<>{}\"'".contains($0) ? "_" : $0 })) }
    return Table(names: names, columns: Connector.Stream.columns(paths, of: self.paths))
  }

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
