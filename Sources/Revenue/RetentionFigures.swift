import Events

/// The three retention figures of one cut over one period, with everything they rest on. Sums are minor units of the reporting currency.
///
/// SIGNALS §E, DESIGN §7: NRR = Σm1/Σm0, GRR = Σmin(m0, m1)/Σm0 and logo churn = n(m1 = 0)/n over the accounts with MRR at the start. They are
/// never given apart from each other.
package struct RetentionFigures: Hashable, Sendable {
  /// Accounts with MRR at the start.
  package internal(set) var n: Int = 0
  /// Those of them without any at the end.
  package internal(set) var lost: Int = 0

  package internal(set) var start: Int64 = 0
  package internal(set) var new: Int64 = 0
  package internal(set) var reactivation: Int64 = 0
  package internal(set) var expansion: Int64 = 0
  /// Above zero, as churn is.
  package internal(set) var contraction: Int64 = 0
  package internal(set) var churn: Int64 = 0
  package internal(set) var transfer: Int64 = 0
  package internal(set) var fx: Int64 = 0
  package internal(set) var end: Int64 = 0

  /// Σm1 over the accounts that were there at the start; what went to a linked account or another product line counts where it came from.
  package internal(set) var kept: Int64 = 0
  /// Σmin(m0, m1) over the same.
  package internal(set) var retained: Int64 = 0
  /// Σm1 without expansions that were not healthy.
  package internal(set) var durable: Int64 = 0
  /// The greatest sums of expansion of single accounts, at most three, greatest first.
  package internal(set) var greatestExpansions: [Int64] = []
  /// The accounts at the start, by what became of them.
  package internal(set) var composition = Composition()
  /// What accounts that were not there at the start gained and lost after they came.
  package internal(set) var newcomersNet: Int64 = 0
  /// The same with the mean of the last three invoiced metered months.
  package internal(set) var withUsage = UsageLine()

  package init() {}

  /// The line "with usage".
  package struct UsageLine: Hashable, Sendable {
    package internal(set) var n = 0
    package internal(set) var lost = 0
    package internal(set) var start: Int64 = 0
    package internal(set) var kept: Int64 = 0
    package internal(set) var retained: Int64 = 0

    package var nrr: Double? { share(kept, of: start) }
    package var grr: Double? { share(retained, of: start) }
    package var logoChurn: Double? { share(Int64(lost), of: Int64(n)) }
  }

  /// What became of the accounts that were there at the start.
  package struct Composition: Hashable, Sendable {
    package internal(set) var expanding = Part()
    package internal(set) var shrinking = Part()
    package internal(set) var churned = Part()
    package internal(set) var flat = Part()
    /// Shrinking accounts that lost less than a tenth.
    package internal(set) var smallContractions = 0

    package struct Part: Hashable, Sendable {
      package internal(set) var accounts = 0
      /// Of the start.
      package internal(set) var mrr: Int64 = 0
    }
  }
}

extension RetentionFigures {
  /// Net revenue retention; nil where nobody was there at the start, as the others are.
  package var nrr: Double? { share(kept, of: start) }
  /// Gross revenue retention: at most 1, and at most NRR.
  package var grr: Double? { share(retained, of: start) }
  package var logoChurn: Double? { share(Int64(lost), of: Int64(n)) }
  package var durableNRR: Double? { share(durable, of: start) }
  /// How much of all expansion the three greatest made.
  package var top3ExpansionShare: Double? { share(greatestExpansions.reduce(0, +), of: expansion) }

  /// The other reading of NRR: what the movements of all accounts, also of those that came in the period, made of the start.
  package var nrrByMovements: Double? { share(start + expansion - contraction - churn, of: start) }
  package var grrByMovements: Double? { share(start - contraction - churn, of: start) }

  /// start + new + reactivation + expansion − contraction − churn + transfer + fx − end: nothing, always.
  package var difference: Int64 { start + new + reactivation + expansion - contraction - churn + transfer + fx - end }

  package mutating func add(_ movement: Movement) {
    switch movement.kind {
    case .new: new += movement.amount
    case .reactivation: reactivation += movement.amount
    case .expansion: expansion += movement.amount
    case .contraction: contraction -= movement.amount
    case .churn: churn -= movement.amount
    case .transfer: transfer += movement.amount
    case .fx: fx += movement.amount
    }
  }
}

extension RetentionFigures {
  /// Puts an account's sum of expansion among the three greatest, if it is one of them.
  mutating func rank(_ expansion: Int64) {
    greatestExpansions.insert(expansion, at: greatestExpansions.firstIndex { $0 < expansion } ?? greatestExpansions.count)
    if greatestExpansions.count > 3 { greatestExpansions.removeLast() }
  }

  /// Adds what others hold, or takes it off again; the greatest expansions can only be added.
  mutating func add(_ other: RetentionFigures, times: Int64) {
    n += other.n * Int(times)
    lost += other.lost * Int(times)
    start += other.start * times
    new += other.new * times
    reactivation += other.reactivation * times
    expansion += other.expansion * times
    contraction += other.contraction * times
    churn += other.churn * times
    transfer += other.transfer * times
    fx += other.fx * times
    end += other.end * times
    kept += other.kept * times
    retained += other.retained * times
    durable += other.durable * times
    newcomersNet += other.newcomersNet * times
    composition.add(other.composition, times: times)
    withUsage.add(other.withUsage, times: times)
    if times > 0 { for expansion in other.greatestExpansions { rank(expansion) } }
  }
}

extension RetentionFigures.Composition {
  fileprivate mutating func add(_ other: Self, times: Int64) {
    expanding.add(other.expanding, times: times)
    shrinking.add(other.shrinking, times: times)
    churned.add(other.churned, times: times)
    flat.add(other.flat, times: times)
    smallContractions += other.smallContractions * Int(times)
  }
}

extension RetentionFigures.Composition.Part {
  fileprivate mutating func add(_ other: Self, times: Int64) {
    accounts += other.accounts * Int(times)
    mrr += other.mrr * times
  }
}

extension RetentionFigures.UsageLine {
  fileprivate mutating func add(_ other: Self, times: Int64) {
    n += other.n * Int(times)
    lost += other.lost * Int(times)
    start += other.start * times
    kept += other.kept * times
    retained += other.retained * times
  }
}

/// Nil for a share of nothing.
func share(_ part: Int64, of whole: Int64) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }

/// What a rate of so many times a year is over a year, by compounding: 101.5 % a month are 119.6 % a year.
package func annualised(_ rate: Double, perYear: Int) -> Double { (0..<max(perYear, 0)).reduce(1) { product, _ in product * rate } }
