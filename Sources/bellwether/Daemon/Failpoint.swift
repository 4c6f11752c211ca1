import Foundation
import Synchronization

/// The moments at which a crash is hardest on the promises kept in the store; crash tests make the process die there.
///
/// `BELLWETHER_FAILPOINT=between_transactions:17` kills the process with SIGKILL the 17th time it passes. Unset, nothing is counted.
enum Failpoint: String, CaseIterable, Sendable {
  case pageReceived = "page_received"
  case betweenTransactions = "between_transactions"
  case beforeFreezing = "before_freezing"
  /// A line of an import is read, in whichever pass.
  case importedLine = "imported_line"

  private static let armed: (point: Failpoint, count: Int)? = {
    guard let text = ProcessInfo.processInfo.environment["BELLWETHER_FAILPOINT"] else { return nil }
    let parts = text.split(separator: ":")
    guard parts.count == 2, let point = Failpoint(rawValue: String(parts[0])), let count = Int(parts[1]), count > 0 else { return nil }
    return (point, count)
  }()

  private static let passed = Mutex(0)

  static func hit(_ point: Failpoint) {
    guard let armed, armed.point == point else { return }
    let count = passed.withLock { passed in
      passed += 1
      return passed
    }
    if count == armed.count { kill(getpid(), SIGKILL) }
  }
}
