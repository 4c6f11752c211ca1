import CLibarchive
import Events
import Feeds
import Foundation
import Testing
import Transport

/// One gzip member.
func gzip(_ content: [UInt8]) throws -> [UInt8] {
  try packed([("", content)]) {
    archive_write_add_filter_gzip($0)
    archive_write_set_format_raw($0)
  }
}

/// A ZIP archive.
func zip(_ entries: [(name: String, content: [UInt8])]) throws -> [UInt8] {
  try packed(entries) { archive_write_set_format_zip($0) }
}

private struct NotPacked: Error {}

private func packed(_ entries: [(name: String, content: [UInt8])], format: (OpaquePointer) -> Void) throws -> [UInt8] {
  guard let writer = archive_write_new() else { throw NotPacked() }
  defer { archive_write_free(writer) }
  format(writer)
  archive_write_set_bytes_in_last_block(writer, 1)
  let room = entries.reduce(100_000) { $0 + $1.content.count * 2 + 1000 }
  return try [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
    guard archive_write_open_memory(writer, buffer.baseAddress, room, &count) == ARCHIVE_OK else { throw NotPacked() }
    for (name, content) in entries {
      guard let entry = archive_entry_new() else { throw NotPacked() }
      defer { archive_entry_free(entry) }
      archive_entry_set_pathname(entry, name)
      archive_entry_set_filetype(entry, name.hasSuffix("/") ? 0o040000 : 0o100000)
      archive_entry_set_perm(entry, 0o600)
      archive_entry_set_size(entry, Int64(content.count))
      guard archive_write_header(writer, entry) == ARCHIVE_OK else { throw NotPacked() }
      let written = content.withUnsafeBytes { archive_write_data(writer, $0.baseAddress, $0.count) }
      guard written == content.count else { throw NotPacked() }
    }
    guard archive_write_close(writer) == ARCHIVE_OK else { throw NotPacked() }
  }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func lines(_ count: Int) -> [String] { (0..<count).map { #"{"id":\#($0),"name":"number \#($0)"}"# } }

func joined(_ lines: [String]) -> [UInt8] { bytes(lines.map { $0 + "\n" }.joined()) }

/// Everything a body holds, in pages of `limit`.
func decoded(
  _ body: [UInt8], _ layers: [String], badLines: RecordReader.BadLines = .refused, limits: DecodingLimits = DecodingLimits(),
  limit: Int = 3
) throws -> [DecodedRecord] {
  let reader = RecordReader(.bytes(body), decoding: try Decoding(layers: layers), badLines: badLines, limits: limits)
  var records: [DecodedRecord] = []
  while true {
    let page = try reader.next(limit: limit)
    #expect(page.count <= limit)
    if page.isEmpty { break }
    records += page
  }
  #expect(try reader.next(limit: limit).isEmpty)
  return records
}

/// What a body is refused with, or nil with an issue recorded if it is read to its end.
func refusal(
  _ body: [UInt8], _ layers: [String], limits: DecodingLimits = DecodingLimits(), _ location: SourceLocation = #_sourceLocation
) throws -> DecodeFailure? {
  do {
    let records = try decoded(body, layers, limits: limits)
    Issue.record("Gave \(records.count) records", sourceLocation: location)
    return nil
  } catch let failure as DecodeFailure {
    return failure
  }
}
