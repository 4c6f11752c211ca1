package import Events

/// Why an account's MRR is another on one company day than on the day before.
package struct Movement: Hashable, Sendable {
  package let day: Day
  package let kind: Kind
  package let cause: Cause
  /// The product line whose revenue moved.
  package let productLine: String
  /// Minor units of the reporting currency; below zero for contraction, churn, and what a transfer takes away.
  package let amount: Int64
  /// The subscription versions that made it, in order of subscription.
  package let records: [RecordCitation]

  package init(day: Day, kind: Kind, cause: Cause, productLine: String, amount: Int64, records: [RecordCitation]) {
    self.day = day
    self.kind = kind
    self.cause = cause
    self.productLine = productLine
    self.amount = amount
    self.records = records
  }

  package enum Kind: String, CaseIterable, Sendable {
    /// MRR where there never was any.
    case new
    case expansion, contraction
    /// The account's MRR fell to nothing.
    case churn
    /// MRR again after a churn.
    case reactivation
    /// Between product lines of one account, or between linked accounts.
    case transfer
    /// The same plan billed in another currency from now on: what that alone makes at constant rates.
    case fx
  }

  package enum Cause: String, CaseIterable, Sendable {
    /// Another quantity of the same.
    case seats
    /// A plan bought, exchanged or given up.
    case plan
    /// Another price of the same.
    case price
    /// Something bought or dropped beside what stays.
    case addon
    /// A discount granted, changed, or run out.
    case discount
    /// A subscription paused or resumed.
    case pause
    /// The same at another billing interval: from a month to a year.
    case term
    /// Past due for too long, or paid at last.
    case involuntary
    /// Moved to or from a linked account.
    case consolidation
  }
}

/// A subscription version, by which anybody can find the record again.
package struct RecordCitation: Hashable, Comparable, Sendable {
  package let subscription: String
  /// The version's time by its source.
  package let at: Instant

  package init(subscription: String, at: Instant) {
    self.subscription = subscription
    self.at = at
  }

  package static func < (a: RecordCitation, b: RecordCitation) -> Bool { (a.subscription, a.at) < (b.subscription, b.at) }
}
