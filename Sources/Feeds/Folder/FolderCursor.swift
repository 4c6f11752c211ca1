package import Events

/// Where a folder's stream stands: how far each file is read. Stored with every page.
package struct FolderCursor: Hashable, Sendable {
  /// How far one state of a file is read.
  package struct File: Hashable, Sendable {
    let identity: FileIdentity
    /// The line on which the last entry begins that was read.
    package var line: Int64 = 0
    package var records: Int64 = 0
    /// Lines that hold nothing usable.
    package var rejected: Int64 = 0
    /// How long the file of rejected lines is, so that a resumed reading writes none of them twice.
    var rejectedBytes: Int64 = 0
    package var isFinished = false
  }

  /// By name.
  package var files: [String: File] = [:]
  /// The earliest time of any record.
  var knownFrom: Instant?
  var through: Instant?

  init() {}

  /// Reads a stored cursor; null or anything unreadable is the beginning.
  package init(_ json: JSON) {
    knownFrom = json["known_from"].integer.map(Instant.init(microseconds:))
    through = json["through"].integer.map(Instant.init(microseconds:))
    for (name, stored) in json["files"].object ?? [:] {
      guard let size = stored["size"].integer, let modified = stored["mtime"].integer, let inode = stored["inode"].integer else { continue }
      var file = File(identity: FileIdentity(size: size, modified: Instant(microseconds: modified), inode: inode))
      file.line = stored["line"].integer ?? 0
      file.records = stored["records"].integer ?? 0
      file.rejected = stored["rejected"].integer ?? 0
      file.rejectedBytes = stored["rejected_bytes"].integer ?? 0
      file.isFinished = stored["done"].flag ?? false
      files[name] = file
    }
  }

  package var json: JSON {
    var members: [String: JSON] = ["files": .object(files.mapValues(\.json))]
    if let knownFrom { members["known_from"] = JSON(knownFrom.microseconds) }
    if let through { members["through"] = JSON(through.microseconds) }
    return .object(members)
  }

  /// Where the reading of a file goes on; a file that is not as it was when it was last read begins again.
  func state(of file: FolderListing.File) -> File {
    guard let known = files[file.name], known.identity == file.identity else { return File(identity: file.identity) }
    return known
  }
}

extension FolderCursor.File {
  var json: JSON {
    var members: [String: JSON] = [
      "size": JSON(identity.size), "mtime": JSON(identity.modified.microseconds), "inode": JSON(identity.inode), "line": JSON(line),
      "records": JSON(records),
    ]
    if rejected > 0 { members["rejected"] = JSON(rejected) }
    if isFinished {
      members["done"] = true
    } else {
      members["rejected_bytes"] = JSON(rejectedBytes)
    }
    return .object(members)
  }
}
