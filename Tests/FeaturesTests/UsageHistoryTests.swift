import Events
import Features
import Testing

/// The same questions answered from a plain list of what happened.
private struct UsageList {
  struct Entry {
    let name: String
    let person: PersonKey?
    let quantity: Fixed
    let day: Day
  }

  var entries: [Entry] = []

  func selected(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> [Entry] {
    entries.filter { entry in
      range.contains(entry.day) && selection.names?.contains(entry.name) ?? true
        && (selection.persons.map { persons in entry.person.map(persons.contains) ?? false } ?? true)
        && (!selection.businessDaysOnly || calendar.isBusinessDay(entry.day))
    }
  }
}

@Suite struct UsageHistoryTests {
  private static let start = Day(number: 20_000)
  private static let names = ["api", "export", "login", "reports"]

  private struct PersonDay: Hashable {
    let name: String
    let person: PersonKey
    let day: Day
  }

  private func randomEntry(on days: ClosedRange<Int>, using random: inout SeededGenerator) -> UsageList.Entry {
    let person = Int64.random(in: 0...5, using: &random)
    let quantity = Bool.random(using: &random) ? Fixed(1) : Fixed(millionths: .random(in: 0...20_000_000, using: &random))
    return UsageList.Entry(
      name: Self.names.randomElement(using: &random) ?? "api", person: person == 0 ? nil : PersonKey(person), quantity: quantity,
      day: Self.start + Int.random(in: days, using: &random))
  }

  private func randomSelection(using random: inout SeededGenerator) -> UsageSelection {
    UsageSelection(
      names: Bool.random(using: &random) ? nil : Set((Self.names + ["never"]).filter { _ in Bool.random(using: &random) }),
      persons: Bool.random(using: &random) ? nil : Set((Int64(1)...6).filter { _ in Bool.random(using: &random) }.map(PersonKey.init)),
      businessDaysOnly: Bool.random(using: &random))
  }

