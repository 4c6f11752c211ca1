import Engine
import Events

/// How an account's risk came to where it is: the points of the last weeks, and what changed since yesterday.
struct ScoreHistory {
  /// Milli-points at the end of each of the last eight weeks, the latest last: as of now.
  let weekly: [Int64]
  /// In words; empty where nothing changed.
  let change: String

  private static let weeks = 8
  /// The points at which a bar is full: the base odds of 4 % have become 88 %.
  private static let fullMilliPoints: Int64 = 150_000

  init(_ rows: [ScoreRow], _ snapshot: Snapshot) {
    let calendar = snapshot.configuration.calendar
    let known = rows.filter { $0.at <= snapshot.now }
    let risk = { (day: Day) in known.last { $0.at < calendar.end(of: day) }?.content["risk"] }
    weekly = (0..<Self.weeks).reversed().map { risk(snapshot.today - 7 * $0)?["milli_points"].integer ?? 0 }
    change = Self.change(from: risk(snapshot.today - 1), to: known.last?.content["risk"])
  }

  var sparkline: String {
    let bars = Array("▁▂▃▄▅▆▇█")
    return String(weekly.map { bars[Int(min(max($0, 0), Self.fullMilliPoints) * Int64(bars.count - 1) / Self.fullMilliPoints)] })
  }

  private static func change(from before: JSON?, to now: JSON?) -> String {
    guard let now else { return "" }
    let (old, new) = (rules(before), rules(now))
    let points = ((now["milli_points"].integer ?? 0) - (before?["milli_points"].integer ?? 0)) / 1_000
    var parts: [String] = []
    if points != 0 { parts.append(points > 0 ? "+\(points)" : "\(points)") }
    parts += new.subtracting(old).sorted().map { "new: \($0)" } + old.subtracting(new).sorted().map { "gone: \($0)" }
    return parts.joined(separator: ", ")
  }

  private static func rules(_ risk: JSON?) -> Set<String> { Set((risk?["lines"].list ?? []).compactMap { $0["rule"].text }) }
}
