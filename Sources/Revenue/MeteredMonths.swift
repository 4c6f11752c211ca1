package import Events

/// What an account was invoiced for metered use, by calendar month.
package struct MeteredMonths: Hashable, Sendable {
  /// Months counted from year 0; minor units of the reporting currency.
  private let amounts: [(month: Int, amount: Int64)]

  /// How many invoiced months make the mean.
  static let months = 3
  /// A month counts for the mean until so many months have passed.
  static let staleAfterMonths = 6

  package var isEmpty: Bool { amounts.isEmpty }

  package init() { amounts = [] }

  /// - Parameter invoices: the day each invoice stands for, and its metered lines' sum.
  package init(_ invoices: [(day: Day, amount: Int64)]) {
    var sums: [Int: Int64] = [:]
    for invoice in invoices { sums[Self.month(of: invoice.day), default: 0] += invoice.amount }
    amounts = sums.keys.sorted().map { ($0, sums[$0] ?? 0) }
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.amounts.elementsEqual(b.amounts) { $0.month == $1.month && $0.amount == $1.amount }
  }
  package func hash(into hasher: inout Hasher) { for amount in amounts { hasher.combine(amount.month) } }

  /// The mean of the last three invoiced months that are over by the end of a day; nothing where none is recent.
  package func mean(on day: Day) -> Int64 {
    guard !amounts.isEmpty else { return 0 }
    let current = Self.month(of: day + 1)
    let end = amounts.partitioningIndex { $0.month >= current }
    let last = amounts[..<end].suffix(Self.months).filter { current - $0.month <= Self.staleAfterMonths }
    guard !last.isEmpty else { return 0 }
    return Int64(clamping: Int128(roundedDividing: last.reduce(0) { $0 + Int128($1.amount) }, by: Int128(last.count)))
  }

  private static func month(of day: Day) -> Int {
    let (year, month, _) = day.civil
    return year * 12 + month - 1
  }
}
