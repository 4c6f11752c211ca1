package import Events
internal import Features
internal import Revenue

/// What one evaluation of an account notes for the next: until when what it read stands, and measures of usage that can be used again.
package final class Notebook: @unchecked Sendable {
  // Its guard is confinement: one evaluation makes it, uses it on its own thread and drops it.

  /// If nothing happens, what was read since this was last set gives the same before this instant.
  package var until = Instant.distantFuture
  /// Statistics over usage by what they count and the days they count in.
  package var measures: [Measure: Outcome]

  /// The account's use of a whole source, merged in this evaluation.
  var merged: [Merge: MergedUsage] = [:]

  struct Merge: Hashable {
    let source: UsageSource
    let roles: [String]?
  }

  package init(measures: [Measure: Outcome]) { self.measures = measures }

  /// A statistic over some days of usage.
  package struct Measure: Hashable, Sendable {
    let feature: FeatureNumber
    package let first: Day
    package let last: Day
  }
}

extension Facts {
  /// Notes that what is read just now stands only until an instant of this view's time.
  package func stands(until instant: Instant) {
    guard let notebook else { return }
    notebook.until = min(notebook.until, instant + .days(Int64(daysBack)))
  }

  /// Notes that what is read just now stands for this instant only.
  func standsOnlyNow() { notebook?.until = .distantPast }

  /// Notes that what is read just now stands for the rest of the company day.
  package func standsToday() {
    guard notebook != nil else { return }
    stands(until: company.calendar.start(of: today + 1))
  }

  /// Notes when the next version of a kind comes into force: one that lies ahead of this view.
  func standsUntilNext(_ kind: Kind) {
    guard notebook != nil, let next = account.entities.nextVersion(of: kind, after: now) else { return }
    stands(until: next)
  }

  /// Notes when the account's revenue changes by itself: by a start, an end or a discount that runs out.
  package func standsUntilNextLevel() {
    guard notebook != nil, let last = account.ledger.changes.last, last > now else { return }
    if let next = account.ledger.changes.first(where: { $0 > now }) { stands(until: next) }
  }

  /// Notes when expansion cases open or end by the passing of days.
  package func standsWithCases() {
    guard notebook != nil, let last = account.ledger.levels.last, account.ledger.levels.count > 1 else { return }
    let today = today
    if last.day >= today || account.ledger.expansionCases(through: today).contains(where: { $0.isOpen(on: today) }) { standsToday() }
  }
}

extension Evaluation {
  /// Notes when two values that were compared can meet.
  func noteMeeting(_ a: TypedNode, _ left: Outcome, _ b: TypedNode, _ right: Outcome) {
    guard facts.notebook != nil, let ownPace = a.pace, let otherPace = b.pace else { return }
    let pace = ownPace + otherPace.negated
    guard !pace.isStill else { return }
    guard case .duration(let x) = left, case .duration(let y) = right else { return }
    let (distance, overflows) = x.microseconds.subtractingReportingOverflow(y.microseconds)
    if overflows { return facts.standsOnlyNow() }
    let speed = distance > 0 ? -pace.least : distance < 0 ? pace.most : max(-pace.least, pace.most)
    guard speed > 0 else { return }
    // A mean may be half a microsecond off, so the meeting is taken a little early.
    facts.stands(until: facts.now + Span(microseconds: max(Int64(clamping: distance.magnitude) / speed - 2, 1)))
  }

  /// Notes when rows enter or leave a window as it moves with time.
  ///
  /// - Parameter rows: at least those that stand after the window's beginning.
  func noteWindow(_ rows: [EntityRow], of kind: Kind, after: Instant?, through: Instant, known: KnownRange) {
    guard facts.notebook != nil else { return }
    facts.standsUntilNext(kind)
    let (delay, now) = (facts.now - through, facts.now)
    for row in rows {
      let at = row.timelineInstant
      if at > through, after != nil || through < now { facts.stands(until: at + delay) }
      if let after, at > after { facts.stands(until: now + (at - after)) }
    }
    guard let after else { return }
    if after < known.from { facts.stands(until: now + (known.from - after)) }
    for hole in known.holes {
      if hole.until > after { facts.stands(until: now + (hole.until - after)) }
      if hole.from >= through { facts.stands(until: now + (hole.from - through) + Span(microseconds: 1)) }
    }
  }
}
