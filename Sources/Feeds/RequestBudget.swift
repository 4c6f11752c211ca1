internal import ConfigFiles
package import Events

/// So many requests in any stretch of so long.
package struct RequestBudget: Hashable, Sendable {
  package let requests: Int
  package let per: Span

  package init(requests: Int, per: Span) {
    self.requests = requests
    self.per = per
  }

  /// The most requests a window may allow; each takes a place in memory.
  package static let requestLimit = 100_000
  /// The longest window: a day.
  package static let longestWindow = Span.days(1)
  /// The most windows of one feed.
  package static let windowLimit = 4

  var description: String { "\(requests) requests in \(per.literal)" }

  /// Reads `budget:`, one window or a list of them.
  static func all(_ node: Node, into diagnostics: inout Diagnostics) -> [RequestBudget] {
    let nodes = node.elements ?? [node]
    if nodes.count > windowLimit {
      diagnostics.report(.badBudget, "budget has more than \(windowLimit) windows", at: node.range, hint: "keep the tightest")
    }
    return nodes.prefix(windowLimit).compactMap { RequestBudget($0, into: &diagnostics) }
  }

  private init?(_ node: Node, into diagnostics: inout Diagnostics) {
    guard var reader = MappingReader(node, what: "budget", into: &diagnostics) else { return nil }
    _ = reader.required("requests", into: &diagnostics)
    let requests = reader.integer("requests", in: 1...Int64(Self.requestLimit), into: &diagnostics)
    _ = reader.required("per", into: &diagnostics)
    let per = reader.duration("per", into: &diagnostics)
    reader.finish(into: &diagnostics)
    guard let requests, let per else { return nil }
    guard per > .seconds(0), per <= Self.longestWindow else {
      diagnostics.report(
        .badBudget, "per is between 1s and \(Self.longestWindow.literal), not \(per.literal)", at: reader.range(ofKey: "per"))
      return nil
    }
    self.init(requests: Int(requests), per: per)
  }
}

/// How much of a window is used.
package struct BudgetUse: Hashable, Sendable {
  package let budget: RequestBudget
  /// Requests in the stretch that ends now.
  package let used: Int
}

/// When the requests to one host were or will be sent, and when the next may be. No clock of its own.
///
/// Each request takes the first moment that keeps every window, in the order of asking; so no feed can push in before another.
package struct RequestLedger: Sendable {
  package private(set) var windows: [RequestBudget] = []
  /// The moments given out, ascending.
  private var moments: [Duration] = []

  package init() {}

  /// Adds windows that are not known yet: feeds of one host keep each other's.
  package mutating func add(_ more: [RequestBudget]) {
    for window in more where !windows.contains(window) { windows.append(window) }
  }

  /// How long to wait before the next request, whose place is taken then; nil where that is longer than `limit`, and no place is taken.
  package mutating func take(at now: Duration, atMost limit: Duration) -> Duration? {
    let moment = next(at: now)
    guard moment - now <= limit else { return nil }
    moments.append(moment)
    let kept = windows.map(\.requests).max() ?? 0
    // Twice as many before any are dropped, so that dropping costs nothing on average.
    if moments.count > 2 * kept { moments.removeFirst(moments.count - kept) }
    return moment - now
  }

  /// The first moment from now on at which a request keeps every window.
  package func next(at now: Duration) -> Duration {
    var moment = max(now, moments.last ?? now)
    for window in windows where moments.count >= window.requests {
      moment = max(moment, moments[moments.count - window.requests] + window.length)
    }
    return moment
  }

  package func use(at now: Duration) -> [BudgetUse] {
    windows.map { window in
      BudgetUse(budget: window, used: min(window.requests, moments.reversed().prefix { $0 > now - window.length }.count))
    }
  }

  /// The window that is the last to have a place again.
  func fullest(at now: Duration) -> RequestBudget? {
    windows.filter { moments.count >= $0.requests }.max { first, second in
      moments[moments.count - first.requests] + first.length < moments[moments.count - second.requests] + second.length
    }
  }
}

extension RequestBudget {
  fileprivate var length: Duration { .microseconds(per.microseconds) }
}
