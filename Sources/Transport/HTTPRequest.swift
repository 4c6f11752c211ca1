/// One header field, as sent or as received.
package struct HTTPHeader: Sendable, Equatable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Header names are compared without regard to ASCII case (RFC 9110 §5.1).
  package static func sameName(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8) { lowercased($0) == lowercased($1) }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}

/// One HTTP exchange to make: everything a transfer needs, and nothing about who asked.
package struct HTTPRequest: Sendable {
  /// An upper-case method token: `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`.
  package var method: String

  /// An absolute `http` or `https` URL of printable ASCII, percent-encoded already, without user name or password.
  package var url: String

  /// Fields to send. Framing fields (`Content-Length`, `Host`…) belong to the transport and are refused.
  package var headers: [HTTPHeader]

  /// The body, sent with its length. `nil` sends none; `POST`, `PUT` and `PATCH` without a body say `Content-Length: 0`.
  package var body: [UInt8]?

  /// Time for name lookup, TCP and TLS together. Waiting in line for a connection does not count.
  package var connectTimeout: Duration

  /// Time for the whole exchange from the moment `send` is called, waiting in line included.
  package var totalTimeout: Duration

  /// Most bytes of body to accept, counted after decompression.
  package var bodyCap: Int

  /// Where to put the body of a good answer instead of memory; `nil` for memory. With it, `totalTimeout` and `bodyCap` are not used.
  package var spool: Spool?

  /// Whether the peer may have a private, loopback or otherwise not publicly routed address.
  package var allowPrivate: Bool

  /// Whether the URL's path is itself a secret, as in chat webhooks: errors then name scheme and host only.
  package var hidesPath: Bool

  package init(
    method: String = "GET",
    url: String,
    headers: [HTTPHeader] = [],
    body: [UInt8]? = nil,
    connectTimeout: Duration = .seconds(10),
    totalTimeout: Duration = .seconds(60),
    bodyCap: Int = HTTPRequest.defaultBodyCap,
    spool: Spool? = nil,
    allowPrivate: Bool = false,
    hidesPath: Bool = false
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.connectTimeout = connectTimeout
    self.totalTimeout = totalTimeout
    self.bodyCap = bodyCap
    self.spool = spool
    self.allowPrivate = allowPrivate
    self.hidesPath = hidesPath
  }

  /// The body cap of a request that names none: 32 MiB.
  package static let defaultBodyCap = 32 * 1024 * 1024
}
