import Events

/// Finds the day of the story's upgrade.
enum StoryCalendar {
  /// Days of silence in which a holiday makes the story harder to see.
  static let silence = 21...26
  /// The days of which one is the last on which a new feature is used.
  static let lastUse = 18...20

  /// A day about four months after the start, of the wanted weekday, with a business day among days 18 to 20 after it, and with or
  /// without a holiday among days 21 to 26 as wanted. Without any such day (a start far outside the known holidays) the weekday
  /// alone decides.
  static func upgradeDay(_ options: SimulationOptions) -> Day {
    let calendar = SimulatedCalendar.calendar
    let matches = { (day: Day) in options.storyWeekday.map { day.weekday == $0 } ?? true }
    for window in [110...130, 100...150, 90...165] {
      let days = window.map { options.start + $0 }.filter { day in
        matches(day) && lastUse.contains { calendar.isBusinessDay(day + $0) }
          && silence.contains { isHoliday(day + $0, calendar) } == options.holidayInSilence
      }
      var chance = Chance(options.seed, Purpose.story.rawValue)
      if !days.isEmpty { return chance.pick(days) }
    }
    return (110...130).map { options.start + $0 }.first(where: matches) ?? options.start + 120
  }

  private static func isHoliday(_ day: Day, _ calendar: CompanyCalendar) -> Bool {
    !day.weekday.isWeekend && !calendar.isBusinessDay(day)
  }
}
