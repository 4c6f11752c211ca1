import Delivery
import Engine
import Events
import Feeds
import Logging
import ServiceLifecycle
import Store

/// Drives the daemon in business time that a simulator owns: polls what is due, folds, delivers, and only then lets time pass.
///
/// The pages of one instant share a transaction in order of feed name, so that a run depends on nothing but its seed.
struct SimulatedTimeline: Service {
  let clock: SimulatedClock
  let watch: FreshnessWatch
  let store: EventStore
  let host: EngineHost
  let dispatcher: Dispatcher
  let onInstant: @Sendable (Instant) async -> Void
  /// Called when simulated time is over; the run ends when it returns.
  let atEnd: @Sendable () async throws -> Void
  let logger: Logger

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      do { try await runUntilEnd() } catch is CancellationError {}
    }
  }

  private func runUntilEnd() async throws {
    let runners = watch.runners
    var due = runners.map { _ in Instant.distantPast }
    var reading = try await clock.read()
    while true {
      try Task.checkCancellation()
      let ready = runners.indices.filter { due[$0] <= reading.now }
      try await poll(ready.map { runners[$0] }, at: reading.now)
      for index in ready { due[index] = reading.now + runners[index].connector.pollInterval }
      _ = try await watch.look(at: reading.now)
      try await host.catchUp()
      try await deliver()
      await onInstant(reading.now)
      guard reading.now < reading.end, let next = due.min() else { return try await atEnd() }
      reading = try await clock.advance(to: next)
    }
  }

  private func poll(_ runners: [FeedRunner], at now: Instant) async throws {
    let pages = try await withThrowingTaskGroup(of: (Int, [Page]).self) { group in
      for (index, runner) in runners.enumerated() {
        group.addTask {
          var pages: [Page] = []
          try await runner.poll(at: now) { pages.append($0) }
          return (index, pages)
        }
      }
      return try await group.reduce(into: [Int: [Page]]()) { $0[$1.0] = $1.1 }
    }
    let inOrder = runners.indices.flatMap { pages[$0] ?? [] }
    if !inOrder.isEmpty { _ = try await store.commit(inOrder, at: now) }
  }

  /// Posts everything that may be posted now; retries that wait for wall time are waited for.
  private func deliver() async throws {
    _ = try await dispatcher.freezePending()
    while true {
      try Task.checkCancellation()
      _ = try await dispatcher.deliverDue(wallNow: WallClock.now())
      guard let next = try await store.nextAttempt() else { return }
      let wait = next - WallClock.now()
      if wait > Span.seconds(30) { return }
      if wait > Span(microseconds: 0) { try await Task.sleep(for: .microseconds(wait.microseconds)) }
    }
  }
}
