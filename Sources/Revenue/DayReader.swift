import Events

/// Turns the difference between two days of an account into movements. Keeps whether the account ever paid.
struct DayReader {
  private let terms: RevenueTerms
  private var lines: [String: Int64] = [:]
  private var hasPaid = false

  init(terms: RevenueTerms) { self.terms = terms }

  /// The movements of one day, whose amounts add up to the difference of the levels, line by line.
  mutating func movements(
    from before: [SubscriptionState?], to after: [SubscriptionState?], _ level: Statement.Level, changed: [Int]
  ) -> [Movement] {
    let next = Dictionary(uniqueKeysWithValues: level.lines.map { ($0.productLine, $0.mrr) })
    defer {
      lines = next
      hasPaid = hasPaid || level.mrr > 0
    }
    guard next != lines else { return [] }
    let parts = DayParts(from: before, to: after, changed: changed, terms).parts
    let names = Set(lines.keys).union(next.keys).sorted()
    var deltas = names.map { LineDelta(productLine: $0, amount: (next[$0] ?? 0) - (lines[$0] ?? 0), parts: parts.filter(of: $0)) }
    let old = lines.values.reduce(0, +)
    var movements = deltas.indices.compactMap { deltas[$0].takeExchangeDifference(on: level.day) }
    movements += transfers(&deltas, on: level.day)
    let net = deltas.reduce(0) { $0 + $1.amount }
    let kind: Movement.Kind =
      if old == 0 { hasPaid ? .reactivation : .new } else if level.mrr == 0 { .churn } else { net > 0 ? .expansion : .contraction }
    for delta in deltas { movements += delta.movements(kind, on: level.day) }
    return movements.sorted {
      ($0.productLine, $0.kind.rawValue, $0.cause.rawValue) < ($1.productLine, $1.kind.rawValue, $1.cause.rawValue)
    }
  }

  /// What one line lost and another gained on the same day moved between them; what is left has the sign of the account's own difference.
  private func transfers(_ deltas: inout [LineDelta], on day: Day) -> [Movement] {
    let gained = deltas.filter { $0.amount > 0 }.reduce(0) { $0 + $1.amount }
    let lost = deltas.filter { $0.amount < 0 }.reduce(0) { $0 - $1.amount }
    var movements: [Movement] = []
    for sign: Int64 in [1, -1] {
      var left = min(gained, lost)
      let order = deltas.indices.filter { deltas[$0].amount.signum() == sign }.sorted {
        deltas[$0].amount.magnitude > deltas[$1].amount.magnitude
      }
      for index in order where left > 0 {
        let taken = min(left, sign * deltas[index].amount)
        left -= taken
        deltas[index].amount -= sign * taken
        movements.append(
          Movement(
            day: day, kind: .transfer, cause: .plan, productLine: deltas[index].productLine, amount: sign * taken,
            records: deltas[index].parts.records))
      }
    }
    return movements
  }
}

/// What is left to explain of one product line's difference.
private struct LineDelta {
  let productLine: String
  var amount: Int64
  let parts: [MovementPart]

  /// Takes out what the change of a currency alone makes.
  mutating func takeExchangeDifference(on day: Day) -> Movement? {
    let exchange = parts.filter(\.isExchange)
    let taken = minorUnits(exchange.reduce(0) { $0 + $1.micro })
    guard taken != 0 else { return nil }
    amount -= taken
    return Movement(day: day, kind: .fx, cause: .price, productLine: productLine, amount: taken, records: exchange.records)
  }

  /// The difference by cause. What speaks against its sign is set off against the smallest parts that speak for it.
  func movements(_ kind: Movement.Kind, on day: Day) -> [Movement] {
    guard amount != 0 else { return [] }
    let sign: Int128 = amount > 0 ? 1 : -1
    var sums: [Movement.Cause: Int128] = [:]
    for part in parts where !part.isExchange { sums[part.cause, default: 0] += part.micro * sign }
    var order = sums.filter { $0.value > 0 }.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
    if order.isEmpty { order = [.price] }
    var left = Int64(sign) * amount
    var amounts: [Int64] = []
    for cause in order {
      let taken = min(left, minorUnits(sums[cause] ?? 0))
      amounts.append(taken)
      left -= taken
    }
    amounts[0] += left
    return zip(order, amounts).filter { $1 != 0 }.map { cause, taken in
      let cited = parts.filter { $0.cause == cause && !$0.isExchange }
      return Movement(
        day: day, kind: kind, cause: cause, productLine: productLine, amount: Int64(sign) * taken,
        records: (cited.isEmpty ? parts : cited).records)
    }
  }
}

private func minorUnits(_ micro: Int128) -> Int64 { Int64(clamping: Int128(roundedDividing: micro, by: 1_000_000)) }

extension [MovementPart] {
  fileprivate func filter(of line: String) -> [MovementPart] { filter { $0.productLine == line } }
  fileprivate var records: [RecordCitation] { Set(map(\.record)).sorted() }
}
