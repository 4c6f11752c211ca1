import Events

/// What others in a segment reach in a year, by `config/benchmarks.yaml`. All rates are millionths: 1_100_000 is 110 %.
package struct RetentionBenchmarks: Hashable, Sendable {
  /// A kind of customer.
  package struct Segment: Hashable, Sendable {
    /// As it is written in the file.
    package let name: String
    /// Values of the cuts by segment and by pricing model to which it applies, in small letters.
    package let matches: Set<String>
    /// Where a sound NRR lies.
    package let nrr: ClosedRange<Int64>
    /// Where the best lie.
    package let top: ClosedRange<Int64>
    /// MRR lost with accounts, lost by accounts that stay, and won from those that stay, in a year.
    package let churn: Int64
    package let contraction: Int64
    package let expansion: Int64

    package init(
      name: String, matches: Set<String> = [], nrr: ClosedRange<Int64>, top: ClosedRange<Int64>, churn: Int64, contraction: Int64,
      expansion: Int64
    ) {
      self.name = name
      self.matches = Set(matches.map { $0.lowercased() })
      self.nrr = nrr
      self.top = top
      self.churn = churn
      self.contraction = contraction
      self.expansion = expansion
    }
  }

  package let segments: [Segment]
  /// The segment that stands for what no other does, the total included.
  private let fallback: String?

  package init(_ segments: [Segment] = [], fallback: String? = nil) {
    self.segments = segments
    self.fallback = fallback
  }

  /// The benchmark of a cut: by its segment or pricing model where one is named, else the one for all.
  package func segment(for cut: Cut) -> Segment? {
    let wanted = cut.value.lowercased()
    if cut.dimension == .segment || cut.dimension == .pricingModel, let named = segments.first(where: { $0.matches.contains(wanted) }) {
      return named
    }
    return segments.first { $0.name == fallback }
  }
}

/// How an NRR of twelve months is to be taken, whoever the customers are (SIGNALS §E).
package enum RetentionStanding: String, CaseIterable, Sendable {
  case redFlag = "red flag"
  case fair, solid
  case bestInClass = "best in class"

  /// - Parameter nrr: millionths.
  package init(nrr: Int64) {
    self =
      switch nrr {
      case ..<900_000: .redFlag
      case ..<1_000_000: .fair
      case ..<1_100_000: .solid
      default: .bestInClass
      }
  }
}

extension RetentionFigures {
  /// Millionths, rounded; nil where nobody was there at the start.
  package var nrrMillionths: Int64? { millionths(kept, of: start) }
  package var grrMillionths: Int64? { millionths(retained, of: start) }
}

/// A share in millionths; nil for a share of nothing.
package func millionths(_ part: Int64, of whole: Int64) -> Int64? {
  whole == 0 ? nil : Int64(clamping: Int128(roundedDividing: Int128(part) * 1_000_000, by: Int128(whole)))
}
