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
}
