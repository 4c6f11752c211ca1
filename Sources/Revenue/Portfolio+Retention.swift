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
    let whole = dimensions.filter { $0 != .productLine }
    for member in members.values {
      guard let account = AccountPeriod(member, period, self, unsound: unsound[member.account] ?? []) else { continue }
      for dimension in whole {
        let value = dimension == .total ? Cut.total.value : self.value(of: dimension, member, on: account.frozenOn)
        table[Cut(dimension: dimension, value: value), default: RetentionFigures()].add(account)
      }
      guard dimensions.contains(.productLine) else { continue }
      for line in account.byProductLine() {
        let value = line.productLine.isEmpty ? Cut.unknown : line.productLine
        table[Cut(dimension: .productLine, value: value), default: RetentionFigures()].add(line.period)
      }
    }
    return table.sorted { $0.key < $1.key }.map { (cut: $0.key, figures: $0.value) }
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
