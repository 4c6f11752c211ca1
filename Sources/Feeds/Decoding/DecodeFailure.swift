/// Why a body cannot be read further, and where that is.
package struct DecodeFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Cause: String, Sendable {
    /// The body ends too early. It may be whole the next time.
    case incomplete
    /// The body is not what `decode:` says.
    case malformed
    /// A limit is passed; the message names it.
    case tooLarge
    /// The file with the body cannot be read.
    case unreadable
  }

  package let cause: Cause
  /// What happened, as a clause.
  package let message: String
  /// The archive's entry; nil where the body is no archive.
  package var entry: String?
  /// The line of the body or entry, from 1; nil where it has not come to lines.
  package var line: Int?
  /// The byte at which that line begins, from 0, in the decoded body or entry.
  package var byte: Int?

  package init(_ cause: Cause, _ message: String, entry: String? = nil, line: Int? = nil, byte: Int? = nil) {
    self.cause = cause
    self.message = message
    self.entry = entry
    self.line = line
    self.byte = byte
  }

  package var description: String {
    let places = [entry.map { "entry \($0)" }, line.map { "line \($0)" }, byte.map { "byte \($0)" }].compactMap { $0 }
    return places.isEmpty ? message : "\(places.joined(separator: ", ")): \(message)"
  }

  /// What to do about it, in one sentence.
  package var hint: String {
    switch cause {
    case .incomplete: "It is asked for again; if it stays, ask for less at once."
    case .malformed: "Compare the stream's decode: with what the vendor sends."
    case .tooLarge: "Ask for less at once; if the vendor's own data is that large, please report it."
    case .unreadable: "Check the disk the file is on."
    }
  }

  /// Whether the same request may bring a readable body later.
  package var isTransient: Bool { cause == .incomplete }
}
