internal import Events
internal import Foundation

/// A line of a file that gave no record, or not all it should.
struct RejectedLine: Hashable, Sendable {
  let line: Int64
  let reason: String
  let text: [UInt8]
  /// Whether the text is a row of a table, fit to stand in another.
  let isRow: Bool
}

/// The file beside a read file that holds its rejected lines: `<file>.rejected.csv` or `.rejected.jsonl`.
///
/// It tells of the file as it was read last: a reading from the beginning begins it anew.
struct RejectedLines: Sendable {
  let path: String
  let format: FileFormat
  /// A table's columns.
  let header: [String]?

  init(of file: FolderListing.File, format: FileFormat, header: [String]?) {
    path = file.path + (format == .csv ? ".rejected.csv" : ".rejected.jsonl")
    self.format = format
    self.header = header
  }

  /// Adds lines behind the first `length` bytes, what else stood there cut off; gives the file's new length, or nil if it cannot be
  /// written.
  func append(_ lines: [RejectedLine], keeping length: Int64) -> Int64? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o640)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let size = FileStatus(descriptor: descriptor)?.identity.size else { return nil }
    let kept = min(length, size)
    guard ftruncate(descriptor, off_t(kept)) == 0 else { return nil }
    var bytes: [UInt8] = []
    if kept == 0, let header { bytes += Array((["line", "reason"] + header.map(CSVText.field)).joined(separator: ",").utf8) + [10] }
    for line in lines { bytes += written(line) + [10] }
    guard Self.write(bytes, at: kept, to: descriptor), fsync(descriptor) == 0 else { return nil }
    return kept + Int64(bytes.count)
  }

  /// Takes away what an earlier reading of the file left.
  func remove() { unlink(path) }

  private func written(_ line: RejectedLine) -> [UInt8] {
    let text = line.text.prefix(FolderLimits.shownBytes)
    if format == .jsonl {
      let json: JSON = ["line": JSON(line.line), "reason": .text(line.reason), "text": .text(String(decoding: text, as: UTF8.self))]
      return json.serializedBytes()
    }
    let start = Array("\(line.line),\(CSVText.field(line.reason)),".utf8)
    if line.isRow, text.count == line.text.count { return start + line.text }
    return start + Array(CSVText.field(String(decoding: text, as: UTF8.self)).utf8)
  }

  private static func write(_ bytes: [UInt8], at offset: Int64, to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done)) }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
