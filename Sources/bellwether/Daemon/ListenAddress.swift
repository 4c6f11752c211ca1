import Foundation

/// An address that the daemon is about to listen on, tried before anything is begun.
struct ListenAddress {
  let host: String
  let port: Int
  /// Who is to listen there, and how a person says otherwise.
  let use: String
  let advice: String

  /// Binds the address as the server will, and lets go of it. Port 0 is always free.
  ///
  /// - Throws: `ListenFault` if it cannot be bound.
  func check() throws {
    guard port > 0 else { return }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found?.pointee else {
      throw ListenFault(address: self, reason: "no address is called \(host)", hint: advice)
    }
    defer { freeaddrinfo(found) }
    let descriptor = socket(address.ai_family, address.ai_socktype, 0)
    // Without a socket to try with, the server itself will say what is wrong.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // A connection of the last run that has not faded away yet is no hindrance to the server either.
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, address.ai_addr, address.ai_addrlen) != 0 else { return }
    throw fault(errno)
  }

  private func fault(_ code: Int32) -> ListenFault {
    switch code {
    case EADDRINUSE:
      ListenFault(
        address: self, reason: "another process listens there",
        hint: "`ss -ltnp 'sport = :\(port)'` says which: stop it, or \(advice)")
    case EACCES: ListenFault(address: self, reason: "this user may not listen on ports below 1024", hint: advice)
    case EADDRNOTAVAIL: ListenFault(address: self, reason: "this machine has no such address", hint: advice)
    default: ListenFault(address: self, reason: String(cString: strerror(code)), hint: advice)
    }
  }
}

/// An address that cannot be listened on.
struct ListenFault: Error, CustomStringConvertible {
  let address: ListenAddress
  let reason: String
  let hint: String

  var description: String { "\(address.use) cannot listen on \(address.host):\(address.port): \(reason); \(hint)" }
}
