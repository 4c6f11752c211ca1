package import Events

/// Which failures of a feed are worth a line in the log: a new one, another one, one that has lasted for another hour, and the end of one.
package struct FailureLog: Sendable {
  /// Business time after which a failure that goes on is told again.
  package static let reminder = Span.hours(1)

  private var told: [String: (text: String, at: Instant)] = [:]

  package init() {}

  /// Whether a stream's failure is to be told.
  package mutating func tells(_ text: String, of stream: String, at now: Instant) -> Bool {
    if let last = told[stream], last.text == text, now - last.at < Self.reminder { return false }
    told[stream] = (text, now)
    return true
  }

  /// Whether a stream that was read to its end had failed before.
  package mutating func hasRecovered(_ stream: String) -> Bool { told.removeValue(forKey: stream) != nil }
}
