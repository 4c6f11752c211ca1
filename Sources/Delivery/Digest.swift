import CLibcrypto

/// SHA-256, HMAC-SHA256, random bytes and comparison in constant time, all by libcrypto.
///
/// The one-shot calls are used throughout, so no handle outlives a call and there is none to free.
package enum Digest {
  /// Bytes of a SHA-256 digest, and of an HMAC made with it.
  package static let byteCount = 32

  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: byteCount)
    let status = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
    precondition(status == 1, "libcrypto has no SHA-256")
    return digest
  }

  /// RFC 2104 with SHA-256.
  package static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: byteCount)
    var length: UInt32 = 0
    let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
    precondition(result != nil && length == byteCount, "libcrypto has no HMAC with SHA-256")
    return code
  }

  /// Whether two codes are equal, in a time that tells nothing of where they differ.
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Bytes nobody can guess, from the system's generator.
  package static func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // A daemon that cannot draw random bytes must not go on with predictable ones.
    precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the system gives no random bytes")
    return bytes
  }
}

extension Sequence<UInt8> {
  /// Two lower-case hexadecimal digits a byte.
  package var hexText: String {
    let digits = Array("0123456789abcdef")
    return reduce(into: "") { text, byte in
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
  }
}
