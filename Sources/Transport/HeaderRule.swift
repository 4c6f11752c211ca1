/// What is wrong with a header field; the raw value completes the sentence "the header field NAME …".
package enum HeaderFault: String, Sendable {
  case name = "does not have a token as its name"
  case value = "has a line break or another control character in its value"
  case reserved = "is set by the transport itself"
  case tooLong = "makes the header too long"

  var hint: String {
    switch self {
    case .name: "Use letters, digits and hyphens in the name."
    case .value: "Check the secret or template it comes from; a trailing line break is the usual cause."
    case .reserved: "Leave it out."
    case .tooLong: "Keep names and values under \(TransportLimits.requestHeaderBytes) bytes together."
    }
  }
}

/// Decides which fields a request may carry, so that no value can add a field or a second request.
enum HeaderRule {
  /// Fields that frame the message or steer the connection: letting a caller write them allows request smuggling.
  static let reserved = [
    "Content-Length", "Transfer-Encoding", "Host", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade", "Expect",
  ]

  /// The first fault among the fields, if any. A name that is not a token is replaced, since it may hold anything.
  static func firstFault(_ headers: [HTTPHeader]) -> (name: String, fault: HeaderFault)? {
    var bytes = 0
    for header in headers {
      guard isToken(header.name) else { return ("(unreadable)", .name) }
      if reserved.contains(where: { HTTPHeader.sameName($0, header.name) }) { return (header.name, .reserved) }
      guard header.value.utf8.allSatisfy(isValueByte) else { return (header.name, .value) }
      bytes += header.name.utf8.count + header.value.utf8.count
      guard bytes <= TransportLimits.requestHeaderBytes else { return (header.name, .tooLong) }
    }
    return nil
  }

  /// Upper-case letters and hyphens only: methods are case-sensitive, and `get` is always a mistake.
  static func isMethod(_ method: String) -> Bool {
    !method.isEmpty && method.utf8.count <= 32 && method.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// RFC 9110 §5.6.2.
  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  private static func isValueByte(_ byte: UInt8) -> Bool {
    byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
  }
}
