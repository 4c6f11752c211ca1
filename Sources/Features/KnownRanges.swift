package import Events

/// From when and through when each kind is known, over all streams that bring it.
package struct KnownRanges: Hashable, Sendable {
  private var streams: [String: Range] = [:]

  private struct Range: Hashable, Sendable {
    let kinds: [Kind]
    let from: Instant
    let through: Instant
  }

  /// How the names of imported streams begin.
  package static let importPrefix = "import:"

  package init() {}

  package mutating func advance(stream: String, kinds: [Kind], from: Instant, through: Instant) {
    streams[stream] = Range(kinds: kinds, from: from, through: through)
  }

  /// When the youngest stream of a kind begins, and through when the slowest is complete; nil if no stream brings the kind.
  package func range(of kind: Kind) -> (from: Instant, through: Instant)? {
    let bringing = streams.filter { $0.value.kinds.contains(kind) }
    // An import ends with its file: where a feed brings the kind too, the feed alone tells how far it is known.
    let live = bringing.filter { !$0.key.hasPrefix(Self.importPrefix) }
    var result: (from: Instant, through: Instant)?
    for range in (live.isEmpty ? bringing : live).values {
      let (from, through) = result ?? (range.from, range.through)
      result = (max(from, range.from), min(through, range.through))
    }
    return result
  }

  /// The whole company days within the known range of a kind; nil if there is none yet.
  package func days(of kind: Kind, _ calendar: CompanyCalendar) -> ClosedRange<Day>? {
    guard let (from, through) = range(of: kind) else { return nil }
    let opening = calendar.day(of: from)
    let first = calendar.start(of: opening) == from ? opening : opening + 1
    let last = calendar.day(of: through) - 1
    return first <= last ? first...last : nil
  }
}

extension KnownRanges {
  package var json: JSON {
    .object(
      streams.mapValues { range in
        [
          "kinds": .list(range.kinds.map { .text($0.rawValue) }), "from": JSON(range.from.microseconds),
          "through": JSON(range.through.microseconds),
        ]
      })
  }

  package init?(json: JSON) {
    guard let members = json.object else { return nil }
    for (stream, member) in members {
      guard let words = member["kinds"].list, let from = member["from"].integer, let through = member["through"].integer else { return nil }
      let kinds = words.compactMap { $0.text.flatMap(Kind.init) }
      guard kinds.count == words.count else { return nil }
      streams[stream] = Range(kinds: kinds, from: Instant(microseconds: from), through: Instant(microseconds: through))
    }
  }
}
