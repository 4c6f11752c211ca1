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
    // Before the first step nothing was judged.
    let judged = day == nil ? latest : try? await Snapshot(store, asOf: day)
    let cases = Dictionary(uniqueKeysWithValues: (judged?.accounts ?? []).map { ($0.key, $0.cases) })
    book = RevenueBook(records.accounts, records.configuration, asOf: records.now, cases: cases, rollsUp: rollsUp)
  }
}
