package import Events

/// What an account's people did with the product, by feature, person and day.
package struct UsageHistory: Hashable, Sendable {
  /// Days kept behind the newest one: own levels reach back 120 days from the start of a 180-day case.
  package static let horizon = 400

  private var features: [String: FeatureUsage] = [:]
  private var newest = Day(number: .min / 2)

  package init() {}

  package mutating func add(name: String, person: PersonKey?, quantity: Fixed, on day: Day) {
    guard newest - day <= Self.horizon else { return }
    features[name, default: FeatureUsage()].add(person: person, quantity: quantity, on: day)
    if day > newest {
      let crossesWord = newest.number / 64 != day.number / 64
      newest = day
      if crossesWord { prune() }
    }
  }

  private mutating func prune() {
    for name in features.keys { features[name]?.prune(before: newest - Self.horizon) }
    features = features.filter { !$0.value.isEmpty }
  }

  package var isEmpty: Bool { features.isEmpty }

  /// The names of all features ever used within the horizon, sorted.
  package var names: [String] { features.keys.sorted() }

  /// The first day a feature was used, by anyone, within the horizon.
  package func firstDay(of name: String) -> Day? { features[name]?.allDays.first(in: UsageHistory.everything) }

  package static let everything = Day(number: 0)...Day(number: 100_000)
}

/// Which part of the usage is meant.
package struct UsageSelection: Hashable, Sendable {
  /// Features by name; nil for all.
  package var names: Set<String>?
  /// Only these persons; nil for all, anonymous use included.
  package var persons: Set<PersonKey>?
  package var businessDaysOnly = false

  package init(names: Set<String>? = nil, persons: Set<PersonKey>? = nil, businessDaysOnly: Bool = false) {
    self.names = names
    self.persons = persons
    self.businessDaysOnly = businessDaysOnly
  }
}

extension UsageHistory {
  private func selected(_ selection: UsageSelection) -> [FeatureUsage] {
    guard let names = selection.names else { return Array(features.values) }
    return names.compactMap { features[$0] }
  }

  /// The sum of quantities. With persons selected, a person's use of a feature on a day counts 1.
  package func total(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Fixed {
    var sum = Fixed.zero
    for feature in selected(selection) {
      if let wanted = selection.persons {
        for (person, days) in feature.persons where wanted.contains(person) { sum = sum + Fixed(count(days, selection, range, calendar)) }
        continue
      }
      sum = sum + feature.quantity(in: range) { !selection.businessDaysOnly || calendar.isBusinessDay($0) }
    }
    return sum
  }

  /// The distinct days with any use.
  package func activeDays(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> [Day] {
    var bits = DayBits()
    for feature in selected(selection) {
      guard let persons = selection.persons else {
        bits.formUnion(feature.allDays)
        continue
      }
      for (person, days) in feature.persons where persons.contains(person) { bits.formUnion(days) }
    }
    let days = bits.days(in: range)
    return selection.businessDaysOnly ? days.filter(calendar.isBusinessDay) : days
  }

  /// Distinct (person, day) pairs with use of any of the features; anonymous use does not count.
  package func personDays(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Int {
    daysByPerson(selection).reduce(0) { $0 + count($1.days, selection, range, calendar) }
  }

  private func count(_ days: DayBits, _ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Int {
    selection.businessDaysOnly ? days.days(in: range).count(where: calendar.isBusinessDay) : days.count(in: range)
  }

  /// The persons with any use, sorted.
  package func persons(_ selection: UsageSelection, _ range: ClosedRange<Day>) -> [PersonKey] {
    daysByPerson(selection).filter { !$0.days.isDisjoint(from: range) }.map(\.person)
  }

  /// The last day a person used anything.
  package func lastDay(of person: PersonKey, through day: Day) -> Day? {
    guard day >= Self.everything.lowerBound else { return nil }
    var last: Day?
    for feature in features.values {
      guard let days = feature.persons[person], let found = days.last(in: Self.everything.lowerBound...day) else { continue }
      last = max(last ?? found, found)
    }
    return last
  }

  private func daysByPerson(_ selection: UsageSelection) -> [(person: PersonKey, days: DayBits)] {
    var merged: [PersonKey: DayBits] = [:]
    for feature in selected(selection) {
      for (person, days) in feature.persons where selection.persons?.contains(person) ?? true {
        merged[person, default: DayBits()].formUnion(days)
      }
    }
    return merged.map { (person: $0.key, days: $0.value) }.sorted { $0.person < $1.person }
  }
}

/// One feature's use: who on which day, and how much a day.
private struct FeatureUsage: Hashable, Sendable {
  var persons: [PersonKey: DayBits] = [:]
  var allDays = DayBits()
  private var quantities: [Day: Int64] = [:]

  var isEmpty: Bool { allDays.isEmpty }

  mutating func add(person: PersonKey?, quantity: Fixed, on day: Day) {
    allDays.insert(day)
    quantities[day] = (Fixed(millionths: quantities[day] ?? 0) + quantity).millionths
    if let person { persons[person, default: DayBits()].insert(day) }
  }

  func quantity(in range: ClosedRange<Day>, where isWanted: (Day) -> Bool) -> Fixed {
    var sum = Fixed.zero
    for day in allDays.days(in: range) where isWanted(day) { sum = sum + Fixed(millionths: quantities[day] ?? 0) }
    return sum
  }

  mutating func prune(before day: Day) {
    allDays.prune(before: day)
    quantities = quantities.filter { allDays.contains($0.key) }
    for person in persons.keys { persons[person]?.prune(before: day) }
    persons = persons.filter { !$0.value.isEmpty }
  }
}

extension UsageHistory {
  package var json: JSON { ["newest": JSON(newest.number), "features": .object(features.mapValues(\.json))] }

  package init?(json: JSON) {
    guard let newest = json["newest"].integer.flatMap(Int32.init(exactly:)), let members = json["features"].object else { return nil }
    self.newest = Day(number: newest)
    for (name, member) in members {
      guard let feature = FeatureUsage(json: member) else { return nil }
      features[name] = feature
    }
  }
}

extension FeatureUsage {
  /// A quantity of 1 per person and day is the rule, so only the others are written out.
  var json: JSON {
    let odd = quantities.filter { $0.value != Int64(personCount(on: $0.key)) * 1_000_000 }
    return [
      "days": allDays.json,
      "persons": .object(Dictionary(uniqueKeysWithValues: persons.map { (String($0.key.number), $0.value.json) })),
      "quantities": .object(Dictionary(uniqueKeysWithValues: odd.map { (String($0.key.number), JSON($0.value)) })),
    ]
  }

  private func personCount(on day: Day) -> Int { persons.values.count { $0.contains(day) } }

  init?(json: JSON) {
    guard let allDays = DayBits(json: json["days"]), let members = json["persons"].object, let odd = json["quantities"].object else {
      return nil
    }
    self.allDays = allDays
    for (key, member) in members {
      guard let number = Int64(key), let days = DayBits(json: member) else { return nil }
      persons[PersonKey(number)] = days
    }
    for day in allDays.days(in: UsageHistory.everything) { quantities[day] = Int64(personCount(on: day)) * 1_000_000 }
    for (key, member) in odd {
      guard let number = Int32(key), let quantity = member.integer else { return nil }
      quantities[Day(number: number)] = quantity
    }
  }
}
