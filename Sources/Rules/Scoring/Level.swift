/// How grave a finding is.
package enum Level: String, CaseIterable, Comparable, Sendable {
  /// Never alerts alone.
  case context
  case low
  case medium
  case high
  case critical

  /// Twenty points double the odds.
  package var points: Int {
    switch self {
    case .context: 10
    case .low: 20
    case .medium: 40
    case .high: 70
    case .critical: 100
    }
  }

  /// The gravest level that some points reach; points below all levels are context.
  package init(points: Int) { self = Level.allCases.last { $0.points <= abs(points) } ?? .context }

  private var rank: Int { Level.allCases.firstIndex(of: self) ?? 0 }

  package static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
}
