package import Events

/// From when and through when each kind is known, over all streams that bring it; where between the two nothing is known; which
/// streams have gone stale; and what is held.
package struct KnownRanges: Hashable, Sendable {
  private var streams: [String: Stretch] = [:]

  private struct Stretch: Hashable, Sendable {
    var kinds: [Kind]
    var from: Instant
    var through: Instant
    var holes: [Hole] = []
    var coversCustomers = false
    var staleSince: Instant?
  }

  /// From when on a kind is not looked at, whatever came since; follows from what is suspected of its sources and is not stored here.
  private var held: [Kind: Instant] = [:]

  /// What follows from the streams for each kind, worked out at each change since rules ask far more often.
  private var reaches: [Kind: KnownRange] = [:]

  /// How the names of imported streams begin.
  package static let importPrefix = "import:"

  package init() {}

  /// Says how far a stream is known; that it was stale stays as it was.
  package mutating func advance(
    stream: String, kinds: [Kind], from: Instant, through: Instant, holes: [Hole] = [], coversCustomers: Bool = false
  ) {
    var stretch = streams[stream] ?? Stretch(kinds: kinds, from: from, through: through)
    stretch.kinds = kinds
    stretch.from = from
    stretch.through = through
    stretch.holes = holes
    stretch.coversCustomers = coversCustomers
    streams[stream] = stretch
    settle()
  }

  /// Marks a stream that no longer gets on, or with nil one that does again. A stream that was never known stays unknown.
  package mutating func setStale(_ stream: String, since: Instant?) {
    streams[stream]?.staleSince = since
    settle()
  }

  /// Lets windows over a kind end at an instant, whatever came since; nil lets them go on.
  package mutating func hold(_ kind: Kind, from: Instant?) { held[kind] = from }

  /// What is known of a kind; nil if no stream brings it.
  package func range(of kind: Kind) -> KnownRange? {
    guard var range = reaches[kind] else { return nil }
    if let end = held[kind] { range.through = min(range.through, end) }
    return range
  }

  /// The same as if nothing were held.
  package func reach(of kind: Kind) -> KnownRange? { reaches[kind] }

  private mutating func settle() {
    for kind in Kind.allCases { reaches[kind] = computedReach(of: kind) }
  }

  private func computedReach(of kind: Kind) -> KnownRange? {
    let bringing = streams.filter { $0.value.kinds.contains(kind) }
    // An import ends with its file: where a feed brings the kind too, the feed alone tells how far it is known.
    let live = bringing.filter { !$0.key.hasPrefix(Self.importPrefix) }
    var result: KnownRange?
    for (stream, stretch) in live.isEmpty ? bringing : live {
      var range = result ?? KnownRange(from: stretch.from, through: stretch.through)
      range.from = max(range.from, stretch.from)
      range.through = min(range.through, stretch.through)
      range.holes += stretch.holes
      range.coversCustomers = range.coversCustomers || stretch.coversCustomers
      if stretch.coversCustomers { range.coveringFeeds.insert(String(stream.prefix { $0 != "." })) }
      range.staleSince = [range.staleSince, stretch.staleSince].compactMap { $0 }.min()
      result = range
    }
    result?.holes.sort()
    return result
  }

  /// What is known of each kind but for how far: this changes seldom, while the end moves with every poll.
  package var basis: [Kind: KnownRange] {
    reaches.mapValues { range in
      var range = range
      range.through = .distantPast
      return range
    }
  }

  /// The whole company days within the known range of a kind; nil if there is none yet.
  package func days(of kind: Kind, _ calendar: CompanyCalendar) -> ClosedRange<Day>? { range(of: kind)?.days(calendar) }
}

/// What is known of a kind.
package struct KnownRange: Hashable, Sendable {
  /// When the youngest stream begins.
  package var from: Instant
  /// Through when the slowest stream is complete, and not held.
  package var through: Instant
  /// In order of their beginnings; two streams' may overlap.
  package var holes: [Hole] = []
  /// Whether an account of which nothing came did nothing, if it pays.
  package var coversCustomers = false
  /// The feeds that say so.
  package var coveringFeeds: Set<String> = []
  /// Since when a stream that brings the kind has not got on; nil while all are fresh.
  package var staleSince: Instant?

  /// The whole company days within; nil if there is none.
  package func days(_ calendar: CompanyCalendar) -> ClosedRange<Day>? {
    let opening = calendar.day(of: from)
    let first = calendar.start(of: opening) == from ? opening : opening + 1
    let last = calendar.day(of: through) - 1
    return first <= last ? first...last : nil
  }

  /// The company days of which a part lies in a hole.
  package func holeDays(_ calendar: CompanyCalendar) -> [ClosedRange<Day>] {
    holes.map { hole in
      let first = calendar.day(of: hole.from)
      return first...max(first, calendar.day(of: hole.until - Span(microseconds: 1)))
    }
  }

  /// The first hole that a window reaches into.
  package func hole(after: Instant, through: Instant) -> Hole? { holes.first { $0.from < through && $0.until > after } }
}

/// A stretch of time that a stream could not read: neither what happened in it nor that nothing did is known.
package struct Hole: Hashable, Comparable, Sendable {
  package let from: Instant
  package let until: Instant

  package init(from: Instant, until: Instant) {
    self.from = from
    self.until = until
  }

  package static func < (a: Hole, b: Hole) -> Bool { (a.from, a.until) < (b.from, b.until) }

  /// `[from, until]` in microseconds.
  package var json: JSON { .list([JSON(from.microseconds), JSON(until.microseconds)]) }

  package init?(json: JSON) {
    guard let from = json[0].integer, let until = json[1].integer else { return nil }
    self.init(from: Instant(microseconds: from), until: Instant(microseconds: until))
  }
}

extension KnownRanges {
  package var json: JSON {
    .object(
      streams.mapValues { stretch in
        var members: [String: JSON] = [
          "kinds": .list(stretch.kinds.map { .text($0.rawValue) }), "from": JSON(stretch.from.microseconds),
          "through": JSON(stretch.through.microseconds),
        ]
        if !stretch.holes.isEmpty { members["holes"] = .list(stretch.holes.map(\.json)) }
        if stretch.coversCustomers { members["covers"] = true }
        if let since = stretch.staleSince { members["stale_since"] = JSON(since.microseconds) }
        return .object(members)
      })
  }

  package init?(json: JSON) {
    guard let members = json.object else { return nil }
    for (stream, member) in members {
      guard let words = member["kinds"].list, let from = member["from"].integer, let through = member["through"].integer else { return nil }
      let kinds = words.compactMap { $0.text.flatMap(Kind.init) }
      let holes = (member["holes"].list ?? []).compactMap(Hole.init)
      guard kinds.count == words.count, holes.count == member["holes"].list?.count ?? 0 else { return nil }
      streams[stream] = Stretch(
        kinds: kinds, from: Instant(microseconds: from), through: Instant(microseconds: through), holes: holes,
        coversCustomers: member["covers"].flag ?? false, staleSince: member["stale_since"].integer.map(Instant.init(microseconds:)))
    }
    settle()
  }
}
