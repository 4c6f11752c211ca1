import Events
import Features
import Testing

@Suite struct DayBitsTests {
  /// Three words and a half on both sides of zero, so that ranges and operations cross word borders often.
  private static let span = -230...230

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func behavesLikeASet(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var bits = DayBits()
    var model: Set<Int32> = []
    for _ in 0..<400 {
      let day = Int32(Int.random(in: Self.span, using: &random))
      switch Int.random(in: 0..<20, using: &random) {
      case 0:
        bits.prune(before: Day(number: day))
        model = model.filter { word(of: $0) >= word(of: day) }
      case 1:
        let others = (0..<Int.random(in: 0..<6, using: &random)).map { _ in Int32(Int.random(in: Self.span, using: &random)) }
        bits.formUnion(DayBits(others.map(Day.init(number:))))
        model.formUnion(others)
      case 2:
        bits = try #require(DayBits(json: JSON(parsing: bits.json.serialized())))
      default:
        bits.insert(Day(number: day))
        model.insert(day)
      }
      check(bits, against: model, using: &random)
    }
  }

  private func check(_ bits: DayBits, against model: Set<Int32>, using random: inout SeededGenerator) {
    let ends = [Int.random(in: Self.span, using: &random), Int.random(in: Self.span, using: &random)].sorted().map { Int32($0) }
    let range = Day(number: ends[0])...Day(number: ends[1])
    let expected = model.filter { range.contains(Day(number: $0)) }.sorted().map(Day.init(number:))
    #expect(bits.days(in: range) == expected)
    #expect(bits.count(in: range) == expected.count)
    #expect(bits.first(in: range) == expected.first)
    #expect(bits.last(in: range) == expected.last)
    #expect(bits.isDisjoint(from: range) == expected.isEmpty)
    #expect(bits.contains(range.lowerBound) == model.contains(ends[0]))
    #expect(bits.isEmpty == model.isEmpty)
    // One set has one form, whatever led to it.
    let afresh = DayBits(model.sorted(by: >).map(Day.init(number:)))
    #expect(bits == afresh)
    #expect(bits.hashValue == afresh.hashValue)
    #expect(bits.json == afresh.json)
  }

  private func word(of number: Int32) -> Int32 { Int32(floorDividing: number, by: 64) }

  @Test(arguments: [(0, 0), (63, 63), (63, 64), (64, 127), (0, 63), (0, 64), (-1, 0), (-64, -1), (-65, 128), (62, 65)])
  func rangesMayBeginAndEndAnywhereInAWord(first: Int32, last: Int32) {
    let all = DayBits((Int32(-200)...200).map(Day.init(number:)))
    let range = Day(number: first)...Day(number: last)
    #expect(all.count(in: range) == Int(last - first) + 1)
    #expect(all.days(in: range).map(\.number) == Array(first...last))
    #expect(all.first(in: range) == range.lowerBound && all.last(in: range) == range.upperBound)
    var around = DayBits([Day(number: first - 1), Day(number: last + 1)])
    #expect(around.isDisjoint(from: range))
    around.insert(range.upperBound)
    #expect(around.days(in: range) == [range.upperBound])
  }

  @Test func anEmptySetHasNothing() {
    let range = Day(number: -100)...Day(number: 100)
    #expect(DayBits().isEmpty && DayBits().days(in: range) == [] && DayBits().first(in: range) == nil && DayBits().count(in: range) == 0)
    #expect(DayBits(json: DayBits().json) == DayBits())
    var pruned = DayBits([Day(number: 5)])
    pruned.prune(before: Day(number: 20_000))
    #expect(pruned == DayBits() && pruned.isEmpty)
  }

  @Test func writesBaseAndWords() {
    #expect(DayBits([Day(number: 64), Day(number: 129)]).json == [64, "00000000000000010000000000000002"])
  }

  @Test(
    arguments: [
      nil, [], [0], ["0", ""], [0, 5], [0, "1"], [0, "000000000000000g"], [0, "00000000000000é"], [1, "0000000000000001"],
      [4_294_967_296, "0000000000000001"], [0, "+000000000000001"],
    ] as [JSON])
  func refusesWhatItNeverWrote(json: JSON) {
    #expect(DayBits(json: json) == nil)
  }
}
