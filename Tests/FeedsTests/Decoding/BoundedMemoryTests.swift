import Events
import Feeds
import Foundation
import Testing
import Transport

/// A body much larger than what may be held goes from a real socket through a file and the decoder. Each runs in a process of its
/// own, since memory is counted for the whole process.
@Suite(.timeLimit(.minutes(10))) struct BoundedMemoryTests {
  /// How much more memory than before the download may be resident, for a body of 64 MB.
  static let growthLimit = 32 * 1024 * 1024

  @Test func plainLinesOf64MegabytesNeedHalfThat() async {
    await #expect(processExitsWith: .success) { try await expectBoundedMemory(isGzipped: false) }
  }

  @Test func gzippedLinesOf64MegabytesNeedHalfThat() async {
    await #expect(processExitsWith: .success) { try await expectBoundedMemory(isGzipped: true) }
  }

  /// A page in memory is held as JSON values beside its bytes: so much for the worst that vendors send, many small members.
  @Test func pageOf32MebibytesNeedsABoundedMultiple() async {
    await #expect(processExitsWith: .success) {
      let record = #"{"id":"in_1MtHbELkdIwHu7ixl4OzzPMv","amount":2000,"currency":"usd","paid":true,"period":{"start":1680640231}}"#
      let count = DecodingLimits().documentBytes / (record.utf8.count + 1) - 1
      let before = try residentBytes()
      let page = bytes("[") + bytes(record + ",") * (count - 1) + bytes(record + "]")
      let parsed = try JSON(parsing: page)
      #expect(parsed.list?.count == count)
      let growth = try residentBytes(peak: true) - before
      #expect(growth < 16 * DecodingLimits().documentBytes, "grew by \(growth)")
    }
  }
}

private func * (piece: [UInt8], count: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(piece.count * count)
  for _ in 0..<count { bytes += piece }
  return bytes
}

private func expectBoundedMemory(isGzipped: Bool) async throws {
  let server = try LineServer(megabytes: 64, isGzipped: isGzipped)
  let client = CurlClient()
  var request = HTTPRequest(url: "http://127.0.0.1:\(server.port)/export", allowPrivate: true)
  request.spool = HTTPRequest.Spool(folder: FileManager.default.temporaryDirectory.path)
  let before = try residentBytes()
  let response = try await client.send(request)
  #expect(response.spooled?.encoding == (isGzipped ? .gzip : .identity))
  let reader = RecordReader(EncodedBody(response), decoding: Decoding(format: .jsonl))
  var count = 0
  while let page = Optional(try reader.next(limit: 1000)), !page.isEmpty { count += page.count }
  #expect(count == server.lines)
  let growth = try residentBytes(peak: true) - before
  #expect(growth < BoundedMemoryTests.growthLimit, "grew by \(growth)")
}

private struct NoMemoryFigure: Error {}

/// Resident bytes of this process, now or at their most.
private func residentBytes(peak: Bool = false) throws -> Int {
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix(peak ? "VmHWM:" : "VmRSS:") }
  guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else { throw NoMemoryFigure() }
  return kilobytes * 1024
}

/// Answers one request with many lines, on a thread of its own: one megabyte of them, sent again and again.
private final class LineServer: Sendable {
  let port: UInt16
  let lines: Int

  private struct NotStarted: Error {}

  init(megabytes: Int, isGzipped: Bool) throws {
    let line = bytes(#"{"id":1234567,"name":"export","text":""# + String(repeating: "lorem ipsum ", count: 80) + "\"}\n")
    let perBlock = 1_000_000 / line.count
    lines = perBlock * megabytes
    let block = try isGzipped ? gzip(line * perBlock) : line * perBlock
    let head =
      "HTTP/1.1 200 OK\r\nContent-Length: \(block.count * megabytes)\r\n" + (isGzipped ? "Content-Encoding: gzip\r\n" : "") + "\r\n"
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw NotStarted() }
    port = UInt16(bigEndian: address.sin_port)
    Thread {
      let connection = accept(listener, nil, nil)
      var request = [UInt8](repeating: 0, count: 10_000)
      _ = recv(connection, &request, request.count, 0)
      Self.send(bytes(head), to: connection)
      for _ in 0..<megabytes { Self.send(block, to: connection) }
      close(connection)
      close(listener)
    }.start()
  }

  private static func send(_ bytes: [UInt8], to connection: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      sent += count
    }
  }
}
