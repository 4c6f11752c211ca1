package import Events

/// What a simulated company is made from; equal options give equal bytes.
package struct SimulationOptions: Hashable, Sendable {
  package var seed: UInt64
  /// Customers, from `accountLimits.lowerBound` to its upper bound; others are clamped.
  package var accounts: Int
  /// The company day on which business time begins.
  package var start: Day
  /// How many calendar months business time lasts.
  package var months: Int
  /// The weekday on which the story's account upgrades; nil lets the seed choose.
  package var storyWeekday: Weekday?
  /// Whether a company holiday falls on a business day within days 21 to 26 after the story's upgrade.
  package var holidayInSilence: Bool

  /// Whether the company is the catalogue's: a case and a decoy of each exhibit, and bystanders; `accounts` then says nothing.
  package var isCatalogue = false
  /// Whether the company shows what becomes of expansions: an account for each verdict; `accounts` then says nothing.
  package var showsExpansions = false

  /// Fewer accounts than causes would leave some cause out; more than the upper bound have no names.
  package static let accountLimits = 24...15_000
  package static let defaultStart = Day(number: 20_094)

  /// How long before `start` product usage is on record, for feeds to fill in.
  package static let usageHistoryDays = 120

  package init(
    seed: UInt64 = 1, accounts: Int = 60, start: Day = SimulationOptions.defaultStart, months: Int = 12, storyWeekday: Weekday? = nil,
    holidayInSilence: Bool = false
  ) {
    self.seed = seed
    self.accounts = min(max(accounts, Self.accountLimits.lowerBound), Self.accountLimits.upperBound)
    self.start = start
    self.months = max(months, 1)
    self.storyWeekday = storyWeekday
    self.holidayInSilence = holidayInSilence
  }
}

extension SimulationOptions {
  /// The first day after the simulated time.
  package var end: Day { start.adding(months: months) }

  var firstUsageDay: Day { start - Self.usageHistoryDays }
}
