import Events

/// The timelines of a kind by the latest instant at which they can stand on the time line, so that a window finds its own.
struct TimelineIndex: Hashable, Sendable {
  /// No version is later; one that was taken back may have been.
  private(set) var latestVersion = Instant.distantPast
  /// Rising by instant, and then by place in the list of timelines.
  private var entries: [Entry] = []
  /// By place in the list.
  private var instants: [Instant] = []

  private struct Entry: Hashable, Comparable, Sendable {
    let instant: Instant
    var place: Int

    static func < (a: Entry, b: Entry) -> Bool { (a.instant, a.place) < (b.instant, b.place) }
  }

  init() {}

  init(_ timelines: [EntityTimeline], of kind: Kind) {
    instants = timelines.map { $0.latestInstant(of: kind) }
    entries = instants.enumerated().map { Entry(instant: $1, place: $0) }.sorted()
    latestVersion = timelines.compactMap(\.versions.last?.at).max() ?? .distantPast
  }

  /// The places of the timelines that can stand after an instant, rising.
  func places(after instant: Instant) -> [Int] { entries[entries.partitioningIndex { $0.instant > instant }...].map(\.place).sorted() }

  mutating func insert(at place: Int, _ instant: Instant, _ version: Instant) {
    latestVersion = max(latestVersion, version)
    if place < instants.count { shift(from: place, by: 1) }
    instants.insert(instant, at: place)
    add(Entry(instant: instant, place: place))
  }

  mutating func change(at place: Int, to instant: Instant, _ version: Instant) {
    latestVersion = max(latestVersion, version)
    guard instants[place] != instant else { return }
    drop(Entry(instant: instants[place], place: place))
    instants[place] = instant
    add(Entry(instant: instant, place: place))
  }

  mutating func remove(at place: Int) {
    drop(Entry(instant: instants[place], place: place))
    instants.remove(at: place)
    shift(from: place + 1, by: -1)
  }

  private mutating func shift(from place: Int, by offset: Int) {
    for index in entries.indices where entries[index].place >= place { entries[index].place += offset }
  }

  private mutating func add(_ entry: Entry) { entries.insert(entry, at: entries.partitioningIndex { $0 >= entry }) }

  private mutating func drop(_ entry: Entry) {
    let index = entries.partitioningIndex { $0 >= entry }
    if index < entries.count, entries[index] == entry { entries.remove(at: index) }
  }
}

extension EntityTimeline {
  /// No version lets the thing stand later than this on the time line.
  fileprivate func latestInstantOfAll(_ field: String) -> Instant {
    let first = versions.first?.at ?? .distantPast
    return versions.reduce(first) { max($0, $1.fields[field]?.instant ?? first) }
  }

  func latestInstant(of kind: Kind) -> Instant {
    switch kind {
    case .ticket: latestInstantOfAll("opened_at")
    case .invoice: latestInstantOfAll("due_at")
    default: versions.first?.at ?? .distantPast
    }
  }
}
