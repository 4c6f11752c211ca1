internal import CLibcurl
import Glibc

/// Drives every transfer of one client. It is made, run and dropped on one thread, which nothing else touches.
final class TransferLoop {
  private let queue: TransferQueue
  private let settings: ClientSettings
  private let multi: MultiHandle
  private let clock = ContinuousClock()
  private var active: [UInt64: Transfer] = [:]

  /// No transfer's time ends before this. It may be early, since it is not moved when its transfer finishes or brings bytes.
  private var nextDeadline: ContinuousClock.Instant?

  /// How long the loop sleeps with nothing to wait for.
  private static let idleMilliseconds = 60_000

  /// The whole life of the loop's thread.
  static func run(queue: TransferQueue, settings: ClientSettings) {
    ignoreBrokenPipes()
    if let multi = MultiHandle(limits: settings.limits) {
      let loop = TransferLoop(queue: queue, settings: settings, multi: multi)
      queue.attach(loop.multi.wakeUp)
      loop.run()
      queue.detach()
    } else {
      // Out of memory before anything was sent: what waits fails as if the client had been stopped.
      queue.stop()
      refuse(queue.drain().commands)
    }
    queue.end()
  }

  private init(queue: TransferQueue, settings: ClientSettings, multi: consuming MultiHandle) {
    self.queue = queue
    self.settings = settings
    self.multi = multi
  }

  private func run() {
    while true {
      let (commands, isStopping) = queue.drain()
      guard !isStopping else {
        Self.refuse(commands)
        return failAll(.stopped)
      }
      for command in commands { obey(command) }
      expire(now: clock.now)

      let performed = multi.perform()
      collectFinished()
      let waited = queue.mayRest() ? multi.wait(milliseconds: waitingTime(now: clock.now)) : CURLM_OK
      for code in [performed, waited] where code != CURLM_OK {
        failAll(.other(code: Int(code.rawValue), message: String(cString: curl_multi_strerror(code))))
      }
    }
  }

  private func obey(_ command: Inbox<TransferJob>.Command) {
    switch command {
    case .start(let job): start(job)
    case .cancel(let id): end(id) { $0.job.fail(.cancelled) }
    }
  }

  private func start(_ job: TransferJob) {
    let transfer: Transfer
    do {
      transfer = try Transfer(job, client: settings)
    } catch {
      job.fail(CurlReason.of(error.code, detail: ""))
      return queue.finished(1)
    }
    let code = multi.add(transfer.easy)
    guard code == CURLM_OK else {
      job.fail(.other(code: Int(code.rawValue), message: String(cString: curl_multi_strerror(code))))
      return queue.finished(1)
    }
    active[job.id] = transfer
    nextDeadline = min(nextDeadline ?? transfer.deadline, transfer.deadline)
  }

  private func collectFinished() {
    while let (easy, code) = multi.nextFinished() {
      guard let id = Transfer.of(easy)?.job.id else { continue }
      end(id) { $0.finish(code) }
    }
  }

  /// Takes a transfer out and lets `outcome` answer its caller; does nothing if it has ended already.
  private func end(_ id: UInt64, outcome: (Transfer) -> Void) {
    guard let transfer = active.removeValue(forKey: id) else { return }
    multi.remove(transfer.easy)
    queue.finished(1)
    outcome(transfer)
  }

  /// A peer that closes while something is written to it must not end the process: `CURLOPT_NOSIGNAL` leaves that to us.
  private static func ignoreBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  // MARK: Time

  /// Ends what has run out of time. libcurl's own total timeout does not count while a transfer waits in line for a connection.
  private func expire(now: ContinuousClock.Instant) {
    guard let due = nextDeadline, due <= now else { return }
    for id in active.values.filter({ $0.deadline <= now }).map(\.job.id).sorted() {
      end(id) { $0.timeOut(now: now) }
    }
    nextDeadline = active.values.map(\.deadline).min()
  }

  private func waitingTime(now: ContinuousClock.Instant) -> Int {
    guard let nextDeadline else { return Self.idleMilliseconds }
    return min(Self.idleMilliseconds, now.duration(to: nextDeadline).wholeMilliseconds)
  }

  // MARK: The end

  private func failAll(_ reason: TransportError.Reason) {
    for id in active.keys.sorted() { end(id) { $0.job.fail(reason) } }
  }

  private static func refuse(_ commands: [Inbox<TransferJob>.Command]) {
    for case .start(let job) in commands { job.fail(.stopped) }
  }
}
