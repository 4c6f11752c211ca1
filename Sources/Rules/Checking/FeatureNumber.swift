internal import Events
internal import Features

/// Names a statistic over usage by what it counts: function, source and filter, but not its window.
///
/// The 64-bit FNV-1a hash of the canonical spelling (Fowler, Noll, Vo 1991), so that equal spellings of all rules share one number without
/// a table; among the 25,000 aggregates that the limits allow two meet by chance with a probability below 10⁻¹⁰.
package struct FeatureNumber: Hashable, Sendable {
  private let number: UInt64

  /// Nil where the value depends on more than the account's usage within the window.
  init?(_ function: UsageFunction, _ source: UsageSource, _ field: UsageField, _ filter: UsageFilter) {
    guard filter.roles == nil else { return nil }
    var conditions = ""
    for condition in filter.conditions {
      // How long a person is silent or known depends on the day it is asked on.
      guard !condition.measure.looksBeyondWindow, case .constant(.number(let limit)) = condition.limit.operation else { return nil }
      conditions += "/\(condition.measure.rawValue)\(condition.sign.rawValue)\(limit.millionths)"
    }
    let word: String
    switch source {
    case .all: word = "usage"
    case .meaning(let meaning): word = "usage.\(meaning.rawValue)"
    default: return nil
    }
    let names = filter.names.map { $0.sorted().map { "\($0.utf8.count):\($0)" }.joined() } ?? "*"
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(function.rawValue)/\(word)/\(filter.businessDaysOnly)/\(names)/\(field.rawValue)\(conditions)".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    number = hash
  }
}
