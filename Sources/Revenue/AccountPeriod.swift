import Events

/// What one account, or one product line of it, adds to the figures of a period.
struct AccountPeriod {
  private let member: Portfolio.Member
  private let period: Period
  private let portfolio: Portfolio
  private(set) var start: Int64
  private(set) var end: Int64
  private(set) var movements: ArraySlice<Movement>
  /// The end as retention sees it: what went to a linked account or another product line counts where it came from.
  private(set) var settledEnd: Int64
  /// What of it unsound expansions brought, as far as it was not lost again.
  private(set) var unsoundLeft: Int64
  private(set) var usageStart: Int64 = 0
  private(set) var usageEnd: Int64 = 0
  /// The day whose description of the account holds for the period.
  let frozenOn: Day

  /// Nil for an account that neither pays at the start nor moves.
  init?(_ member: Portfolio.Member, _ period: Period, _ portfolio: Portfolio, unsound: [UnsoundExpansion]) {
    let statement = member.statement
    movements = statement.movements(after: period.from, through: period.to)
    start = statement.mrr(on: period.from)
    usageStart = member.usage(on: period.from)
    usageEnd = member.usage(on: period.to)
    guard start > 0 || !movements.isEmpty || usageStart != 0 || usageEnd != 0 else { return nil }
    self.member = member
    self.period = period
    self.portfolio = portfolio
    end = movements.isEmpty ? start : statement.mrr(on: period.to)
    settledEnd = end
    unsoundLeft = Self.left(of: unsound, movements, period)
    frozenOn = start > 0 ? period.from : movements.first { $0.amount > 0 }?.day ?? period.from
    if movements.contains(where: { $0.kind == .transfer && $0.cause == .consolidation }) {
      settledEnd = Settlement(portfolio.family(of: member).map(\.statement), period).ends(of: member.account).values.reduce(0, +)
    }
  }

  /// What unsound expansions of the period still bring: later losses took from them first.
  private static func left(of unsound: [UnsoundExpansion], _ movements: ArraySlice<Movement>, _ period: Period) -> Int64 {
    let within = unsound.filter { $0.openedOn > period.from && $0.openedOn <= period.to }.sorted { $0.openedOn < $1.openedOn }
    guard !within.isEmpty else { return 0 }
    var left: Int64 = 0
    var next = within[...]
    for movement in movements {
      while let opened = next.first, opened.openedOn <= movement.day {
        left += opened.amount
        next.removeFirst()
      }
      if movement.kind == .contraction || movement.kind == .churn { left = max(left + movement.amount, 0) }
    }
    return left + next.reduce(0) { $0 + $1.amount }
  }

  /// The account's lines, each as if it were an account.
  func byProductLine() -> [(productLine: String, period: AccountPeriod)] {
    let first = member.statement.level(on: period.from)?.lines ?? []
    let last = member.statement.level(on: period.to)?.lines ?? []
    let names = Set(first.map(\.productLine)).union(last.map(\.productLine)).union(movements.map(\.productLine)).sorted()
    let hasTransfers = movements.contains { $0.kind == .transfer }
    let settled = hasTransfers ? Settlement(portfolio.family(of: member).map(\.statement), period).ends(of: member.account) : [:]
    var unsoundLeft = self.unsoundLeft
    return names.map { name in
      var line = self
      line.start = first.first { $0.productLine == name }?.mrr ?? 0
      line.end = last.first { $0.productLine == name }?.mrr ?? 0
      line.movements = movements.filter { $0.productLine == name }[...]
      line.settledEnd = settled[name] ?? line.end
      // An unsound expansion lies where the account expanded.
      line.unsoundLeft = min(unsoundLeft, line.movements.reduce(0) { $0 + ($1.kind == .expansion ? $1.amount : 0) })
      unsoundLeft -= line.unsoundLeft
      line.usageStart = 0
      line.usageEnd = 0
      return (name, line)
    }
  }
}

extension Portfolio.Member {
  /// Metered use counts while a subscription is there to be metered.
  fileprivate func usage(on day: Day) -> Int64 { metered.isEmpty ? 0 : metered.mean(on: day) }
}

extension RetentionFigures {
  /// Less than one part in ten of an account's MRR.
  private static let smallContraction: Int64 = 10

  /// What one account adds.
  init(_ account: AccountPeriod) {
    self.init()
    start += account.start
    end += account.end
    var expanded: Int64 = 0
    for movement in account.movements {
      add(movement)
      if movement.kind == .expansion { expanded += movement.amount }
    }
    if expanded > 0 { rank(expanded) }
    let (usageStart, usageEnd) = (account.start + account.usageStart, account.settledEnd + account.usageEnd)
    if usageStart > 0 {
      withUsage.n += 1
      withUsage.lost += usageEnd <= 0 ? 1 : 0
      withUsage.start += usageStart
      withUsage.kept += max(usageEnd, 0)
      withUsage.retained += min(usageStart, max(usageEnd, 0))
    }
    guard account.start > 0 else {
      let net = account.movements.filter { $0.kind == .expansion || $0.kind == .contraction || $0.kind == .churn }
      newcomersNet += net.reduce(0) { $0 + $1.amount }
      return
    }
    n += 1
    lost += account.settledEnd == 0 ? 1 : 0
    kept += account.settledEnd
    retained += min(account.start, account.settledEnd)
    durable += max(account.settledEnd - account.unsoundLeft, 0)
    compose(account)
  }

  private mutating func compose(_ account: AccountPeriod) {
    let (before, after) = (account.start, account.settledEnd)
    let part: WritableKeyPath<Composition, Composition.Part> =
      if after == 0 { \.churned } else if after > before { \.expanding } else if after < before { \.shrinking } else { \.flat }
    composition[keyPath: part].accounts += 1
    composition[keyPath: part].mrr += before
    if after > 0, after < before, (before - after) * Self.smallContraction < before { composition.smallContractions += 1 }
  }
}
