package import Events

/// Where CRM and billing tell different things of an account's revenue.
package struct Reconciliation: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// Both know of it, and the amounts differ.
    case amount
    /// Both know of it, and the days differ.
    case date
    /// Both know of it, and one says growth where the other says loss, or a first purchase.
    case kind
    /// Billing shows a change of which the CRM holds no won opportunity.
    case missingInCRM = "missing_in_crm"
    /// The CRM holds a won opportunity, or a customer, that billing does not show.
    case missingInBilling = "missing_in_billing"
    /// The CRM says the customer is lost, and billing goes on; or the other way round.
    case status
  }

  package let account: AccountKey
  package let kind: Kind
  package let day: Day
  package let crm: Side
  package let billing: Side
  /// Minor units of yearly revenue that hang on it.
  package let atStake: Int64

  /// What a side says.
  package struct Side: Hashable, Sendable {
    private let text: String
    /// Minor units a year, where it is about an amount.
    private let amount: Int64?

    init(_ text: String, amount: Int64? = nil) {
      self.text = text
      self.amount = amount
    }

    /// For a person: `expansion of $6,000, deal 17`.
    package func words(_ money: (Int64) -> String) -> String {
      amount.map { text.replacing("#", with: money($0), maxReplacements: 1) } ?? text
    }
  }

  package init(account: AccountKey, kind: Kind, day: Day, crm: Side, billing: Side, atStake: Int64) {
    self.account = account
    self.kind = kind
    self.day = day
    self.crm = crm
    self.billing = billing
    self.atStake = atStake
  }
}

/// A won deal as the CRM holds it.
package struct WonDeal: Hashable, Sendable {
  package let id: String
  package let closedOn: Day
  /// Minor units of the reporting currency a year; nil where the CRM names no amount, or one in a currency without a rate.
  package let amount: Int64?
  /// new, expansion or renewal.
  package let type: String

  package init(id: String, closedOn: Day, amount: Int64?, type: String) {
    self.id = id
    self.closedOn = closedOn
    self.amount = amount
    self.type = type
  }
}

/// What the CRM holds of an account's contract and standing.
package struct CRMStanding: Hashable, Sendable {
  package var isCustomer = false
  package var churnedOn: Day?
  package var contractEnd: Day?
  package var autoRenews: Bool?

  package init() {}
}

extension Reconciliation {
  /// How far a deal's day may lie from the change in billing and still be the same thing.
  static let matchDays = 45
  /// Later than this is told.
  static let lateDays = 14
  /// Amounts that differ by no more than one part in so many agree.
  static let tolerance: Int64 = 50
  /// Gains below one part in so many of MRR need no deal.
  static let material: Int64 = 20

  /// All differences of one account, by day.
  ///
  /// - Parameters:
  ///   - deals: won opportunities; nil where the CRM's deals are not known, and then none is missed.
  ///   - lastDay: nothing later is looked at; what is too young to have reached both sides is not missed yet.
  package static func differences(
    _ statement: Statement, deals: [WonDeal]?, _ standing: CRMStanding, through lastDay: Day
  ) -> [Reconciliation] {
    var reader = Reconciler(statement: statement, lastDay: lastDay)
    if let deals { reader.compare(deals.filter { $0.closedOn <= lastDay }) }
    reader.compare(standing)
    return reader.found.sorted { ($0.day, $0.kind.rawValue) < ($1.day, $1.kind.rawValue) }
  }
}

/// What billing gained on a day by what a customer bought.
private struct BillingGain {
  let day: Day
  /// Minor units a year.
  let yearly: Int64
  /// new, reactivation or expansion.
  let kind: Movement.Kind
  let isMaterial: Bool
}

private struct Reconciler {
  let statement: Statement
  let lastDay: Day
  private(set) var found: [Reconciliation] = []

  init(statement: Statement, lastDay: Day) {
    self.statement = statement
    self.lastDay = lastDay
  }

  private mutating func report(
    _ kind: Reconciliation.Kind, _ day: Day, crm: Reconciliation.Side, billing: Reconciliation.Side, _ atStake: Int64
  ) {
    found.append(
      Reconciliation(account: statement.account, kind: kind, day: day, crm: crm, billing: billing, atStake: Int64(atStake.magnitude)))
  }

  private var gains: [BillingGain] {
    let bought = statement.movements.filter { movement in
      switch movement.kind {
      case .new, .reactivation, .expansion: [.seats, .plan, .addon].contains(movement.cause) && movement.day <= lastDay
      case .contraction, .churn, .transfer, .fx: false
      }
    }
    return Dictionary(grouping: bought, by: \.day).sorted { $0.key < $1.key }.map { day, movements in
      let amount = movements.reduce(0) { $0 + $1.amount }
      let before = statement.mrr(on: day - 1)
      return BillingGain(
        day: day, yearly: amount * 12, kind: movements[0].kind, isMaterial: before == 0 || amount * Reconciliation.material >= before)
    }
  }

