import Events
import Features

/// Something to be looked at in a feed, by those who run it: a finding whose subject is no account.
struct FeedFinding: Hashable, Sendable {
  let rule: String
  /// A stream's or a system's name.
  let feed: String
  /// Episodes so far.
  var number = 0
  var isOpen = false
  /// When the open episode, or the last one, began.
  var since = Instant.distantPast

  static let staleFeed = "stale_feed"
  static let suspectedOutage = "suspected_outage"
  /// A feature that many accounts lost at once.
  static let vanishedFeature = "vanished_feature"
  /// A day on which many contacts were marked as gone at once.
  static let bulkEdit = "bulk_edit"
}

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
    let index = place(of: rule, feed)
    guard !portfolio.feedFindings[index].isOpen else { return }
    portfolio.feedFindings[index].isOpen = true
    portfolio.feedFindings[index].number += 1
    portfolio.feedFindings[index].since = now
    announce(portfolio.feedFindings[index], .opened, reason: "opened", title: title, facts: facts, play: play, now: now)
  }

  mutating func close(_ rule: String, of feed: String, reason: String, title: String, now: Instant) {
    let index = place(of: rule, feed)
    guard portfolio.feedFindings[index].isOpen else { return }
    portfolio.feedFindings[index].isOpen = false
    announce(portfolio.feedFindings[index], .resolved, reason: reason, title: title, facts: [], play: nil, now: now)
  }

  private mutating func place(of rule: String, _ feed: String) -> Int {
    let place = portfolio.feedFindings.firstIndex { ($0.rule, $0.feed) >= (rule, feed) } ?? portfolio.feedFindings.endIndex
    if place < portfolio.feedFindings.endIndex, portfolio.feedFindings[place].rule == rule, portfolio.feedFindings[place].feed == feed {
      return place
    }
    portfolio.feedFindings.insert(FeedFinding(rule: rule, feed: feed), at: place)
    return place
  }

  /// One transition and one notice for each change.
  private mutating func announce(
    _ finding: FeedFinding, _ change: Alert.Change, reason: String, title: String, facts: [String], play: String?, now: Instant
  ) {
    let subject = Subject.feed(finding.feed)
    let isOpening = change == .opened
    transitions.append(
      Transition(
        finding: FindingID(rule: finding.rule, subject: subject, episode: finding.number), step: step, ordinal: nextOrdinal(), at: now,
        from: isOpening ? nil : .firing, to: isOpening ? .firing : .resolved, level: Alert.Level.high.rawValue, reason: reason,
        evidence: .list(([title] + facts).map(JSON.text))))
    var alert = Alert(
      rule: finding.rule, title: title, level: .high, about: .ops, change: change, subject: subject, episode: finding.number,
      day: (configuration?.calendar ?? .utc).day(of: now), account: Alert.Account(key: .none, name: finding.feed))
    alert.facts = facts.map { Alert.Fact(text: $0) }
    alert.play = play
    notices.append(Notice(step: step, ordinal: nextOrdinal(), account: .none, at: now, topic: Notice.ops, content: alert.json))
  }

  /// A moment as people write it, in the company's time zone.
  private func words(_ instant: Instant) -> String { (configuration?.calendar ?? .utc).text(of: instant) }
}

extension Notice {
  /// The topic of what concerns those who run the feeds.
  package static let ops = "ops"
}

extension FeedFinding {
  var json: JSON {
    [
      "rule": .text(rule), "feed": .text(feed), "number": JSON(number), "open": .flag(isOpen), "since": JSON(since.microseconds),
    ]
  }

  init?(json: JSON) {
    guard let rule = json["rule"].text, let feed = json["feed"].text, let number = json["number"].integer, let isOpen = json["open"].flag,
      let since = json["since"].integer
    else { return nil }
    self.init(rule: rule, feed: feed, number: Int(number), isOpen: isOpen, since: Instant(microseconds: since))
  }
}
