import Events

/// Revenue as people read it: rates, bars and series.
enum RevenueText {
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  /// `101.5 %`; a dash where there is no rate.
  static func percent(_ rate: Double?) -> String {
    guard let rate else { return "–" }
    let tenths = Int((rate * 1000).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10) %"
  }

  /// A bar of at most ten blocks, full at a value of `limit`.
  static func bar(_ value: Double?, limit: Double) -> String {
    guard let value, value > 0, limit > 0 else { return "" }
    return String(repeating: "█", count: min(10, Int((value / limit * 10).rounded())))
  }

  /// A series from its least to its greatest value; a blank where there is none. One that does not change stays in the middle.
  static func sparkline(_ values: [Double?]) -> String {
    let known = values.compactMap { $0 }
    guard let least = known.min(), let greatest = known.max() else { return "" }
    return String(
      values.map { value in
        guard let value else { return " " }
        guard greatest > least else { return blocks[3] }
        return blocks[Int(((value - least) / (greatest - least) * Double(blocks.count - 1)).rounded())]
      })
  }

  /// An exact fraction of nine places: what a program reads.
  static func fraction(_ part: Int64, of whole: Int64) -> JSON {
    guard whole != 0 else { return .null }
    let billionths = Int128(roundedDividing: Int128(part) * 1_000_000_000, by: Int128(whole))
    let (units, rest) = (billionths.magnitude / 1_000_000_000, billionths.magnitude % 1_000_000_000)
    guard rest != 0 else { return .integer(Int64(clamping: billionths / 1_000_000_000)) }
    var digits = String(1_000_000_000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return .decimal("\(billionths < 0 ? "-" : "")\(units).\(digits)")
  }
}