  mutating func compare(_ deals: [WonDeal]) {
    var open = gains
    let bought = deals.filter { $0.type != "renewal" }.sorted { ($0.closedOn, $0.id) < ($1.closedOn, $1.id) }
    for deal in bought {
      let near = open.indices.filter { abs(open[$0].day - deal.closedOn) <= Reconciliation.matchDays }
      guard let index = near.min(by: { abs(open[$0].day - deal.closedOn) < abs(open[$1].day - deal.closedOn) }) else {
        if lastDay - deal.closedOn > Reconciliation.matchDays {
          report(
            .missingInBilling, deal.closedOn, crm: .init("\(deal.type) won, \(deal.id)"), billing: .init("nothing bought near that day"),
            deal.amount ?? 0
          )
        }
        continue
      }
      compare(deal, open.remove(at: index))
    }
    for gain in open where gain.isMaterial && lastDay - gain.day > Reconciliation.matchDays && gain.day >= firstDay(of: deals) {
      report(.missingInCRM, gain.day, crm: .init("no deal won near that day"), billing: .init("\(gain.kind)"), gain.yearly)
    }
    for deal in deals where deal.type == "renewal" {
      let yearly = statement.mrr(on: deal.closedOn) * 12
      guard let amount = deal.amount, differ(amount, yearly) else { continue }
      report(
        .amount, deal.closedOn, crm: .init("renewal of #, \(deal.id)", amount: amount), billing: .init("# a year", amount: yearly),
        amount - yearly)
    }
  }

  /// The CRM's deals are looked for from the first one on record on: what was sold before is in no list.
  private func firstDay(of deals: [WonDeal]) -> Day { (deals.map(\.closedOn).min() ?? lastDay) - Reconciliation.matchDays }

  private mutating func compare(_ deal: WonDeal, _ gain: BillingGain) {
    if let amount = deal.amount, differ(amount, gain.yearly) {
      report(
        .amount, gain.day, crm: .init("\(deal.type) of #, \(deal.id)", amount: amount), billing: .init("# a year", amount: gain.yearly),
        amount - gain.yearly)
    }
    if abs(deal.closedOn - gain.day) > Reconciliation.lateDays {
      report(.date, gain.day, crm: .init("won \(deal.closedOn), \(deal.id)"), billing: .init("billed from \(gain.day)"), gain.yearly)
    }
    if (deal.type == "new") != (gain.kind == .new) {
      report(.kind, gain.day, crm: .init("\(deal.type), \(deal.id)"), billing: .init("\(gain.kind)"), gain.yearly)
    }
  }

  private func differ(_ a: Int64, _ b: Int64) -> Bool {
    Int128((a - b).magnitude) * Int128(Reconciliation.tolerance) > Int128(max(a.magnitude, b.magnitude))
  }

  mutating func compare(_ standing: CRMStanding) {
    let mrr = statement.mrr(on: lastDay)
    let churn = statement.movements.last { $0.kind == .churn && $0.day <= lastDay }
    if let lost = standing.churnedOn, mrr > 0, lost <= lastDay {
      report(.status, lost, crm: .init("lost \(lost)"), billing: .init("still pays"), mrr * 12)
    } else if let lost = standing.churnedOn, mrr == 0, let churn,
      lost - churn.day > Reconciliation.lateDays || churn.day - lost > Reconciliation.lateDays
    {
      let size = statement.mrr(on: churn.day - 1)
      report(.date, churn.day, crm: .init("lost \(lost)"), billing: .init("ended \(churn.day)"), size * 12)
    } else if standing.isCustomer, mrr == 0, let churn, lastDay - churn.day > Reconciliation.lateDays {
      report(.status, churn.day, crm: .init("a customer"), billing: .init("ended \(churn.day)"), statement.mrr(on: churn.day - 1) * 12)
    } else if !standing.isCustomer, standing.churnedOn == nil, mrr > 0 {
      report(.missingInCRM, statement.startedOn ?? lastDay, crm: .init("no customer"), billing: .init("pays"), mrr * 12)
    }
    if let end = standing.contractEnd, end <= lastDay, standing.autoRenews == false, mrr > 0 {
      report(.date, end, crm: .init("contract ended \(end), not renewed"), billing: .init("still pays"), mrr * 12)
    }
  }
}
