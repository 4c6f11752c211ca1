package import Events

/// Why an account that goes on paying pays less.
package enum ContractionClass: String, CaseIterable, Sendable {
  /// The customer decided to need less.
  case intended
  /// It came of a failed payment, or was taken back within 30 days.
  case accidental
  /// The same units on the same plans for less money.
  case repriced
  /// Fewer units, since the customer's own company shrank.
  case downsized
  /// What went away here came to a linked account.
  case consolidated
}

/// What is known of the days around a contraction.
package struct ContractionSigns: Hashable, Sendable {
  /// Whether units or plans went away; otherwise it is a matter of price.
  package var hasFewerUnits: Bool
  /// Whether a linked account won about as much within 30 days.
  package var wentToLinked: Bool
  /// Whether MRR came back to where it was within 30 days.
  package var wasTakenBack: Bool
  /// Whether a charge failed in the 30 days before.
  package var followedFailedPayment: Bool
  /// Whether a layoff was reported, or headcount fell by 10 % and by five, from 180 days before to 30 days after.
  package var companyShrank: Bool

  package init(
    hasFewerUnits: Bool = true, wentToLinked: Bool = false, wasTakenBack: Bool = false, followedFailedPayment: Bool = false,
    companyShrank: Bool = false
  ) {
    self.hasFewerUnits = hasFewerUnits
    self.wentToLinked = wentToLinked
    self.wasTakenBack = wasTakenBack
    self.followedFailedPayment = followedFailedPayment
    self.companyShrank = companyShrank
  }

  package var contraction: ContractionClass {
    if wentToLinked { return .consolidated }
    if wasTakenBack || followedFailedPayment { return .accidental }
    if !hasFewerUnits { return .repriced }
    return companyShrank ? .downsized : .intended
  }
}

/// Whether an account that left could have been kept.
package enum ChurnClass: String, CaseIterable, Sendable {
  case preventable, inevitable
  /// Nobody wrote down why: that is neither the one nor the other.
  case unknown
}

/// How the CRM tells of an account that left, beside billing.
package enum ChurnRecord: String, CaseIterable, Sendable {
  /// Within 14 days of the last paid one.
  case onTime = "on_time"
  /// More than 14 days after it.
  case loggedLate = "logged_late"
  /// Not at all, though 14 days have passed.
  case unlogged
  /// Not yet, and there is time.
  case awaited
}

/// What is known of an account that left.
package struct ChurnSigns: Hashable, Sendable {
  /// How late the CRM may tell, in days.
  package static let mayBeLate = 14

  /// The reasons given, in the CRM's words: of the account, then of the opportunities lost.
  package var reasons: [String]
  /// Whether bankruptcy, or the account's acquisition, was reported in the 180 days before.
  package var companyEnded: Bool
  /// The first day without MRR.
  package var endedOn: Day
  /// The day the CRM gives, or else on which it first said so; nil where it does not.
  package var loggedOn: Day?

  package init(reasons: [String], companyEnded: Bool = false, endedOn: Day, loggedOn: Day? = nil) {
    self.reasons = reasons
    self.companyEnded = companyEnded
    self.endedOn = endedOn
    self.loggedOn = loggedOn
  }

  /// What no vendor can keep a customer from.
  private static let inevitable = [
    "bankrupt", "insolven", "out of business", "went under", "shut down", "shutting down", "ceased", "closed down", "closing down",
    "liquidat", "acquired", "acquisition", "merger", "merged", "project ended", "end of project", "duplicate",
  ]
  /// Words that fill the field and say nothing.
  private static let empty: Set<String> = ["", "-", "n/a", "na", "none", "other", "unknown", "tbd", "?", "no reason", "not given"]

  package var churn: ChurnClass {
    if companyEnded { return .inevitable }
    let stated = reasons.map { Self.plain($0) }.filter { !Self.empty.contains($0) }
    if stated.isEmpty { return .unknown }
    return stated.contains { reason in Self.inevitable.contains { reason.contains($0) } } ? .inevitable : .preventable
  }

  /// The first reason that says anything.
  package var reason: String? { reasons.first { !Self.empty.contains(Self.plain($0)) } }

  private static func plain(_ reason: String) -> String {
    reason.lowercased().split { $0.isWhitespace || $0 == "_" }.joined(separator: " ")
  }

  package func record(asOf today: Day) -> ChurnRecord {
    guard let loggedOn else { return today - endedOn > Self.mayBeLate ? .unlogged : .awaited }
    return loggedOn - endedOn > Self.mayBeLate ? .loggedLate : .onTime
  }
}
