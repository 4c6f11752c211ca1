/// How far long work has come: how much, how fast, and for how long still.
///
/// On a terminal a line that is drawn again and again; elsewhere a line now and then.
struct ProgressLine {
  /// Between two lines on a terminal, and in a log.
  private static let redraw = Duration.milliseconds(100)
  private static let interval = Duration.seconds(10)
  private static let barWidth = 24

  private let what: String
  private let unit: String
  private let total: Int64?
  private let isTerminal: Bool
  private let began: ContinuousClock.Instant
  private var told: ContinuousClock.Instant
  private var isDrawn = false
  private(set) var done: Int64

  /// - Parameters:
  ///   - unit: what is counted: `records`, or `bytes`, which are shown as megabytes.
  ///   - done: what an earlier run has done.
  init(
    _ what: String, unit: String, total: Int64? = nil, done: Int64 = 0, isTerminal: Bool, at now: ContinuousClock.Instant = .now
  ) {
    self.what = what
    self.unit = unit
    self.total = total
    self.done = done
    self.isTerminal = isTerminal
    began = now
    told = now
    start = done
  }

  private let start: Int64

  /// Counts; gives the text to show when it is time for one.
  mutating func advance(by amount: Int64, at now: ContinuousClock.Instant = .now) -> String? {
    done += amount
    guard now - told >= (isTerminal ? Self.redraw : Self.interval) else { return nil }
    told = now
    isDrawn = true
    return text(at: now)
  }

  /// What wipes the line from a terminal; nil where none was drawn.
  mutating func finish() -> String? {
    defer { isDrawn = false }
    return isTerminal && isDrawn ? "\r\u{1B}[K" : nil
  }

  private func text(at now: ContinuousClock.Instant) -> String {
    let elapsed = (now - began) / .seconds(1)
    let rate = elapsed > 0 ? Double(done - start) / elapsed : 0
    var parts = [what]
    if let total, total > 0 {
      let share = min(1, Double(done) / Double(total))
      if isTerminal {
        let filled = Int(share * Double(Self.barWidth))
        parts.append("[" + String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barWidth - filled) + "]")
      }
      parts.append("\(Int(share * 100)) %")
      parts.append("\(amount(done)) of \(amount(total)) \(shownUnit)")
      parts.append("\(amount(Int64(rate))) \(shownUnit)/s")
      if rate > 0 { parts.append("\(Self.clock(Int64(Double(max(0, total - done)) / rate))) left") }
    } else {
      parts.append("\(amount(done)) \(shownUnit)")
      parts.append("\(amount(Int64(rate))) \(shownUnit)/s")
    }
    let line = parts.joined(separator: "  ")
    return isTerminal ? "\r" + line + "\u{1B}[K" : line
  }

  private var shownUnit: String { unit == "bytes" ? "MB" : unit }

  private func amount(_ number: Int64) -> String {
    guard unit == "bytes" else { return String(number) }
    return "\(number / 1_000_000).\(number / 100_000 % 10)"
  }

  /// `42 s`, `3:05 min`, `2:10 h`.
  private static func clock(_ seconds: Int64) -> String {
    if seconds < 60 { return "\(seconds) s" }
    let two = { (number: Int64) in number < 10 ? "0\(number)" : "\(number)" }
    return seconds < 3600 ? "\(seconds / 60):\(two(seconds % 60)) min" : "\(seconds / 3600):\(two(seconds / 60 % 60)) h"
  }
}

extension ProgressLine {
  /// One for a command: on standard error.
  static func forCommand(_ what: String, unit: String, total: Int64? = nil, done: Int64 = 0) -> ProgressLine {
    ProgressLine(what, unit: unit, total: total, done: done, isTerminal: StandardError.isTerminal)
  }

  /// Counts, and shows the line on standard error when it is time.
  mutating func show(_ amount: Int64) {
    guard let text = advance(by: amount) else { return }
    if isTerminal { StandardError.write(text) } else { StandardError.print(text) }
  }

  mutating func clear() {
    if let text = finish() { StandardError.write(text) }
  }
}
