import Events
import Feeds
import Logging
import Metrics
import ServiceLifecycle
import Store

/// Looks after the streams of the enabled feeds: says in the log which no longer get on and which do again, and shows each in the metrics.
struct FreshnessWatch: Sendable {
  let runners: [FeedRunner]
  let store: EventStore
  /// When the watch began: what had not been polled while nothing ran is not stale for that.
  let start: Instant

  /// How the streams of the enabled feeds stand.
  func states() async throws -> [StreamState] {
    let own = Set(runners.flatMap { runner in runner.connector.streamNames.map(runner.storedName) })
    return try await store.streamStates().filter { own.contains($0.stream) }
  }

  /// - Returns: whether a step was written.
  func look(at now: Instant) async throws -> Bool {
    let states = try await states()
    var hasNews = false
    for runner in runners {
      for stream in runner.connector.streamNames {
        guard let state = states.first(where: { $0.stream == runner.storedName(stream) }) else { continue }
        let progress = state.lastSuccess ?? state.firstTried ?? start
        // A stale stream is fresh again by a success, not by a restart.
        let since = state.staleSince == nil ? max(progress, start) : progress
        let isStale = now - since > runner.connector.patience(with: stream)
        if try await store.setStale(state.stream, since: isStale ? progress : nil, error: state.lastError, at: now) { hasNews = true }
        show(state, isStale: isStale, at: now)
      }
    }
    return hasNews
  }

  private func show(_ state: StreamState, isStale: Bool, at now: Instant) {
    let dimensions = [("stream", state.stream)]
    if let success = state.lastSuccess {
      Gauge(label: "bellwether_stream_last_success_seconds", dimensions: dimensions).record(success.seconds)
    }
    if let behind = state.behind(at: now) {
      Gauge(label: "bellwether_stream_behind_seconds", dimensions: dimensions).record(behind.microseconds / 1_000_000)
    }
    Gauge(label: "bellwether_stream_stale", dimensions: dimensions).record(isStale ? 1 : 0)
  }
}

extension StreamState {
  /// How far it lies behind what its source could have told by now; nil while nothing is complete.
  func behind(at now: Instant) -> Span? { completeThrough.map { max(now - lag - $0, Span(microseconds: 0)) } }
}

/// Looks every minute, since a poll that hangs says nothing.
struct FreshnessService: Service {
  let watch: FreshnessWatch
  let wakeEngine: @Sendable () -> Void
  let logger: Logger

  static let interval = Duration.seconds(60)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          if try await watch.look(at: WallClock.now()) { wakeEngine() }
        } catch is CancellationError {
          return
        } catch {
          logger.error("freshness cannot be looked at", metadata: ["error": .string("\(error)")])
        }
        try? await Task.sleep(for: Self.interval)
      }
    }
  }
}
