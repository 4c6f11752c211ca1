package import Events

/// Several features' use taken together, merged once for all that is asked of it in one evaluation.
package final class MergedUsage: @unchecked Sendable {
  // Its guard is confinement: it lives in one evaluation's notebook, and only the thread that evaluates ever holds it.

  private let usage: UsageHistory
  private let selection: UsageSelection
  private var mergedDays: DayBits?
  private var mergedPersons: [(person: PersonKey, days: DayBits)]?

  package init(_ usage: UsageHistory, _ selection: UsageSelection) {
    self.usage = usage
    self.selection = selection
  }

  /// The days with any use, anonymous use included unless persons are selected.
  private var days: DayBits {
    if let mergedDays { return mergedDays }
    let days = usage.daysOfAny(selection)
    mergedDays = days
    return days
  }

  private var persons: [(person: PersonKey, days: DayBits)] {
    if let mergedPersons { return mergedPersons }
    let persons = usage.daysByPerson(selection)
    mergedPersons = persons
    return persons
  }

  package func total(_ range: ClosedRange<Day>, businessDaysOnly: Bool, _ calendar: CompanyCalendar) -> Fixed {
    var selection = selection
    selection.businessDaysOnly = selection.businessDaysOnly || businessDaysOnly
    return usage.total(selection, range, calendar)
  }

  package func activeDays(_ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> [Day] {
    let found = days.days(in: range)
    return selection.businessDaysOnly ? found.filter(calendar.isBusinessDay) : found
  }

  package func activeDayCount(_ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Int { count(days, range, calendar) }

  package func personDays(_ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Int {
    persons.reduce(0) { $0 + count($1.days, range, calendar) }
  }

  /// How many persons there are with any use.
  package func personCount(_ range: ClosedRange<Day>) -> Int { persons.count { !$0.days.isDisjoint(from: range) } }

  private func count(_ days: DayBits, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Int {
    selection.businessDaysOnly ? days.days(in: range).count(where: calendar.isBusinessDay) : days.count(in: range)
  }
}
