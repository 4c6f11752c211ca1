internal import Events
internal import Features
package import Revenue

extension Facts {
  /// The features an expansion case brought into use: first used within 30 days of it, by at least two persons, on at least ten
  /// person-days; sorted. Nil where usage is not known from 60 days before the case on, for then nobody can say what was new.
  package func adoptedFeatures(of expansion: ExpansionCase) -> [String]? {
    guard let known = usageDaysWithoutHoles, known.lowerBound <= expansion.openedOn - 60 else { return nil }
    return account.usage.names.filter { name in
      guard company.catalog.meaning(of: name) == .feature, let first = account.usage.firstDay(of: name),
        abs(first - expansion.openedOn) <= 30, first <= known.upperBound
      else { return false }
      let selection = UsageSelection(names: [name])
      return account.usage.persons(selection, first...known.upperBound).count >= 2
        && account.usage.personDays(selection, first...known.upperBound, company.calendar) >= 10
    }
  }

  /// The teams an expansion case brought in, by the same measure; none where usage had not named teams by then.
  package func adoptedTeams(of expansion: ExpansionCase) -> [String] {
    guard let known = usageDaysWithoutHoles else { return [] }
    let usage = account.usage
    return usage.teamNames.filter { team in
      guard let first = usage.appearance(of: team, in: known), abs(first - expansion.openedOn) <= 30 else { return false }
      let range = first...known.upperBound
      let members = usage.members(of: team, range)
      var selection = UsageSelection(names: [])
      selection.teams = [team]
      return members.count >= 2 && usage.personDays(selection, range, company.calendar) >= 10
        && !usage.isRegrouping(members, of: team, appeared: first)
    }
  }

  /// The other features and logins: what the account did before and beside the expansion.
  package func otherFeatures(than adopted: [String]) -> [String] {
    account.usage.names.filter { name in
      let meaning = company.catalog.meaning(of: name)
      return (meaning == .feature || meaning == .login) && !adopted.contains(name)
    }
  }

  /// How an expansion that the ledger tells was judged; nil for one that has not been yet.
  func judged(_ expansion: ExpansionCase) -> ExpansionCase? {
    cases.last { abs($0.openedOn - expansion.openedOn) <= ExpansionCase.mergeDays }
  }

  /// How long before an expansion the talk may have begun that it came of, in days.
  private static let talkDays = 180

  /// Who began the talk: by the opportunity for an expansion that was heard of last before the case opened, or else first after it. Nil
  /// where none tells.
  package func origin(of expansion: ExpansionCase) -> CaseOrigin? {
    let calendar = company.calendar
    let talks = account.entities.rows(.opportunity, asOf: now).filter { $0["type"]?.text == "expansion" }.compactMap { row in
      row["origin"]?.text.map { (day: calendar.day(of: row.timelineInstant), origin: $0) }
    }
    let before = talks.filter { ($0.day...$0.day + Self.talkDays).contains(expansion.openedOn) }
    let after = talks.filter { (expansion.openedOn...expansion.openedOn + ExpansionCase.mergeDays).contains($0.day) }
    switch (before.max { $0.day < $1.day } ?? after.min { $0.day < $1.day })?.origin {
    case "customer": return .reactive
    case "csm": return .proactive
    default: return nil
    }
  }
}

extension ExpansionCase {
  /// Whether it was healthy by then, as far as the verdict that stands tells.
  func isHealthy(on day: Day) -> Bool { verdict == .healthy && judgement.since <= day }
}
