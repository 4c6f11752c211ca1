import ConfigFiles
import Engine
import Events
import Features
import Rules

/// Day n of 2026, at an hour of UTC.
func day(_ n: Int64, hour: Int64 = 12) -> Instant { Instant(seconds: 1_767_225_600) + .days(n) + .hours(hour) }

/// An engine of a few rules, fed step by step.
struct Engine {
  var fold: LogFold
  private var sequence: Int64 = 0
  var outcome: FoldOutcome?

  static let rules = """
    rules:
      - id: went_quiet
        about: risk
        category: usage
        title: "Quiet"
        when: count(usage, 7d) = 0
        level: high
        action: "Call."
      - id: many_tickets
        about: risk
        category: support
        title: "Tickets"
        when: count(ticket, 7d) >= 2
        level: high
        action: "Call."
    """

  init(rules text: String = Self.rules) throws {
    var diagnostics = Diagnostics()
    guard let rules = CompiledRules.load(files: [SourceFile(path: "rules.yaml", text: text)], diagnostics: &diagnostics) else {
      throw UnreadableRules(text: "\(diagnostics)")
    }
    let configuration = CompiledConfiguration(digest: "d", rules: rules, catalog: ProductCatalog(), calendar: .utc)
    fold = LogFold { _ in configuration }
    try step(.activation(digest: "d"), at: day(0, hour: 0))
  }

  struct UnreadableRules: Error {
    let text: String
  }

  /// Folds one step; gives what it brought.
  @discardableResult
  mutating func step(_ content: Step.Content, at instant: Instant) throws -> FoldOutcome {
    sequence += 1
    return try fold.fold([Step(sequence: sequence, at: instant, content: content)])
  }

  /// A stream of usage, or of another kind, that is known from day 0 through an instant.
  @discardableResult
  mutating func known(
    _ kind: Kind = .usage, through: Instant, covers: Bool = true, holes: [Hole] = [], at instant: Instant? = nil
  ) throws -> FoldOutcome {
    try step(
      .watermark(
        Watermark(
          stream: "app.\(kind.rawValue)", kinds: [kind], knownFrom: day(0, hour: 0), completeThrough: through, system: "app", holes: holes,
          coversCustomers: covers)), at: instant ?? through)
  }

  @discardableResult
  mutating func stale(_ kind: Kind = .usage, since: Instant?, at instant: Instant) throws -> FoldOutcome {
    try step(.staleness(StreamStaleness(stream: "app.\(kind.rawValue)", since: since, error: "401")), at: instant)
  }

  func firing(_ rule: String, _ account: Int64 = 1) -> Bool {
    fold.accounts[AccountKey(account)]?.episodes.contains { $0.rule == rule && $0.state == .firing } ?? false
  }
}

func used(_ id: String, account: Int64 = 1, at: Instant, name: String = "export", supersedes: Superseded? = nil, quantity: Int = 1)
  -> LinkedRecord
{
  LinkedRecord(
    record: Record(
      kind: .usage, id: id, at: at, system: "app", fields: ["name": .text(name), "quantity": .number(Fixed(quantity))]),
    account: AccountKey(account), person: nil, observedAt: at, supersedes: supersedes)
}

func told(_ kind: Kind, _ id: String, account: Int64 = 1, at: Instant, _ fields: [String: Value]) -> LinkedRecord {
  LinkedRecord(
    record: Record(kind: kind, id: id, at: at, system: "app", fields: fields), account: AccountKey(account), person: nil, observedAt: at)
}

func subscribed(account: Int64 = 1, units: Int = 10, at: Instant) -> LinkedRecord {
  let item: Value = .object([
    "id": .text("si"), "plan": .text("team"), "quantity": .number(Fixed(units)), "unit_amount": .price(Rational(1_000)),
    "currency": .text("usd"), "interval": .text("month"), "interval_count": .integer(1), "metered": .flag(false),
  ])
  return told(.subscription, "s\(account)", account: account, at: at, ["status": .text("active"), "items": .list([item])])
}
