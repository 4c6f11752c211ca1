package import ConfigFiles
package import Events

/// A test of one rule in business terms: what an account did, and how the rule stands on some days.
package struct Trial: Sendable {
  /// The rule under test.
  package let rule: String
  /// What the rule is to do, as a sentence.
  package let title: String
  package let setting: TrialSetting
  package let expectations: [TrialExpectation]
  /// Where it stands in its file.
  package let range: SourceRange
}

/// What is given: an account from its first day on, and what happens to it.
package struct TrialSetting: Sendable {
  var from: Day
  var customerSince: Day
  var account: [String: Value] = [:]
  var seats: Int64 = 20
  var plan = "growth_seat_monthly"
  /// Minor units per seat and month.
  var price: Int64 = 5_000
  var routines: [UsageRoutine] = []
  var events: [TrialEvent] = []
  /// So many quiet accounts that do, and go on doing, what this one did at first.
  var peers = 0
  var notConnected: Set<Kind> = []

  init(from: Day) {
    self.from = from
    customerSince = from.adding(months: -12)
  }
}

/// Something that people do on each business day, or each Monday.
struct UsageRoutine: Sendable {
  /// The event's name in `config/features.yaml`.
  let event: String
  let isWeekly: Bool
  /// In order of their beginnings; the first holds from the start.
  var phases: [Phase]

  struct Phase: Sendable {
    var from: Day?
    let who: Who
    let team: String?
  }

  /// Numbered persons, or a quantity that no person is named for.
  enum Who: Hashable, Sendable {
    case persons([Int])
    case quantity(Int64)
  }

  func phase(on day: Day) -> Phase? { phases.last { $0.from.map { $0 <= day } ?? true } }
}

/// What happens on a day.
struct TrialEvent: Sendable {
  let day: Day
  let change: Change

  enum Change: Sendable {
    case seats(Int64)
    case plan(String)
    case price(Int64)
    /// A record's new fields; those it does not name stay as they were, and those it names without a value are no more.
    case record(Kind, id: String, person: String?, uses: Int?, fields: [String: Value], without: [String])
    case stale(Kind)
    case fresh(Kind)
  }
}

/// How the rule stands at the end of a day.
package struct TrialExpectation: Sendable {
  package let day: Day
  package let standing: Standing
  package let range: SourceRange

  package enum Standing: Hashable, Sendable {
    /// A finding is open; at that level where one is named.
    case fires(level: String?)
    /// None is open, though the rule applies.
    case quiet
    /// What was open is over, for the reason that transitions name.
    case clears(reason: String)
    /// `needs` is false or something it must know is missing, and nothing is open.
    case notApplicable
    case tier(String)
    /// The verdict on the account's latest expansion case, and its tags where any are named.
    case verdict(String, tags: [String]?)
  }
}

extension TrialExpectation.Standing: CustomStringConvertible {
  package var description: String {
    switch self {
    case .fires(let level): level.map { "fires \($0)" } ?? "fires"
    case .quiet: "quiet"
    case .clears(let reason): reason == "cleared" ? "clears" : "clears as \(reason.replacing("_", with: " "))"
    case .notApplicable: "not applicable"
    case .tier(let tier): "tier \(tier)"
    case .verdict(let verdict, let tags):
      ["verdict \(verdict)", tags.map { "also " + ($0.isEmpty ? "nothing" : $0.joined(separator: " ")) }]
        .compactMap { $0 }.joined(separator: " ")
    }
  }
}
