import Delivery
import Engine
import Events
import Feeds
import Logging
import ServiceLifecycle
import Store
import Transport

/// Polls one feed at its interval until shutdown.
struct FeedService: Service {
  let runner: FeedRunner
  let store: EventStore
  let wakeEngine: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          let now = WallClock.now()
          try await runner.poll(at: now) { page in
            _ = try await store.commit([page], at: now)
            wakeEngine()
          }
        } catch is CancellationError {
          return
        } catch {
          logger.error("poll failed", metadata: ["feed": .string(runner.connector.name), "error": .string("\(error)")])
        }
        try? await Task.sleep(for: .microseconds(runner.connector.pollInterval.microseconds))
      }
    }
  }
}

/// Folds what arrives, and lets a day pass when nothing arrives.
struct EngineService: Service {
  let host: EngineHost
  let store: EventStore
  let wakeups: AsyncStream<Void>
  let wakeDispatcher: @Sendable () -> Void

  func run() async throws {
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in wakeups.cancelOnGracefulShutdown() where try await host.catchUp() > 0 { wakeDispatcher() }
        }
        group.addTask { try await tickAtMidnight() }
        try await group.waitForAll()
      }
    } catch is CancellationError {
      // Shutdown came in the middle of a fold: its steps are in the log, and folded at the next start.
    }
  }

  /// Midnight is looked for anew so often, since a reload may bring another time zone.
  private static let patience = Span.hours(1)

  /// A company midnight is business even on a day on which no feed brings anything.
  private func tickAtMidnight() async throws {
    try await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let calendar = await host.calendar
        let now = WallClock.now()
        let midnight = calendar.end(of: calendar.day(of: now))
        let wait = min((midnight - now).microseconds + 1_000_000, Self.patience.microseconds)
        do { try await Task.sleep(for: .microseconds(wait)) } catch { return }
        guard WallClock.now() >= midnight else { continue }
        try await store.appendTick(at: WallClock.now())
        if try await host.catchUp() > 0 { wakeDispatcher() }
      }
    }
  }
}

/// Posts what is to be posted.
struct DispatcherService: Service {
  let dispatcher: Dispatcher

  func run() async throws {
    await cancelWhenGracefulShutdown { await dispatcher.run() }
  }
}

/// Ends the transport after everyone who uses it: it stands first in the group and so stops last.
struct TransportService: Service {
  let client: CurlClient

  func run() async throws {
    try? await gracefulShutdown()
    await client.shutDown()
  }
}
