package import Events

extension SubscriptionTimeline {
  /// What the subscription brings in at the end of each company day on which that changes, oldest first.
  ///
  /// Before its first version a subscription stood as that version says, from its own start on: billing systems list what is, not what was.
  func states(_ terms: RevenueTerms) -> [(day: Day, state: SubscriptionState)] {
    let reader = StateReader(id: id, versions: backdated(), terms: terms)
    var states: [(day: Day, state: SubscriptionState)] = []
    for instant in reader.changes {
      let state = reader.state(at: instant)
      let day = terms.calendar.day(of: instant)
      if states.last?.day == day { states.removeLast() }
      if states.last?.state.bringsTheSame(as: state) != true { states.append((day, state)) }
    }
    return states
  }

  /// The versions, with one in front for the time between the subscription's start and the first that is on record.
  private func backdated() -> [DatedVersion] {
    let told = versions.map { DatedVersion(from: $0.at, version: $0, isBackdated: false) }
    guard let first = versions.first, let start = first.startedAt, start < first.at else { return told }
    switch first.status {
    case "active", "past_due", "unpaid": return [DatedVersion(from: start, version: first, isBackdated: true)] + told
    case "canceled" where (first.endedAt ?? first.at) > start: return [DatedVersion(from: start, version: first, isBackdated: true)] + told
    default: return told
    }
  }
}

/// A version and the instant from which it counts.
private struct DatedVersion {
  let from: Instant
  let version: SubscriptionVersion
  /// Stands for the time before the first version: paid for then, whatever its status is by now.
  let isBackdated: Bool

  var isPastDue: Bool { !isBackdated && version.isPastDue }
}

/// Reads one subscription's versions as states.
private struct StateReader {
  let id: String
  let versions: [DatedVersion]
  let terms: RevenueTerms
  /// For each version that is past due, since when it and those before it are.
  let pastDueSince: [Instant?]

  init(id: String, versions: [DatedVersion], terms: RevenueTerms) {
    self.id = id
    self.versions = versions
    self.terms = terms
    var since: [Instant?] = []
    for version in versions { since.append(version.isPastDue ? (since.last ?? nil) ?? version.from : nil) }
    pastDueSince = since
  }

  /// The instants at which a version, a start, an end, a discount's end or the end of patience may change what is paid, in order.
  var changes: [Instant] {
    var instants: Set<Instant> = []
    for (index, dated) in versions.enumerated() {
      let end = index + 1 < versions.count ? versions[index + 1].from : .distantFuture
      var within = [dated.version.startedAt, dated.version.endedAt, pastDueSince[index].map { $0 + terms.patience }].compactMap { $0 }
      within += dated.version.discounts.compactMap(\.endsAt)
      instants.insert(dated.from)
      instants.formUnion(within.filter { $0 > dated.from && $0 < end })
    }
    return instants.sorted()
  }

  func state(at now: Instant) -> SubscriptionState {
    let index = (versions.firstIndex { $0.from > now } ?? versions.count) - 1
    let dated = versions[max(index, 0)]
    let record = RecordCitation(subscription: id, at: dated.version.at)
    let standing = standing(at: now, dated, pastDueSince[max(index, 0)])
    guard standing == .paying else { return SubscriptionState(positions: [], standing: standing, record: record) }
    if case .success(let positions) = dated.version.positions(at: now, terms) {
      return SubscriptionState(positions: positions, standing: .paying, record: record)
    }
    // Unreadable: the last version that could be read stands, so that revenue does not vanish by a mistake in a record.
    for earlier in versions[..<max(index, 0)].reversed() {
      if case .success(let positions) = earlier.version.positions(at: now, terms) {
        return SubscriptionState(positions: positions, standing: .paying, record: record, isAssumed: true)
      }
    }
    return SubscriptionState(positions: [], standing: .paying, record: record, isAssumed: true)
  }

  private func standing(at now: Instant, _ dated: DatedVersion, _ pastDueSince: Instant?) -> SubscriptionState.Standing {
    let version = dated.version
    if let start = version.startedAt, start > now { return .notBegun }
    if let end = version.endedAt, end <= now { return .ended }
    if dated.isBackdated { return .paying }
    switch version.status {
    case "trialing": return .trial
    case "paused": return .paused
    case "active": return .paying
    case "past_due", "unpaid": return pastDueSince.map { $0 + terms.patience <= now } ?? false ? .involuntary : .paying
    default: return .ended
    }
  }
}

extension SubscriptionState {
  /// Whether nothing that a figure or a cause rests on is different.
  func bringsTheSame(as other: SubscriptionState) -> Bool {
    positions == other.positions && standing == other.standing && isAssumed == other.isAssumed
  }
}

extension SubscriptionTimeline {
  /// What is past due at an instant and still counts, minor units of the reporting currency.
  package func pastDueMRR(at now: Instant, _ terms: RevenueTerms) -> Int64 {
    guard let version = payingVersion(at: now, terms), version.isPastDue, case .success(let positions) = version.positions(at: now, terms)
    else {
      return 0
    }
    return positions.reduce(0) { $0 + $1.net.rounded }
  }
}
