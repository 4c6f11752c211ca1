package import Events

extension Portfolio {
  /// The greatest customers' share of all MRR at the end of a day, in millionths; nil where there is none.
  package func shareOfGreatest(_ count: Int, on day: Day) -> Int64? {
    let levels = members.values.map { $0.statement.mrr(on: day) }.filter { $0 > 0 }.sorted(by: >)
    return millionths(levels.prefix(count).reduce(0, +), of: levels.reduce(0, +))
  }

  /// All MRR at the end of a day.
  package func mrr(on day: Day) -> Int64 { members.values.reduce(0) { $0 + $1.statement.mrr(on: day) } }

  /// The MRR of some accounts at the end of a day, such as of those that are ready to expand.
  package func mrr(of accounts: Set<AccountKey>, on day: Day) -> Int64 {
    accounts.reduce(0) { $0 + (members[$1]?.statement.mrr(on: day) ?? 0) }
  }

  /// MRR that was churned within a period by accounts of which something held on some day in the days before, as `wasReady` says.
  package func churned(_ period: Period, where wasReady: (AccountKey, Day) -> Bool) -> Int64 {
    members.values.reduce(0) { sum, member in
      let lost = member.statement.movements(after: period.from, through: period.to).filter { $0.kind == .churn }
      return sum + lost.filter { wasReady(member.account, $0.day) }.reduce(0) { $0 - $1.amount }
    }
  }
}
