package import Events
import Features
package import Revenue

/// What an account's records tell of its losses.
package struct AccountLosses {
  private let state: AccountState
  private let now: Instant
  private let calendar: CompanyCalendar

  package init(_ state: AccountState, asOf now: Instant, _ calendar: CompanyCalendar) {
    self.state = state
    self.now = now
    self.calendar = calendar
  }

  private static let monthDays = 30
  private static let longBefore = 180

  /// A day on which MRR fell, and not to nothing.
  package struct Contraction: Hashable, Sendable {
    package let on: Day
    package let mrrBefore: Int64
    package let mrrAfter: Int64
    package let signs: ContractionSigns
  }

  /// - Parameter linked: the ledgers of the accounts that share a parent with this one, its parent's and its children's.
  package func contractions(linked: [Ledger]) -> [Contraction] {
    let levels = state.ledger.levels.filter { $0.day <= calendar.day(of: now) }
    return zip(levels, levels.dropFirst()).compactMap { before, after in
      guard let old = before.mrr, let new = after.mrr, new > 0, new < old else { return nil }
      let lost = old - new
      let signs = ContractionSigns(
        hasFewerUnits: after.volume(since: before).map { $0 < 0 } ?? (after.seats < before.seats),
        wentToLinked: linked.contains { Self.won($0, around: after.day) * 100 >= lost * 80 },
        wasTakenBack: levels.contains {
          $0.day > after.day && $0.day - after.day <= Self.monthDays && ($0.mrr ?? 0) >= old
        }, followedFailedPayment: hasFailedPayment(before: after.day), companyShrank: companyShrank(around: after.day))
      return Contraction(on: after.day, mrrBefore: old, mrrAfter: new, signs: signs)
    }
  }

  /// Nil while the account pays, or never did.
  package var churn: ChurnSigns? {
    guard let endedOn = state.churnedOn else { return nil }
    let account = state.entities.rows(.account, asOf: now).first
    let lost = state.entities.rows(.opportunity, asOf: now).filter { row in
      row["won"]?.flag == false && (row["closed_at"]?.instant).map { abs(calendar.day(of: $0) - endedOn) <= Self.longBefore } ?? false
    }
    let reasons = [account?["churn"]?["reason"]?.text].compactMap { $0 } + lost.compactMap { $0["lost_reason"]?.text }
    return ChurnSigns(
      reasons: reasons, companyEnded: hasNews(["bankruptcy", "acquisition"], from: endedOn - Self.longBefore, through: endedOn),
      endedOn: endedOn, loggedOn: account.flatMap(loggedOn))
  }

  /// The MRR that was lost with the account; nil while it pays.
  package var lostMRR: Int64? {
    state.churnedOn.flatMap { day in state.ledger.levels.last { $0.day < day && ($0.mrr ?? 0) > 0 }?.mrr }
  }

  private func loggedOn(_ account: EntityRow) -> Day? {
    if let day = account["churn"]?["at"]?.instant.map(calendar.day) { return day }
    return account.versions.first { $0.fields["status"]?.text == "churned" }.map { calendar.day(of: $0.at) }
  }

  private static func won(_ ledger: Ledger, around day: Day) -> Int64 {
    let before = ledger.level(on: day - monthDays - 1)?.mrr ?? 0
    return (ledger.level(on: day + monthDays)?.mrr ?? before) - before
  }

  private func hasFailedPayment(before day: Day) -> Bool {
    state.entities.rows(.payment, asOf: now).contains { row in
      row["status"]?.text == "failed" && (day - Self.monthDays...day).contains(calendar.day(of: row.timelineInstant))
    }
  }

  private func hasNews(_ events: [String], from: Day, through: Day) -> Bool {
    state.entities.rows(.enrichment, asOf: now).contains { row in
      (row["event"]?.text).map(events.contains) ?? false && (from...through).contains(calendar.day(of: row.timelineInstant))
    }
  }

  private func companyShrank(around day: Day) -> Bool {
    let days = day - Self.longBefore...day + Self.monthDays
    if hasNews(["layoff"], from: days.lowerBound, through: days.upperBound) { return true }
    let counts = state.entities.rows(.enrichment, asOf: now).compactMap { row in
      row["headcount"]?.integer.map { (day: calendar.day(of: row.timelineInstant), heads: $0, source: row.system) }
    }.filter { days.contains($0.day) }.sorted { $0.day < $1.day }
    // Two sources count heads differently: only one that tells both ends says anything.
    guard let last = counts.last, let most = counts.filter({ $0.source == last.source }).map(\.heads).max() else { return false }
    return (most - last.heads) * 10 >= most && most - last.heads >= 5
  }
}
