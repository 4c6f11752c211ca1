/// Amounts as people write them.
package enum MoneyText {
  private static let signs = ["usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"]
  /// Currencies without minor units (ISO 4217); all others here have two digits of them.
  private static let wholeCurrencies: Set<String> = ["jpy", "krw", "clp", "vnd", "isk", "xaf", "xof", "pyg", "ugx", "rwf"]

  /// Minor units in one whole unit of a currency.
  package static func minorUnits(in currency: String) -> Int128 { wholeCurrencies.contains(currency.lowercased()) ? 1 : 100 }

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
