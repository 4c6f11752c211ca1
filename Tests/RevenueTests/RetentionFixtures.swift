import Events
import Revenue

/// The day of a date; day 0 of the fixtures for what is no date.
func day(_ text: String) -> Day { Day(text) ?? date(0) }

/// Noon of a date, UTC.
func noon(_ text: String) -> Instant { Instant(seconds: Int64(day(text).number) * 86_400 + 43_200) }

/// Plans are named `line/tier/pricing`, where the last ones may be missing; a plain name tells nothing.
let plainTerms = RevenueTerms(calendar: .utc, currencies: CurrencyTable(reporting: "usd", rates: ["eur": Rational(2), "jpy": Rational(1)]))
{
  guard $0.contains("/") else { return PlanTerms() }
  let parts = $0.split(separator: "/", omittingEmptySubsequences: false).map(String.init) + ["", "", ""]
  return PlanTerms(productLine: parts[0], pricing: parts[2], tier: parts[1])
}

func statement(_ versions: [SubscriptionVersion], _ terms: RevenueTerms = plainTerms, account: Int64 = 1) -> Statement {
  statement(subscriptions: [versions], terms, account: account)
}

func statement(subscriptions: [[SubscriptionVersion]], _ terms: RevenueTerms = plainTerms, account: Int64 = 1) -> Statement {
  let timelines = subscriptions.enumerated().map { SubscriptionTimeline(id: "s\($0.offset)", versions: $0.element) }
  return Statement(account: AccountKey(account), timelines, terms)
}

/// An account with one monthly price that changes on the given dates; zero ends the subscription.
func member(
  _ account: Int64, _ levels: [(String, Int64)], family: Int64? = nil, plan: String = "core",
  _ describe: (inout AccountProfile) -> Void = { _ in }
) -> Portfolio.Member {
  let versions = levels.map { level in
    version(noon(level.0), [item(plan, at: String(level.1))], status: level.1 == 0 ? "canceled" : "active")
  }
  var profile = AccountProfile(day: day("2020-01-01"))
  describe(&profile)
  return Portfolio.Member(statement(versions, account: account), family: family.map(AccountKey.init), profiles: [profile])
}

extension Movement {
  /// `2026-01-05 expansion seats 1000`
  var line: String {
    "\(day) \(kind) \(cause) \(productLine.isEmpty ? "" : productLine + " ")\(amount)"
  }
}

/// Three figures in thousandths of a per cent, so that they can be compared exactly.
func milliPercent(_ rate: Double?) -> Int? { rate.map { Int(($0 * 100_000).rounded()) } }
