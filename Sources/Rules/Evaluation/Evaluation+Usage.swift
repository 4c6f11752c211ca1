internal import Events
internal import Features
internal import Revenue

extension Evaluation {
  /// The features an expansion brought into use, or why nobody can say; none where it brought in teams alone.
  enum AdoptedNames {
    case names([String])
    case missing(Missing.StaticReason)
  }

  var adoptedNames: AdoptedNames {
    guard let expansion = facts.expansionCase else { return .missing(.noCase) }
    guard let names = facts.adoptedFeatures(of: expansion) else { return .missing(.adoptionUnknown) }
    return names.isEmpty && adoptedTeams.isEmpty ? .missing(.nothingAdopted) : .names(names)
  }

  /// The teams an expansion brought in.
  var adoptedTeams: [String] { facts.expansionCase.map(facts.adoptedTeams) ?? [] }

  /// Whether no news of the account means no use: it was seen, or it pays and a feed that can know it tells of all that do.
  private var isCovered: Bool {
    if !facts.account.usage.isEmpty { return true }
    guard facts.company.coversCustomers else { return false }
    facts.standsUntilNextLevel()
    facts.standsUntilNext(.account)
    return facts.isPaying && facts.isKnownToUsageFeeds
  }

  mutating func usage(_ aggregate: UsageAggregate, _ override: WindowOverride?) -> Outcome {
    if let since = facts.company.usageStaleSince { return .missing(.stale(.usage, since: since)) }
    let range: ClosedRange<Day>
    switch days(of: aggregate.window, override) {
    case .range(let days): range = days
    case .empty: return Self.nothing(aggregate.function)
    case .missing(let reason): return .missing(reason)
    }
    let measure = aggregate.feature.map { Notebook.Measure(feature: $0, first: range.lowerBound, last: range.upperBound) }
    if citations == nil, let measure, let notebook = facts.notebook, let outcome = notebook.measures[measure], isCovered { return outcome }
    if citations == nil, let merged = mergedAlready(aggregate), isCovered {
      let outcome = self.measure(aggregate.function, merged, range)
      if let measure { facts.notebook?.measures[measure] = outcome }
      return outcome
    }
    let selection: UsageSelection
    switch self.selection(aggregate.source, aggregate.filter, range) {
    case .selected(let selected): selection = selected
    case .missing(let reason): return .missing(reason)
    }
    if let held = heldBack(aggregate, selection) { return .missing(.heldBack(feature: held)) }
    guard isCovered else { return .missing(.usageNotCovered) }
    citations?.append(contentsOf: (selection.names ?? []).sorted().map { "usage:\($0)/\(range.lowerBound)..\(range.upperBound)" })
    let outcome: Outcome =
      switch (aggregate.function, aggregate.field) {
      case (.distinct, .name): .number(Fixed(facts.account.usage.usedNames(selection, range).count))
      case (.distinct, .team): .number(Fixed(facts.account.usage.usedTeams(range).count))
      default: self.measure(aggregate.function, merged(aggregate, selection), range)
      }
    if let measure { facts.notebook?.measures[measure] = outcome }
    return outcome
  }

  /// What the notebook holds of an aggregate's source, or of those in a role, found countable before in this evaluation.
  private func mergedAlready(_ aggregate: UsageAggregate) -> MergedUsage? {
    guard let key = mergeKey(aggregate), let merged = facts.notebook?.merged[key] else { return nil }
    if key.roles != nil { facts.standsUntilNext(.contact) }
    return merged
  }

  private func mergeKey(_ aggregate: UsageAggregate) -> Notebook.Merge? {
    // Who has a role is asked as of now; on a day gone by it may have been another.
    guard facts.notebook != nil, aggregate.countsWholeSource, aggregate.filter.roles == nil || facts.daysBack == 0 else { return nil }
    return Notebook.Merge(source: aggregate.source, roles: aggregate.filter.roles)
  }

  private func merged(_ aggregate: UsageAggregate, _ selection: UsageSelection) -> MergedUsage {
    let merged = MergedUsage(facts.account.usage, selection)
    if let key = mergeKey(aggregate) { facts.notebook?.merged[key] = merged }
    return merged
  }

