import Glibc

extension HTTPRequest {
  /// Asks for the body of a good answer (2xx) in a temporary file, so that its size is bounded by the disk and not by memory.
  ///
  /// The file is made in `folder` with mode 0600 and has no name from the start. A gzip content encoding is kept in it, which
  /// whoever reads it undoes: only the reader can see that a compressed stream ends too early, which libcurl does not say. Other
  /// answers come in memory as ever, of which at most `errorBodyCap` bytes are kept and the rest is cut off.
  package struct Spool: Sendable, Equatable {
    /// An existing folder that this process may write to.
    package var folder: String
    /// Most bytes to take, as they are written: a compressed body counts compressed.
    package var cap: Int
    /// Ends a transfer that brings no byte for so long, whether before the answer or in it.
    package var idleTimeout: Duration
    /// Time for the whole exchange; it takes the place of the request's own `totalTimeout`.
    package var totalTimeout: Duration

    package init(
      folder: String, cap: Int = Spool.defaultCap, idleTimeout: Duration = Spool.defaultIdleTimeout,
      totalTimeout: Duration = Spool.defaultTotalTimeout
    ) {
      self.folder = folder
      self.cap = cap
      self.idleTimeout = idleTimeout
      self.totalTimeout = totalTimeout
    }

    /// 8 GiB.
    package static let defaultCap = 8 * 1024 * 1024 * 1024
    package static let defaultIdleTimeout = Duration.seconds(60)
    /// 6 hours, in which 400 KB/s fill the default cap.
    package static let defaultTotalTimeout = Duration.seconds(6 * 60 * 60)
    /// The most of an error's body that is kept, in bytes.
    package static let errorBodyCap = 64 * 1024
  }
}

/// The writing end of a spooled body: the owner of an unnamed file until it is `finished` or dropped.
struct SpoolWriter: ~Copyable {
  private let descriptor: Int32
  private(set) var count = 0
  let cap: Int

  init(folder: String, cap: Int) throws(FileFault) {
    self.cap = cap
    let path = "\(folder)/.spool-\(UInt64.random(in: 0...UInt64.max))"
    // Between the two calls lies the only moment in which an end of the process would leave a file behind, and it would be empty.
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFault(errno) }
    unlink(path)
  }

  deinit { close(descriptor) }

  /// Whether a piece of so many bytes still fits under the cap.
  func hasRoom(for bytes: Int) -> Bool { bytes <= cap - count }

  /// Appends a piece. The caller has asked `hasRoom`.
  mutating func write(_ piece: UnsafeRawBufferPointer) throws(FileFault) {
    var rest = piece[...]
    while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
      let written = Glibc.write(descriptor, start, rest.count)
      if written < 0 {
        guard errno == EINTR else { throw FileFault(errno) }
        continue
      }
      rest = rest.dropFirst(written)
      count += written
    }
  }

  /// Hands the file over to be read.
  consuming func finished(encoding: BodyFile.Encoding) -> BodyFile {
    let file = BodyFile(descriptor: descriptor, count: count, encoding: encoding)
    discard self
    return file
  }
}
