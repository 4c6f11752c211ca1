internal import Events
internal import Synchronization
internal import Transport

/// What all feeds of one process together may ask of each host; make one and give it to every `Poller`.
package final class HostBudgets: Sendable {
  /// Time since any fixed moment, by a clock that never goes back.
  package typealias Clock = @Sendable () -> Duration

  private let now: Clock
  /// By host and port.
  private let ledgers = Mutex<[String: RequestLedger]>([:])

  package init(now: @escaping Clock = HostBudgets.steadyClock()) { self.now = now }

  /// The machine's own clock, which also runs while the machine sleeps.
  package static func steadyClock() -> Clock {
    let start = ContinuousClock.now
    return { ContinuousClock.now - start }
  }

  /// Adds a feed's windows to those that hold for its host.
  func declare(_ windows: [RequestBudget], for url: String) {
    ledgers.withLock { $0[Self.host(of: url), default: RequestLedger()].add(windows) }
  }

  /// Takes the next place in line.
  ///
  /// - Returns: how long to wait before the request is sent.
  /// - Throws: `BudgetSpent` where the wait would be longer than a poll may wait; no place is taken then.
  func turn(for url: String) throws(BudgetSpent) -> Duration {
    let now = now()
    let (wait, fullest) = ledgers.withLock { ledgers in
      let wait = ledgers[Self.host(of: url), default: RequestLedger()].take(at: now, atMost: Backoff.longestWait)
      return (wait, ledgers[Self.host(of: url)]?.fullest(at: now))
    }
    guard let wait else { throw BudgetSpent(budget: fullest) }
    return wait
  }

  /// How much of each window of a host is used.
  package func use(of url: String) -> [BudgetUse] {
    let now = now()
    return ledgers.withLock { $0[Self.host(of: url)]?.use(at: now) ?? [] }
  }

  private static func host(of url: String) -> String {
    guard let target = try? RequestTarget(url) else { return url }
    return "\(target.host.lowercased()):\(target.effectivePort)"
  }
}

/// A budget has no place for longer than a poll may wait.
struct BudgetSpent: Error, Hashable, Sendable {
  let budget: RequestBudget?

  var message: String { "the budget of \(budget?.description ?? "this host") is used up" }
  var hint: String { "the next poll goes on from the same place; raise budget: if the vendor allows more" }
}
