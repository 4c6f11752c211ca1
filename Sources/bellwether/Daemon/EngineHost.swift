import Engine
import Events
import Store

/// Folds what the log holds and the engine has not seen, and writes down what came of it: transaction 2.
actor EngineHost {
  private let store: EventStore
  private var fold: LogFold
  /// The most steps that share one transaction.
  private let batch: Int
  /// Told of each notice for ops once it is stored.
  private let onOps: @Sendable (Notice) -> Void
  private var isFolding = false
  private var isAskedAgain = false
  private var failure: (any Error)?

  static let defaultBatch = 200

  /// - Throws: what the store throws, or `DamagedState`.
  init(
    store: EventStore, batch: Int = EngineHost.defaultBatch, onOps: @escaping @Sendable (Notice) -> Void = { _ in }
  ) async throws {
    self.store = store
    self.batch = batch
    self.onOps = onOps
    let source = try await ConfigurationArchive(store).source()
    let saved = try await store.loadStates()
    guard let portfolio = saved.portfolio else {
      fold = LogFold(source: source)
      return
    }
    fold = try LogFold(portfolio: portfolio, accounts: saved.accounts, source: source)
  }

  /// Folds until the log's end; gives the number of steps folded.
  ///
  /// The actor lets another caller in wherever this one waits, and no two may fold the same steps: who comes while one is at it only
  /// asks for another look at the log's end. After an error the engine is ahead of the store, and every later call throws that error.
  @discardableResult
  func catchUp() async throws -> Int {
    guard !isFolding else {
      isAskedAgain = true
      return 0
    }
    if let failure { throw failure }
    isFolding = true
    defer { isFolding = false }
    do { return try await foldToTheEnd() } catch {
      failure = error
      throw error
    }
  }

  private func foldToTheEnd() async throws -> Int {
    var folded = 0
    repeat {
      isAskedAgain = false
      while case let steps = try await store.steps(after: fold.portfolio.position, limit: batch), !steps.isEmpty {
        Failpoint.hit(.betweenTransactions)
        let outcome = try fold.fold(steps)
        try await store.apply(outcome)
        for notice in outcome.notices where notice.topic == Notice.ops { onOps(notice) }
        folded += steps.count
      }
    } while isAskedAgain
    return folded
  }

  /// Business time of the last step folded.
  var now: Instant? { fold.portfolio.now }
}
