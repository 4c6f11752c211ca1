import Events
import Features
import Rules

/// What somebody who knows the account says of it, beside what the score says.
///
/// It may raise the band as long as it is in force; it lowers it for 30 days at most, and only with a reason.
struct Pulse: Hashable, Sendable {
  let band: Band
  /// As it was given: `healthy`, `watch`, `at_risk`, `high`.
  let level: String
  let reason: String?
  let at: Instant
  let until: Instant

  /// A pulse without an end of its own is forgotten after so long.
  static let longest = Span.days(90)
  /// A band is lowered no longer than this.
  static let longestLowering = Span.days(30)

  /// The pulse that was given last; nil where none was, or it has run out.
  init?(_ entities: EntityHistory, asOf now: Instant) {
    let rows = entities.rows(.pulse, asOf: now)
    guard let row = rows.max(by: { ($0.current.at, $0.id, $0.system) < ($1.current.at, $1.id, $1.system) }),
      let level = row["level"]?.text
    else { return nil }
    let ends = row["expires_at"]?.instant ?? row.current.at + Self.longest
    guard now < ends else { return nil }
    self.level = level
    band = Band(rawValue: level) ?? .none
    reason = row["reason"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    at = row.current.at
    until = ends
  }

  /// Until when it may lower a band.
  var lowersUntil: Instant { min(until, at + Self.longestLowering) }

  /// The band that counts, given the computed one.
  func band(over computed: Band, now: Instant) -> Band {
    if band >= computed { return band }
    return reason != nil && now < lowersUntil ? band : computed
  }

  /// When the band it makes of a computed one may change by itself.
  func changes(after now: Instant) -> Instant { now < lowersUntil ? lowersUntil : until }

  func json(over computed: Band, now: Instant) -> JSON {
    [
      "level": .text(level), "reason": JSON(reason), "at": JSON(at), "until": JSON(until),
      "computed_band": .text(computed.rawValue), "counts": .flag(band(over: computed, now: now) == band),
    ]
  }
}
