package import Events

/// A whole synthetic company and its customers over the simulated time: pure, made at once, the same for the same options.
package struct SimulatedWorld: Sendable {
  package let options: SimulationOptions
  /// When business time begins and ends.
  package let start: Instant
  package let end: Instant
  package let truth: GroundTruth
  let accounts: [AccountRecords]
  /// In order of time, then of identifier.
  let usage: [UsageEvent]

  /// - Parameter causes: the accounts to make; nil for all. An account is the same with or without the others.
  /// - Parameter rules: the exhibits to make in the catalogue's company; nil for all.
  package init(_ options: SimulationOptions, only causes: Set<Cause>? = nil, exhibits rules: Set<String>? = nil) {
    self.options = options
    let calendar = SimulatedCalendar.calendar
    start = calendar.start(of: options.start)
    end = calendar.start(of: options.end)
    let maker = AccountMaker(options)
    let chosen = maker.cast.indices.filter { index in
      let part = maker.cast[index]
      if let rules, let place = part.place, !rules.contains(place.exhibit.rule) { return false }
      return causes?.contains(part.cause) ?? true
    }
    accounts = chosen.enumerated().map { maker.records($0.element, place: $0.offset) }
    usage = accounts.flatMap(\.usage).sorted { ($0.at, $0.uuid.0, $0.uuid.1) < ($1.at, $1.uuid.0, $1.uuid.1) }
    truth = GroundTruth(options: options, start: start, end: end, scripts: accounts.map(\.script))
  }

  /// How many product events there are from the first usage day to the end.
  package var usageCount: Int { usage.count }
}

/// What every vendor knows of one account.
struct AccountRecords {
  let script: Script
  let billing: Billing
  let objects: [CRMObject]
  let tickets: [Ticket]
  let usage: [UsageEvent]
}

/// Makes accounts one by one, each independent of the others.
struct AccountMaker {
  let options: SimulationOptions
  let cast: [Cause.Part]
  private let names: NameBook
  private let storyUpgrade: Day
  private let days: ClosedRange<Day>
  private let season: [Int]

  init(_ options: SimulationOptions) {
    self.options = options
    cast =
      options.isCatalogue
      ? Exhibit.cast
      : options.showsExpansions ? PlantedExpansion.cast : Cause.cast(seed: options.seed, accounts: options.accounts)
    names = NameBook(seed: options.seed, count: cast.count)
    storyUpgrade = StoryCalendar.upgradeDay(options)
    days = options.firstUsageDay...options.end - 1
    let season = Season(seed: options.seed, calendar: SimulatedCalendar.calendar)
    self.season = (days.lowerBound.number...days.upperBound.number).map { season.level(on: Day(number: $0)) }
  }

  func script(_ index: Int) -> Script {
    let identity = Identity(index: index, name: names.company(index), seed: options.seed)
    return Stage.script(of: identity, part: cast[index], options: options, storyUpgrade: storyUpgrade)
  }

  /// - Parameter place: the account's index among those of the world.
  func records(_ index: Int, place: Int) -> AccountRecords {
    let script = script(index)
    return AccountRecords(
      script: script, billing: BillingWriter.billing(of: script, options: options),
      objects: RelationsWriter.objects(of: script, options: options), tickets: Ticket.tickets(of: script),
      usage: UsageWriter.usage(of: script, place: place, days: days, season: season, seed: options.seed))
  }
}
