import Events
import Features

extension LogFold {
  // MARK: Streams that do not get on

  /// Freezes what depends on a stream that does not get on, or lets it go on; ops hear of either once.
  mutating func take(_ staleness: StreamStaleness, now: Instant) {
    portfolio.known.setStale(staleness.stream, since: staleness.since)
    if let since = staleness.since {
      open(
        FeedFinding.staleFeed, of: staleness.stream, title: "\(staleness.stream) has brought nothing since \(words(since))",
        facts: [staleness.error].compactMap { $0 } + ["rules that need it neither open nor clear until it is back"],
        play: "Look at `bellwether feeds`: it says what stands in the way and when it is tried next.", now: now)
    } else {
      close(FeedFinding.staleFeed, of: staleness.stream, reason: "recovered", title: "\(staleness.stream) is back", now: now)
    }
    evaluateAll(now: now)
  }

  // MARK: Suspected outages

  /// Looks at the hours of usage that a watermark completes.
  mutating func reviewOutages(of watermark: Watermark, now: Instant) {
    guard watermark.kinds.contains(.usage), !watermark.stream.hasPrefix(KnownRanges.importPrefix), !watermark.system.isEmpty else { return }
    review(watermark.system, now: now)
  }

  /// Usage is held no longer than it may be, even where nothing comes that would complete another hour.
  mutating func endLongOutages(now: Instant) {
    for system in portfolio.outages.suspected { changingUsageDays(now: now) { $0.review(system, now: now) } }
  }

  /// Lets usage count for what it looks like, since a person says so.
  mutating func acceptOutage(of system: String, now: Instant) {
    if acceptVanishing(of: system, now: now) || acceptBulkEdit(system, now: now) { return evaluateAll(now: now) }
    changingUsageDays(now: now) { fold in
      guard fold.portfolio.outages.accept(system) else { return }
      fold.end(system, .accepted, now: now)
    }
  }

  private mutating func review(_ system: String, now: Instant) {
    guard let calendar = configuration?.calendar, let known = portfolio.known.reach(of: .usage), known.from <= known.through else { return }
    switch portfolio.outages.review(system, known: known.from...known.through, now: now, calendar) {
    case nil: break
    case .suspected(let from, let records)?:
      open(
        FeedFinding.suspectedOutage, of: system, title: "\(system) fell silent at \(words(from)): an outage of its tracking?",
        facts: ["\(records) records in that hour, fewer than half of what the same hour of the last weeks brought"],
        play: "See whether \(system) is still being told of usage. If the fall is real, say so: bellwether feeds accept \(system). "
          + "Until then, and for 48 hours at most, usage is looked at only up to the day before.",
        now: now)
    case .ended(let ending)?: end(system, ending, now: now)
    }
    portfolio.known.hold(.usage, from: portfolio.outages.heldFrom)
  }

  private mutating func end(_ system: String, _ ending: OutageDetector.Ending, now: Instant) {
    portfolio.known.hold(.usage, from: portfolio.outages.heldFrom)
    let title =
      switch ending {
      case .recovered: "the missing records of \(system) have come"
      case .accepted: "the fall of \(system) is accepted as real"
      case .real: "the fall of \(system) has lasted so long that it counts as real"
      }
    close(FeedFinding.suspectedOutage, of: system, reason: ending.rawValue, title: title, now: now)
  }

  // MARK: Findings on feeds

  mutating func open(_ rule: String, of feed: String, title: String, facts: [String], play: String, now: Instant) {
    open(rule, of: .feed(feed), now: now) { Alert.Draft(name: feed, title: title, level: .high, about: .ops, facts: facts, play: play) }
  }

  mutating func close(_ rule: String, of feed: String, reason: String, title: String, now: Instant) {
    close(rule, of: .feed(feed), reason: reason, now: now) { Alert.Draft(name: feed, title: title, level: .high, about: .ops) }
  }

  /// A moment as people write it, in the company's time zone.
  private func words(_ instant: Instant) -> String { (configuration?.calendar ?? .utc).text(of: instant) }
}
