package import Events
import Foundation

/// Wall time, which governs attempts, timeouts and signatures; never business time.
package struct DeliveryClock: Sendable {
  /// The time now.
  package let now: @Sendable () -> Instant
  /// Waits; throws `CancellationError` when its task is cancelled.
  package let sleep: @Sendable (Span) async throws -> Void

  package init(now: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (Span) async throws -> Void) {
    self.now = now
    self.sleep = sleep
  }

  /// The machine's.
  package static let system = DeliveryClock(
    now: { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) },
    sleep: { try await Task.sleep(for: .microseconds(max(0, $0.microseconds))) })
}
