/// A decimal number held as a whole count of millionths.
///
/// Sums are exact; a product or quotient is rounded half away from zero to six places, the same on every machine.
package struct Fixed: Hashable, Comparable, Sendable {
  package var millionths: Int64

  package init(millionths: Int64) { self.millionths = millionths }
  package init(_ whole: some BinaryInteger) { millionths = Int64(clamping: Int128(whole) * 1_000_000) }

  package static let zero = Fixed(millionths: 0)

  package static func < (a: Fixed, b: Fixed) -> Bool { a.millionths < b.millionths }
  package static func + (a: Fixed, b: Fixed) -> Fixed { Fixed(clamping: Int128(a.millionths) + Int128(b.millionths)) }
  package static func - (a: Fixed, b: Fixed) -> Fixed { Fixed(clamping: Int128(a.millionths) - Int128(b.millionths)) }
  package static prefix func - (a: Fixed) -> Fixed { Fixed(clamping: -Int128(a.millionths)) }
  package static func * (a: Fixed, b: Fixed) -> Fixed {
    Fixed(clamping: Int128(roundedDividing: Int128(a.millionths) * Int128(b.millionths), by: 1_000_000))
  }

  /// Nil for division by zero.
  package func divided(by divisor: Fixed) -> Fixed? {
    guard divisor.millionths != 0 else { return nil }
    return Fixed(clamping: Int128(roundedDividing: Int128(millionths) * 1_000_000, by: Int128(divisor.millionths)))
  }

  package init(clamping millionths: Int128) { self.millionths = Int64(clamping: millionths) }

  /// Reads plain decimals (`-12.5`, `0.000001`); digits past the sixth place are rounded away. Nil for anything else.
  package init?(_ text: String) {
    guard let number = Rational(decimal: text) else { return nil }
    self.init(clamping: Int128(roundedDividing: number.numerator * 1_000_000, by: number.denominator))
  }
}

extension Fixed: CustomStringConvertible {
  /// Plain decimals without trailing zeros: `12.5`, `-3`.
  package var description: String {
    let magnitude = millionths.magnitude
    var text = (millionths < 0 ? "-" : "") + String(magnitude / 1_000_000)
    let fraction = magnitude % 1_000_000
    if fraction != 0 {
      var digits = padded(fraction, 6)
      while digits.last == "0" { digits.removeLast() }
      text += "." + digits
    }
    return text
  }
}

/// An exact fraction, always in lowest terms with a positive denominator.
///
/// Prices are rationals until the one rounding of a day's MRR. Operations that would leave 127 bits give nil.
package struct Rational: Hashable, Sendable {
  package let numerator: Int128
  package let denominator: Int128

  package static let zero = Rational(0)

  package init(_ whole: some BinaryInteger) {
    numerator = Int128(whole)
    denominator = 1
  }

  /// Nil for a zero denominator.
  package init?(_ numerator: Int128, over denominator: Int128) {
    guard denominator != 0, numerator != .min, denominator != .min else { return nil }
    let divisor = Int128(greatestCommonDivisor(numerator.magnitude, denominator.magnitude))
    let sign: Int128 = denominator < 0 ? -1 : 1
    self.numerator = sign * numerator / divisor
    self.denominator = sign * denominator / divisor
  }

  /// Reads plain decimals of at most 30 digits: `1999`, `-0.125`.
  package init?(decimal text: String) {
    var numerator: Int128 = 0
    var denominator: Int128 = 1
    var digits = 0
    var seenPoint = false
    let isNegative = text.hasPrefix("-")
    for byte in text.utf8.dropFirst(isNegative ? 1 : 0) {
      if byte == UInt8(ascii: "."), !seenPoint {
        seenPoint = true
        continue
      }
      guard byte >= 48, byte <= 57, digits < 30 else { return nil }
      numerator = numerator * 10 + Int128(byte - 48)
      if seenPoint { denominator *= 10 }
      digits += 1
    }
    guard digits > 0 else { return nil }
    self.init(isNegative ? -numerator : numerator, over: denominator)
  }

  package func adding(_ other: Rational) -> Rational? {
    if denominator == 1, other.denominator == 1 {
      let (sum, overflows) = numerator.addingReportingOverflow(other.numerator)
      return overflows || sum == .min ? nil : Rational(sum)
    }
    let (a, f1) = numerator.multipliedReportingOverflow(by: other.denominator)
    let (b, f2) = other.numerator.multipliedReportingOverflow(by: denominator)
    let (sum, f3) = a.addingReportingOverflow(b)
    let (bottom, f4) = denominator.multipliedReportingOverflow(by: other.denominator)
    return f1 || f2 || f3 || f4 ? nil : Rational(sum, over: bottom)
  }

  package func multiplied(by other: Rational) -> Rational? {
    if denominator == 1, other.denominator == 1 {
      let (product, overflows) = numerator.multipliedReportingOverflow(by: other.numerator)
      return overflows || product == .min ? nil : Rational(product)
    }
    let (top, f1) = numerator.multipliedReportingOverflow(by: other.numerator)
    let (bottom, f2) = denominator.multipliedReportingOverflow(by: other.denominator)
    return f1 || f2 ? nil : Rational(top, over: bottom)
  }

  /// The nearest whole number, halves away from zero.
  package var rounded: Int64 { Int64(clamping: Int128(roundedDividing: numerator, by: denominator)) }
}

private func greatestCommonDivisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
  var (a, b) = (a, b)
  // Divisions of 128 bits are slow, and prices rarely need them.
  while b > UInt64.max || a > UInt64.max, b != 0 { (a, b) = (b, a % b) }
  guard b != 0 else { return max(a, 1) }
  var (x, y) = (UInt64(a), UInt64(b))
  while y != 0 { (x, y) = (y, x % y) }
  return UInt128(max(x, 1))
}

extension Int128 {
  /// Division rounded to the nearest whole number, halves away from zero; `b` must not be zero.
  package init(roundedDividing a: Int128, by b: Int128) {
    let half = b.magnitude / 2
    let magnitude = (a.magnitude + half) / b.magnitude
    self = (a < 0) != (b < 0) ? -Int128(magnitude) : Int128(magnitude)
  }
}
