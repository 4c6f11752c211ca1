package import Events

/// What an account's people did with the product, by feature, person and day.
package struct UsageHistory: Hashable, Sendable {
  /// Days kept behind the newest one: own levels reach back 120 days from the start of a 180-day case, and what an account was bought for shows
  /// in the 60 days after its start or the last anniversary of it.
  package static let horizon = 430

  /// Days behind the newest one in which a record's marks can still be taken back when its source revises it. Of an older record only the
  /// quantity can: whether another record marks the same day is no longer counted.
  package static let revisableDays = 35

  private var features: [String: FeatureUsage] = [:]
  /// Who of which team used anything on which day, where the source tells the team.
  private(set) var teams: [String: FeatureUsage] = [:]
  private var newest = Day(number: .min / 2)

  package init() {}

  /// Counts a record. Gives whether old days were forgotten for it.
  @discardableResult
  package mutating func add(name: String, person: PersonKey?, quantity: Fixed, on day: Day, team: String? = nil) -> Bool {
    guard newest - day <= Self.horizon else { return false }
    let isRevisable = newest - day <= Self.revisableDays
    features[name, default: FeatureUsage()].add(person: person, quantity: quantity, on: day, isRevisable: isRevisable)
    if let team { teams[team, default: FeatureUsage()].add(person: person, quantity: nil, on: day, isRevisable: isRevisable) }
    if day > newest {
      let crossesWord = newest.number / 64 != day.number / 64
      newest = day
      for name in features.keys { features[name]?.settle(before: day - Self.revisableDays) }
      for team in teams.keys { teams[team]?.settle(before: day - Self.revisableDays) }
      if crossesWord { prune() }
      return crossesWord
    }
    return false
  }

  /// Takes back what a record added, since its source tells it otherwise now; what was never added changes nothing.
  package mutating func remove(name: String, person: PersonKey?, quantity: Fixed, on day: Day, team: String? = nil) {
    guard newest - day <= Self.horizon else { return }
    features[name]?.remove(person: person, quantity: quantity, on: day, isRevisable: newest - day <= Self.revisableDays)
    if features[name]?.isEmpty ?? false { features[name] = nil }
    guard let team else { return }
    teams[team]?.remove(person: person, quantity: nil, on: day, isRevisable: newest - day <= Self.revisableDays)
    if teams[team]?.isEmpty ?? false { teams[team] = nil }
  }

  private mutating func prune() {
    for name in features.keys { features[name]?.prune(before: newest - Self.horizon) }
    features = features.filter { !$0.value.isEmpty }
    for team in teams.keys { teams[team]?.prune(before: newest - Self.horizon) }
    teams = teams.filter { !$0.value.isEmpty }
  }

  package var isEmpty: Bool { features.isEmpty }

  /// The names of all features ever used within the horizon, sorted.
  package var names: [String] { features.keys.sorted() }

  /// The days a feature was used on, by anyone.
  package func days(of name: String) -> DayBits? { features[name]?.allDays }

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
  /// What these teams did, with whatever features, counts as well; but not how much.
  package var teams: Set<String> = []

  package init(names: Set<String>? = nil, persons: Set<PersonKey>? = nil, businessDaysOnly: Bool = false) {
    self.names = names
    self.persons = persons
    self.businessDaysOnly = businessDaysOnly
  }
}

extension UsageHistory {
  private func selected(_ selection: UsageSelection) -> [FeatureUsage] {
    guard let names = selection.names else { return Array(features.values) }
    return names.compactMap { features[$0] } + selection.teams.compactMap { teams[$0] }
  }

