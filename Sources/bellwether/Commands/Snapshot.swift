import ArgumentParser
import Engine
import Events
import Rules
import Store

/// What the engine knows, now or at the end of a day gone by. Reading only: nothing is written to the store.
struct Snapshot {
  let fold: LogFold
  let configuration: CompiledConfiguration
  let now: Instant

  /// Steps folded at a time.
  private static let batch = 500

  /// - Throws: what the store throws; `WrongArgument` where nothing is known yet.
  init(_ store: EventStore, asOf day: Day?) async throws {
    let source = try await ConfigurationArchive(store).source()
    try await self.init(store, source, asOf: day, fromScratch: day != nil)
  }

  /// What the engine would know if one configuration had been in force from the first step on.
  ///
  /// - Throws: as above.
  init(_ store: EventStore, thinkingWith configuration: CompiledConfiguration, asOf day: Day?) async throws {
    try await self.init(store, { _ in configuration }, asOf: day, fromScratch: true)
  }

  private init(
    _ store: EventStore, _ source: @escaping LogFold.ConfigurationSource, asOf day: Day?, fromScratch: Bool
  ) async throws {
    var fold = try await Self.start(store, source, fromScratch: fromScratch)
    while true {
      // The first step alone tells the calendar, and with it where the day ends.
      let limit = fold.configuration == nil ? 1 : Self.batch
      let steps = try await store.steps(after: fold.portfolio.position, limit: limit)
      let end = day.flatMap { day in fold.configuration?.calendar.end(of: day) } ?? .distantFuture
      let wanted = steps.prefix { $0.at < end }
      if !wanted.isEmpty { _ = try fold.fold(Array(wanted), writesStates: false) }
      if steps.isEmpty || wanted.count < steps.count { break }
    }
    guard let configuration = fold.configuration, let last = fold.portfolio.now else {
      throw WrongArgument("Nothing is known yet\(day.map { " on \($0)" } ?? ""): run the daemon or `bellwether import` first.")
    }
    if let day {
      let end = configuration.calendar.end(of: day) - Span(microseconds: 1)
      if end > last { fold.passTime(until: end) }
    }
    self.fold = fold
    self.configuration = configuration
    now = fold.portfolio.now ?? last
  }

  private static func start(
    _ store: EventStore, _ source: @escaping LogFold.ConfigurationSource, fromScratch: Bool
  ) async throws -> LogFold {
    let saved = try await store.loadStates()
    guard !fromScratch, let portfolio = saved.portfolio else { return LogFold(source: source) }
    return try LogFold(portfolio: portfolio, accounts: saved.accounts, source: source)
  }

  private init(fold: LogFold, configuration: CompiledConfiguration, now: Instant) {
    self.fold = fold
    self.configuration = configuration
    self.now = now
  }

  /// All records there are by now, to be read as they stood at the end of a day by their sources' own stamps. What the engine found is that of
  /// now.
  func records(asOf day: Day?) -> Snapshot {
    guard let day else { return self }
    return Snapshot(fold: fold, configuration: configuration, now: configuration.calendar.end(of: day) - Span(microseconds: 1))
  }

  var today: Day { configuration.calendar.day(of: now) }

  /// Accounts in order of key.
  var accounts: [AccountState] { fold.accounts.keys.sorted().compactMap { fold.accounts[$0] } }

  /// What rules know of an account now; nil where no configuration is in force.
  func facts(of state: AccountState) -> Facts? { fold.facts(of: state) }

  /// The one account that a person means by a number, a name or an id in any system.
  ///
  /// - Throws: `WrongArgument` if there is none or several.
  func account(_ text: String) throws -> AccountState {
    let wanted = text.lowercased()
    let exact = accounts.filter { state in
      String(state.key.number) == text || state.name(asOf: now).lowercased() == wanted
        || state.externalIDs(asOf: now).values.contains(text)
    }
    let found = exact.isEmpty ? accounts.filter { $0.name(asOf: now).lowercased().contains(wanted) } : exact
    guard let first = found.first else {
      throw WrongArgument("No account is called '\(text)'. `bellwether queue --all` lists them.")
    }
    guard found.count == 1 else {
      let names = found.prefix(5).map { "\($0.name(asOf: now)) (\($0.key.number))" }.joined(separator: ", ")
      throw WrongArgument("'\(text)' could be \(found.count) accounts: \(names). Name one by its number.")
    }
    return first
  }
}
