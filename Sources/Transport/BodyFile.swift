import Glibc

/// A body that was put into a file, read by offset.
///
/// A spooled body has no name in the file system: its space is given back when the last reference to this object goes, or with the
/// process. The object owns the descriptor and nothing writes to the file any more. It is `Sendable` without more: what it holds
/// never changes, and `pread` leaves the descriptor's position alone, so that any thread may read.
package final class BodyFile: Sendable {
  /// Bytes in the file.
  package let count: Int
  /// How the bytes are encoded, which whoever reads them undoes.
  package let encoding: Encoding
  private let descriptor: Int32

  /// A content encoding that is kept in the file.
  package enum Encoding: Sendable { case identity, gzip }

  /// Takes over a descriptor of a file with `count` bytes.
  init(descriptor: Int32, count: Int, encoding: Encoding) {
    self.descriptor = descriptor
    self.count = count
    self.encoding = encoding
  }

  /// Opens a regular file as it stands: what is appended later is not read.
  package init(path: String) throws(FileFault) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    encoding = .identity
    guard descriptor >= 0 else {
      count = 0
      throw FileFault(errno)
    }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    count = isRegular ? Int(status.st_size) : 0
    guard isRegular else { throw FileFault(EINVAL) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills the beginning of `buffer` with what stands from `offset` on, and says with how many bytes: 0 at the end.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileFault) -> Int {
    let wanted = min(buffer.count, count - offset)
    guard wanted > 0, let start = buffer.baseAddress else { return 0 }
    while true {
      let got = pread(descriptor, start, wanted, offset)
      if got >= 0 { return got }
      guard errno == EINTR else { throw FileFault(errno) }
    }
  }
}

extension BodyFile: Equatable {
  /// Two of them are equal when they are the same file, opened once.
  package static func == (left: BodyFile, right: BodyFile) -> Bool { left === right }
}

/// What the system says about a file that cannot be made, read or written.
package struct FileFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// The system's `errno`.
  package let number: Int32

  init(_ number: Int32) { self.number = number }

  /// The system's own words.
  package var description: String { String(systemError: number) }
}
