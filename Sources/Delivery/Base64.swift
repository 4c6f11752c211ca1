import CLibcrypto

/// Standard base64 (RFC 4648 §4).
package enum Base64 {
  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    let input = Array(bytes)
    // libcrypto ends what it writes with a zero byte.
    var output = [UInt8](repeating: 0, count: (input.count + 2) / 3 * 4 + 1)
    let written = EVP_EncodeBlock(&output, input, Int32(input.count))
    return String(decoding: output.prefix(Int(written)), as: UTF8.self)
  }

  /// Nil for anything but the alphabet and at most the padding that is due; padding may be left out, as people's copies often do.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var digits = Array(text.utf8)
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    digits.removeLast(padding)
    guard padding <= 2, padding == 0 || (digits.count + padding) % 4 == 0, digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var count = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    // Bits left over must be zero, or two texts would mean one key.
    guard bits & ((1 << UInt32(count)) - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
