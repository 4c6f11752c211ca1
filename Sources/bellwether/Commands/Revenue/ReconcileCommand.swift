import ArgumentParser
import Engine
import Events
import Features
import Revenue
import Store

/// `bellwether reconcile`
struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile", abstract: "Where CRM and billing tell different things, with the money that hangs on it.",
    discussion: """
      Won deals against what was bought (amount, date, kind, missing on either side), contracts and standings against what is paid, and \
      faults in the billing records themselves. A deal and a change within 45 days are the same; later than 14 days is told. AT STAKE is \
      revenue of a year. Deals are not missed where the CRM has none.
      """)

  enum Grouping: String, CaseIterable, ExpressibleByArgument {
    case kind, owner, segment, account
  }

  @Option(help: "Sums by kind, owner, segment or account.") var by: Grouping?
  @Flag(help: "Print rows for a spreadsheet.") var csv = false
  @OptionGroup var shared: SharedOptions
  @OptionGroup var asOf: AsOfOption

  func validate() throws {
    if csv, shared.json { throw ValidationError("--csv and --json exclude each other.") }
  }

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let report = ReconciliationReport(try await RevenueSnapshot(store, asOf: asOf.day))
    if csv { return StandardOutput.print(by.map(report.csv) ?? report.csv) }
    if shared.json { return StandardOutput.print((by.map(report.json) ?? report.json).serialized()) }
    StandardOutput.print(by.map(report.text) ?? report.text)
  }
}

/// What differs, by money, and what is wrong in the records.
struct ReconciliationReport {
  private let snapshot: Snapshot
  private let book: RevenueBook
  private let differences: [Reconciliation]
  private let states: [AccountKey: AccountState]

  init(_ revenue: RevenueSnapshot) {
    let (snapshot, book) = (revenue.records, revenue.book)
    self.snapshot = snapshot
    self.book = book
    states = Dictionary(uniqueKeysWithValues: snapshot.accounts.map { ($0.key, $0) })
    let deals = snapshot.accounts.map { $0.wonDeals(asOf: snapshot.now, book.terms) }
    let hasDeals = deals.contains { !$0.isEmpty }
    var found: [Reconciliation] = []
    for (state, deals) in zip(snapshot.accounts, deals) {
      let statement = book.portfolio.members[state.key]?.statement ?? Statement(account: state.key, [], book.terms)
      let standing = state.standing(asOf: snapshot.now, snapshot.configuration.calendar)
      found += Reconciliation.differences(statement, deals: hasDeals ? deals : nil, standing, through: book.lastDay)
    }
    differences = found.sorted { ($1.atStake, $0.day, $0.account) < ($0.atStake, $1.day, $1.account) }
  }

  private func money(_ minor: Int64) -> String { MoneyText.short(minor, currency: book.currency) }
  private func name(_ key: AccountKey) -> String {
    states[key].map { "\($0.name(asOf: snapshot.now)) (\(key.number))" } ?? "account \(key.number)"
  }

  private func value(_ difference: Reconciliation, _ grouping: ReconcileCommand.Grouping) -> String {
    let row = states[difference.account]?.entities.rows(.account, asOf: snapshot.now).first
    let value: String? =
      switch grouping {
      case .kind: difference.kind.rawValue
      case .owner: row?["owner"]?["name"]?.text
      case .segment: row?["segment"]?.text
      case .account: name(difference.account)
      }
    return value.flatMap { $0.isEmpty ? nil : $0 } ?? Cut.unknown
  }

  // MARK: - One by one

  var text: String { [heading, table, faults].filter { !$0.isEmpty }.joined(separator: "\n\n") }

  private var heading: String {
    let total = differences.reduce(0) { $0 + $1.atStake }
    return differences.isEmpty
      ? "CRM and billing agree as of \(book.lastDay)."
      : "CRM against billing as of \(book.lastDay): \(differences.count) differences, \(money(total)) a year at stake"
  }

  private var table: String {
    guard !differences.isEmpty else { return "" }
    var table = TextTable([
      ("AT STAKE", .right), ("", .left), ("ACCOUNT", .left), ("WHAT", .left), ("DAY", .left), ("CRM", .left), ("BILLING", .left),
    ])
    let greatest = differences.first?.atStake ?? 0
    for row in differences {
      table.add([
        money(row.atStake), RevenueText.bar(Double(row.atStake), limit: Double(greatest)), name(row.account), row.kind.rawValue,
        row.day.description, words(row.crm), words(row.billing),
      ])
    }
    return table.rendered()
  }

