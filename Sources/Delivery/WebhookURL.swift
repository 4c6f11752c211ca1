/// Judges a sink's address when it is read, long before the first post.
enum WebhookURL {
  struct Fault {
    /// Completes "the url …".
    let problem: String
    let hint: String
  }

  /// What is wrong with it; nil if it can be posted to. Transport checks it again, and the peer's address too.
  static func fault(of url: String) -> Fault? {
    guard let scheme = ["https://", "http://"].first(where: { url.lowercased().hasPrefix($0) }) else {
      return Fault(problem: "does not begin with https:// or http://", hint: "write it as https://host/path")
    }
    guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !#""<>\^`{|}"#.utf8.contains($0) }) else {
      return Fault(problem: "has a character that must be percent-encoded", hint: "percent-encode blanks and all that is not ASCII")
    }
    let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else {
      return Fault(problem: "holds a user name or password", hint: "take them out: deliveries are signed with the sink's secret instead")
    }
    return hostFault(authority)
  }

  private static func hostFault(_ authority: Substring) -> Fault? {
    var rest = authority
    let host: Substring
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      host = authority[...end]
      guard host.utf8.allSatisfy({ "[]:.0123456789abcdefABCDEF".utf8.contains($0) }) else { return illegalHost }
    } else {
      host = authority.prefix { $0 != ":" }
      guard host.utf8.allSatisfy(isHostByte) else { return illegalHost }
    }
    guard !host.isEmpty else { return Fault(problem: "names no host", hint: "write it as https://host/path") }
    rest = authority.dropFirst(host.count)
    guard rest.isEmpty || (rest.first == ":" && (1...65535).contains(Int(rest.dropFirst()) ?? 0)) else {
      return Fault(problem: "has a port that is not between 1 and 65535", hint: "correct the port or leave it out")
    }
    return nil
  }

  private static let illegalHost = Fault(
    problem: "has a host that is neither a name nor an address", hint: "write a host name, an IPv4 address, or an IPv6 address in brackets")

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}
