package import Events

/// The simulated company's time zone and holidays, as in `config/calendar.yaml`.
package enum SimulatedCalendar {
  package static let timeZone = "America/New_York"

  /// The days the company rests, 2024 to 2027, observed.
  package static let holidays: [Day] = [
    "2024-01-01", "2024-01-15", "2024-02-19", "2024-05-27", "2024-06-19", "2024-07-04", "2024-09-02", "2024-10-14", "2024-11-11",
    "2024-11-28", "2024-11-29", "2024-12-25",
    "2025-01-01", "2025-01-20", "2025-02-17", "2025-05-26", "2025-06-19", "2025-07-04", "2025-09-01", "2025-10-13", "2025-11-11",
    "2025-11-27", "2025-11-28", "2025-12-25",
    "2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07", "2026-10-12", "2026-11-11",
    "2026-11-26", "2026-11-27", "2026-12-25",
    "2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06", "2027-10-11", "2027-11-11",
    "2027-11-25", "2027-11-26", "2027-12-24",
  ].compactMap { Day($0) }

  package static let calendar: CompanyCalendar = {
    guard let calendar = CompanyCalendar(timeZone: timeZone, holidays: holidays) else {
      preconditionFailure("the system knows no time zone \(timeZone); install tzdata")
    }
    return calendar
  }()
}

/// How busy every customer is on a day: what cohort figures are there to cancel out.
struct Season {
  let seed: UInt64
  let calendar: CompanyCalendar

  /// Activity on a day in thousandths of an ordinary business day.
  func level(on day: Day) -> Int {
    guard calendar.isBusinessDay(day) else { return day.weekday.isWeekend ? 25 : 40 }
    var level = Self.ofYear(day) * Self.ofWeek(day.weekday) / 1000
    let week = UInt64(bitPattern: Int64((day.number + 3) / 7))
    var chance = Chance(seed, Purpose.season.rawValue, week)
    level = level * chance.int(930...1060) / 1000
    return level
  }

  private static func ofYear(_ day: Day) -> Int {
    let (_, month, date) = day.civil
    return switch (month, date) {
    case (12, 22...31), (1, 1...3): 280
    case (7, 1...8): 800
    case (8, _): 870
    case (11, 24...30): 800
    default: 1000
    }
  }

  private static func ofWeek(_ weekday: Weekday) -> Int {
    switch weekday {
    case .monday: 960
    case .friday: 880
    default: 1000
    }
  }
}
