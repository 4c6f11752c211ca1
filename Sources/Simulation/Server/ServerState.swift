import Events

/// The business clock and books of a simulation server: a value, held by the server under a lock.
struct ServerState {
  private(set) var now: Instant
  let end: Instant
  private(set) var requests = 0
  private(set) var served: Set<ServedRecord> = []

  init(start: Instant, end: Instant) {
    now = start
    self.end = end
  }

  /// Moves time on, never back and never beyond the end; gives the time then.
  mutating func advance(to instant: Instant) -> Instant {
    now = max(now, min(instant, end))
    return now
  }

  /// Counts a request; gives its number, from 0, and the time at which it is answered.
  mutating func admit() -> (number: Int, now: Instant) {
    defer { requests += 1 }
    return (requests, now)
  }

  mutating func note(_ records: [ServedRecord]) { served.formUnion(records) }

  var clock: JSON { ["now": JSON(now), "end": JSON(end)] }
}
