internal import Events

/// Powers of two of fractions in whole numbers, the same on every machine.
enum PowerOfTwo {
  /// Binary places of the result.
  static let places: Int128 = 40
  static let one: Int128 = 1 << places

  /// 2 to the power of `numerator / denominator`, with 40 binary places; exponents beyond ±60 are taken as ±60.
  ///
  /// The whole part is a shift; the rest is the series of e^(x ln 2), whose twentieth term is below 2^-40 for x < 1.
  static func value(_ numerator: Int64, over denominator: Int64) -> Int128 {
    let whole = Int64(floorDividing: numerator, by: denominator)
    if whole >= 60 { return one << 60 }
    if whole < -60 { return 0 }
    let rest = Int128(numerator - whole * denominator)
    let x = (naturalLogarithmOfTwo * rest) / Int128(denominator)
    var term = one
    var sum = one
    for index in 1...20 {
      term = ((term * x) >> places) / Int128(index)
      sum += term
    }
    return whole >= 0 ? sum << Int128(whole) : sum >> Int128(-whole)
  }

  /// ln 2 · 2^40, rounded.
  private static let naturalLogarithmOfTwo: Int128 = 762_123_384_786
}