  private func measure(_ function: UsageFunction, _ usage: MergedUsage, _ range: ClosedRange<Day>) -> Outcome {
    let calendar = facts.company.calendar
    switch function {
    case .count: return .number(usage.total(range, businessDaysOnly: false, calendar))
    case .activeDays: return .number(Fixed(usage.activeDayCount(range, calendar)))
    case .exists: return .flag(usage.activeDayCount(range, calendar) > 0)
    case .personDays: return .number(Fixed(usage.personDays(range, calendar)))
    case .distinct: return .number(Fixed(usage.personCount(range)))
    case .perBusinessDay:
      let open = calendar.businessDays(from: range.lowerBound, through: range.upperBound)
      return usage.total(range, businessDaysOnly: true, calendar).divided(by: Fixed(open)).map(Outcome.number)
        ?? .missing(.because(.noBusinessDay))
    case .first, .last, .medianGap, .expected, .silentBusinessDays, .silentFor:
      return measure(function, usage, range, activeDays: usage.activeDays(range, calendar))
    }
  }

  private func measure(_ function: UsageFunction, _ usage: MergedUsage, _ range: ClosedRange<Day>, activeDays: [Day]) -> Outcome {
    let calendar = facts.company.calendar
    guard let first = activeDays.first, let last = activeDays.last else { return .missing(.because(.neverUsed)) }
    let silentDays = calendar.businessDays(from: last + 1, through: range.upperBound)
    switch function {
    case .first: return .instant(calendar.start(of: first))
    case .last: return .instant(calendar.start(of: last))
    case .silentFor: return .duration(.days(Int64(range.upperBound - last)))
    case .silentBusinessDays: return .number(Fixed(silentDays))
    case .medianGap:
      let gaps = zip(activeDays, activeDays.dropFirst()).map { Int64($1 - $0) * 86_400_000_000 }
      return Self.median(gaps).map { .duration(Span(microseconds: $0)) } ?? .missing(.because(.tooFewUses))
    default:
      let personDays = usage.personDays(first...last, calendar)
      let openDays = calendar.businessDays(from: first, through: last)
      return Fixed(personDays * silentDays).divided(by: Fixed(openDays)).map(Outcome.number) ?? .missing(.because(.noBusinessDay))
    }
  }

  /// What an aggregate says of no days at all.
  private static func nothing(_ function: UsageFunction) -> Outcome {
    switch function.type {
    case .number: .number(.zero)
    case .flag: .flag(false)
    default: .missing(.because(.neverUsed))
    }
  }

