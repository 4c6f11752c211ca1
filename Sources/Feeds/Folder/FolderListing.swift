internal import Events
internal import Foundation

/// The files that lie in a folder now.
enum FolderListing {
  /// A file as it lay there when the folder was listed.
  struct File: Hashable, Sendable {
    let name: String
    /// With every symbolic link followed.
    let path: String
    let identity: FileIdentity
    /// When anything about it last changed, by the machine's clock: content, name or owner.
    let changed: Instant
  }

  /// Regular files in order of their names: none that is hidden, that holds rejected lines, or that a link fetches from elsewhere.
  static func files(in folder: String) throws(FolderFault) -> [File] {
    guard let root = resolved(folder), let names = try? FileManager.default.contentsOfDirectory(atPath: root) else {
      throw FolderFault(message: "the folder \(folder) cannot be listed", hint: "create it, or let this user read it")
    }
    return names.sorted().compactMap { name in
      guard !name.hasPrefix("."), !name.hasSuffix(".rejected.csv"), !name.hasSuffix(".rejected.jsonl") else { return nil }
      guard let path = resolved(root + "/" + name), path.hasPrefix(root + "/"), let status = FileStatus(path: path) else { return nil }
      return File(name: name, path: path, identity: status.identity, changed: status.changed)
    }
  }

  private static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

/// What tells one state of a file from another.
struct FileIdentity: Hashable, Sendable {
  let size: Int64
  let modified: Instant
  let inode: Int64
}

/// What the system says about a regular file.
struct FileStatus {
  let identity: FileIdentity
  let changed: Instant

  /// Nil for what is not there and for what is no regular file.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    let modified = Self.instant(status.st_mtim)
    identity = FileIdentity(size: Int64(status.st_size), modified: modified, inode: Int64(truncatingIfNeeded: status.st_ino))
    // A copy may carry the old file's time of modification; the time of change is the system's own.
    changed = max(modified, Self.instant(status.st_ctim))
  }

  private static func instant(_ time: timespec) -> Instant {
    Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }
}
