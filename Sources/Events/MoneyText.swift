/// Amounts as people write them.
package enum MoneyText {
  private static let signs = ["usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"]
  /// Currencies without minor units (ISO 4217); all others here have two digits of them.
  private static let wholeCurrencies: Set<String> = ["jpy", "krw", "clp", "vnd", "isk", "xaf", "xof", "pyg", "ugx", "rwf"]

  /// Minor units in one whole unit of a currency.
  package static func minorUnits(in currency: String) -> Int128 { wholeCurrencies.contains(currency.lowercased()) ? 1 : 100 }

  /// All there is of an amount in minor units: `49.00 USD`, `0.125 USD`, `500 JPY`; to six places where it has no end.
  package static func exact(_ minor: Rational, currency: String) -> String {
    let units = Rational(minor.numerator, over: minor.denominator * minorUnits(in: currency)) ?? minor
    let amount = Fixed(clamping: Int128(roundedDividing: units.numerator * 1_000_000, by: units.denominator))
    var text = amount.description
    if minorUnits(in: currency) == 100 {
      let places = text.split(separator: ".").dropFirst().first?.count ?? 0
      if places < 2 { text += (places == 0 ? "." : "") + String(repeating: "0", count: 2 - places) }
    }
    return currency.isEmpty ? text : text + " " + currency.uppercased()
  }

  /// Whole units with thousands apart: `$12,500`, `-€300`, `CHF 1,000`.
  package static func short(_ minor: Int64, currency: String) -> String {
    let code = currency.lowercased()
    let scale: Int64 = wholeCurrencies.contains(code) ? 1 : 100
    let units = (minor.magnitude + UInt64(scale) / 2) / UInt64(scale)
    let digits = String(units)
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    let sign = signs[code] ?? (code.isEmpty ? "" : code.uppercased() + " ")
    return (minor < 0 && units > 0 ? "-" : "") + sign + grouped
  }
}
