/// Why a stream could not be read further in this poll; the next poll goes on from the stored cursor.
package struct FeedFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Cause: String, Hashable, Sendable {
    /// The vendor refuses the credential.
    case unauthorized
    /// The vendor is down, slow or asks for a pause.
    case unavailable
    /// The answer is not what the feed file expects.
    case unexpectedAnswer
    /// The same page again and again.
    case loop
  }

  package let feed: String
  package let stream: String
  package let cause: Cause
  /// What happened, as a clause.
  package let message: String
  /// What to do about it.
  package let hint: String

  package var description: String { "\(feed)/\(stream): \(message)" }
}
