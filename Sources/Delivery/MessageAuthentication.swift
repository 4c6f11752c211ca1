import CLibcrypto
package import ConfigFiles

/// Judges the code that a sender puts beside a message: HMAC (RFC 2104) over the very bytes that came.
package struct MessageAuthentication: Sendable {
  /// The hash within the HMAC.
  package enum Algorithm: String, CaseIterable, Sendable {
    case sha1
    case sha256
  }

  /// How the code is written.
  package enum Encoding: String, CaseIterable, Sendable {
    case hex
    case base64
  }

  private let keys: [Secret]
  private let algorithm: Algorithm
  private let encoding: Encoding

  /// - Parameter keys: any of them may have made the code: while a secret is being replaced, both are right.
  package init(keys: [Secret], algorithm: Algorithm, encoding: Encoding) {
    self.keys = keys
    self.algorithm = algorithm
    self.encoding = encoding
  }

  /// Whether one of the keys made this code for these bytes. Every key is tried in constant time, whichever is right.
  package func isValid(_ code: String, for body: [UInt8]) -> Bool {
    guard let code = bytes(of: code) else { return false }
    return keys.reduce(false) { found, key in
      let isEqual = Digest.equal(Digest.hmac(algorithm, body, key: Array(key.revealed.utf8)), code)
      return isEqual || found
    }
  }

  /// The code of a message as a sender with the first key writes it.
  package func code(for body: [UInt8]) -> String? {
    guard let key = keys.first else { return nil }
    let bytes = Digest.hmac(algorithm, body, key: Array(key.revealed.utf8))
    return encoding == .hex ? bytes.hexText : Base64.encode(bytes)
  }

  private func bytes(of code: String) -> [UInt8]? {
    switch encoding {
    case .base64: return Base64.decode(code)
    case .hex:
      let digits = Array(code.utf8)
      guard digits.count % 2 == 0 else { return nil }
      var bytes: [UInt8] = []
      for place in stride(from: 0, to: digits.count, by: 2) {
        guard let high = Self.value(ofHex: digits[place]), let low = Self.value(ofHex: digits[place + 1]) else { return nil }
        bytes.append(high << 4 | low)
      }
      return bytes
    }
  }

  private static func value(ofHex digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Digest {
  /// RFC 2104 with either hash.
  static func hmac(_ algorithm: MessageAuthentication.Algorithm, _ message: [UInt8], key: [UInt8]) -> [UInt8] {
    let count = algorithm == .sha1 ? 20 : byteCount
    var code = [UInt8](repeating: 0, count: count)
    var length: UInt32 = 0
    let hash = algorithm == .sha1 ? EVP_sha1() : EVP_sha256()
    let result = HMAC(hash, key, Int32(key.count), message, message.count, &code, &length)
    precondition(result != nil && Int(length) == count, "libcrypto has no HMAC with \(algorithm.rawValue)")
    return code
  }
}
