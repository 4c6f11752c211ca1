package import Events

/// A set of days, one bit a day: the days on which something was used.
package struct DayBits: Hashable, Sendable {
  /// The day of bit 0; a multiple of 64, so that two sets of an account line up word by word.
  private var base: Int32 = 0
  private var words: [UInt64] = []

  package init() {}

  package init(_ days: some Sequence<Day>) {
    for day in days { insert(day) }
  }

  package var isEmpty: Bool { words.isEmpty }

  package mutating func insert(_ day: Day) {
    let word = Int32(floorDividing: day.number, by: 64)
    if words.isEmpty { base = word * 64 }
    let first = base / 64
    if word < first {
      words.insert(contentsOf: repeatElement(0, count: Int(first - word)), at: 0)
      base = word * 64
    }
    let index = Int(word - base / 64)
    while words.count <= index { words.append(0) }
    words[index] |= 1 << UInt64(day.number - word * 64)
  }

  package mutating func remove(_ day: Day) {
    guard contains(day) else { return }
    let offset = Int(day.number) - Int(base)
    words[offset / 64] &= ~(1 << UInt64(offset % 64))
    normalize()
  }

  package func contains(_ day: Day) -> Bool {
    let offset = Int(day.number) - Int(base)
    guard offset >= 0, offset < words.count * 64 else { return false }
    return words[offset / 64] >> UInt64(offset % 64) & 1 == 1
  }

  package func count(in range: ClosedRange<Day>) -> Int {
    var total = 0
    forEachWord(in: range) { _, word in total += word.nonzeroBitCount }
    return total
  }

  package func isDisjoint(from range: ClosedRange<Day>) -> Bool {
    var found = false
    forEachWord(in: range) { _, word in found = found || word != 0 }
    return !found
  }

  package func first(in range: ClosedRange<Day>) -> Day? {
    var first: Day?
    forEachWord(in: range) { start, word in
      if first == nil, word != 0 { first = Day(number: start + Int32(word.trailingZeroBitCount)) }
    }
    return first
  }

  package func last(in range: ClosedRange<Day>) -> Day? {
    var last: Day?
    forEachWord(in: range) { start, word in
      if word != 0 { last = Day(number: start + 63 - Int32(word.leadingZeroBitCount)) }
    }
    return last
  }

  /// The days, in order.
  package func days(in range: ClosedRange<Day>) -> [Day] {
    var days: [Day] = []
    forEachWord(in: range) { start, word in
      var rest = word
      while rest != 0 {
        days.append(Day(number: start + Int32(rest.trailingZeroBitCount)))
        rest &= rest - 1
      }
    }
    return days
  }

  package mutating func formUnion(_ other: DayBits) {
    guard !other.words.isEmpty else { return }
    guard !words.isEmpty else {
      self = other
      return
    }
    let end = max(base + Int32(words.count) * 64, other.base + Int32(other.words.count) * 64)
    let start = min(base, other.base)
    var merged = [UInt64](repeating: 0, count: Int(end - start) / 64)
    for (index, word) in words.enumerated() { merged[Int(base - start) / 64 + index] |= word }
    for (index, word) in other.words.enumerated() { merged[Int(other.base - start) / 64 + index] |= word }
    base = start
    words = merged
  }

  /// Drops whole words before a day.
  package mutating func prune(before day: Day) {
    let stale = min(words.count, max(0, (Int(day.number) - Int(base)) / 64))
    words.removeFirst(stale)
    base += Int32(stale) * 64
    normalize()
  }

  /// Equal sets have equal forms, whatever led to them: no empty words at either end, and base 0 for the empty set.
  private mutating func normalize() {
    while words.last == 0 { words.removeLast() }
    let empty = words.prefix { $0 == 0 }.count
    words.removeFirst(empty)
    base = words.isEmpty ? 0 : base + Int32(empty) * 64
  }

  private func forEachWord(in range: ClosedRange<Day>, _ body: (_ start: Int32, _ word: UInt64) -> Void) {
    let low = Int(range.lowerBound.number) - Int(base)
    let high = Int(range.upperBound.number) - Int(base)
    guard high >= 0, low < words.count * 64 else { return }
    let from = max(low, 0)
    let through = min(high, words.count * 64 - 1)
    guard from <= through else { return }
    for index in from / 64...through / 64 {
      var word = words[index]
      if index == from / 64 { word &= ~0 << UInt64(from % 64) }
      if index == through / 64 { word &= ~0 >> UInt64(63 - through % 64) }
      body(base + Int32(index) * 64, word)
    }
  }
}

extension DayBits {
  /// `[first day, "hexadecimal words"]`.
  package var json: JSON {
    .list([JSON(base), .text(words.map { format(hex: $0) }.joined())])
  }

  package init?(json: JSON) {
    guard let base = json[0].integer.flatMap(Int32.init(exactly:)), base % 64 == 0, let digits = json[1].text,
      digits.utf8.count % 16 == 0, digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { return nil }
    self.base = base
    var rest = digits[...]
    while !rest.isEmpty {
      guard let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
      words.append(word)
      rest = rest.dropFirst(16)
    }
    normalize()
  }
}

private func format(hex word: UInt64) -> String {
  let digits = String(word, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
