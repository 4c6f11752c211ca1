import Events

/// One of the three rates that make NRR, against its benchmark.
///
/// NRR = (1 − churn − contraction) × (1 + expansion on survivors), exactly, over the accounts with MRR at the start. A lever's room is the MRR
/// more at the end of a year if it alone were at its benchmark and the two others as they are.
package struct RetentionLever: Hashable, Sendable {
  package enum Rate: String, CaseIterable, Sendable {
    case churn, contraction, expansion
  }

  package let rate: Rate
  /// Millionths: of the start for churn and contraction, of what was retained for expansion.
  package let value: Int64
  package let benchmark: Int64
  /// Minor units of MRR; nothing where the benchmark is reached.
  package let room: Int64

  /// The three levers of twelve months, that with most room first; none where nobody was there at the start.
  package static func all(_ figures: RetentionFigures, _ benchmark: RetentionBenchmarks.Segment) -> [RetentionLever] {
    let churned = figures.composition.churned.mrr
    let contracted = figures.start - figures.retained - churned
    guard let churn = millionths(churned, of: figures.start), let contraction = millionths(contracted, of: figures.start) else { return [] }
    let expansion = millionths(figures.kept - figures.retained, of: figures.retained) ?? 0
    // What is kept of the start grows by the expansion of those who stay.
    let growth = 1_000_000 + Int128(expansion)
    let saved = { (gap: Int64) in rounded(Int128(figures.start) * Int128(max(gap, 0)) * growth, over: 1_000_000 * 1_000_000) }
    let won = rounded(Int128(figures.retained) * Int128(max(benchmark.expansion - expansion, 0)), over: 1_000_000)
    let levers = [
      RetentionLever(rate: .churn, value: churn, benchmark: benchmark.churn, room: saved(churn - benchmark.churn)),
      RetentionLever(
        rate: .contraction, value: contraction, benchmark: benchmark.contraction, room: saved(contraction - benchmark.contraction)),
      RetentionLever(rate: .expansion, value: expansion, benchmark: benchmark.expansion, room: won),
    ]
    return levers.enumerated().sorted { ($1.element.room, $0.offset) < ($0.element.room, $1.offset) }.map(\.element)
  }
}

private func rounded(_ amount: Int128, over divisor: Int128) -> Int64 { Int64(clamping: Int128(roundedDividing: amount, by: divisor)) }
