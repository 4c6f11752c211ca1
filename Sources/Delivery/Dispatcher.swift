package import Events
package import Logging
package import Store
import Synchronization
package import Transport

/// Turns notices into deliveries and posts them until they are taken or dead.
///
/// Two movements, each in its own transaction, so that a kill anywhere leaves nothing but a repeat with an id already known:
/// `freezePending` writes bodies and ids once and for all, `deliverDue` posts what is due and records each attempt. `run` does both
/// whenever it is woken or an attempt falls due.
package final class Dispatcher: Sendable {
  let store: EventStore
  let send: Send
  let catalog: SinkCatalog
  let signers: [String: WebhookSigner]
  let schedule: RetrySchedule
  let clock: DeliveryClock
  let logger: Logger
  let makeID: @Sendable () -> String
  let atStage: @Sendable (Stage) async throws -> Void
  let state = Mutex(State())
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation

  /// One HTTP exchange: `{ try await client.send($0) }`, or a receiver of a test's own.
  package typealias Send = @Sendable (HTTPRequest) async throws -> HTTPResponse

  /// The moments at which a test may interfere.
  package enum Stage: Hashable, Sendable {
    /// Notices are read, no delivery is written yet.
    case freezing(notices: Int)
    /// A delivery is about to be posted for the nth time, from 1.
    case posting(id: String, attempt: Int)
    /// The receiver has answered, the attempt is not recorded yet.
    case answered(id: String, attempt: Int)
  }

  struct State {
    var isFreezing = false
    var isDelivering = false
    /// Sinks that answered 410 since the start.
    var goneSinks: Set<String> = []
  }

  /// Notices frozen in one transaction at most, and notices in one delivery at most.
  package static let noticesPerFreeze = 1_000
  package static let noticesPerDelivery = 50
  /// Deliveries read at once, and posts in flight at once.
  package static let deliveriesPerRead = 256
  package static let postsInFlight = 8
  /// The pause after the store failed.
  package static let faultPause = Span.seconds(5)
  /// The longest sleep: clocks jump, and a signal costs more to lose than a look.
  package static let longestSleep = Span.minutes(1)
  /// The shortest: another caller may be posting what is due.
  package static let shortestSleep = Span(microseconds: 10_000)

  /// - Parameters:
  ///   - signers: by sink name, as `SinkCatalog.signers(from:)` gives them.
  ///   - makeID: a new webhook-id, never the same twice.
  package init(
    store: EventStore, send: @escaping Send, catalog: SinkCatalog, signers: [String: WebhookSigner],
    schedule: RetrySchedule = RetrySchedule(),
    clock: DeliveryClock = .system, logger: Logger, makeID: @escaping @Sendable () -> String = Dispatcher.randomID,
    atStage: @escaping @Sendable (Stage) async throws -> Void = { _ in }
  ) {
    self.store = store
    self.send = send
    self.catalog = catalog
    self.signers = signers
    self.schedule = schedule
    self.clock = clock
    self.logger = logger
    self.makeID = makeID
    self.atStage = atStage
    (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// The same, posting through a client.
  package convenience init(
    store: EventStore, client: CurlClient, catalog: SinkCatalog, signers: [String: WebhookSigner],
    schedule: RetrySchedule = RetrySchedule(),
    clock: DeliveryClock = .system, logger: Logger, atStage: @escaping @Sendable (Stage) async throws -> Void = { _ in }
  ) {
    self.init(
      store: store, send: { try await client.send($0) }, catalog: catalog, signers: signers, schedule: schedule, clock: clock,
      logger: logger, atStage: atStage)
  }

  /// `msg_` and 128 random bits.
  package static func randomID() -> String { "msg_" + Digest.randomBytes(16).hexText }

  /// Tells `run` that there may be notices; costs nothing, may be called from anywhere and as often as one likes.
  package func wake() { signal.yield() }

  /// Freezes and delivers until its task is cancelled; call it once. What the store throws is logged and tried again.
  package func run() async {
    var iterator = signals.makeAsyncIterator()
    while !Task.isCancelled {
      let pause = await pass()
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          do { try await self.clock.sleep(pause) } catch { return }
          self.wake()
        }
        // The stream ends when this task is cancelled.
        _ = await iterator.next()
        group.cancelAll()
      }
    }
  }

  /// Freezes and delivers once; gives the time to wait for the next attempt.
  private func pass() async -> Span {
    do {
      try await freezePending()
      try await deliverDue(wallNow: clock.now())
      guard let next = try await store.nextAttempt() else { return Self.longestSleep }
      return min(max(next - clock.now(), Self.shortestSleep), Self.longestSleep)
    } catch is CancellationError {
      // This task's own, and `run` ends; or the client was stopped first, and the end is near.
      return Self.faultPause
    } catch {
      logger.error("deliveries are held up", metadata: ["error": "\(error)"])
      return Self.faultPause
    }
  }

  /// Whether no notice waits to be frozen and no delivery is due or under way: then only time or new notices bring work.
  ///
  /// - Parameter wallNow: the clock's time where left out.
  package func isIdle(wallNow: Instant? = nil) async throws -> Bool {
    guard try await store.pendingNotices(limit: 1).isEmpty else { return false }
    return try await store.dueDeliveries(wallNow: wallNow ?? clock.now(), limit: 1).isEmpty
  }
}
