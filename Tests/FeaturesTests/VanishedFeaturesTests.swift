import Events
import Features
import Testing

/// An event that is renamed vanishes everywhere at once; customers do not.
@Suite struct VanishedFeaturesTests {
  /// Monday, 5 January 2026.
  private let first = Day(number: 20_458)

  /// Accounts that use two features every business day; the first `lost` of them lose `export` after a day of their own.
  private func usages(_ number: Int, lost: Int, spread: Int = 0, keepsOther: Bool = true, through last: Int) -> [UsageHistory] {
    (0..<number).map { account in
      var usage = UsageHistory()
      for offset in 0...last where !(first + offset).weekday.isWeekend {
        let isGone = account < lost && offset > 37 + (spread > 0 ? account % (spread + 1) : 0)
        if !isGone { usage.add(name: "export", person: PersonKey(1), quantity: Fixed(1), on: first + offset) }
        if keepsOther || !isGone { usage.add(name: "search", person: PersonKey(1), quantity: Fixed(1), on: first + offset) }
      }
      return usage
    }
  }

  private func held(_ usages: [UsageHistory], through last: Int) -> [String] {
    var vanished = VanishedFeatures()
    _ = vanished.review(usages, through: first + last, .utc)
    return vanished.held.map(\.name)
  }

  @Test(arguments: [(5, 19, true), (5, 20, false), (4, 8, false)])
  func `more than a quarter and at least five lose it together`(lost: Int, number: Int, isHeld: Bool) {
    #expect(held(usages(number, lost: lost, through: 40), through: 40) == (isHeld ? ["export"] : []))
  }

  @Test func `two days of its pace must be missing`() {
    #expect(held(usages(8, lost: 8, through: 38), through: 38) == [])
    #expect(held(usages(8, lost: 8, through: 39), through: 39) == ["export"])
  }

  @Test func `those who use nothing else either are on holiday, or gone`() {
    #expect(held(usages(8, lost: 8, keepsOther: false, through: 41), through: 41) == [])
  }

  @Test func `those who stop on different days stop for themselves`() {
    #expect(held(usages(40, lost: 16, spread: 8, through: 50), through: 50) == [])
  }

  @Test func `it counts again once half use it again, or a person says that it is real`() {
    var vanished = VanishedFeatures()
    #expect(vanished.review(usages(8, lost: 8, through: 40), through: first + 40, .utc).count == 1)
    let state = VanishedFeatures(json: vanished.json)
    #expect(state == vanished)
    var accepted = vanished
    #expect(accepted.accept("export") != nil && accepted.accept("export") == nil && accepted.held.isEmpty)
    #expect(accepted.review(usages(8, lost: 8, through: 41), through: first + 41, .utc).isEmpty)
    let changes = vanished.review(usages(8, lost: 4, through: 44), through: first + 44, .utc)
    guard case .returned = changes.first else { return #expect(Bool(false), "\(changes)") }
    #expect(vanished.held.isEmpty)
  }
}
