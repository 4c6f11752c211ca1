package import Events

/// One value of a dimension: `segment` `SMB`.
package struct Cut: Hashable, Comparable, Sendable {
  package let dimension: Dimension
  package let value: String

  /// A way to divide accounts. All but the product line put each account into one value for a whole period.
  package enum Dimension: String, CaseIterable, Sendable {
    case total, segment
    case arrBand = "arr_band"
    case industry, region, channel
    case productLine = "product_line"
    case term
    case pricingModel = "pricing_model"
    case owner, cohort
  }

  package static let total = Cut(dimension: .total, value: "total")
  /// What an account is filed under that nobody has described.
  package static let unknown = "unknown"

  package init(dimension: Dimension, value: String) {
    self.dimension = dimension
    self.value = value
  }

  package static func < (a: Cut, b: Cut) -> Bool {
    let all = Dimension.allCases
    return (all.firstIndex(of: a.dimension) ?? 0, a.value) < (all.firstIndex(of: b.dimension) ?? 0, b.value)
  }
}

/// What the CRM says of an account from a day on.
package struct AccountProfile: Hashable, Sendable {
  package let day: Day
  package var segment = ""
  package var industry = ""
  package var region = ""
  package var channel = ""
  package var owner = ""
  /// The contract's term; empty where the CRM holds none, then billing's intervals decide.
  package var term = ""

  package init(day: Day) { self.day = day }
}

/// Bands of yearly revenue, by their lower bounds.
package struct RevenueBands: Hashable, Sendable {
  /// Whole units of the reporting currency, rising.
  package let bounds: [Int64]
  private let minorUnits: Int64

  package static let defaultBounds: [Int64] = [10_000, 50_000, 100_000, 250_000, 1_000_000]

  package init(bounds: [Int64] = RevenueBands.defaultBounds, currency: String) {
    self.bounds = bounds
    minorUnits = Int64(MoneyText.minorUnits(in: currency))
  }

  /// `<10k`, `10k-50k`, … `>=1M` for an MRR in minor units.
  package func band(ofMRR mrr: Int64) -> String {
    let yearly = Int128(mrr) * 12
    let index = bounds.firstIndex { yearly < Int128($0) * Int128(minorUnits) } ?? bounds.count
    guard index > 0 else { return bounds.first.map { "<" + Self.short($0) } ?? "all" }
    return index == bounds.count ? ">=" + Self.short(bounds[index - 1]) : Self.short(bounds[index - 1]) + "-" + Self.short(bounds[index])
  }

  private static func short(_ amount: Int64) -> String {
    if amount >= 1_000_000, amount % 1_000_000 == 0 { return "\(amount / 1_000_000)M" }
    return amount >= 1_000 && amount % 1_000 == 0 ? "\(amount / 1_000)k" : String(amount)
  }
}
