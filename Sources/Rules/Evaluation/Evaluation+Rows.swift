internal import Events
internal import Features

/// The row a filter is evaluated for.
struct RowContext {
  let row: EntityRow
  let history: EntityHistory

  func value(of field: RowField, _ facts: Facts) -> Outcome {
    switch field {
    case .age: return .duration(facts.now - row.timelineInstant)
    case .at: return .instant(row.timelineInstant)
    case .day: return .text(facts.company.calendar.day(of: row.timelineInstant).description)
    case .sentiment: return sentiment(facts.company.lexicons)
    case .productLine: return productLine(facts)
    case .movedTo, .movedToSeller:
      facts.standsUntilNext(.enrichment)
      let prospect = newEmployer(facts)
      return (field == .movedTo ? prospect?.name : prospect?.ae).map(Outcome.text) ?? .missing(.unset(row.kind, field.name))
    case .mentioned(let lexicon):
      let phrases = facts.company.lexicons[lexicon]?.found(in: prose) ?? []
      return phrases.isEmpty ? .missing(.unset(row.kind, field.name)) : .text(phrases.joined(separator: ", "))
    case .source: return .text(row.system)
    case .businessDays:
      facts.standsToday()
      let day = facts.company.calendar.day(of: row.timelineInstant)
      let last = facts.today - 1
      return .number(Fixed(day < last ? facts.company.calendar.businessDays(from: day + 1, through: last) : 0))
    case .personRole:
      facts.standsUntilNext(.contact)
      return history.role(ofPersonIn: row).map(Outcome.text) ?? .missing(.unset(row.kind, "role of the person"))
    case .derived(let derived):
      switch history.derived(derived, of: row, held: facts.company.heldEdits, names: facts.company.catalog.featureNames) {
      case .flag(let flag): return .flag(flag)
      case .instant(let instant): return .instant(instant)
      case .span(let span): return .duration(span)
      case .money(let amount): return .money(amount)
      case nil: return .missing(.unset(row.kind, derived.rawValue))
      }
    case .stored(let name):
      guard let value = row[name], let type = RuleSchema.field(name, of: row.kind)?.type, let outcome = Outcome(value, as: type) else {
        return .missing(.unset(row.kind, name))
      }
      return outcome
    }
  }
}

extension Evaluation {
  mutating func rows(_ aggregate: RowAggregate, _ override: WindowOverride?) -> Outcome {
    guard let known = facts.company.known.range(of: aggregate.kind) else { return .missing(.kindUnknown(aggregate.kind)) }
    if let since = known.staleSince { return .missing(.stale(aggregate.kind, since: facts.company.calendar.day(of: since))) }
    let bounds: (after: Instant?, through: Instant)
    switch self.bounds(of: aggregate.window, override) {
    case .bounds(let after, let through): bounds = (after, through)
    case .missing(let reason): return .missing(reason)
    }
    // Who has left, enrichment tells too.
    if aggregate.kind == .contact { facts.standsUntilNext(.enrichment) }
    let history = facts.account.entities
    let candidates =
      bounds.after.map { history.rows(aggregate.kind, asOf: facts.now, after: $0) } ?? history.rows(aggregate.kind, asOf: facts.now)
    noteWindow(candidates, of: aggregate.kind, after: bounds.after, through: bounds.through, known: known)
    let rows = matching(aggregate, candidates, after: bounds.after, through: bounds.through)
    citations?.append(contentsOf: rows.map { "\(aggregate.kind.rawValue):\($0.system)/\($0.id)" })
    let isWhole = bounds.after.map { $0 >= known.from } ?? true
    if aggregate.function == .exists, !rows.isEmpty { return .flag(true) }
    guard isWhole else { return .missing(.kindKnownFrom(aggregate.kind, facts.company.calendar.day(of: known.from))) }
    if let after = bounds.after, let hole = known.hole(after: after, through: bounds.through) {
      let calendar = facts.company.calendar
      return .missing(.hole(aggregate.kind, calendar.day(of: hole.from), calendar.day(of: hole.until - Span(microseconds: 1))))
    }
    return measure(aggregate, rows)
  }

