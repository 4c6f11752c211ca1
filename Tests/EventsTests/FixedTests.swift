import Events
import Testing

@Suite struct FixedTests {
  @Test(
    arguments: [
      ("0", 0), ("12", 12_000_000), ("-12.5", -12_500_000), ("0.000001", 1), ("-0.000001", -1), ("0.0000004", 0), ("0.0000005", 1),
      ("-0.0000005", -1), ("1.9999995", 2_000_000), ("007", 7_000_000), ("-0", 0), ("9223372036854.775807", .max),
      ("99999999999999999999", .max), ("-99999999999999999999", .min), ("123456789012345678901234567890", .max),
    ] as [(String, Int64)])
  func readsPlainDecimals(text: String, millionths: Int64) {
    #expect(Fixed(text)?.millionths == millionths)
  }

  @Test(arguments: [
    "", "-", ".", "-.", "+1", "1e3", "1,5", "1.2.3", "--1", "1-", " 1", "1 ", "0x10", "NaN", "١", "1234567890123456789012345678901",
    "0.1234567890123456789012345678901", "true",
  ])
  func refusesAnythingElse(text: String) {
    #expect(Fixed(text) == nil)
    #expect(Rational(decimal: text) == nil)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "0.000001"), (-1, "-0.000001"), (12_500_000, "12.5"), (-3_000_000, "-3"), (100_000, "0.1"),
      (.max, "9223372036854.775807"),
      (.min, "-9223372036854.775808"),
    ] as [(Int64, String)])
  func writesPlainDecimals(millionths: Int64, text: String) {
    #expect(Fixed(millionths: millionths).description == text)
    #expect(Fixed(text)?.millionths == millionths)
  }

  @Test(
    arguments: [
      // Halves of the last place go away from zero, whatever the signs.
      (3, 500_000, 2), (-3, 500_000, -2), (3, -500_000, -2), (-3, -500_000, 2), (1, 499_999, 0), (1, 500_000, 1), (-1, 500_000, -1),
      (2_000_000, 3_000_000, 6_000_000), (.max, 2_000_000, .max), (.max, -2_000_000, .min), (.min, .min, .max), (.min, 1_000_000, .min),
    ] as [(Int64, Int64, Int64)])
  func multipliesRoundingHalfAwayFromZero(a: Int64, b: Int64, product: Int64) {
    #expect((Fixed(millionths: a) * Fixed(millionths: b)).millionths == product)
  }

  @Test(
    arguments: [
      (1_000_000, 3_000_000, 333_333), (2_000_000, 3_000_000, 666_667), (-2_000_000, 3_000_000, -666_667), (1, 2_000_000, 1),
      (-1, 2_000_000, -1), (1, 2_000_001, 0), (.max, 1, .max), (.min, 1, .min), (.min, -1, .max), (5_000_000, 0, nil),
    ] as [(Int64, Int64, Int64?)])
  func dividesRoundingHalfAwayFromZero(a: Int64, b: Int64, quotient: Int64?) {
    #expect(Fixed(millionths: a).divided(by: Fixed(millionths: b))?.millionths == quotient)
  }

  @Test func staysAtTheEndsInsteadOfWrapping() {
    let most = Fixed(millionths: .max)
    let least = Fixed(millionths: .min)
    #expect(most + Fixed(millionths: 1) == most)
    #expect(least - Fixed(millionths: 1) == least)
    #expect(-least == most)
    #expect(Fixed(Int64.max) == most && Fixed(Int64.min) == least)
    #expect(Fixed(9_223_372_036_854) < most)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func readsBackWhatItWrites(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<1_000 {
      let number = Fixed(millionths: .random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<63, using: &random))
      #expect(Fixed(number.description) == number)
    }
  }
}

@Suite struct RationalTests {
  @Test func isKeptInLowestTerms() throws {
    let half = try #require(Rational(-3, over: -6))
    #expect(half.numerator == 1 && half.denominator == 2)
    let negative = try #require(Rational(3, over: -6))
    #expect(negative.numerator == -1 && negative.denominator == 2)
    #expect(Rational(0, over: -7) == .zero)
    #expect(Rational(1, over: 0) == nil)
    #expect(Rational(.min, over: 2) == nil)
    #expect(Rational(2, over: .min) == nil)
  }

  @Test(
    arguments: [
      ("1999", 1999, 1), ("-0.125", -1, 8), ("0.10", 1, 10), ("12.50", 25, 2), ("-0", 0, 1),
      ("0.00000000000000000000000000001", 1, 100_000_000_000_000_000_000_000_000_000),
    ] as [(String, Int128, Int128)])
  func readsDecimalsExactly(text: String, numerator: Int128, denominator: Int128) throws {
    let number = try #require(Rational(decimal: text))
    #expect(number.numerator == numerator && number.denominator == denominator)
  }

  @Test func readsThirtyDigitsAndNotOneMore() {
    let nines = String(repeating: "9", count: 30)
    #expect(Rational(decimal: nines)?.numerator == 999_999_999_999_999_999_999_999_999_999)
    #expect(Rational(decimal: "0." + nines.dropLast()) != nil)
    #expect(Rational(decimal: nines + "0") == nil)
    #expect(Rational(decimal: "0." + nines) == nil)
  }

  @Test(
    arguments: [
      (1, 2, 1), (-1, 2, -1), (3, 2, 2), (-3, 2, -2), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (49, 100, 0), (7, 1, 7), (.max, 1, .max),
      (-170_141_183_460_469_231_731_687_303_715_884_105_727, 1, .min),
    ] as [(Int128, Int128, Int64)])
  func roundsHalfAwayFromZero(numerator: Int128, denominator: Int128, rounded: Int64) {
    #expect(Rational(numerator, over: denominator)?.rounded == rounded)
  }

  @Test func addsAndMultipliesExactlyOrNotAtAll() throws {
    let third = try #require(Rational(1, over: 3))
    let sixth = try #require(Rational(1, over: 6))
    #expect(third.adding(sixth) == Rational(1, over: 2))
    #expect(third.multiplied(by: sixth) == Rational(1, over: 18))
    #expect(third.adding(try #require(Rational(-1, over: 3))) == .zero)
    let huge = try #require(Rational(.max, over: 1))
    #expect(huge.adding(Rational(1)) == nil)
    #expect(huge.multiplied(by: Rational(2)) == nil)
    let tiny = try #require(Rational(1, over: .max))
    #expect(tiny.adding(third) == nil)
    #expect(tiny.multiplied(by: third) == nil)
  }
}
