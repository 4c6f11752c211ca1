import Events

/// SplitMix64, so that a failing seed fails again.
struct SeededRandom: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func oneIn(_ chances: Int) -> Bool { Int.random(in: 0..<chances, using: &self) == 0 }
}

/// What a vendor holds, by its own clock, and what it has shown.
struct VendorRecords: Sendable {
  struct Row: Hashable, Sendable {
    let id: String
    /// As the vendor stamps it.
    let at: Instant
    /// When it could first be seen, by the vendor's clock.
    let shownFrom: Instant

    /// How long after its own time it appeared.
    var lateness: Span { shownFrom - at }
  }

  /// In the order in which they appeared.
  private(set) var rows: [Row] = []
  /// Those that existed, and lay within what was asked for, when a walk asked for its first page.
  private(set) var visible: Set<String> = []
  /// How far the vendor's clock is ahead of ours.
  let skew: Span

  init(skew: Span) { self.skew = skew }

  func clock(at now: Instant) -> Instant { now + skew }

  /// Adds a row at the vendor's present. Times lie on a coarse grid, so that many share one.
  mutating func insert(at now: Instant, latest: Span, _ random: inout SeededRandom) {
    let clock = clock(at: now)
    let late = Int64.random(in: 0...latest.microseconds / 1_000_000, using: &random)
    let seconds = clock.seconds - late
    let at = Instant(seconds: random.oneIn(3) ? seconds : seconds - seconds % 120)
    rows.append(Row(id: "r\(rows.count)", at: at, shownFrom: clock))
  }

  mutating func show(_ rows: some Sequence<Row>) { visible.formUnion(rows.map(\.id)) }

  /// Rows within bounds that are both included, in ascending order of time.
  func within(_ from: Int64, _ to: Int64) -> [Row] {
    rows.filter { (from...max(from, to)).contains($0.at.seconds) }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
  }
}
