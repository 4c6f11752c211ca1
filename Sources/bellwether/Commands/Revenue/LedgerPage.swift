import Engine
import Events
import Features
import Revenue

/// `bellwether account ID --ledger`: every movement with the records it cites, and what those records say.
struct LedgerPage {
  private let state: AccountState
  private let snapshot: Snapshot
  private let book: RevenueBook
  private let movements: [Movement]
  private let records: [RecordReading]
  private let faults: [BillingFault]

  /// - Throws: `WrongArgument` where no account, or more than one, is meant.
  init(_ id: String, _ revenue: RevenueSnapshot) throws {
    snapshot = revenue.records
    state = try snapshot.account(id)
    book = revenue.book
    let statement = book.portfolio.members[state.key]?.statement
    let key = state.key
    let today = snapshot.today
    movements = statement?.movements.filter { $0.day <= today } ?? []
    let cited = Set(movements.flatMap(\.records))
    let terms = book.terms
    records = state.entities.subscriptions.flatMap { timeline in
      timeline.versions.map { RecordReading(timeline.id, $0, terms) }
    }.filter { cited.contains($0.record) }.sorted { ($0.record.at, $0.record.subscription) < ($1.record.at, $1.record.subscription) }
    faults = book.faults.filter { $0.account == key }
  }

  /// `R3`: the place of a record in the second table.
  private func label(_ record: RecordCitation) -> String {
    records.firstIndex { $0.record == record }.map { "R\($0 + 1)" } ?? "\(record.subscription) \(record.at.iso8601)"
  }

  private func money(_ minor: Int64) -> String { MoneyText.exact(Rational(minor), currency: book.currency) }

  var text: String {
    let heading = "\(state.name(asOf: snapshot.now)) (\(state.key.number)): MRR in \(book.currency.uppercased()), as of \(snapshot.today)"
    guard !movements.isEmpty else { return heading + "\n\nIt has paid nothing yet." }
    let parts = [heading, movementTable, recordTable, faultLines, Self.rules].filter { !$0.isEmpty }
    return parts.joined(separator: "\n\n")
  }

  private var movementTable: String {
    var table = TextTable([
      ("DAY", .left), ("MOVEMENT", .left), ("CAUSE", .left), ("LINE", .left), ("AMOUNT", .right), ("MRR AFTER", .right), ("RECORDS", .left),
    ])
    var after: Int64 = 0
    for (index, movement) in movements.enumerated() {
      after += movement.amount
      let isLast = index + 1 == movements.count || movements[index + 1].day != movement.day
      table.add([
        movement.day.description, movement.kind.rawValue, movement.cause.rawValue,
        movement.productLine.isEmpty ? "–" : movement.productLine,
        money(movement.amount), isLast ? money(after) : "", movement.records.map(label).joined(separator: " "),
      ])
    }
    return table.rendered()
  }

  private var recordTable: String {
    var table = TextTable([
      ("RECORD", .left), ("SUBSCRIPTION", .left), ("TIME OF THE VERSION", .left), ("STATUS", .left), ("CONTRACT MRR", .right),
      ("MRR", .right), ("SAYS", .left),
    ])
    for reading in records {
      let unknown = "unknown"
      table.add([
        label(reading.record), reading.record.subscription, reading.record.at.iso8601, reading.status,
        reading.contractMRR.map(money) ?? unknown, reading.mrr.map(money) ?? unknown,
        (reading.items + reading.discounts).joined(separator: "; "),
      ])
    }
    return table.rendered()
  }

  private var faultLines: String {
    guard !faults.isEmpty else { return "" }
    let lines = faults.map { "  \($0.kind.rawValue), \($0.subscription) \($0.at.iso8601): \($0.words)" }
    return (["Faults"] + lines).joined(separator: "\n")
  }

  private static let rules = """
    A month is a price over n months, over 12 n for years, times 52 over 12 n for weeks, times 365 over 12 n for days; each product line is \
    rounded once a day. MRR of a record is what it is worth while it pays: a trial, a pause or an end brings nothing.
    """

  var json: JSON {
    [
      "account": JSON(state.key.number), "name": .text(state.name(asOf: snapshot.now)), "as_of": JSON(snapshot.today),
      "currency": .text(book.currency),
      "movements": .list(
        movements.map { movement in
          [
            "day": JSON(movement.day), "kind": .text(movement.kind.rawValue), "cause": .text(movement.cause.rawValue),
            "product_line": .text(movement.productLine), "amount": JSON(movement.amount),
            "records": .list(movement.records.map { ["subscription": .text($0.subscription), "at": JSON($0.at)] }),
          ]
        }),
      "records": .list(
        records.map { reading in
          [
            "subscription": .text(reading.record.subscription), "at": JSON(reading.record.at), "status": .text(reading.status),
            "items": .list(reading.items.map(JSON.text)), "discounts": .list(reading.discounts.map(JSON.text)),
            "contract_mrr": reading.contractMRR.map { JSON($0) } ?? .null, "mrr": reading.mrr.map { JSON($0) } ?? .null,
          ]
        }),
      "faults": .list(faults.map(\.json)),
    ]
  }
}

extension BillingFault {
  var json: JSON {
    [
      "kind": .text(kind.rawValue), "account": JSON(account.number), "subscription": .text(subscription), "at": JSON(at),
      "words": .text(words),
    ]
  }
}
