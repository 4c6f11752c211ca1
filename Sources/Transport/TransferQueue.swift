internal import Synchronization

/// The inbox shared by callers and the loop's thread.
final class TransferQueue: Sendable {
  private struct State {
    var inbox: Inbox<TransferJob>
    var wakeUp: WakeUp?
    /// Whether the loop waits, or has not begun. What comes while it works it finds before it waits.
    var isResting = true
    var waiters: [CheckedContinuation<Void, Never>] = []

    func wake() { if isResting { wakeUp?() } }
  }

  /// Most jobs without an answer.
  let limit: Int

  private let state: Mutex<State>
  private let lastID = Atomic<UInt64>(0)

  init(limit: Int) {
    self.limit = limit
    state = Mutex(State(inbox: Inbox(limit: limit)))
  }

  // MARK: For callers

  func newID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

  func submit(_ job: TransferJob) -> Inbox<TransferJob>.Admission {
    state.withLock { state in
      let admission = state.inbox.submit(job)
      if admission == .accepted(wake: true) { state.wake() }
      return admission
    }
  }

  func cancel(_ id: UInt64) {
    state.withLock { if $0.inbox.cancel(id) { $0.wake() } }
  }

  func stop() {
    state.withLock { if $0.inbox.stop() { $0.wake() } }
  }

  /// Returns once the loop's thread holds nothing any more.
  func untilEnded() async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.inbox.hasEnded { state.waiters.append(continuation) }
        return state.inbox.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
  }

  // MARK: For the loop's thread

  /// Lets callers wake the loop from now on. What they asked before is found by the first `drain`.
  func attach(_ wakeUp: WakeUp) { state.withLock { $0.wakeUp = wakeUp } }

  func detach() { state.withLock { $0.wakeUp = nil } }

  func drain() -> (commands: [Inbox<TransferJob>.Command], isStopping: Bool) {
    state.withLock { state in
      state.isResting = false
      return state.inbox.drain()
    }
  }

  /// Whether the loop may wait now; whatever comes from here on wakes it.
  func mayRest() -> Bool {
    state.withLock { state in
      state.isResting = state.inbox.isQuiet
      return state.isResting
    }
  }

  func finished(_ count: Int) { state.withLock { $0.inbox.finished(count) } }

  func end() {
    let waiters = state.withLock { state in
      state.inbox.end()
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
