internal import Events
internal import Foundation

/// A line of a file that gave no record, or not all it should.
struct RejectedLine: Hashable, Sendable {
  let line: Int64
  let reason: String
  let text: [UInt8]
}

/// The file beside a read file that holds its rejected lines: `<file>.rejected.csv` or `.rejected.jsonl`.
///
/// It tells of the file as it was read last: a reading from the beginning begins it anew.
struct RejectedLines: Sendable {
  let path: String
  let format: Decoding.Format

  init(of file: FolderListing.File, format: Decoding.Format) {
    path = file.path + (format == .csv ? ".rejected.csv" : ".rejected.jsonl")
    self.format = format
  }

  /// Adds lines behind the first `length` bytes, what else stood there cut off; gives the file's new length, or nil if it cannot be
  /// written.
  func append(_ lines: [RejectedLine], keeping length: Int64) -> Int64? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o640)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let kept = min(length, Int64(status.st_size))
    guard ftruncate(descriptor, off_t(kept)) == 0 else { return nil }
    var bytes: [UInt8] = []
    if kept == 0, format == .csv { bytes += Array("line,reason,text\n".utf8) }
    for line in lines { bytes += written(line) + [10] }
    guard Self.write(bytes, at: kept, to: descriptor), fsync(descriptor) == 0 else { return nil }
    return kept + Int64(bytes.count)
  }

  /// Takes away what an earlier reading of the file left.
  func remove() { unlink(path) }

  private func written(_ line: RejectedLine) -> [UInt8] {
    let text = String(decoding: line.text, as: UTF8.self)
    if format == .csv { return Array("\(line.line),\(Self.field(line.reason)),\(Self.field(text))".utf8) }
    let json: JSON = ["line": JSON(line.line), "reason": .text(line.reason), "text": .text(text)]
    return json.serializedBytes()
  }

  /// A text as one field of a table (RFC 4180).
  private static func field(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }

  private static func write(_ bytes: [UInt8], at offset: Int64, to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
