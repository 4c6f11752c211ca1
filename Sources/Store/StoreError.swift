internal import Events
internal import GRDB

/// Why the store did not do as asked; the description says what, where and what to do.
package struct StoreError: Error, Hashable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case missing, notAStore, newerStore, olderStore, changedMigration, locked, busy, readOnly, cannotOpen, full, damaged, overLimit,
      outOfOrder, unknown, failed
  }

  package let reason: Reason
  package let message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  package var description: String { message }
}

extension StoreError {
  /// What an error of the database means to a person.
  init(_ error: any Error, path: String) {
    guard let database = error as? DatabaseError else {
      self = error as? StoreError ?? StoreError(.failed, "The store \(path) failed: \(error)")
      return
    }
    let detail = database.message ?? "code \(database.extendedResultCode.rawValue)"
    switch database.resultCode {
    case .SQLITE_NOTADB:
      self.init(.notAStore, "\(path) is not a database (\(detail)). Name another file with --store, or restore a backup.")
    case .SQLITE_CORRUPT:
      self.init(.damaged, "\(path) is damaged (\(detail)). Stop the daemon and restore the latest backup.")
    case .SQLITE_FULL:
      self.init(.full, "No space left for \(path) (\(detail)). Nothing of this change was kept; free space and it is tried again.")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      let seconds = StoreLimits.busyTimeout.microseconds / 1_000_000
      self.init(.busy, "\(path) stayed locked by another process for \(seconds) s. Find that process with fuser.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(.readOnly, "\(path) may not be written (\(detail)). Check the owner and mode of the file and of its folder.")
    case .SQLITE_CANTOPEN:
      self.init(.cannotOpen, "\(path) cannot be opened (\(detail)). Check that the folder exists and that this user may write there.")
    case .SQLITE_IOERR:
      self.init(.failed, "Reading or writing \(path) failed (\(detail)). Check the disk; nothing of this change was kept.")
    default:
      self.init(.failed, "The store \(path) failed: \(database)")
    }
  }
}