  private func compare(
    _ history: UsageHistory, _ list: UsageList, in bounds: ClosedRange<Day>, using random: inout SeededGenerator
  ) throws {
    let calendar = try #require(CompanyCalendar(timeZone: "UTC", holidays: [Self.start + 5, Self.start + 40]))
    for _ in 0..<40 {
      let selection = randomSelection(using: &random)
      let first = bounds.lowerBound + Int.random(in: 0...(bounds.upperBound - bounds.lowerBound), using: &random)
      let range = first...(first + Int.random(in: 0...(bounds.upperBound - first), using: &random))
      let entries = list.selected(selection, range, calendar)
      let used = Set(entries.compactMap { entry in entry.person.map { PersonDay(name: entry.name, person: $0, day: entry.day) } })
      let total = selection.persons == nil ? entries.reduce(Fixed.zero) { $0 + $1.quantity } : Fixed(used.count)
      #expect(history.total(selection, range, calendar) == total)
      #expect(history.activeDays(selection, range, calendar) == Set(entries.map(\.day)).sorted())
      let personDays = Set(used.map { PersonDay(name: "", person: $0.person, day: $0.day) })
      #expect(history.personDays(selection, range, calendar) == personDays.count)
      var everyDay = selection
      everyDay.businessDaysOnly = false
      let persons = Set(list.selected(everyDay, range, calendar).compactMap(\.person)).sorted()
      #expect(history.persons(selection, range) == persons)
      let person = PersonKey(.random(in: 1...6, using: &random))
      let last = list.entries.filter { $0.person == person && $0.day <= range.upperBound && $0.day >= bounds.lowerBound }.map(\.day).max()
      if let last { #expect(history.lastDay(of: person, through: range.upperBound) == last) }
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func answersLikeAPlainList(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var history = UsageHistory()
    var list = UsageList()
    for _ in 0..<250 {
      let entry = randomEntry(on: 0...300, using: &random)
      history.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
      list.entries.append(entry)
    }
    let bounds = Self.start...(Self.start + 300)
    try compare(history, list, in: bounds, using: &random)
    #expect(history.names == Set(list.entries.map(\.name)).sorted())
    for name in Self.names { #expect(history.firstDay(of: name) == list.entries.filter { $0.name == name }.map(\.day).min()) }
    for person in (Int64(1)...6).map(PersonKey.init) {
      let expected = list.entries.filter { $0.person == person }.map(\.day).max()
      #expect(history.lastDay(of: person, through: bounds.upperBound) == expected)
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func keepsTheHorizonAndForgetsWhatLiesFarBehind(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var history = UsageHistory()
    var list = UsageList()
    var newest = Self.start
    for step in 0..<600 {
      let entry = randomEntry(on: (step * 3 - 500)...(step * 3), using: &random)
      history.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
      list.entries.append(entry)
      newest = max(newest, entry.day)
      if step % 100 == 99 { try compare(history, list, in: (newest - UsageHistory.horizon)...newest, using: &random) }
    }
    // Whole words go: at most one word's days outlive the horizon, and one more until the newest day enters the next word.
    let forgotten = newest - UsageHistory.horizon - 128
    #expect(history.activeDays(UsageSelection(), Day(number: 0)...forgotten, .utc) == [])
    #expect(history.personDays(UsageSelection(), Day(number: 0)...forgotten, .utc) == 0)
    #expect(history.total(UsageSelection(), Day(number: 0)...forgotten, .utc) == .zero)
  }

  @Test func theHorizonItselfIsKeptAndADayBeforeItRefused() {
    var history = UsageHistory()
    let range = Day(number: 0)...(Self.start + 1)
    history.add(name: "api", person: nil, quantity: Fixed(1), on: Self.start)
    history.add(name: "api", person: nil, quantity: Fixed(1), on: Self.start - UsageHistory.horizon)
    history.add(name: "api", person: nil, quantity: Fixed(1), on: Self.start - UsageHistory.horizon - 1)
    #expect(history.activeDays(UsageSelection(), range, .utc) == [Self.start - UsageHistory.horizon, Self.start])
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func comesBackFromJSONAsItWas(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var history = UsageHistory()
    for step in 0..<Int.random(in: 0..<200, using: &random) {
      let entry = randomEntry(on: 0...(step * 5), using: &random)
      history.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
    }
    let bytes = history.json.serializedBytes()
    let read = try #require(UsageHistory(json: JSON(parsing: bytes)))
    #expect(read == history)
    #expect(read.json.serializedBytes() == bytes)
    // What is added afterwards lands alike in both.
    var (a, b) = (history, read)
    for _ in 0..<50 {
      let entry = randomEntry(on: 0...1_200, using: &random)
      a.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
      b.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
    }
    #expect(a == b)
    #expect(a.json.serializedBytes() == b.json.serializedBytes())
  }

  /// Metered bytes or tokens reach the end of the scale; they stay there.
  @Test func hugeQuantitiesDoNotOverflow() throws {
    var history = UsageHistory()
    let most = Fixed(millionths: .max)
    for day in [Self.start, Self.start, Self.start + 1] { history.add(name: "api", person: nil, quantity: most, on: day) }
    #expect(history.total(UsageSelection(), Self.start...(Self.start + 1), .utc) == most)
    #expect(UsageHistory(json: try JSON(parsing: history.json.serialized())) == history)
  }

  @Test func anonymousUseCountsForDaysAndTotalsOnly() {
    var history = UsageHistory()
    let range = Self.start...Self.start
    history.add(name: "api", person: nil, quantity: Fixed(5), on: Self.start)
    #expect(history.total(UsageSelection(), range, .utc) == Fixed(5))
    #expect(history.activeDays(UsageSelection(), range, .utc) == [Self.start])
    #expect(history.personDays(UsageSelection(), range, .utc) == 0)
    #expect(history.persons(UsageSelection(), range) == [])
    #expect(history.lastDay(of: PersonKey(1), through: Self.start) == nil)
    #expect(history.lastDay(of: PersonKey(1), through: Day(number: -1)) == nil)
  }

  /// Within the days that can be revised, what is left is what would be there had the rest never been told.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func whatIsTakenBackWasNeverThere(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var history = UsageHistory()
    var kept = UsageHistory()
    let entries = (0..<200).map { _ in randomEntry(on: 0...UsageHistory.revisableDays, using: &random) }
    // The newest day stands from the start, so that all others can be revised.
    for day in [Self.start + UsageHistory.revisableDays] {
      history.add(name: "login", person: nil, quantity: Fixed(1), on: day)
      kept.add(name: "login", person: nil, quantity: Fixed(1), on: day)
    }
    for entry in entries { history.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day) }
    for entry in entries {
      if Bool.random(using: &random) {
        history.remove(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
      } else {
        kept.add(name: entry.name, person: entry.person, quantity: entry.quantity, on: entry.day)
      }
    }
    #expect(history == kept)
    #expect(history.json.serializedBytes() == kept.json.serializedBytes())
    #expect(UsageHistory(json: try JSON(parsing: history.json.serialized())) == history)
  }

  @Test func ofAnOlderRecordOnlyTheQuantityIsTakenBack() {
    var history = UsageHistory()
    let old = Self.start
    history.add(name: "api", person: PersonKey(1), quantity: Fixed(5), on: old)
    history.add(name: "api", person: PersonKey(2), quantity: Fixed(2), on: old + UsageHistory.revisableDays + 1)
    history.remove(name: "api", person: PersonKey(1), quantity: Fixed(5), on: old)
    #expect(history.total(UsageSelection(), old...old, .utc) == .zero)
    #expect(history.activeDays(UsageSelection(), old...old, .utc) == [old])
    history.remove(name: "api", person: PersonKey(2), quantity: Fixed(2), on: old + UsageHistory.revisableDays + 1)
    #expect(history.activeDays(UsageSelection(), old...(old + 100), .utc) == [old])
  }

  @Test func whatWasNeverToldCannotBeTakenBack() {
    var history = UsageHistory()
    history.add(name: "api", person: PersonKey(1), quantity: Fixed(5), on: Self.start)
    let before = history
    history.remove(name: "api", person: PersonKey(2), quantity: Fixed(5), on: Self.start)
    history.remove(name: "api", person: nil, quantity: Fixed(5), on: Self.start)
    history.remove(name: "other", person: nil, quantity: Fixed(5), on: Self.start)
    history.remove(name: "api", person: PersonKey(1), quantity: Fixed(5), on: Self.start + 1)
    #expect(history == before)
  }

  @Test(
    arguments: [
      nil, [], ["newest": 1], ["newest": 4_294_967_296, "features": [:]], ["newest": 1, "features": ["api": [:]]],
      ["newest": 1, "features": ["api": ["days": [0, ""], "persons": ["x": [0, ""]], "quantities": [:]]]],
      ["newest": 1, "features": ["api": ["days": [0, ""], "persons": [:], "quantities": ["1": "2"]]]],
    ] as [JSON])
  func refusesWhatItNeverWrote(json: JSON) {
    #expect(UsageHistory(json: json) == nil)
  }
}