  /// The sum of quantities. With persons selected, a person's use of a feature on a day counts 1.
  package func total(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> Fixed {
    var sum = Fixed.zero
    let isWanted: ((Day) -> Bool)? = selection.businessDaysOnly ? { calendar.isBusinessDay($0) } : nil
    for feature in selected(selection) {
      if let wanted = selection.persons {
        for (person, days) in feature.persons where wanted.contains(person) { sum = sum + Fixed(count(days, selection, range, calendar)) }
        continue
      }
      sum = sum + feature.quantity(in: range, where: isWanted)
    }
    return sum
  }

  /// The distinct days with any use.
  package func activeDays(_ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar) -> [Day] {
    let days = daysOfAny(selection).days(in: range)
    return selection.businessDaysOnly ? days.filter(calendar.isBusinessDay) : days
  }

  /// The days on which any of the features was used.
  func daysOfAny(_ selection: UsageSelection) -> DayBits {
    var bits = DayBits()
    for feature in selected(selection) {
      guard let persons = selection.persons else {
        bits.formUnion(feature.allDays)
        continue
      }
      // Few persons are asked for, as a rule, and many use it.
      for person in persons { if let days = feature.persons[person] { bits.formUnion(days) } }
    }
    return bits
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

  /// The persons with use in a range, and on how many days; sorted by person.
  package func activeDaysByPerson(
    _ selection: UsageSelection, _ range: ClosedRange<Day>, _ calendar: CompanyCalendar
  ) -> [(person: PersonKey, days: Int)] {
    daysByPerson(selection).map { (person: $0.person, days: count($0.days, selection, range, calendar)) }.filter { $0.days > 0 }
  }

  /// The selected features with use in a range, sorted.
  package func usedNames(_ selection: UsageSelection, _ range: ClosedRange<Day>) -> [String] {
    (selection.names.map { $0.sorted() } ?? names).filter { name in
      guard let feature = features[name] else { return false }
      guard let wanted = selection.persons else { return !feature.allDays.isDisjoint(from: range) }
      return feature.persons.contains { wanted.contains($0.key) && !$0.value.isDisjoint(from: range) }
    }
  }

  /// The days on which each person used any of the features, sorted by person.
  package func daysByPerson(_ selection: UsageSelection) -> [(person: PersonKey, days: DayBits)] {
    var merged: [PersonKey: DayBits] = [:]
    for feature in selected(selection) {
      for (person, days) in feature.persons where selection.persons?.contains(person) ?? true {
        merged[person, default: DayBits()].formUnion(days)
      }
    }
    return merged.map { (person: $0.key, days: $0.value) }.sorted { $0.person < $1.person }
  }
}

/// One feature's use, or one team's: who on which day, and of a feature how much a day.
struct FeatureUsage: Hashable, Sendable {
  var persons: [PersonKey: DayBits] = [:]
  var allDays = DayBits()
  private var quantities = DayAmounts()
  /// In the days that can still be revised: how many records mark a person's day, where more than one does.
  private var repeats: [Day: [PersonKey: Int64]] = [:]
  /// In the same days: how many records name no person.
  private var anonymous: [Day: Int64] = [:]

  var isEmpty: Bool { allDays.isEmpty }

  /// - Parameter quantity: nil of a team, of which nobody asks how much it used.
  mutating func add(person: PersonKey?, quantity: Fixed?, on day: Day, isRevisable: Bool) {
    allDays.insert(day)
    if let quantity { quantities[day] = (Fixed(millionths: quantities[day]) + quantity).millionths }
    guard let person else {
      if isRevisable { anonymous[day, default: 0] += 1 }
      return
    }
    if isRevisable, persons[person]?.contains(day) ?? false { repeats[day, default: [:]][person, default: 1] += 1 }
    persons[person, default: DayBits()].insert(day)
  }

  mutating func remove(person: PersonKey?, quantity: Fixed?, on day: Day, isRevisable: Bool) {
    guard allDays.contains(day) else { return }
    if isRevisable, !takeMark(of: person, on: day) { return }
    if let quantity { quantities[day] = (Fixed(millionths: quantities[day]) - quantity).millionths }
    guard isRevisable, anonymous[day] == nil, !persons.values.contains(where: { $0.contains(day) }) else { return }
    allDays.remove(day)
    quantities[day] = 0
  }

  /// False if no record marks the day for that person.
  private mutating func takeMark(of person: PersonKey?, on day: Day) -> Bool {
    guard let person else {
      guard let count = anonymous[day] else { return false }
      anonymous[day] = count > 1 ? count - 1 : nil
      return true
    }
    guard persons[person]?.contains(day) ?? false else { return false }
    guard let count = repeats[day]?[person] else {
      persons[person]?.remove(day)
      if persons[person]?.isEmpty ?? false { persons[person] = nil }
      return true
    }
    repeats[day]?[person] = count > 2 ? count - 1 : nil
    if repeats[day]?.isEmpty ?? false { repeats[day] = nil }
    return true
  }

  /// Forgets how many records mark the days before one.
  mutating func settle(before day: Day) {
    repeats = repeats.filter { $0.key >= day }
    anonymous = anonymous.filter { $0.key >= day }
  }

  func quantity(in range: ClosedRange<Day>, where isWanted: ((Day) -> Bool)?) -> Fixed { quantities.sum(in: range, where: isWanted) }

  mutating func prune(before day: Day) {
    allDays.prune(before: day)
    quantities.prune(before: Day(number: Int32(floorDividing: day.number, by: 64) * 64))
    for person in persons.keys { persons[person]?.prune(before: day) }
    persons = persons.filter { !$0.value.isEmpty }
  }
}

extension UsageHistory {
  package var json: JSON {
    var members: [String: JSON] = ["newest": JSON(newest.number), "features": .object(features.mapValues(\.json))]
    if !teams.isEmpty { members["teams"] = .object(teams.mapValues(\.json)) }
    return .object(members)
  }

  package init?(json: JSON) {
    guard let newest = json["newest"].integer.flatMap(Int32.init(exactly:)), let members = json["features"].object else { return nil }
    self.newest = Day(number: newest)
    for (name, member) in members {
      guard let feature = FeatureUsage(json: member) else { return nil }
      features[name] = feature
    }
    for (team, member) in json["teams"].object ?? [:] {
      guard let usage = FeatureUsage(json: member) else { return nil }
      teams[team] = usage
    }
  }
}

extension FeatureUsage {
  /// A quantity of 1 per person and day is the rule, so only the others are written out.
  var json: JSON {
    var members: [String: JSON] = [
      "days": allDays.json,
      "persons": .object(Dictionary(uniqueKeysWithValues: persons.map { (String($0.key.number), $0.value.json) })),
    ]
    if quantities != DayAmounts() {
      var odd: [Day: Int64] = [:]
      for day in allDays.days(in: UsageHistory.everything) where quantities[day] != Int64(personCount(on: day)) * 1_000_000 {
        odd[day] = quantities[day]
      }
      members["quantities"] = Self.object(odd)
    }
    if !anonymous.isEmpty { members["anonymous"] = Self.object(anonymous) }
    if !repeats.isEmpty {
      let counts = repeats.map { day, counts in
        (String(day.number), JSON.object(Dictionary(uniqueKeysWithValues: counts.map { (String($0.key.number), JSON($0.value)) })))
      }
      members["repeats"] = .object(Dictionary(uniqueKeysWithValues: counts))
    }
    return .object(members)
  }

  private static func object(_ numbers: [Day: Int64]) -> JSON {
    .object(Dictionary(uniqueKeysWithValues: numbers.map { (String($0.key.number), JSON($0.value)) }))
  }

  private func personCount(on day: Day) -> Int { persons.values.count { $0.contains(day) } }

  init?(json: JSON) {
    guard let allDays = DayBits(json: json["days"]), let members = json["persons"].object else { return nil }
    self.allDays = allDays
    for (key, member) in members {
      guard let number = Int64(key), let days = DayBits(json: member) else { return nil }
      persons[PersonKey(number)] = days
    }
    if let odd = json["quantities"].object {
      for day in allDays.days(in: UsageHistory.everything) { quantities[day] = Int64(personCount(on: day)) * 1_000_000 }
      for (key, member) in odd {
        guard let number = Int32(key), let quantity = member.integer else { return nil }
        quantities[Day(number: number)] = quantity
      }
    }
    for (key, member) in json["anonymous"].object ?? [:] {
      guard let number = Int32(key), let count = member.integer else { return nil }
      anonymous[Day(number: number)] = count
    }
    for (key, member) in json["repeats"].object ?? [:] {
      guard let day = Int32(key), let counts = member.object else { return nil }
      for (person, count) in counts {
        guard let number = Int64(person), let count = count.integer else { return nil }
        repeats[Day(number: day), default: [:]][PersonKey(number)] = count
      }
    }
  }
}
