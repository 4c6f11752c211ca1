internal import Synchronization

/// The inbox shared by callers and the loop's thread.
final class TransferQueue: Sendable {
  private struct State {
    var inbox: Inbox<TransferJob>
    var wakeUp: WakeUp?
    var waiters: [CheckedContinuation<Void, Never>] = []
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
      if admission == .accepted(wake: true) { state.wakeUp?() }
      return admission
    }
  }

  func cancel(_ id: UInt64) {
    state.withLock { if $0.inbox.cancel(id) { $0.wakeUp?() } }
  }

  func stop() {
    state.withLock { if $0.inbox.stop() { $0.wakeUp?() } }
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
    state.withLock { $0.inbox.drain() }
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
