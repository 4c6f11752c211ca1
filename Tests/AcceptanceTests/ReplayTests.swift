import Engine
import Events
import Store
import Testing

/// The log of a whole run, folded again from nothing, gives everything the store holds, byte for byte.
@Suite struct ReplayTests {
  /// How the log is cut: steps at a time, and whether the engine is put down and taken up again between.
  enum Cut: CaseIterable, CustomTestStringConvertible {
    case ones, sevens, twoHundreds, whole, sevensWithRestarts

    var steps: Int {
      switch self {
      case .ones: 1
      case .sevens, .sevensWithRestarts: 7
      case .twoHundreds: 200
      case .whole: .max
      }
    }

    var testDescription: String {
      switch self {
      case .ones: "one step at a time"
      case .sevens: "seven steps at a time"
      case .twoHundreds: "two hundred steps at a time"
      case .whole: "all steps at once"
      case .sevensWithRestarts: "seven steps at a time, each time by an engine read back from its state"
      }
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: Cut.allCases)
  func `folding the log again gives what the store holds`(cut: Cut) async throws {
    let file = try await CompanyRun.undisturbed().store
    let store = try EventStore(path: file.path, access: .readOnly)
    var steps: [Step] = []
    while case let more = try await store.steps(after: Int64(steps.count), limit: 500), !more.isEmpty { steps += more }
    #expect(steps.map(\.sequence) == Array(1...Int64(steps.count)))

    var replay = Replay()
    let source = try await StoredConfigurations.source(of: store)
    var fold = LogFold(source: source)
    var rest = steps[...]
    while !rest.isEmpty {
      let outcome = try fold.fold(Array(rest.prefix(cut.steps)))
      rest = rest.dropFirst(cut.steps)
      replay.add(outcome)
      if cut == .sevensWithRestarts { fold = try replay.restarted(source) }
    }

    #expect(replay.transitions.count > 200)
    for (found, sql) in [
      (replay.transitions, StoreFile.transitions), (replay.notices, StoreFile.notices), (replay.scores, StoreFile.scores),
      (replay.stateRows, StoreFile.states), ([replay.engine], StoreFile.engine),
    ] {
      let difference = difference(found, try await file.rows(sql))
      #expect(difference == nil, "\(sql): \(difference ?? "")")
    }
  }
}

/// What folding brought, as the rows of the store's tables.
private struct Replay {
  var transitions: [String] = []
  var notices: [String] = []
  var scores: [String] = []
  var engine = ""
  private var portfolio = JSON.null
  private var states: [AccountKey: JSON] = [:]

  var stateRows: [String] { states.sorted { $0.key < $1.key }.map { "\($0.key.number)|\($0.value.serialized())" } }

  mutating func add(_ outcome: FoldOutcome) {
    transitions += outcome.transitions.map { transition in
      let finding = transition.finding
      let name = "\(finding.rule)|\(finding.subject)|\(finding.episode)|\(transition.step)|\(transition.ordinal)"
      let change = "\(transition.from?.rawValue ?? "NULL")|\(transition.to.rawValue)|\(transition.level)|\(transition.reason)"
      return "\(name)|\(transition.at.microseconds)|\(change)|\(transition.evidence.serialized())"
    }
    notices += outcome.notices.map {
      "\($0.step)|\($0.ordinal)|\($0.account.number)|\($0.at.microseconds)|\($0.topic)|\($0.content.serialized())"
    }
    scores += outcome.scores.map { "\($0.account.number)|\($0.step)|\($0.at.microseconds)|\($0.content.serialized())" }
    for (key, state) in outcome.accounts { states[key] = state }
    portfolio = outcome.portfolio
    engine = "\(outcome.position)|\(portfolio.serialized())"
  }

  /// An engine that knows nothing but what the store would hold, read back from its text.
  func restarted(_ source: @escaping LogFold.ConfigurationSource) throws -> LogFold {
    let accounts = try states.sorted { $0.key < $1.key }.map { (key: $0.key, state: try JSON(parsing: $0.value.serialized())) }
    return try LogFold(portfolio: try JSON(parsing: portfolio.serialized()), accounts: accounts, source: source)
  }
}
