package import Events

/// Teams of an account, as far as its usage names them.
extension UsageHistory {
  /// The names of all teams seen within the horizon, sorted.
  package var teamNames: [String] { teams.keys.sorted() }

  /// The teams with use in a range, sorted.
  package func usedTeams(_ range: ClosedRange<Day>) -> [String] {
    teamNames.filter { !(teams[$0]?.allDays.isDisjoint(from: range) ?? true) }
  }

  /// Days without use after which a team that comes back is new.
  package static let teamAbsence = 90
  private static let leastMembers = 3
  private static let leastMemberDays = 3

  /// The day a team appeared: its first, or its first after 90 days without use. Nil where that cannot be said: usage is not known for long
  /// enough before it, or no other team had been named by then, so that the source may only have begun to tell.
  ///
  /// - Parameter known: the days of usage that can be looked at.
  package func appearance(of team: String, in known: ClosedRange<Day>) -> Day? {
    guard let days = teams[team]?.allDays.days(in: known), var appeared = days.first else { return nil }
    for (earlier, later) in zip(days, days.dropFirst()) where later - earlier > Self.teamAbsence { appeared = later }
    guard appeared - known.lowerBound >= Self.teamAbsence else { return nil }
    let isNamed = teams.contains {
      $0.key != team && ($0.value.allDays.first(in: known).map { appeared - $0 >= Self.teamAbsence } ?? false)
    }
    return isNamed ? appeared : nil
  }

  /// Whether half of some people, or more, were in one other team in the 90 days before: then it is that team under another name.
  package func isRegrouping(_ members: [PersonKey], of team: String, appeared: Day) -> Bool {
    let before = (appeared - Self.teamAbsence)...(appeared - 1)
    return teams.contains { name, usage in
      name != team && members.count { !(usage.persons[$0]?.isDisjoint(from: before) ?? true) } * 2 >= members.count
    }
  }

  /// The people who used anything as members of a team in a range, each on at least some days; sorted.
  package func members(of team: String, _ range: ClosedRange<Day>, onDays least: Int = 1) -> [PersonKey] {
    (teams[team]?.persons ?? [:]).filter { $0.value.count(in: range) >= least }.keys.sorted()
  }

  /// The teams that appeared within some days with three people on three days each, and are not an earlier team under another name; sorted.
  package func newTeams(within days: Int, in known: ClosedRange<Day>) -> [String] {
    teamNames.filter { team in
      guard let appeared = appearance(of: team, in: known), known.upperBound - appeared < days else { return false }
      let members = members(of: team, appeared...known.upperBound, onDays: Self.leastMemberDays)
      return members.count >= Self.leastMembers && !isRegrouping(members, of: team, appeared: appeared)
    }
  }
}