  private enum Bounds {
    case bounds(after: Instant?, through: Instant)
    case missing(Missing)
  }

  private mutating func bounds(of window: Window, _ override: WindowOverride?) -> Bounds {
    var end = facts.now
    if let override {
      end = end - .days(Int64(override.before))
    } else if let node = window.before {
      let outcome = detachedValue(of: node)
      guard case .duration(let span) = outcome else { return .missing(outcome.missing ?? .because(.nothingBefore)) }
      end = end - span
    }
    var start = (override.map { Span.days(Int64($0.days)) } ?? window.length).map { end - $0 }
    if window.sinceOpening {
      guard let openedAt = facts.openedAt else { return .missing(.because(.notOpen)) }
      start = max(start ?? openedAt, openedAt)
    }
    return .bounds(after: start, through: end)
  }

  /// The rows within the bounds for which the filter is true, by time.
  private mutating func matching(_ aggregate: RowAggregate, _ candidates: [EntityRow], after: Instant?, through: Instant) -> [EntityRow] {
    let history = facts.account.entities
    var found: [EntityRow] = []
    for candidate in candidates {
      let at = candidate.timelineInstant
      // A due date may lie ahead; without a window such a row counts too.
      if let after, at <= after || at > through { continue }
      if after == nil, through < facts.now, at > through { continue }
      if let filter = aggregate.filter, !holds(filter, for: RowContext(row: candidate, history: history)) { continue }
      found.append(candidate)
    }
    guard aggregate.last != nil || aggregate.function == .last || aggregate.function == .first else { return found }
    let sorted = found.sorted { ($0.timelineInstant, $0.id, $0.system) < ($1.timelineInstant, $1.id, $1.system) }
    return aggregate.last.map { Array(sorted.suffix($0)) } ?? sorted
  }

  private mutating func holds(_ filter: TypedNode, for context: RowContext) -> Bool {
    // A filter is not explained row by row: that would bury what matters.
    let (outerRow, outerFrames) = (row, frames)
    (row, frames) = (context, nil)
    defer { (row, frames) = (outerRow, outerFrames) }
    return value(of: filter).isTrue
  }

  private func measure(_ aggregate: RowAggregate, _ rows: [EntityRow]) -> Outcome {
    switch aggregate.function {
    case .exists: return .flag(!rows.isEmpty)
    case .count: return .number(Fixed(rows.count))
    case .sum, .average, .min, .max, .median, .last, .first, .distinct: break
    }
    guard let field = aggregate.field else { return .missing(.noRow(aggregate.kind)) }
    let history = facts.account.entities
    let values = rows.map { RowContext(row: $0, history: history).value(of: field, facts) }.filter { !$0.isMissing }
    switch aggregate.function {
    case .distinct: return .number(Fixed(Set(values).count))
    case .last: return values.last ?? .missing(.noRow(aggregate.kind))
    case .first: return values.first ?? .missing(.noRow(aggregate.kind))
    case .min, .max:
      let best = values.reduce(nil as Outcome?) { best, value in
        guard let best else { return value }
        let isBetter = aggregate.function == .max ? best.isLess(than: value) : value.isLess(than: best)
        return isBetter == true ? value : best
      }
      return best ?? .missing(.noRow(aggregate.kind))
    default: return Self.statistic(aggregate, values.compactMap { $0.fixed?.millionths })
    }
  }

  private static func statistic(_ aggregate: RowAggregate, _ values: [Int64]) -> Outcome {
    let sum = values.reduce(Int128(0)) { $0 + Int128($1) }
    let result: Int128?
    switch aggregate.function {
    case .sum: result = sum
    case .median: result = median(values).map { Int128($0) }
    default: result = values.isEmpty ? nil : Int128(roundedDividing: sum, by: Int128(values.count))
    }
    return result.map { Outcome(Fixed(clamping: $0), as: aggregate.type) } ?? .missing(.noRow(aggregate.kind))
  }
}