  /// Amounts in minor units are written as money.
  private func words(_ side: Reconciliation.Side) -> String { side.words { MoneyText.short($0, currency: book.currency) } }

  private var faults: String {
    guard !book.faults.isEmpty else { return "" }
    var table = TextTable([("FAULT", .left), ("ACCOUNT", .left), ("SUBSCRIPTION", .left), ("TIME", .left), ("WHAT IS WRONG", .left)])
    for fault in book.faults { table.add([fault.kind.rawValue, name(fault.account), fault.subscription, fault.at.iso8601, fault.words]) }
    return "Faults in billing records: \(book.faults.count)\n\n" + table.rendered()
  }

  var csv: String {
    var text = CSVText(["at_stake", "currency", "account", "name", "kind", "day", "crm", "billing"])
    for row in differences {
      text.add([
        String(row.atStake), book.currency, String(row.account.number), CSVText.text(name(row.account)), row.kind.rawValue,
        row.day.description, CSVText.text(words(row.crm)), CSVText.text(words(row.billing)),
      ])
    }
    return text.rendered()
  }

  var json: JSON {
    [
      "as_of": JSON(book.lastDay), "currency": .text(book.currency),
      "differences": .list(
        differences.map { row in
          [
            "account": JSON(row.account.number), "name": .text(name(row.account)), "kind": .text(row.kind.rawValue), "day": JSON(row.day),
            "crm": .text(words(row.crm)), "billing": .text(words(row.billing)), "at_stake": JSON(row.atStake),
          ]
        }), "faults": .list(book.faults.map(\.json)),
    ]
  }

  // MARK: - Summed up

  private func sums(_ grouping: ReconcileCommand.Grouping) -> [(value: String, count: Int, atStake: Int64)] {
    Dictionary(grouping: differences) { value($0, grouping) }
      .map { (value: $0.key, count: $0.value.count, atStake: $0.value.reduce(0) { $0 + $1.atStake }) }
      .sorted { ($1.atStake, $0.value) < ($0.atStake, $1.value) }
  }

  func text(_ grouping: ReconcileCommand.Grouping) -> String {
    var table = TextTable([(grouping.rawValue.uppercased(), .left), ("DIFFERENCES", .right), ("AT STAKE", .right), ("", .left)])
    let sums = sums(grouping)
    for sum in sums {
      let bar = RevenueText.bar(Double(sum.atStake), limit: Double(sums.first?.atStake ?? 0))
      table.add([sum.value, String(sum.count), money(sum.atStake), bar])
    }
    return table.isEmpty ? heading : heading + "\n\n" + table.rendered()
  }

  func csv(_ grouping: ReconcileCommand.Grouping) -> String {
    var text = CSVText([grouping.rawValue, "differences", "at_stake", "currency"])
    for sum in sums(grouping) { text.add([CSVText.text(sum.value), String(sum.count), String(sum.atStake), book.currency]) }
    return text.rendered()
  }

  func json(_ grouping: ReconcileCommand.Grouping) -> JSON {
    .list(
      sums(grouping).map { sum in
        [
          "cut": ["dimension": .text(grouping.rawValue), "value": .text(sum.value)], "differences": JSON(sum.count),
          "at_stake": JSON(sum.atStake), "currency": .text(book.currency),
        ]
      })
  }
}

extension AccountState {
  /// Deals that the CRM holds as won, in the reporting currency.
  fileprivate func wonDeals(asOf now: Instant, _ terms: RevenueTerms) -> [WonDeal] {
    entities.rows(.opportunity, asOf: now).compactMap { row in
      guard row["won"]?.flag == true, let closed = row["closed_at"]?.instant else { return nil }
      let amount = row["amount"]?.integer.flatMap { amount in
        terms.currencies.factor(of: row["currency"]?.text ?? "").flatMap { Rational(amount).multiplied(by: $0)?.rounded }
      }
      return WonDeal(id: row.id, closedOn: terms.calendar.day(of: closed), amount: amount, type: row["type"]?.text ?? "expansion")
    }
  }

  fileprivate func standing(asOf now: Instant, _ calendar: CompanyCalendar) -> CRMStanding {
    var standing = CRMStanding()
    guard let row = entities.rows(.account, asOf: now).first else { return standing }
    standing.isCustomer = row["status"]?.text == "customer"
    if row["status"]?.text == "churned" { standing.churnedOn = calendar.day(of: row["churn"]?["at"]?.instant ?? row.current.at) }
    standing.contractEnd = (row["contract"]?["end"]?.instant).map(calendar.day)
    standing.autoRenews = row["contract"]?["auto_renew"]?.flag
    return standing
  }
}
