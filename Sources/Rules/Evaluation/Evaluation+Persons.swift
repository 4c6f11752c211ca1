internal import Events
internal import Features

/// Filters that measure each person or each feature over the window of the aggregate they stand in.
extension Evaluation {
  /// How long usage must be known before a person may be called new: someone who comes once a month has not come for the first time.
  static let daysBeforeFirstSeen = 30

  /// The features and persons of a selection for which all conditions hold; features first, then the persons who use what is left.
  mutating func narrowed(_ selection: UsageSelection, by conditions: [UsageCondition], _ range: ClosedRange<Day>) -> Selected {
    var limits: [(condition: UsageCondition, limit: Outcome)] = []
    for condition in conditions {
      let limit = detachedValue(of: condition.limit)
      if let reason = limit.missing { return .missing(reason) }
      if let reason = tooYoung(condition, limit) { return .missing(reason) }
      limits.append((condition, limit))
    }
    var narrowed = selection
    for (condition, limit) in limits where condition.measure == .featurePersons {
      narrowed.names = (narrowed.names ?? []).filter { name in
        let persons = facts.account.usage.persons(UsageSelection(names: [name], businessDaysOnly: selection.businessDaysOnly), range)
        return Arithmetic.compare(condition.sign, .number(Fixed(persons.count)), limit).isTrue
      }
    }
    let ofPersons = limits.filter { $0.condition.measure != .featurePersons }
    guard !ofPersons.isEmpty else { return .selected(narrowed) }
    let people = people(narrowed, range)
    narrowed.persons = Set(
      people.filter { person in
        ofPersons.allSatisfy { Arithmetic.compare($0.condition.sign, person.outcome(of: $0.condition.measure), $0.limit).isTrue }
      }.map(\.key))
    return .selected(narrowed)
  }

  /// Why nobody can be called new: usage is not known long enough.
  private func tooYoung(_ condition: UsageCondition, _ limit: Outcome) -> Missing? {
    guard condition.measure == .firstSeen, case .duration(let span) = limit, let known = facts.usageDaysWithoutHoles else { return nil }
    let needed = known.upperBound - Int(span.wholeDays) - Self.daysBeforeFirstSeen
    return known.lowerBound > needed ? .usageKnownFrom(known.lowerBound) : nil
  }

  /// A person with use in a window, measured.
  private struct MeasuredPerson {
    let key: PersonKey
    let activeDays: Int
    var rank = 0
    let silentFor: Int
    let firstSeen: Int

    func outcome(of measure: UsageMeasure) -> Outcome {
      switch measure {
      case .activeDays: .number(Fixed(activeDays))
      case .rank: .number(Fixed(rank))
      case .silentFor: .duration(.days(Int64(silentFor)))
      case .firstSeen: .duration(.days(Int64(firstSeen)))
      case .featurePersons: .missing(.named("no measure of a person"))
      }
    }
  }

  /// The persons with use in the window, most active first.
  private func people(_ selection: UsageSelection, _ range: ClosedRange<Day>) -> [MeasuredPerson] {
    let usage = facts.account.usage
    let catalog = facts.company.catalog
    let today = facts.usageDays?.upperBound ?? range.upperBound
    let anything = UsageSelection(names: Set(usage.names.filter { catalog.meaning(of: $0) != .ignore }))
    let everyDay = Dictionary(uniqueKeysWithValues: usage.daysByPerson(anything).map { ($0.person, $0.days) })
    let active = usage.activeDaysByPerson(selection, range, facts.company.calendar).sorted { ($1.days, $0.person) < ($0.days, $1.person) }
    return active.enumerated().compactMap { index, person in
      guard let all = everyDay[person.person], let last = all.last(in: UsageHistory.everything.lowerBound...today),
        let first = all.first(in: UsageHistory.everything.lowerBound...today)
      else { return nil }
      return MeasuredPerson(
        key: person.person, activeDays: person.days, rank: index + 1, silentFor: today - last, firstSeen: today - first)
    }
  }
}