  /// The middle value, or the mean of the two middle ones; nil of none.
  static func median(_ values: [Int64]) -> Int64? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    if sorted.count % 2 == 1 { return sorted[middle] }
    return Int64(clamping: Int128(roundedDividing: Int128(sorted[middle - 1]) + Int128(sorted[middle]), by: 2))
  }

  // MARK: Windows

  private enum Days {
    case range(ClosedRange<Day>)
    case empty
    case missing(Missing)
  }

  private mutating func days(of window: Window, _ override: WindowOverride?) -> Days {
    guard let known = facts.usageDays else { return .missing(.usageUnknown) }
    var before = override?.before ?? 0
    if let node = window.before, override == nil {
      let outcome = detachedValue(of: node)
      guard case .duration(let span) = outcome else { return .missing(outcome.missing ?? .usageUnknown) }
      before = Int(span.wholeDays)
    }
    let end = known.upperBound - max(before, 0)
    // A window without a length reaches as far back as nothing is missing.
    var start = (override?.days ?? window.days).map { end - ($0 - 1) } ?? min(facts.usageDaysWithoutHoles?.lowerBound ?? end, end)
    if window.sinceOpening {
      guard let openedAt = facts.openedAt else { return .missing(.because(.notOpen)) }
      start = max(start, facts.company.calendar.day(of: openedAt))
    }
    if start > end { return .empty }
    if start < known.lowerBound { return .missing(.usageKnownFrom(known.lowerBound)) }
    if let hole = facts.company.usageHoles.first(where: { $0.overlaps(start...end) }) {
      return .missing(.hole(.usage, hole.lowerBound, hole.upperBound))
    }
    return .range(start...end)
  }

  /// A value that does not depend on the row at hand.
  mutating func detachedValue(of node: TypedNode) -> Outcome {
    let outerRow = row
    row = nil
    defer { row = outerRow }
    return value(of: node)
  }

  // MARK: Selection

  enum Selected {
    case selected(UsageSelection)
    case missing(Missing)
  }

  private mutating func selection(_ source: UsageSource, _ filter: UsageFilter, _ range: ClosedRange<Day>) -> Selected {
    var names: [String]
    switch source {
    case .all: names = facts.account.usage.names.filter { facts.company.catalog.meaning(of: $0) != .ignore }
    case .meaning(let meaning): names = facts.account.usage.names.filter { facts.company.catalog.meaning(of: $0) == meaning }
    case .adopted, .other:
      switch adoptedNames {
      case .missing(let reason): return .missing(.because(reason))
      case .names(let adopted): names = source == .adopted ? adopted : facts.otherFeatures(than: adopted)
      }
    case .premium, .abovePlan, .firstValue, .driver, .driverOther, .unlocked:
      switch catalogNames(source) {
      case .missing(let reason): return .missing(.because(reason))
      case .names(let found): names = found
      }
    }
    if let wanted = filter.names { names = names.filter(wanted.contains) }
    var selection = UsageSelection(names: Set(names), businessDaysOnly: filter.businessDaysOnly)
    if source == .adopted, filter.names == nil { selection.teams = Set(adoptedTeams) }
    if !filter.conditions.isEmpty {
      switch narrowed(selection, by: filter.conditions, range) {
      case .missing(let reason): return .missing(reason)
      case .selected(let narrowed): selection = narrowed
      }
    }
    if let roles = filter.roles {
      switch persons(in: roles) {
      case .missing(let reason): return .missing(reason)
      case .persons(let persons): selection.persons = selection.persons.map { $0.intersection(persons) } ?? persons
      }
    }
    return .selected(selection)
  }

  /// A feature that is held back, where nothing else is left to count, or where the rule names it.
  private func heldBack(_ aggregate: UsageAggregate, _ selection: UsageSelection) -> String? {
    guard !facts.company.heldBack.isEmpty else { return nil }
    let used = facts.account.usage.names.filter { name in
      guard let meaning = facts.company.heldBack[name], aggregate.filter.names?.contains(name) ?? true else { return false }
      return if case .meaning(let wanted) = aggregate.source { meaning == wanted } else { meaning != .ignore }
    }
    guard let first = used.first, aggregate.filter.names != nil || selection.names?.isEmpty ?? false else { return nil }
    return first
  }

  private enum Persons {
    case persons(Set<PersonKey>)
    case missing(Missing)
  }

  /// The product users whom contacts with a role are linked to.
  private func persons(in roles: [String]) -> Persons {
    guard let known = facts.company.known.range(of: .contact) else { return .missing(.kindUnknown(.contact)) }
    if let since = known.staleSince { return .missing(.stale(.contact, since: facts.company.calendar.day(of: since))) }
    facts.standsUntilNext(.contact)
    let contacts = facts.account.entities.rows(.contact, asOf: facts.now).filter { row in
      row["role"]?.text.map(roles.contains) ?? false
    }
    if contacts.isEmpty { return .missing(.because(.noSuchContact)) }
    let persons = Set(contacts.compactMap(\.current.person))
    return persons.isEmpty ? .missing(.because(.personNotLinked)) : .persons(persons)
  }

  /// The days a usage aggregate looked at, for explanations.
  func describeDays(of window: Window) -> String? {
    var probe = self
    probe.frames = nil
    guard case .range(let range) = probe.days(of: window, nil) else { return nil }
    return "\(range.lowerBound) to \(range.upperBound)"
  }
}
