import Engine
import Events
import Revenue
import Store

/// The company's revenue at the end of a day, or now.
///
/// Billing's and the CRM's records count from their sources' own stamps, so that a company that begins with an import can ask about the
/// years before it. What the engine judged counts from when it did.
struct RevenueSnapshot {
  /// All records, read as they stood then.
  let records: Snapshot
  let book: RevenueBook

  init(_ store: EventStore, asOf day: Day?, rollsUp: Bool = false) async throws {
    let latest = try await Snapshot(store, asOf: nil)
    records = latest.records(asOf: day)
    let judged = day == nil ? latest.accounts : try await Self.judged(store, asOf: day)
    let cases = Dictionary(uniqueKeysWithValues: judged.map { ($0.key, $0.cases) })
    book = RevenueBook(records.accounts, records.configuration, asOf: records.now, cases: cases, rollsUp: rollsUp)
  }

  /// The accounts as the engine had them; none before its first step.
  private static func judged(_ store: EventStore, asOf day: Day?) async throws -> [AccountState] {
    do { return try await Snapshot(store, asOf: day).accounts } catch is WrongArgument { return [] }
  }
}
