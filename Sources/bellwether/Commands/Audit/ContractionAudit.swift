import Engine
import Events
import Features
import Revenue

/// Each day on which an account that stayed began to pay less, latest first.
struct ContractionAudit {
  private(set) var table = AuditTable([
    .init("ACCOUNT"), .init("NUMBER", .right), .init("ON"), .init("MRR BEFORE", .right), .init("MRR AFTER", .right),
    .init("LOST MRR", .right), .init("CLASS"),
  ])
  private var totals = AuditTotals(ContractionClass.allCases.map(\.rawValue))
  private let currency: String

  init(_ snapshot: Snapshot) {
    let calendar = snapshot.configuration.calendar
    let families = Families(snapshot)
    let found = snapshot.accounts.flatMap { state in
      AccountLosses(state, asOf: snapshot.now, calendar).contractions(linked: families.ledgers(beside: state))
        .map { (state: state, contraction: $0) }
    }.sorted { ($1.contraction.on, $0.state.key) < ($0.contraction.on, $1.state.key) }
    currency = found.first?.state.ledger.currency ?? "usd"
    for (state, contraction) in found {
      let lost = contraction.mrrBefore - contraction.mrrAfter
      let own = state.ledger.currency
      table.add([
        .init(state.name(asOf: snapshot.now)), .init(Int(state.key.number)), .init(contraction.on),
        .init(money: contraction.mrrBefore, own), .init(money: contraction.mrrAfter, own), .init(money: lost, own),
        .init(contraction.signs.contraction.rawValue),
      ])
      totals.add(contraction.signs.contraction.rawValue, lost)
    }
  }

  var text: String {
    guard !table.rows.isEmpty else { return "No account that stayed has paid less." }
    return "Accounts that stayed and pay less\n\n" + table.text + "\n\n" + totals.text("CLASS", "LOST MRR", currency: currency)
  }

  var json: JSON { ["contractions": table.json, "by_class": totals.json] }
}

/// Which accounts belong to one customer: parent, children and siblings, as their records name each other.
private struct Families {
  private var ledgers: [String: [(key: AccountKey, ledger: Ledger)]] = [:]
  private var heads: [AccountKey: String] = [:]

  init(_ snapshot: Snapshot) {
    for state in snapshot.accounts {
      guard let account = state.entities.rows(.account, asOf: snapshot.now).first else { continue }
      let head = account["parent"]?.text.flatMap { $0.isEmpty ? nil : $0 } ?? account.id
      heads[state.key] = head
      ledgers[head, default: []].append((state.key, state.ledger))
    }
  }

  func ledgers(beside state: AccountState) -> [Ledger] {
    guard let head = heads[state.key] else { return [] }
    return (ledgers[head] ?? []).filter { $0.key != state.key }.map(\.ledger)
  }
}
