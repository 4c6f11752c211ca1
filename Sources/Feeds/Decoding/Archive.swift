internal import CLibarchive
import Glibc

/// The owner of one libarchive reader over another source: a ZIP archive's entries, or what gzip members unfold to.
///
/// libarchive asks for bytes through callbacks, which find this object through a pointer; it never outlives the object.
final class Archive: ByteSource {
  private let raw: OpaquePointer
  private let wrapping: Decoding.Wrapping
  private let upstream: any ByteSource
  private let limits: DecodingLimits
  private let piece: UnsafeMutableRawBufferPointer

  /// Bytes handed to libarchive.
  private var given = 0
  private var hasGivenAll = false
  /// What the source below failed with, while libarchive only knows that it did.
  private var failureBelow: DecodeFailure?
  private var taken = 0
  private var entries = 0
  private var isOver = false

  /// The first two bytes handed to libarchive.
  private var beginning: [UInt8] = []

  private static let pieceBytes = 64 * 1024
  private static let gzipMark: [UInt8] = [0x1F, 0x8B]
  /// Of a ZIP archive with at least one entry (its local header).
  private static let leastZipBytes = 30

  init(_ wrapping: Decoding.Wrapping, over upstream: any ByteSource, limits: DecodingLimits) throws(DecodeFailure) {
    guard let raw = archive_read_new() else { throw DecodeFailure(.unreadable, "no memory to unpack it") }
    self.raw = raw
    self.wrapping = wrapping
    self.upstream = upstream
    self.limits = limits
    piece = .allocate(byteCount: Self.pieceBytes, alignment: 16)
    switch wrapping {
    case .zip: archive_read_support_format_zip(raw)
    case .gzip:
      // The filter is put upon its own outcome as long as that is gzip again. Asking for it just once would be no better: no format
      // inside looks like gzip, and a member cut before its first byte of content would then pass for an empty one.
      archive_read_support_filter_gzip(raw)
      archive_read_support_format_raw(raw)
      archive_read_support_format_empty(raw)
    }
    archive_read_set_callback_data(raw, Unmanaged.passUnretained(self).toOpaque())
    archive_read_set_read_callback(raw, onRead)
    // With a way to seek, the central directory is read, which knows sizes that a streamed header may not.
    if wrapping == .zip, upstream is BodySource { archive_read_set_seek_callback(raw, onSeek) }
    guard archive_read_open1(raw) == ARCHIVE_OK else { throw failure() }
    if wrapping == .gzip { try openMembers() }
  }

  deinit {
    archive_read_free(raw)
    piece.deallocate()
  }

  /// Comes to the bytes of the first member. libarchive reads anything as "raw": that it found gzip is asked for here.
  private func openMembers() throws(DecodeFailure) {
    guard archive_filter_code(raw, 0) == ARCHIVE_FILTER_GZIP else {
      let isCut = Self.gzipMark.starts(with: beginning)
      throw DecodeFailure(isCut ? .incomplete : .malformed, isCut ? "gzip ends before it begins" : "the body is no gzip")
    }
    var entry: OpaquePointer?
    let code = archive_read_next_header(raw, &entry)
    if code == ARCHIVE_EOF {
      // A member that fails before its first byte of content looks like an empty one, but for the words it leaves.
      guard archive_error_string(raw) == nil else { throw failure() }
      return try endMembers()
    }
    guard code >= ARCHIVE_WARN else { throw failure() }
  }

  /// The next entry of a ZIP archive by its name, folders left out; nil after the last. `read` then gives its bytes.
  func nextEntry() throws(DecodeFailure) -> String? {
    var entry: OpaquePointer?
    while true {
      let code = archive_read_next_header(raw, &entry)
      if code == ARCHIVE_EOF { return nil }
      guard code >= ARCHIVE_WARN, let entry else { throw failure() }
      entries += 1
      guard entries <= limits.entries else { throw DecodeFailure(.tooLarge, "the archive has more than \(limits.entries) entries") }
      let name = name(of: entry)
      if name.hasSuffix("/") { continue }
      isOver = false
      return name
    }
  }

  private func name(of entry: OpaquePointer) -> String {
    guard let text = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry) else { return "number \(entries)" }
    return Self.oneLine(text)
  }

  /// Fit to stand in an error, since anybody may have written it: without control characters, and not long.
  private static func oneLine(_ text: UnsafePointer<CChar>) -> String {
    let scalars = String(cString: text).unicodeScalars.prefix(200).filter { $0.properties.generalCategory != .control }
    return String(String.UnicodeScalarView(scalars))
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DecodeFailure) -> Int {
    if isOver { return 0 }
    let got = archive_read_data(raw, buffer.baseAddress, buffer.count)
    guard got >= 0 else { throw failure() }
    if got == 0 {
      isOver = true
      if wrapping == .gzip { try endMembers() }
    }
    taken += got
    guard taken <= limits.decodedBytes else {
      throw DecodeFailure(.tooLarge, "\(wrapping.rawValue) unfolds to more than \(limits.decodedBytes) bytes")
    }
    return got
  }

  /// libarchive ends quietly where something other than a member follows, such as one that is cut in its header.
  private func endMembers() throws(DecodeFailure) {
    isOver = true
    let left = given - Int(archive_filter_bytes(raw, -1))
    guard left == 0 else { throw DecodeFailure(.incomplete, "after the last whole gzip member follows something that is none") }
  }

  /// What the last call failed with. At the end of its bytes every complaint means that there should have been more.
  private func failure() -> DecodeFailure {
    if let failureBelow { return failureBelow }
    let text = archive_error_string(raw).map(Self.oneLine) ?? "it cannot be unpacked"
    let isCut = hasGivenAll || given < Self.leastZipBytes || text.lowercased().contains("truncated")
    return DecodeFailure(isCut ? .incomplete : .malformed, "\(wrapping.rawValue) \(isCut ? "ends too early" : "is damaged"): \(text)")
  }

  // MARK: Callbacks

  fileprivate func give(_ start: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    do throws(DecodeFailure) {
      let count = try upstream.read(into: piece)
      if beginning.count < Self.gzipMark.count { beginning += piece.prefix(min(count, Self.gzipMark.count - beginning.count)) }
      given += count
      hasGivenAll = count == 0
      start.pointee = UnsafeRawPointer(piece.baseAddress)
      return count
    } catch {
      failureBelow = error
      return Int(ARCHIVE_FATAL)
    }
  }

  fileprivate func seek(by offset: Int64, from whence: Int32) -> Int64 {
    guard let body = upstream as? BodySource else { return Int64(ARCHIVE_FATAL) }
    let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? body.offset : body.count
    let (target, isTooFar) = Int64(base).addingReportingOverflow(offset)
    guard !isTooFar, (0...Int64(body.count)).contains(target) else { return Int64(ARCHIVE_FATAL) }
    body.offset = Int(target)
    hasGivenAll = false
    return target
  }
}

private func archive(_ context: UnsafeMutableRawPointer?) -> Archive? {
  context.map { Unmanaged<Archive>.fromOpaque($0).takeUnretainedValue() }
}

private func onRead(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ start: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
  guard let archive = archive(context), let start else { return Int(ARCHIVE_FATAL) }
  return archive.give(start)
}

private func onSeek(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ offset: Int64, _ whence: Int32) -> Int64 {
  archive(context)?.seek(by: offset, from: whence) ?? Int64(ARCHIVE_FATAL)
}
