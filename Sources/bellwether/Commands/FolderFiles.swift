import Events
import Feeds
import Store

/// The files of folder feeds, as their cursors tell of them.
struct FolderFiles {
  /// Files listed before the rest are only counted: those half read or with bad lines first.
  private static let shownFiles = 20

  private let files: [(stream: String, name: String, file: FolderCursor.File)]

  init(_ streams: [StreamState]) {
    let all = streams.flatMap { state in
      FolderCursor(state.cursor ?? .null).files.map { (stream: state.stream, name: $0.key, file: $0.value) }
    }
    files = all.sorted { a, b in
      let (a, b) = ((a, a.file.isFinished && a.file.rejected == 0), (b, b.file.isFinished && b.file.rejected == 0))
      if a.1 != b.1 { return b.1 }
      return (a.0.stream, a.0.name) < (b.0.stream, b.0.name)
    }
  }

  /// Nil where there are none.
  var table: String? {
    guard !files.isEmpty else { return nil }
    var table = TextTable([("FILE", .left), ("STREAM", .left), ("STATE", .left), ("RECORDS", .right), ("BAD LINES", .right)])
    for (stream, name, file) in files.prefix(Self.shownFiles) {
      table.add([
        name, stream, file.isFinished ? "read" : "read through line \(file.line)", String(file.records), String(file.rejected),
      ])
    }
    let more = files.count - Self.shownFiles
    return table.rendered() + (more > 0 ? "\n… and \(more) more" : "")
  }

  /// Null where there are none.
  var json: JSON {
    guard !files.isEmpty else { return .null }
    let rejected = files.reduce(0) { $0 + $1.file.rejected }
    return [
      "read": JSON(files.count { $0.file.isFinished }), "unfinished": JSON(files.count { !$0.file.isFinished }),
      "bad_lines": JSON(rejected),
    ]
  }
}
