/// Why an exchange brought no complete answer, and what a person can do about it.
///
/// Neither the text nor the fields hold a query string, credentials or a header's value.
package struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened.
  package let reason: Reason

  /// The exchange it happened to: method, scheme, host and path, as in `GET https://api.example.com/v1/events`.
  package let target: String

  package init(_ reason: Reason, target: String) {
    self.reason = reason
    self.target = target
  }

  /// The closed set of causes.
  package enum Reason: Sendable, Equatable {
    case badURL(URLFault)
    case badMethod
    /// The named field cannot be sent: it has line breaks or other control characters, is not a token, is the transport's own,
    /// or makes the header too long.
    case badHeader(name: String, fault: HeaderFault)
    case resolve
    case connect(detail: String)
    case tls(detail: String)
    case timeout(TimeoutPhase, after: Duration)
    /// No byte came for so long; so many bytes of body had come.
    case stalled(after: Duration, received: Int)
    case bodyTooLarge(cap: Int)
    case headersTooLarge(cap: Int)
    case refusedAddress(address: String, range: AddressRange)
    /// The peer went away before the answer was complete; so many bytes of body had come.
    case connectionLost(received: Int)
    /// The answer is not HTTP, or its body does not decompress.
    case malformedAnswer(detail: String)
    /// A spooled body cannot be written.
    case spool(folder: String, detail: String)
    case busy(limit: Int)
    case cancelled
    case stopped
    case other(code: Int, message: String)
  }

  /// How far an exchange had come when its time ran out.
  package enum TimeoutPhase: String, Sendable {
    /// In line, looking up the name, connecting or agreeing on TLS.
    case connect
    /// The request was sent and no answer had begun.
    case answer
    /// The answer had begun and was not complete.
    case body
  }

  package var description: String { "\(target): \(reason.summary)" }

  /// What to do about it, in one sentence.
  package var hint: String { reason.hint }

  /// Whether the same request may succeed later with nothing changed on our side.
  package var isTransient: Bool {
    switch reason {
    case .resolve, .connect, .tls, .timeout, .stalled, .connectionLost, .malformedAnswer, .busy: true
    case .badURL, .badMethod, .badHeader, .bodyTooLarge, .headersTooLarge, .refusedAddress, .spool, .cancelled, .stopped,
      .other:
      false
    }
  }
}

extension TransportError.Reason {
  /// What happened, as the second half of a sentence whose first half names the exchange.
  fileprivate var summary: String {
    switch self {
    case .badURL(let fault): "the URL \(fault.rawValue)"
    case .badMethod: "the method is not an upper-case token"
    case .badHeader(let name, let fault): "the header field \(name) \(fault.rawValue)"
    case .resolve: "the host's name has no address"
    case .connect(let detail): "no connection: \(detail)"
    case .tls(let detail): "no secure connection: \(detail)"
    case .timeout(.connect, let limit): "not connected after \(Self.seconds(limit))"
    case .timeout(.answer, let limit): "no answer after \(Self.seconds(limit))"
    case .timeout(.body, let limit): "the answer was not complete after \(Self.seconds(limit))"
    case .stalled(let limit, let received): "no byte came for \(Self.seconds(limit)), after \(received) bytes of body"
    case .bodyTooLarge(let cap): "the answer's body has more than \(cap) bytes"
    case .headersTooLarge(let cap): "the answer's header has more than \(cap) bytes"
    case .refusedAddress(let address, let range): "the address \(address) is \(range.rawValue), which is not allowed here"
    case .connectionLost(let received): "the connection broke after \(received) bytes of body"
    case .malformedAnswer(let detail): "the answer cannot be read: \(detail)"
    case .spool(let folder, let detail): "the body cannot be put into a file in \(folder): \(detail)"
    case .busy(let limit): "\(limit) requests are already waiting"
    case .cancelled: "cancelled"
    case .stopped: "ended, because the transport is shutting down"
    case .other(let code, let message): "\(message) (curl \(code))"
    }
  }

  fileprivate var hint: String {
    switch self {
    case .badURL(let fault): fault.hint
    case .badMethod: "Use a method such as GET or POST."
    case .badHeader(_, let fault): fault.hint
    case .resolve: "Check the host's spelling and this machine's DNS."
    case .connect: "Check that the host and port are right and that no firewall stands between."
    // OpenSSL's words for an answer that is no TLS at all.
    case .tls(let detail) where detail.contains("wrong version number"):
      "The server does not speak TLS on this port: check the port, or write http:// if it is meant to be without."
    case .tls: "Check the host's spelling and certificate, this machine's clock and its CA certificates."
    case .timeout(.connect, _): "Check the network; if many requests share this host, raise its connections or the timeout."
    case .timeout: "Ask for smaller pages or raise the timeout."
    case .stalled: "It is tried again; if it stays, ask for smaller pages or at another time."
    case .bodyTooLarge: "Ask for smaller pages or raise the body cap."
    case .headersTooLarge: "Check that the URL names an API and not something else."
    case .refusedAddress: "If this host is meant to be inside your network, set allow_private: true for it."
    case .connectionLost: "It is tried again; if it stays, ask for smaller pages."
    case .malformedAnswer: "Check that the URL names an HTTP API and that nothing rewrites its answers."
    case .spool: "Check that the folder exists, may be written to and has room for the body; the next poll asks again."
    case .busy: "Send less at once; waiting requests finish first."
    case .cancelled, .stopped: "Nothing to do; the request can be made again."
    case .other: "Look the number up in libcurl's list of errors."
    }
  }

  private static func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}

extension Duration {
  /// Whole milliseconds rounded up, at least 1 and at most what a C `int` holds: libcurl reads 0 as "no limit".
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds >= 0 else { return 1 }
    guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
    let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return max(1, Int(seconds * 1000 + rest))
  }
}
