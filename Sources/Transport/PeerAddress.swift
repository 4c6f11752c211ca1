import Glibc

/// A range of addresses that is not on the public internet; the raw value completes the sentence "the address … is …".
package enum AddressRange: String, Sendable, CaseIterable {
  case unspecified = "unspecified"
  case loopback = "loopback"
  case privateUse = "private"
  case shared = "shared carrier space"
  case linkLocal = "link-local"
  case uniqueLocal = "unique-local"
  case multicast = "multicast"
  case ipv4InIPv6 = "an IPv4 address in IPv6 form"
  case documentation = "for documentation"
  case reserved = "reserved"
  /// Neither IPv4 nor IPv6, or not an address at all.
  case unreadable = "not an internet address"
}

/// The address of a peer about to be connected to.
package enum PeerAddress: Sendable, Equatable {
  case ipv4(UInt32)
  case ipv6(high: UInt64, low: UInt64)

  /// Reads the text forms of RFC 4291 and dotted decimal; anything else, also a zone such as `%eth0`, is no address.
  package init?(text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self = .ipv4(UInt32(bigEndian: four.s_addr))
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      self = withUnsafeBytes(of: six) { Self.ipv6(bytes: $0) }
    } else {
      return nil
    }
  }

  /// Reads a socket address of the length the resolver gave.
  init?(family: Int32, bytes: UnsafeRawBufferPointer) {
    switch family {
    case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
      self = .ipv4(UInt32(bigEndian: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
      let address = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      self = withUnsafeBytes(of: address) { Self.ipv6(bytes: $0) }
    default:
      return nil
    }
  }

  private static func ipv6(bytes: UnsafeRawBufferPointer) -> PeerAddress {
    let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    return .ipv6(high: high, low: low)
  }

  /// The range that keeps this address off the public internet, or `nil` for a public one.
  ///
  /// Source: the IANA special-purpose address registries (RFC 6890 and its updates).
  package var nonPublicRange: AddressRange? {
    switch self {
    case .ipv4(let bits): Self.range(of: bits)
    case .ipv6(let high, let low): Self.range(high: high, low: low)
    }
  }

  private static func range(of bits: UInt32) -> AddressRange? {
    ipv4Ranges.first { bits >> (32 - $0.length) == $0.network >> (32 - $0.length) }?.range
  }

  private static let ipv4Ranges: [(network: UInt32, length: UInt32, range: AddressRange)] = [
    (0x0000_0000, 8, .unspecified),
    (0x0A00_0000, 8, .privateUse),
    (0x6440_0000, 10, .shared),
    (0x7F00_0000, 8, .loopback),
    (0xA9FE_0000, 16, .linkLocal),
    (0xAC10_0000, 12, .privateUse),
    (0xC000_0000, 24, .reserved),
    (0xC000_0200, 24, .documentation),
    (0xC058_6300, 24, .reserved),
    (0xC0A8_0000, 16, .privateUse),
    (0xC612_0000, 15, .reserved),
    (0xC633_6400, 24, .documentation),
    (0xCB00_7100, 24, .documentation),
    (0xE000_0000, 4, .multicast),
    (0xF000_0000, 4, .reserved),
  ]

  private static func range(high: UInt64, low: UInt64) -> AddressRange? {
    switch (high, low) {
    case (0, 0): return .unspecified
    case (0, 1): return .loopback
    case (0, _) where low >> 32 == 0xFFFF || low >> 32 == 0: return .ipv4InIPv6
    // The well-known NAT64 prefix is how IPv6-only machines reach public IPv4 hosts: the address inside decides.
    case (0x0064_FF9B_0000_0000, _) where low >> 32 == 0: return range(of: UInt32(truncatingIfNeeded: low))
    default: break
    }
    if high >> 56 == 0xFF { return .multicast }
    if high >> 57 == 0xFC >> 1 { return .uniqueLocal }
    if high >> 54 == 0xFE80 >> 6 { return .linkLocal }
    // Everything else outside 2000::/3 is unassigned or special, site-local and local NAT64 included.
    guard high >> 61 == 1 else { return .reserved }
    if high >> 32 == 0x2001_0DB8 || high >> 44 == 0x3FFF0 { return .documentation }
    // Teredo, ORCHID and other protocol assignments; then 6to4, which carries an IPv4 address.
    if high >> 41 == 0x2001_0000 >> 9 { return .reserved }
    if high >> 48 == 0x2002 { return .ipv4InIPv6 }
    return nil
  }
}

extension PeerAddress: CustomStringConvertible {
  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch self {
    case .ipv4(let bits):
      var address = in_addr(s_addr: bits.bigEndian)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    case .ipv6(let high, let low):
      var halves = (high.bigEndian, low.bigEndian)
      inet_ntop(AF_INET6, &halves, &text, socklen_t(text.count))
    }
    return String(terminated: text)
  }
}
