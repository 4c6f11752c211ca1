import Engine
import Events
import Rules
import Store
import Synchronization

/// Folds what the log holds and the engine has not seen, and writes down what came of it: transaction 2.
actor EngineHost {
  private let store: EventStore
  private let known: KnownConfigurations
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
    let known = KnownConfigurations(archived: try await ConfigurationArchive(store).source())
    self.known = known
    let source: LogFold.ConfigurationSource = { try known.configuration(digest: $0) }
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

  /// Makes a configuration known before a step of the log names it.
  func learn(_ configuration: CompiledConfiguration) { known.learn(configuration) }

  /// The company's days as the rules in force have them.
  var calendar: CompanyCalendar { fold.configuration?.calendar ?? .utc }

  var ruleCount: Int { fold.configuration?.rules.rules.count ?? 0 }

  /// Business time of the last step folded.
  var now: Instant? { fold.portfolio.now }
}

/// The configurations that steps of the log can name: those in the store at start, and those put in force since.
private final class KnownConfigurations: Sendable {
  private let archived: LogFold.ConfigurationSource
  private let learnt = Mutex<[String: CompiledConfiguration]>([:])

  init(archived: @escaping LogFold.ConfigurationSource) { self.archived = archived }

  func learn(_ configuration: CompiledConfiguration) { learnt.withLock { $0[configuration.digest] = configuration } }

  /// - Throws: `UnknownConfiguration`.
  func configuration(digest: String) throws -> CompiledConfiguration {
    try learnt.withLock { $0[digest] } ?? archived(digest)
  }
}
