internal import ConfigFiles
internal import Dispatch
internal import Foundation
internal import Synchronization
internal import Transport

/// Gets access tokens for one feed and keeps what refresh tokens they bring.
///
/// `TokenState` decides, this does: the lock is never held while something is waited for.
final class TokenSource: Sendable {
  private typealias Waiter = CheckedContinuation<Result<Access, TokenFailure>?, any Error>

  private struct Held: Sendable {
    var state = TokenState()
    var waiters: [Int: Waiter] = [:]
    var lastWaiter = 0
    /// A rotated refresh token that could not be written; its access token waits with it.
    var unsaved: Unsaved?
    /// For redaction.
    var refreshToken: Secret?
  }

  private struct Unsaved: Sendable {
    let kept: KeptToken
    let grant: TokenGrant
    let asked: Duration
  }

  private let feed: String
  private let request: TokenRequest
  private let folder: TokenFolder
  private let seed: UInt64
  private let now: HostBudgets.Clock
  private let send: Poller.Send
  private let sleep: Poller.Sleep
  private let held = Mutex(Held())

  /// How long another process may take to refresh the same feed's token.
  static let lockPatience = 100
  private static let lockPause = Duration.milliseconds(100)

  init(
    feed: String, request: TokenRequest, folder: TokenFolder, seed: UInt64, now: @escaping HostBudgets.Clock,
    send: @escaping Poller.Send, sleep: @escaping Poller.Sleep
  ) {
    self.feed = feed
    self.request = request
    self.folder = folder
    self.seed = seed
    self.now = now
    self.send = send
    self.sleep = sleep
  }

  /// What the vendor could repeat in an error.
  var tokens: [Secret] { held.withLock { [$0.state.token, $0.refreshToken].compactMap { $0 } } }

  /// An access token that has not run out and is not the one refused; asks the vendor for one where there is none.
  ///
  /// - Throws: `TokenFailure`, cancellation, or what `send` or `sleep` throws besides `TransportError`.
  func access(insteadOf refused: Int?) async throws -> Access {
    while true {
      switch held.withLock({ $0.state.next(at: now(), insteadOf: refused) }) {
      case .use(let access): return access
      case .ask: return try await ask()
      case .wait: if let result = try await outcomeOfOther() { return try result.get() }
      }
    }
  }

  // MARK: One asks, the others wait

  private func ask() async throws -> Access {
    do {
      let access = try await newAccess()
      resumeWaiters(with: .success(access))
      return access
    } catch {
      held.withLock { $0.state.giveUp() }
      // Whoever was cancelled says nothing about the token: the next in line asks for itself.
      resumeWaiters(with: (error as? TokenFailure).map { .failure($0) })
      throw error
    }
  }

  private func resumeWaiters(with result: Result<Access, TokenFailure>?) {
    let waiters = held.withLock { held in
      defer { held.waiters = [:] }
      return held.waiters
    }
    for (_, waiter) in waiters.sorted(by: { $0.key < $1.key }) { waiter.resume(returning: result) }
  }

  /// How the request under way ended; nil where the caller should look again.
  private func outcomeOfOther() async throws -> Result<Access, TokenFailure>? {
    let number = held.withLock { held in
      held.lastWaiter += 1
      return held.lastWaiter
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        let isOver = held.withLock { held in
          if Task.isCancelled || !held.state.isAsking { return true }
          held.waiters[number] = waiter
          return false
        }
        guard isOver else { return }
        if Task.isCancelled { waiter.resume(throwing: CancellationError()) } else { waiter.resume(returning: nil) }
      }
    } onCancel: {
      held.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
  }

  // MARK: Asking

  private func newAccess() async throws -> Access {
    guard let name = request.oauth2.refreshToken, let configured = request.secrets[name.name] else {
      let asked = now()
      let grant = try await granted(refreshToken: nil)
      return held.withLock { $0.state.grant(grant, asked: asked) }
    }
    let lock = try await lockFolder()
    defer {
      _ = flock(lock, LOCK_UN)
      close(lock)
    }
    if let unsaved = held.withLock({ $0.unsaved }) { return try await save(unsaved) }
    let refreshToken = try await onDisk { [folder, feed] in
      try folder.prove(feed)
      // Read each time: another process may have refreshed since.
      guard let kept = try folder.read(feed), kept.configured.revealed == configured.revealed else { return configured }
      return kept.token
    }
    held.withLock { $0.refreshToken = refreshToken }
    let asked = now()
    let grant = try await granted(refreshToken: refreshToken)
    guard let rotated = grant.refreshToken, rotated.revealed != refreshToken.revealed else {
      return held.withLock { $0.state.grant(grant, asked: asked) }
    }
    return try await save(Unsaved(kept: KeptToken(token: rotated, configured: configured), grant: grant, asked: asked))
  }

  /// The rotated refresh token is on disk before its access token is used: what was used may be all that a vendor still knows.
  private func save(_ unsaved: Unsaved) async throws -> Access {
    held.withLock { held in
      held.unsaved = unsaved
      held.refreshToken = unsaved.kept.token
    }
    try await onDisk { [folder, feed] in try folder.write(unsaved.kept, for: feed) }
    return held.withLock { held in
      held.unsaved = nil
      return held.state.grant(unsaved.grant, asked: unsaved.asked)
    }
  }

  private func granted(refreshToken: Secret?) async throws -> TokenGrant {
    var backoff = Backoff(seed: seed)
    while true {
      var failure: TokenFailure
      var floor = Duration.zero
      do {
        switch request.judge(try await send(request.request(refreshToken: refreshToken))) {
        case .granted(let grant): return grant
        case .failed(let failure): throw failure
        case .wait(let reason, let least): (failure, floor) = (reason, least)
        }
      } catch let error as TransportError {
        if error.reason == .cancelled || error.reason == .stopped { throw CancellationError() }
        failure = TokenFailure(cause: .unavailable, message: "no access token: \(error)", hint: error.hint)
        guard error.isTransient else { throw failure }
      }
      guard floor <= Backoff.longestWait, let pause = backoff.next(Backoff.Pause(atLeast: floor)) else { throw failure }
      try await sleep(pause)
    }
  }

  // MARK: The disk

  private func lockFolder() async throws -> Int32 {
    for _ in 0..<Self.lockPatience {
      if let lock = try await onDisk({ [folder, feed] in try folder.lock(feed) }) { return lock }
      try await sleep(Self.lockPause)
    }
    throw TokenFailure(
      cause: .unavailable, message: "another process has been getting a token for this feed for too long",
      hint: "see with fuser which holds a file in \(folder.path)")
  }

  /// Files make their thread wait, which the pool that runs tasks must not.
  private func onDisk<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    do {
      return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
      }
    } catch let error as TokenFolderError {
      throw TokenFailure(cause: .unavailable, message: "the refresh token cannot be kept: \(error.message)", hint: error.hint)
    }
  }
}
