package import Events

/// The figures of some periods by every cut, kept up to date account by account: after a change only the accounts of one family are read
/// again, and what they added before is taken off.
package struct RetentionBoard: Sendable {
  package private(set) var portfolio: Portfolio
  private let dimensions: [Cut.Dimension]
  private let unsound: [AccountKey: [UnsoundExpansion]]
  private var sheets: [Period: Sheet] = [:]

  package init(
    _ portfolio: Portfolio, _ periods: [Period], by dimensions: [Cut.Dimension], unsound: [AccountKey: [UnsoundExpansion]] = [:]
  ) {
    self.portfolio = portfolio
    self.dimensions = dimensions
    self.unsound = unsound
    for period in periods { sheets[period] = Sheet() }
    for key in portfolio.accounts { enter(key) }
  }

  /// Takes in an account's new state.
  package mutating func update(_ member: Portfolio.Member) {
    let before = portfolio.members[member.account].map { portfolio.family(of: $0) } ?? []
    portfolio.update(member)
    for key in Set((before + portfolio.family(of: member)).map(\.account)).sorted() { enter(key) }
  }

  /// The figures of a period, in order of cut, the same as `Portfolio.retention` gives; none for a period that is not kept.
  package func figures(_ period: Period) -> [(cut: Cut, figures: RetentionFigures)] {
    let columns = sheets[period]?.columns ?? [:]
    return columns.sorted { $0.key < $1.key }.map { (cut: $0.key, figures: $0.value.figures) }
  }

  private mutating func enter(_ key: AccountKey) {
    for period in sheets.keys {
      let shares = portfolio.members[key].map { portfolio.shares(of: $0, period, by: dimensions, unsound: unsound[key] ?? []) } ?? []
      sheets[period]?.enter(shares, of: key)
    }
  }
}

extension RetentionBoard {
  /// One period: what each account adds, and the sums.
  private struct Sheet: Sendable {
    private var shares: [AccountKey: [Portfolio.Share]] = [:]
    private(set) var columns: [Cut: Column] = [:]

    mutating func enter(_ new: [Portfolio.Share], of key: AccountKey) {
      for share in shares.removeValue(forKey: key) ?? [] {
        columns[share.cut]?.sums.add(share.figures, times: -1)
        columns[share.cut]?.expansions[key] = nil
        columns[share.cut]?.accounts -= 1
        if columns[share.cut]?.accounts == 0 { columns[share.cut] = nil }
      }
      for share in new {
        columns[share.cut, default: Column()].sums.add(share.figures, times: 1)
        if let expansion = share.figures.greatestExpansions.first { columns[share.cut]?.expansions[key] = expansion }
        columns[share.cut]?.accounts += 1
      }
      if !new.isEmpty { shares[key] = new }
    }
  }

  private struct Column: Sendable {
    var sums = RetentionFigures()
    /// The three greatest cannot be taken off a sum, so each account's is kept.
    var expansions: [AccountKey: Int64] = [:]
    var accounts = 0

    var figures: RetentionFigures {
      var figures = sums
      figures.greatestExpansions = []
      for amount in expansions.values { figures.rank(amount) }
      return figures
    }
  }
}
