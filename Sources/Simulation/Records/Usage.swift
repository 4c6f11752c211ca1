import Events

/// One product event.
struct UsageEvent {
  let at: Int64
  /// Index among the world's accounts.
  let account: Int32
  /// Index in the account's people; negative for its integration.
  let person: Int32
  let event: ProductEvent
  let quantity: Int32
  let uuid: (UInt64, UInt64)

  static let integration: Int32 = -1
}

/// Makes an account's product events from its script.
struct UsageWriter {
  private let script: Script
  private let place: Int
  private let calendar = SimulatedCalendar.calendar
  private var chance: Chance
  private var events: [UsageEvent] = []

  /// - Parameter season: the season's level on each of the days.
  static func usage(of script: Script, place: Int, days: ClosedRange<Day>, season: [Int], seed: UInt64) -> [UsageEvent] {
    var writer = UsageWriter(script, place, seed)
    writer.writeHabits(days, season)
    writer.writePlanned(days)
    writer.writeCalls(days, season)
    writer.writeUnits(days)
    return writer.events
  }

  private init(_ script: Script, _ place: Int, _ seed: UInt64) {
    self.script = script
    self.place = place
    chance = Chance(seed, Purpose.usage.rawValue, UInt64(script.identity.index))
  }

  private mutating func writeHabits(_ days: ClosedRange<Day>, _ season: [Int]) {
    for member in script.members {
      let first = max(member.joins, days.lowerBound)
      let last = min(days.upperBound, (member.leaves ?? days.upperBound + 1) - 1)
      guard first <= last else { continue }
      for number in first.number...last.number {
        let day = Day(number: number)
        let level = season[day - days.lowerBound] * lull(on: day).people / 1000
        guard chance.happens(permille: member.activity * level / 1000), !member.away.contains(where: { $0.contains(day) }) else { continue }
        writeDay(of: member, day)
      }
    }
  }

  private mutating func writeDay(of member: Member, _ day: Day) {
    let start = Int64(chance.int(8 * 3600 + 1800...16 * 3600))
    write(member.person, .signedIn, day, second: start)
    let first = chance.pick(member.features)
    write(member.person, first, day, second: start + Int64(chance.int(60...3000)))
    let second = chance.pick(member.features)
    if second != first, chance.happens(permille: 750) { write(member.person, second, day, second: start + Int64(chance.int(3000...6000))) }
    if chance.happens(permille: 20) { write(member.person, .sessionHeartbeat, day, second: start + 30) }
  }

  private mutating func writePlanned(_ days: ClosedRange<Day>) {
    let loss = script.loss.map { calendar.day(of: $0.at) } ?? days.upperBound + 1
    for use in script.plannedUses where days.contains(use.day) && use.day < loss {
      write(use.person, use.feature, use.day, second: Int64(chance.int(9 * 3600...17 * 3600)))
    }
    for day in script.seatLimitDays where days.contains(day) && day < loss {
      write(0, .seatLimitReached, day, second: Int64(chance.int(9 * 3600...17 * 3600)))
    }
  }

  /// An integration calls on every day, a little less on some, hardly at week-ends; the day's calls come as one event.
  private mutating func writeCalls(_ days: ClosedRange<Day>, _ season: [Int]) {
    guard let api = script.api else { return }
    let first = max(days.lowerBound, script.customerSince)
    let loss = script.loss.map { calendar.day(of: $0.at) } ?? days.upperBound + 1
    guard first < loss else { return }
    for number in first.number..<min(loss.number, days.upperBound.number + 1) {
      let day = Day(number: number)
      let level = api.levels.last { $0.from <= day }?.callsPerDay ?? 0
      let share = season[day - days.lowerBound] * lull(on: day).api / 1000
      let calls = level * share / 1000 * chance.int(880...1120) / 1000
      guard calls > 0 else { continue }
      write(Int(UsageEvent.integration), .apiCall, day, second: Int64(chance.int(16 * 3600...18 * 3600)), quantity: calls)
    }
  }

  /// What is billed by the unit; a day's units come as one event.
  private mutating func writeUnits(_ days: ClosedRange<Day>) {
    guard let metered = script.metered else { return }
    let loss = script.loss.map { calendar.day(of: $0.at) } ?? days.upperBound + 1
    for number in days.lowerBound.number...days.upperBound.number where number < loss.number {
      let day = Day(number: number)
      let units = metered.units(on: day, calendar)
      guard units > 0 else { continue }
      write(Int(UsageEvent.integration), .documentProcessed, day, second: Int64(chance.int(16 * 3600...18 * 3600)), quantity: units)
    }
  }

  private func lull(on day: Day) -> (people: Int, api: Int) {
    for lull in script.lulls where lull.days.contains(day) { return (lull.people, lull.api) }
    return (1000, 1000)
  }

  private mutating func write(_ person: Int, _ event: ProductEvent, _ day: Day, second: Int64, quantity: Int = 1) {
    let at = calendar.start(of: day).microseconds + second * 1_000_000 + Int64(chance.below(1_000_000))
    let uuid = (chance.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, chance.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    events.append(
      UsageEvent(at: at, account: Int32(place), person: Int32(person), event: event, quantity: Int32(quantity), uuid: uuid))
  }
}
