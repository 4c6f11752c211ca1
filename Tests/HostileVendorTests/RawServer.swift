import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A request as it came over the wire, far enough taken apart to be answered.
struct RawRequest: Sendable {
  let method: String
  /// Without the query.
  let path: String
  /// Decoded; of a repeated name the last.
  let query: [String: String]
  /// By name in lower case.
  let headers: [String: String]
  let body: [UInt8]
}

/// What a server does on a connection, one thing after the other.
enum Act: Sendable {
  case send([UInt8])
  /// The same bytes again and again, until so many are out or the client has gone.
  case flood([UInt8], total: Int)
  /// In pieces of so many bytes, each a packet of its own.
  case drip([UInt8], piece: Int)
  /// Nothing more until the client has gone.
  case stall
  /// An orderly end.
  case close
  /// An end that reaches the client as "connection reset by peer".
  case reset
}

/// A server on loopback that says exactly the bytes it is told to, good HTTP or not; a thread for each connection.
final class RawServer: Sendable {
  typealias Respond = @Sendable (RawRequest) -> [Act]

  struct NotListening: Error {}

  let port: UInt16
  private let listener: Int32

  init(_ respond: @escaping Respond) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, generic, &length) == 0
      }
    }
    guard isListening else { throw NotListening() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Self.thread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        Self.thread { RawConnection(connection).serve(respond) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.stackSize = 256 * 1024
    thread.start()
  }
}

/// One accepted connection.
private struct RawConnection {
  private let socket: Int32

  init(_ socket: Int32) {
    self.socket = socket
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  func serve(_ respond: RawServer.Respond) {
    defer { close(socket) }
    var input: [UInt8] = []
    while let request = read(&input) {
      for act in respond(request) where !perform(act) { return }
    }
  }

  /// False where the connection is over.
  private func perform(_ act: Act) -> Bool {
    switch act {
    case .send(let bytes): return write(bytes[...])
    case .flood(let bytes, let total):
      var left = total
      while left > 0 {
        guard write(bytes.prefix(left)) else { return false }
        left -= bytes.count
      }
      return true
    case .drip(let bytes, let piece):
      var rest = bytes[...]
      while !rest.isEmpty {
        guard write(rest.prefix(piece)) else { return false }
        rest = rest.dropFirst(piece)
      }
      return true
    case .stall:
      var byte: UInt8 = 0
      _ = recv(socket, &byte, 1, 0)
      return false
    case .close: return false
    case .reset:
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      return false
    }
  }

  private func write(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  /// The next request; nil at the connection's end.
  private func read(_ input: inout [UInt8]) -> RawRequest? {
    while true {
      if let head = Self.headEnd(in: input) {
        let lines = String(decoding: input[..<head], as: UTF8.self).split(separator: "\r\n")
        let headers = Dictionary(lines.dropFirst().map(Self.field)) { $1 }
        let end = head + 4 + (headers["content-length"].flatMap { Int($0) } ?? 0)
        if input.count >= end, let line = lines.first?.split(separator: " "), line.count == 3 {
          defer { input.removeFirst(end) }
          let target = URLComponents(string: String(line[1]))
          let query = (target?.queryItems ?? []).map { ($0.name, $0.value ?? "") }
          return RawRequest(
            method: String(line[0]), path: target?.path ?? "", query: Dictionary(query) { $1 }, headers: headers,
            body: Array(input[(head + 4)..<end]))
        }
      }
      var piece = [UInt8](repeating: 0, count: 16_384)
      let count = recv(socket, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      input += piece[..<count]
    }
  }

  private static func field(_ line: Substring) -> (String, String) {
    let parts = line.split(separator: ":", maxSplits: 1)
    return (parts[0].lowercased(), parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
  }

  private static func headEnd(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
  }
}
