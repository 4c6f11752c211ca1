package import Events

/// What an expression comes to: a value, or why there is none.
package enum Outcome: Hashable, Sendable {
  case number(Fixed)
  case duration(Span)
  /// Minor units.
  case money(Int64)
  case text(String)
  case flag(Bool)
  case instant(Instant)
  case list([String])
  case missing(Missing)

  package var isMissing: Bool { if case .missing = self { true } else { false } }
  package var isTrue: Bool { self == .flag(true) }
  package var isFalse: Bool { self == .flag(false) }
  package var missing: Missing? { if case .missing(let reason) = self { reason } else { nil } }

  /// The value as a fixed-point number, as frozen references are kept: durations in seconds, money in minor units.
  package var fixed: Fixed? {
    switch self {
    case .number(let value): value
    case .duration(let span): Fixed(millionths: span.microseconds)
    case .money(let amount): Fixed(amount)
    default: nil
    }
  }

  /// The value of a type that `fixed` wrote.
  init(_ fixed: Fixed, as type: ExpressionType) {
    switch type {
    case .duration: self = .duration(Span(microseconds: fixed.millionths))
    case .money: self = .money(Int64(clamping: Int128(roundedDividing: Int128(fixed.millionths), by: 1_000_000)))
    default: self = .number(fixed)
    }
  }

  /// The value for machines; an instant at the start of a company day is that day.
  func json(_ calendar: CompanyCalendar) -> JSON {
    switch self {
    case .number(let value): JSON(value)
    case .duration(let span): JSON(Fixed(millionths: span.microseconds))
    case .money(let amount): JSON(amount)
    case .text(let text): .text(text)
    case .flag(let flag): .flag(flag)
    case .instant(let instant): calendar.start(of: calendar.day(of: instant)) == instant ? JSON(calendar.day(of: instant)) : JSON(instant)
    case .list(let texts): .list(texts.map(JSON.text))
    case .missing: .null
    }
  }

  /// The order of two values of one type; nil where they have none.
  func isLess(than other: Outcome) -> Bool? {
    switch (self, other) {
    case (.number(let a), .number(let b)): a < b
    case (.duration(let a), .duration(let b)): a < b
    case (.money(let a), .money(let b)): a < b
    case (.instant(let a), .instant(let b)): a < b
    default: nil
    }
  }
}

/// Why a value is not there: never zero, never good news.
package enum Missing: Hashable, Sendable, CustomStringConvertible {
  case usageUnknown
  case usageKnownFrom(Day)
  case kindUnknown(Kind)
  case kindKnownFrom(Kind, Day)
  /// A feed that brings the kind has not got on since then: what has happened in between is not known.
  case stale(Kind, since: Day)
  /// The window reaches into days of which nothing could be read.
  case hole(Kind, Day, Day)
  /// All that would count is a feature that many accounts lost at once.
  case heldBack(feature: String)
  /// Nothing ever came of the account, and no stream says that this means it did nothing.
  case usageNotCovered
  case noRow(Kind)
  case unset(Kind, String)
  case because(StaticReason)
  case named(String)

  /// Reasons that say all by themselves.
  package enum StaticReason: String, Sendable {
    case nothingBefore = "there was nothing to compare with in the time before"
    case divisionByZero = "division by zero"
    case shortHistory = "fewer than 56 known days before the window"
    case neverUsed = "never used"
    case tooFewUses = "used on fewer than two days"
    case noBusinessDay = "no business day in the window"
    case personNotLinked = "the contact is not linked to any product user"
    case noSuchContact = "no contact with that role is on record"
    case notFrozen = "no reference value was known when this opened"
    case noCase = "no expansion case"
    case noOrigin = "no opportunity tells who asked for it"
    case nothingUnlocked = "the expansion added no plan with premium features"
    case adoptionUnknown = "usage is not known long enough before the expansion to say what was new"
    case nothingAdopted = "the expansion has brought no feature into use yet"
    case noFigure = "nothing to reckon it from"
    case noSeats = "no paid seats are on record"
    case noMRR = "no recurring revenue is on record"
    case notPaying = "the account has not begun to pay"
    case noContractEnd = "neither notice date nor contract end is on record"
    case noRisk = "risk is not scored yet"
    case noTier = "the tier of the plan is not in plans.yaml"
    case noPremium = "no plan with premium features is paid for"
    case noFirstValue = "no event of features.yaml is marked first_value"
    case noTeams = "usage names no teams"
    case noNewTeam = "no team is new"
    case noLimit = "neither seats nor a limit are paid for"
    case driverUnknown = "usage is not known for the 60 days after the purchase"
    case noDriver = "no feature was used on ten person-days in the 60 days after the purchase"
    case smallCohort = "too few accounts to compare with"
    case notOpen = "no episode is open"
  }

  /// Whether what stands in the way lies in the feeds, so that nothing may open or clear for it: one that does not get on, or an event that
  /// is no longer sent.
  package var isStale: Bool {
    switch self {
    case .stale, .heldBack: true
    default: false
    }
  }

  package var description: String {
    switch self {
    case .usageUnknown: "usage is not known"
    case .usageKnownFrom(let day): "usage is known only from \(day)"
    case .kindUnknown(let kind): "no feed brings \(kind.plural)"
    case .kindKnownFrom(let kind, let day): "\(kind.plural) are known only from \(day)"
    case .stale(let kind, let day): "stale: nothing has brought \(kind.plural) since \(day)"
    case .hole(let kind, let first, let last):
      first == last ? "\(kind.plural) could not be read on \(first)" : "\(kind.plural) could not be read from \(first) to \(last)"
    case .heldBack(let feature): "held back: \(feature) vanished at many accounts at once"
    case .usageNotCovered: "no usage feed covers this account"
    case .noRow(let kind): "no matching \(kind.rawValue) is on record"
    case .unset(let kind, let field): "\(field) of the \(kind.rawValue) is not on record"
    case .because(let reason): reason.rawValue
    case .named(let text): text
    }
  }
}

extension Kind {
  var plural: String {
    switch self {
    case .opportunity: "opportunities"
    case .usage, .intent, .enrichment: rawValue
    default: rawValue + "s"
    }
  }
}
