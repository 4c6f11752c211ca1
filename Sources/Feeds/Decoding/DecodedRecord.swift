package import Events

/// One record of a body, or a line that is none.
package struct DecodedRecord: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case record(JSON)
    /// Why the line is no record, as a clause; the lines after it are read all the same.
    case fault(String)
  }

  package let content: Content
  /// The archive's entry; nil where the body is no archive.
  package let entry: String?
  /// The line it begins on, from 1.
  package let line: Int
  /// The text as it stood, without the line's end; of a line beyond the limit, its beginning. Empty unless the reader keeps it.
  package let raw: [UInt8]

  /// The record; nil for a fault.
  package var json: JSON? { if case .record(let json) = content { json } else { nil } }
}

/// Reads the records of one body or archive entry. What it throws or gives has the place filled in except for the entry.
protocol EntryParser: AnyObject {
  /// The next record with the bytes it was made from; nil at the end.
  func next() throws(DecodeFailure) -> ParsedLine?
}

/// What a parser makes of one line or row.
struct ParsedLine {
  let content: DecodedRecord.Content
  let line: Int
  let raw: [UInt8]
}
