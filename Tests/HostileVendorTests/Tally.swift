import Events
import Feeds
import Foundation
import Store

/// What a run came to.
struct Tally: Sendable, CustomStringConvertible {
  var seeds = 0
  var polls = 0
  /// Polls cut off between two pages.
  var cuts = 0
  var visible = 0
  var stored = 0
  var faults: [Fault: Int] = [:]
  var failedLast = false

  mutating func count(_ new: [Fault]) { for fault in new { faults[fault, default: 0] += 1 } }

  mutating func add(_ other: Tally) {
    seeds += 1
    polls += other.polls
    cuts += other.cuts
    visible += other.visible
    stored += other.stored
    faults.merge(other.faults, uniquingKeysWith: +)
  }

  var description: String {
    let mischief = Fault.allCases.map { "\($0) \(faults[$0, default: 0])" }.joined(separator: ", ")
    return "\(seeds) seeds, \(polls) polls and \(cuts) cut off, \(visible) records visible, \(stored) stored; \(mischief)"
  }
}

/// `7`, or `1-60`.
struct SeedRange: CustomStringConvertible {
  struct Malformed: Error {}

  let numbers: ClosedRange<UInt64>

  init(_ text: String) throws {
    let ends = text.split(separator: "-").compactMap { UInt64($0) }
    guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else { throw Malformed() }
    numbers = first...last
  }

  var description: String { "\(numbers.lowerBound) to \(numbers.upperBound)" }
}

/// What this process needs.
enum Memory {
  /// How far it may grow: a few pages of 32 MiB at once, as answers and as what is read from them.
  static let bound = 512 << 20

  struct Unknown: Error {}

  /// The most bytes that were ever resident (proc(5), VmHWM).
  static func peak() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    guard let kibibytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }) else { throw Unknown() }
    return kibibytes << 10
  }
}

extension PolledPage {
  /// As the daemon hands it to the store.
  var stored: Store.Page {
    Store.Page(
      stream: "\(feed).\(stream)", system: system, records: records, cursor: cursor, kinds: completes, knownFrom: knownFrom,
      completeThrough: completeThrough, observedAt: observedAt, lag: lag)
  }
}
