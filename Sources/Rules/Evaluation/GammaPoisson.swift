import Events

/// How likely a count is, given what the account had before and what its like have.
///
/// The account's daily rate is Gamma distributed, with shape 1 and the cohort's mean before anything is known of it: one event at the
/// cohort's rate. After n events in T days it is Gamma with shape 1 + n and rate 1/m + T, and a count over w days is negative binomial with
/// r = 1 + n and q = w / (1/m + T + w): P(k) ∝ C(k + r − 1, k) q^k (Gelman et al., Bayesian Data Analysis, 3rd ed., § 2.6).
enum GammaPoisson {
  /// One event in a year: a cohort that never had any makes none impossible.
  static let leastRate = Fixed(millionths: 2_740)
  /// Days of history that tell a rate.
  static let leastHistory = 28
  /// Terms looked at; later ones add nothing that six places show.
  private static let mostTerms = 100_000

  /// P(X ≥ k) to six places.
  ///
  /// The terms are built each from the one before by whole-number multiplication, unscaled, and both sums of them shifted down together when
  /// they grow, so the result is the same on every machine and needs neither powers nor logarithms.
  static func chance(ofAtLeast k: Int, in days: Int, after past: Int, in known: Int, meanRate: Fixed) -> Fixed {
    guard k > 0 else { return Fixed(1) }
    let shape = Int128(past) + 1
    let mean = Int128(max(meanRate.millionths, 1))
    // q of the negative binomial in units of 2⁻³², from m w / (1 + m (T + w)).
    let q = (mean * Int128(days) << 32) / (1_000_000 + mean * Int128(known + days))
    var term: Int128 = 1 << 60
    var (below, above): (Int128, Int128) = (0, 0)
    for index in 0..<Self.mostTerms {
      if index < k { below += term } else { above += term }
      term = ((term * q) >> 32) * (shape + Int128(index)) / Int128(index + 1)
      if term == 0 { break }
      if max(term, below, above) > 1 << 72 {
        (term, below, above) = (term >> 12, below >> 12, above >> 12)
      }
    }
    let all = below + above
    return all == 0 ? Fixed(1) : Fixed(clamping: Int128(roundedDividing: above * 1_000_000, by: all))
  }
}
