import Events
import Features
import Testing

@Suite struct TeamsTests {
  private static let start = Day(number: 20_000)

  private func history(_ entries: [(person: Int64, team: String?, days: ClosedRange<Int>)]) -> UsageHistory {
    var history = UsageHistory()
    for entry in entries {
      for day in entry.days {
        history.add(name: "report", person: PersonKey(entry.person), quantity: Fixed(2), on: Self.start + day, team: entry.team)
      }
    }
    return history
  }

  @Test func readsBackWhatItWrote() throws {
    let history = history([(1, "sales", 0...40), (2, nil, 0...3), (3, "support", 10...10), (1, "sales", 40...40)])
    let copy = try #require(UsageHistory(json: history.json))
    #expect(copy == history)
    #expect(copy.teamNames == ["sales", "support"])
    #expect(copy.json == history.json)
  }

  @Test func aRevisedRecordMovesToItsNewTeam() {
    var history = history([(1, "sales", 0...40)])
    history.remove(name: "report", person: PersonKey(1), quantity: Fixed(2), on: Self.start + 40, team: "sales")
    history.add(name: "report", person: PersonKey(1), quantity: Fixed(2), on: Self.start + 40, team: "support")
    #expect(history.usedTeams(Self.start + 40...Self.start + 40) == ["support"])
    history.remove(name: "report", person: PersonKey(1), quantity: Fixed(2), on: Self.start + 40, team: "support")
    #expect(history.teamNames == ["sales"])
    #expect(history == self.history([(1, "sales", 0...39)]) || history.json["teams"] == self.history([(1, "sales", 0...39)]).json["teams"])
  }

  @Test func teamsFarBehindAreForgotten() {
    let history = history([(1, "sales", 0...10), (2, "support", 400...UsageHistory.horizon + 200)])
    #expect(history.teamNames == ["support"])
  }

  @Test(arguments: [(200, 260, true), (200, 261, false), (80, 120, false)])
  func aTeamIsNewForAWhileAfterItsAppearance(_ from: Int, _ today: Int, _ isNew: Bool) {
    let history = history([(1, "sales", 0...300)] + (2...4).map { ($0, "support", from...from + 2) })
    #expect(history.newTeams(within: 61, in: Self.start...Self.start + today) == (isNew ? ["support"] : []))
  }

  @Test func aTeamThatComesBackAfterNinetyDaysIsNewAgain() {
    let base = [(Int64(1), "sales" as String?, 0...400)] + (2...4).map { ($0, "support", 0...100) }
    let after = { (day: Int) in self.history(base + (2...4).map { ($0, "support", day...day + 4) }) }
    #expect(after(190).newTeams(within: 60, in: Self.start...Self.start + 200) == [])
    #expect(after(191).newTeams(within: 60, in: Self.start...Self.start + 200) == ["support"])
  }
}
