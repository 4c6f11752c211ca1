package import Events

/// An expansion whose verdict is neither healthy nor proving.
package struct UnsoundExpansion: Hashable, Sendable {
  package let openedOn: Day
  /// What it added to MRR, minor units.
  package let amount: Int64

  package init(openedOn: Day, amount: Int64) {
    self.openedOn = openedOn
    self.amount = amount
  }
}

extension Portfolio {
  /// The retention figures of a period for each value of the dimensions asked for, the total included, in order of cut.
  ///
  /// - Parameter unsound: expansions that durable NRR leaves out.
  package func retention(
    _ period: Period, by dimensions: [Cut.Dimension] = [.total], unsound: [AccountKey: [UnsoundExpansion]] = [:]
  ) -> [(cut: Cut, figures: RetentionFigures)] {
    var table: [Cut: RetentionFigures] = [:]
    for member in members.values {
      for share in shares(of: member, period, by: dimensions, unsound: unsound[member.account] ?? []) {
        table[share.cut, default: RetentionFigures()].add(share.figures, times: 1)
      }
    }
    return table.sorted { $0.key < $1.key }.map { (cut: $0.key, figures: $0.value) }
  }

  /// What one account adds to a cut.
  struct Share: Sendable {
    let cut: Cut
    let figures: RetentionFigures
  }

  /// What an account adds to each cut of a period; nothing if it neither pays at the start nor moves.
  func shares(
    of member: Member, _ period: Period, by dimensions: [Cut.Dimension], unsound: [UnsoundExpansion]
  ) -> [Share] {
    guard let account = AccountPeriod(member, period, self, unsound: unsound) else { return [] }
    let figures = RetentionFigures(account)
    var shares: [Share] = []
    for dimension in dimensions {
      guard dimension == .productLine else {
        let value = dimension == .total ? Cut.total.value : self.value(of: dimension, member, on: account.frozenOn)
        shares.append(Share(cut: Cut(dimension: dimension, value: value), figures: figures))
        continue
      }
      for line in account.byProductLine() {
        let cut = Cut(dimension: .productLine, value: line.productLine.isEmpty ? Cut.unknown : line.productLine)
        shares.append(Share(cut: cut, figures: RetentionFigures(line.period)))
      }
    }
    return shares
  }

  /// The one total.
  package func total(_ period: Period, unsound: [AccountKey: [UnsoundExpansion]] = [:]) -> RetentionFigures {
    retention(period, unsound: unsound).first?.figures ?? RetentionFigures()
  }

  /// Where an account is filed for a period: as it stood at the start, or when it first paid, if that was later.
  func value(of dimension: Cut.Dimension, _ member: Member, on day: Day) -> String {
    let profile = member.profiles.last { $0.day <= day } ?? member.profiles.first
    let level = member.statement.level(on: day)
    let value: String? =
      switch dimension {
      case .total: Cut.total.value
      case .segment: profile?.segment
      case .arrBand: bands.band(ofMRR: level?.mrr ?? 0)
      case .industry: profile?.industry
      case .region: profile?.region
      case .channel: profile?.channel
      case .productLine: nil
      case .term: profile?.term.isEmpty == false ? profile?.term : level?.term
      case .pricingModel: level?.pricing
      case .owner: profile?.owner
      case .cohort: member.statement.startedOn.map { "\($0.civil.year)-Q\(($0.civil.month - 1) / 3 + 1)" }
      }
    return value.flatMap { $0.isEmpty ? nil : $0 } ?? Cut.unknown
  }
}
