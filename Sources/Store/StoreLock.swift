internal import Foundation

/// The right to write a store, held by one process at a time: an advisory lock on a file beside it.
///
/// The system frees it when the process ends, however it ends.
struct StoreLock: ~Copyable, Sendable {
  private let descriptor: Int32

  /// - Throws: `locked`, naming the process that holds it, or `cannotOpen`.
  init(storePath: String) throws(StoreError) {
    let path = storePath + ".lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(
        errno == EROFS || errno == EACCES ? .readOnly : .cannotOpen,
        "\(path) cannot be opened (\(Self.lastError)). Check that this user may write in the store's folder.")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.holder(descriptor)
      close(descriptor)
      throw StoreError(
        .locked, "\(storePath) is in use by another bellwether\(holder). Stop that process, or name another file with --store.")
    }
    let line = Array("\(getpid())\n".utf8)
    // The number only helps the message above; a lock whose file could not be written is still a lock.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, line, line.count, 0) }
    self.descriptor = descriptor
  }

  /// Freed by word: a child process that is just being started holds a copy of the descriptor for a moment, and with it the lock.
  deinit {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static var lastError: String { String(cString: strerror(errno)) }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(0, count)).prefix { $0 >= 48 && $0 <= 57 }
    return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
  }
}
