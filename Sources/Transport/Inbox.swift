/// The order of things between callers and the loop's thread, as a value: what is asked, what waits, and who must be woken.
///
/// The owner holds it under a lock and does what the answers say outside its rules.
package struct Inbox<Job> {
  /// What the loop is asked to do.
  package enum Command {
    case start(Job)
    case cancel(UInt64)
  }

  /// What became of a submitted job.
  package enum Admission: Equatable {
    /// Taken; `wake` says the loop sleeps on an empty inbox.
    case accepted(wake: Bool)
    case full
    case stopped
  }

  private enum Phase { case open, stopping, ended }

  private var phase = Phase.open
  private var commands: [Command] = []
  private var pending = 0
  private let limit: Int

  /// `limit` bounds the jobs that have no answer yet.
  package init(limit: Int) { self.limit = limit }

  /// Whether the loop is over.
  package var hasEnded: Bool { phase == .ended }

  /// Whether there is nothing to do but to wait.
  package var isQuiet: Bool { commands.isEmpty && phase == .open }

  /// Takes a job unless the inbox is closed or full.
  package mutating func submit(_ job: Job) -> Admission {
    guard phase == .open else { return .stopped }
    guard pending < limit else { return .full }
    pending += 1
    return .accepted(wake: post(.start(job)))
  }

  /// Asks the loop to drop a job; an unknown or finished one is no fault. Returns whether to wake the loop.
  package mutating func cancel(_ id: UInt64) -> Bool {
    guard phase == .open else { return false }
    return post(.cancel(id))
  }

  /// Closes the inbox. Returns whether to wake the loop.
  package mutating func stop() -> Bool {
    guard phase == .open else { return false }
    phase = .stopping
    return true
  }

  /// What came since the last call, in order, and whether the loop must end after it.
  package mutating func drain() -> (commands: [Command], isStopping: Bool) {
    defer { commands.removeAll(keepingCapacity: true) }
    return (commands, phase != .open)
  }

  /// Makes room: so many jobs have their answer.
  package mutating func finished(_ count: Int) { pending -= count }

  /// Says that the loop is over.
  package mutating func end() { phase = .ended }

  private mutating func post(_ command: Command) -> Bool {
    commands.append(command)
    return commands.count == 1
  }
}
