package import Transport

/// A body as it came, in memory or in a file.
package enum EncodedBody: Sendable {
  case bytes([UInt8])
  case file(BodyFile)

  /// The body of an answer, wherever it is.
  package init(_ response: HTTPResponse) { self = response.spooled.map(EncodedBody.file) ?? .bytes(response.body) }

  var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(let file): file.count
    }
  }

  /// Whether the transport left a gzip content encoding in place.
  var isGzipped: Bool {
    switch self {
    case .bytes: false
    case .file(let file): file.encoding == .gzip
    }
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DecodeFailure) -> Int {
    switch self {
    case .bytes(let bytes):
      let piece = bytes[min(offset, bytes.count)...].prefix(buffer.count)
      buffer.copyBytes(from: piece)
      return piece.count
    case .file(let file):
      do throws(FileFault) {
        return try file.read(at: offset, into: buffer)
      } catch {
        throw DecodeFailure(.unreadable, "the file with the body cannot be read: \(error)")
      }
    }
  }
}

/// Bytes that are asked for piece by piece.
protocol ByteSource: AnyObject {
  /// Fills the beginning of `buffer`, which is not empty, and says with how many bytes: 0 at the end, and ever after.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DecodeFailure) -> Int
}

/// The bytes of a body, from any place on.
final class BodySource: ByteSource {
  let count: Int
  /// Where the next piece begins; between 0 and `count`.
  var offset = 0
  private let body: EncodedBody

  init(_ body: EncodedBody) {
    self.body = body
    count = body.count
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DecodeFailure) -> Int {
    let got = try body.read(at: offset, into: buffer)
    offset += got
    return got
  }
}
