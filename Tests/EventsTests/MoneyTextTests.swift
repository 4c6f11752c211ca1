import Events
import Testing

@Suite struct MoneyTextTests {
  @Test(
    arguments: [
      (1_250_000, "usd", "$12,500"), (-30_000, "eur", "-€300"), (100_000, "chf", "CHF 1,000"), (0, "usd", "$0"), (49, "usd", "$0"),
      (50, "usd", "$1"), (-49, "usd", "$0"), (-50, "USD", "-$1"), (99_999, "gbp", "£1,000"), (12_345, "jpy", "¥12,345"),
      (123_456_789_00, "", "123,456,789"), (.min, "jpy", "-¥9,223,372,036,854,775,808"),
    ] as [(Int64, String, String)])
  func writesWholeUnits(minor: Int64, currency: String, text: String) {
    #expect(MoneyText.short(minor, currency: currency) == text)
  }

  @Test(
    arguments: [
      ("4900", "usd", "49.00 USD"), ("4950", "EUR", "49.50 EUR"), ("12.5", "usd", "0.125 USD"), ("500", "jpy", "500 JPY"),
      ("-1", "usd", "-0.01 USD"),
      ("0", "", "0.00"),
    ])
  func exactAmountsKeepEveryDigit(minor: String, currency: String, text: String) throws {
    #expect(MoneyText.exact(try #require(Rational(decimal: minor)), currency: currency) == text)
    #expect(MoneyText.exact(try #require(Rational(100, over: 3)), currency: "usd") == "0.333333 USD")
  }
}
