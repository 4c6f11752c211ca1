/// What is wrong with a URL; the raw value completes the sentence "the URL …".
package enum URLFault: String, Error {
  case tooLong = "is too long"
  case illegalCharacter = "has a character that must be percent-encoded"
  case notHTTP = "does not begin with http:// or https://"
  case noHost = "names no host"
  case credentials = "holds a user name or password"
  case illegalHost = "has a host that is neither a name nor an address"
  case illegalPort = "has a port that is not between 1 and 65535"

  var hint: String {
    switch self {
    case .tooLong: "Keep it under \(TransportLimits.urlBytes) bytes."
    case .illegalCharacter: "Percent-encode spaces and anything that is not ASCII; write a host name in punycode."
    case .notHTTP, .noHost: "Write it as https://host/path."
    case .credentials: "Take them out of the URL and name them as a secret instead."
    case .illegalHost: "Write a host name, an IPv4 address, or an IPv6 address in square brackets."
    case .illegalPort: "Correct the port or leave it out."
    }
  }
}

/// A URL taken apart far enough to refuse bad ones early and to name good ones without their secrets.
///
/// It is stricter than libcurl's own parser, so a URL never means one thing here and another there.
package struct RequestTarget: Sendable, Equatable {
  package let isSecure: Bool
  package let host: String
  package let port: Int?
  package let path: String

  /// Takes an absolute `http` or `https` URL apart.
  package init(_ url: String) throws(URLFault) {
    guard url.utf8.count <= TransportLimits.urlBytes else { throw .tooLong }
    guard url.utf8.allSatisfy(Self.isAllowed) else { throw .illegalCharacter }
    let (isSecure, afterScheme) = try Self.scheme(url)
    self.isSecure = isSecure

    let authority = afterScheme.prefix { $0 != UInt8(ascii: "/") && !Self.endsPath($0) }
    guard !authority.contains(UInt8(ascii: "@")) else { throw .credentials }
    (host, port) = try Self.hostAndPort(authority)

    let path = afterScheme[authority.endIndex...].prefix { !Self.endsPath($0) }
    self.path = path.isEmpty ? "/" : String(Substring(path))
  }

  /// The URL for errors and logs: no query, no fragment, and `…` in place of path segments that look like tokens.
  package func shown(hidingPath: Bool) -> String {
    var text = (isSecure ? "https://" : "http://") + host
    if let port { text += ":\(port)" }
    guard !hidingPath else { return text + "/…" }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    return text + segments.map { Self.looksSecret($0) ? "…" : String($0) }.joined(separator: "/")
  }

  /// The name of a request for this target in errors.
  func name(of request: HTTPRequest) -> String { "\(request.method) \(shown(hidingPath: request.hidesPath))" }

  /// How a URL that could not be taken apart is named: where its parts are in doubt, nothing of it is shown.
  package static let unreadable = "(unreadable URL)"

  /// A path segment this long with a digit or capital in it is a token more often than a word.
  package static let secretSegmentLength = 20

  private static func looksSecret(_ segment: Substring) -> Bool {
    segment.utf8.count >= secretSegmentLength && segment.utf8.contains { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
  }

  /// Printable ASCII without the characters RFC 3986 leaves out and lenient parsers disagree on.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"),
      UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
      false
    default: (0x21...0x7E).contains(byte)
    }
  }

  private static func endsPath(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") }

  private static func scheme(_ url: String) throws(URLFault) -> (isSecure: Bool, rest: Substring.UTF8View) {
    for (prefix, isSecure) in [("https://", true), ("http://", false)] {
      let length = prefix.utf8.count
      if HTTPHeader.sameName(String(Substring(url.utf8.prefix(length))), prefix) { return (isSecure, url.utf8.dropFirst(length)) }
    }
    throw .notHTTP
  }

  private static func hostAndPort(_ authority: Substring.UTF8View) throws(URLFault) -> (String, Int?) {
    let host: Substring.UTF8View
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .illegalHost }
      host = authority[...end]
      guard PeerAddress(text: String(Substring(host.dropFirst().dropLast()))) != nil else { throw .illegalHost }
    } else {
      host = authority.prefix { $0 != UInt8(ascii: ":") }
      guard host.allSatisfy(isHostByte) else { throw .illegalHost }
    }
    guard !host.isEmpty else { throw .noHost }

    let name = String(Substring(host))
    let rest = authority[host.endIndex...]
    guard !rest.isEmpty else { return (name, nil) }
    let digits = rest.dropFirst()
    guard rest.first == UInt8(ascii: ":"), !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(Substring(digits)), (1...65535).contains(port)
    else { throw .illegalPort }
    return (name, port)
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}
