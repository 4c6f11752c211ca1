package import Events

/// An amount a day in millionths, side by side from the first day to the last: a window's sum reads neighbours and looks nothing up.
package struct DayAmounts: Hashable, Sendable {
  private var base: Int32 = 0
  /// Neither end is zero, so that equal amounts have equal forms.
  private var amounts: [Int64] = []

  package init() {}

  package subscript(day: Day) -> Int64 {
    get {
      let offset = Int(day.number) - Int(base)
      return amounts.indices.contains(offset) ? amounts[offset] : 0
    }
    set {
      if amounts.isEmpty {
        guard newValue != 0 else { return }
        base = day.number
      }
      let offset = Int(day.number) - Int(base)
      if offset < 0 {
        guard newValue != 0 else { return }
        amounts.insert(contentsOf: repeatElement(0, count: -offset), at: 0)
        base = day.number
      } else if offset >= amounts.count {
        guard newValue != 0 else { return }
        amounts.append(contentsOf: repeatElement(0, count: offset - amounts.count + 1))
      }
      amounts[max(offset, 0)] = newValue
      if newValue == 0 { trim() }
    }
  }

  /// The sum over the days of a range, those alone for which a condition holds.
  package func sum(in range: ClosedRange<Day>, where isWanted: ((Day) -> Bool)? = nil) -> Fixed {
    let first = max(Int(range.lowerBound.number) - Int(base), 0)
    let last = min(Int(range.upperBound.number) - Int(base), amounts.count - 1)
    guard first <= last else { return .zero }
    var sum = Fixed.zero
    for offset in first...last where amounts[offset] != 0 && (isWanted?(Day(number: base + Int32(offset))) ?? true) {
      sum = sum + Fixed(millionths: amounts[offset])
    }
    return sum
  }

  /// Drops what lies before a day.
  package mutating func prune(before day: Day) {
    let stale = min(amounts.count, max(0, Int(day.number) - Int(base)))
    guard stale > 0 else { return }
    amounts.removeFirst(stale)
    base += Int32(stale)
    trim()
  }

  private mutating func trim() {
    while amounts.last == 0 { amounts.removeLast() }
    let empty = amounts.prefix { $0 == 0 }.count
    amounts.removeFirst(empty)
    base = amounts.isEmpty ? 0 : base + Int32(empty)
  }
}
