package import Events

/// Notices when a source of usage falls silent where it never does, so that a broken tracker is not taken for customers who stopped.
///
/// An hour is suspect where fewer than half as many records came as on the median of that hour of the week over the four weeks before,
/// holidays left out. Usage is then held, which is to say that windows end before the first suspect hour, until the records turn up,
/// until a person says that it is real, or until 48 hours have passed: then it counts as real.
package struct OutageDetector: Hashable, Sendable {
  /// Weeks looked back on, and those of them that must be known and no holiday.
  package static let weeks = 4
  package static let leastWeeks = 3
  /// Of a smaller median nothing can be said: chance alone halves it now and then.
  package static let leastMedian: Int64 = 100
  /// How long usage is held at most.
  package static let longestHold = Span.hours(48)

  /// What became of a suspicion.
  package enum Change: Hashable, Sendable {
    /// From the first suspect hour on.
    case suspected(from: Instant, records: Int64)
    case ended(Ending)
  }

  package enum Ending: String, Sendable {
    /// The records turned up after all.
    case recovered
    /// A person says that it is no outage.
    case accepted
    /// It lasted too long to be held any more.
    case real = "taken_as_real"
  }

  private var volumes: [String: Volume] = [:]

  /// One system's records by hour since 1970.
  fileprivate struct Volume: Hashable, Sendable {
    var counts: [Int64: Int64] = [:]
    /// The last hour looked at.
    var reviewed: Int64?
    /// Suspect hours, rising; while there are any, usage is held.
    var suspects: [Int64] = []
    /// The fall is known to be real: nothing is suspected until an hour is as it was.
    var isAccepted = false
  }

  package init() {}

  /// Counts a record of a system; one from too long ago to be compared with is passed over.
  package mutating func count(_ system: String, at instant: Instant, now: Instant) {
    let oldest = Self.hour(of: now) - Self.keptHours
    guard Self.hour(of: instant) >= oldest else { return }
    volumes[system, default: Volume()].counts[Self.hour(of: instant), default: 0] += 1
    if volumes[system]?.counts.count ?? 0 > 2 * Int(Self.keptHours) { volumes[system]?.prune(before: oldest) }
  }

  /// From when on usage is held; nil while nothing is suspected.
  package var heldFrom: Instant? { volumes.values.compactMap(\.suspects.first).min().map { Self.start(of: $0) } }

  /// The systems under suspicion, sorted.
  package var suspected: [String] { volumes.filter { !$0.value.suspects.isEmpty }.keys.sorted() }

  /// Looks at the hours that have become complete.
  ///
  /// - Parameters:
  ///   - known: since when the system is known and through when it is complete.
  ///   - now: business time.
  package mutating func review(_ system: String, known: ClosedRange<Instant>, now: Instant, _ calendar: CompanyCalendar) -> Change? {
    guard var volume = volumes[system] else { return nil }
    defer { volumes[system] = volume }
    let wasSuspected = !volume.suspects.isEmpty
    let last = Self.hour(of: known.upperBound) - 1
    let oldest = Self.hour(of: now - Self.longestHold)
    volume.suspects = volume.suspects.filter { volume.isLow($0, since: known.lowerBound, calendar) == true }
    for hour in stride(from: max((volume.reviewed ?? .min / 2) + 1, oldest), through: last, by: 1) {
      switch volume.isLow(hour, since: known.lowerBound, calendar) {
      case nil: continue
      case false?: volume.isAccepted = false
      case true?: if !volume.isAccepted { volume.suspects.append(hour) }
      }
    }
    volume.reviewed = max(volume.reviewed ?? last, last)
    volume.prune(before: last - Self.keptHours)
    if let first = volume.suspects.first, now - Self.start(of: first) >= Self.longestHold {
      volume.suspects = []
      volume.isAccepted = true
      return wasSuspected ? .ended(.real) : nil
    }
    switch (wasSuspected, volume.suspects.first) {
    case (false, let first?): return .suspected(from: Self.start(of: first), records: volume.counts[first] ?? 0)
    case (true, nil): return .ended(.recovered)
    default: return nil
    }
  }

  /// Takes a suspicion for real, as a person says; false if there is none.
  package mutating func accept(_ system: String) -> Bool {
    guard let volume = volumes[system], !volume.suspects.isEmpty else { return false }
    volumes[system]?.suspects = []
    volumes[system]?.isAccepted = true
    return true
  }

  /// The weeks looked back on, from the oldest hour that may still be held, and a day for changes of the clock.
  private static let keptHours = Int64(weeks * 7 + 1) * 24 + longestHold.microseconds / hourLength
  private static let hourLength: Int64 = 3_600_000_000

  fileprivate static func hour(of instant: Instant) -> Int64 { Int64(floorDividing: instant.microseconds, by: hourLength) }
  fileprivate static func start(of hour: Int64) -> Instant { Instant(microseconds: hour * hourLength) }
}

extension OutageDetector.Volume {
  /// Whether an hour brought fewer than half its median; nil where nothing can be said.
  fileprivate func isLow(_ hour: Int64, since known: Instant, _ calendar: CompanyCalendar) -> Bool? {
    let start = OutageDetector.start(of: hour)
    let day = calendar.day(of: start)
    guard !calendar.isHoliday(day) else { return nil }
    var before: [Int64] = []
    for week in 1...OutageDetector.weeks {
      let same = calendar.start(of: day - 7 * week) + (start - calendar.start(of: day))
      if same >= known, !calendar.isHoliday(day - 7 * week) { before.append(counts[OutageDetector.hour(of: same)] ?? 0) }
    }
    guard before.count >= OutageDetector.leastWeeks else { return nil }
    before.sort()
    // Twice the median, so that the mean of two stays whole.
    let doubled = before[(before.count - 1) / 2] + before[before.count / 2]
    guard doubled >= 2 * OutageDetector.leastMedian else { return nil }
    return 4 * (counts[hour] ?? 0) < doubled
  }

  fileprivate mutating func prune(before hour: Int64) {
    if counts.contains(where: { $0.key < hour }) { counts = counts.filter { $0.key >= hour } }
  }
}

extension OutageDetector {
  package var json: JSON {
    .object(
      volumes.mapValues { volume in
        [
          "counts": .object(Dictionary(uniqueKeysWithValues: volume.counts.map { (String($0.key), JSON($0.value)) })),
          "reviewed": volume.reviewed.map { JSON($0) } ?? .null, "suspects": .list(volume.suspects.map { JSON($0) }),
          "accepted": .flag(volume.isAccepted),
        ]
      })
  }

  /// Nil if the text was not written by `json`.
  package init?(json: JSON) {
    guard let members = json.object else { return nil }
    for (system, member) in members {
      guard let counts = member["counts"].object, let suspects = member["suspects"].list, let isAccepted = member["accepted"].flag else {
        return nil
      }
      var volume = Volume(
        reviewed: member["reviewed"].integer, suspects: suspects.compactMap(\.integer), isAccepted: isAccepted)
      for (key, value) in counts {
        guard let hour = Int64(key), let count = value.integer else { return nil }
        volume.counts[hour] = count
      }
      volumes[system] = volume
    }
  }
}
