/// A small seeded generator (SplitMix64), the only source of chance in the simulation.
///
/// Its own integer arithmetic, so that a seed gives the same company with every toolchain. Source: Steele, Lea, Flood, "Fast
/// Splittable Pseudorandom Number Generators", 2014.
struct Chance {
  private var state: UInt64

  /// A stream of its own for each combination of seed and salts.
  init(_ seed: UInt64, _ salts: UInt64...) {
    state = seed
    for salt in salts { state = Self.mixed(state &+ 0x9E37_79B9_7F4A_7C15) ^ Self.mixed(salt &+ 0xD1B5_4A32_D192_ED03) }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number from 0 up to, not including, `bound`.
  mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a bound must be positive")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.upperBound - range.lowerBound + 1) }

  mutating func happens(permille: Int) -> Bool { below(1000) < permille }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  mutating func shuffled<Element>(_ list: [Element]) -> [Element] {
    var result = list
    for index in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(index, below(index + 1)) }
    return result
  }

  /// Letters and digits for a vendor's identifier.
  mutating func identifier(length: Int) -> String {
    String((0..<length).map { _ in pick(Self.alphabet) })
  }

  private static let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Salts that keep the streams of one account apart.
enum Purpose: UInt64 {
  case names
  case cast
  case identity
  case script
  case usage
  case billing
  case relations
  case season
  case story
  case faults
}
