package import Events

/// The reporting currency and the constant rates at which other currencies count (`config/currencies.yaml`).
///
/// One rate a currency, for all of history: a figure then moves because customers did, not because markets did. A new rate restates the past.
package struct CurrencyTable: Hashable, Sendable {
  /// ISO 4217, small letters; empty for amounts as they are billed.
  package let reporting: String
  /// Minor units of the reporting currency for one minor unit of the other.
  private let factors: [String: Rational]

  /// Every amount as it is billed, whatever its currency: for a company that has not said in which currency it reports.
  package static let asBilled = CurrencyTable(reporting: "")

  /// - Parameter rates: whole units of the reporting currency for one whole unit of the other.
  package init(reporting: String, rates: [String: Rational] = [:]) {
    let home = reporting.lowercased()
    self.reporting = home
    var factors: [String: Rational] = [home: Rational(1)]
    for (code, rate) in rates where code.lowercased() != home {
      let scale = Rational(MoneyText.minorUnits(in: home), over: MoneyText.minorUnits(in: code))
      factors[code.lowercased()] = scale.flatMap { rate.multiplied(by: $0) }
    }
    self.factors = factors
  }

  /// Nil for a currency without a rate. One that is not named is taken as the reporting currency.
  package func factor(of currency: String) -> Rational? {
    currency.isEmpty || reporting.isEmpty ? Rational(1) : factors[currency] ?? factors[currency.lowercased()]
  }
}
