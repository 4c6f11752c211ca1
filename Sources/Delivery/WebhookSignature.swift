package import Events
package import Transport

/// A key that signs webhooks; its text never shows.
package struct SigningKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  let bytes: [UInt8]

  /// The lengths accepted. Standard Webhooks asks for 24 to 64 bytes; keys made by hand are often 16.
  package static let byteCounts = 16...128

  static let prefix = "whsec_"

  /// Reads `whsec_<base64>`; the error does not repeat the text.
  package init(_ text: String) throws(SigningKeyError) {
    let text = text.trimmingSpace
    guard text.hasPrefix(Self.prefix) else { throw .prefix }
    guard let bytes = Base64.decode(text.dropFirst(Self.prefix.count)) else { throw .base64 }
    guard Self.byteCounts.contains(bytes.count) else { throw .length(bytes.count) }
    self.bytes = bytes
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// A new key of 32 random bytes.
  package static func random() -> SigningKey { SigningKey(bytes: Digest.randomBytes(32)) }

  /// `whsec_<base64>`, for the moment it is handed to a receiver.
  package var secretText: String { Self.prefix + Base64.encode(bytes) }

  package var description: String { "•••" }
  package var debugDescription: String { description }
}

extension SigningKey: CustomReflectable {
  /// Empty, so that `dump` and test failures do not show the bytes.
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a text is no signing key.
package enum SigningKeyError: Error, Hashable, CustomStringConvertible {
  case prefix
  case base64
  case length(Int)

  package var description: String {
    switch self {
    case .prefix: "a signing key begins with \(SigningKey.prefix); write \(SigningKey.prefix) and the base64 of its bytes"
    case .base64: "what follows \(SigningKey.prefix) is not base64; make one with: echo \(SigningKey.prefix)$(openssl rand -base64 32)"
    case .length(let count):
      "a signing key has \(SigningKey.byteCounts.lowerBound) to \(SigningKey.byteCounts.upperBound) bytes, this one \(count); "
        + "make one with: echo \(SigningKey.prefix)$(openssl rand -base64 32)"
    }
  }
}

/// Signs as Standard Webhooks 1.0 says: HMAC-SHA256 over `id.timestamp.body`.
package struct WebhookSigner: Sendable {
  private let keys: [SigningKey]

  /// - Parameter keys: the newest first; while a key is being replaced, the one before it too, so that either verifies.
  package init(keys: [SigningKey]) { self.keys = keys }

  /// The three headers of one attempt: the id stays through all attempts, the timestamp is the attempt's own.
  package func headers(id: String, at now: Instant, body: [UInt8]) -> [HTTPHeader] {
    let timestamp = String(now.seconds)
    let signatures = keys.map { "v1," + Base64.encode(Self.code(id: id, timestamp: timestamp, body: body, key: $0)) }
    return [
      HTTPHeader(WebhookHeader.id, id), HTTPHeader(WebhookHeader.timestamp, timestamp),
      HTTPHeader(WebhookHeader.signature, signatures.joined(separator: " ")),
    ]
  }

  static func code(id: String, timestamp: String, body: [UInt8], key: SigningKey) -> [UInt8] {
    Digest.hmacSHA256(Array("\(id).\(timestamp).".utf8) + body, key: key.bytes)
  }
}

package enum WebhookHeader {
  package static let id = "webhook-id"
  package static let timestamp = "webhook-timestamp"
  package static let signature = "webhook-signature"
}

/// Judges the signature of a webhook received.
package struct WebhookVerifier: Sendable {
  private let keys: [SigningKey]
  private let tolerance: Span

  /// - Parameters:
  ///   - keys: any of them may have signed.
  ///   - tolerance: how far the timestamp may be from now, either way, lest an old message be played again.
  package init(keys: [SigningKey], tolerance: Span = .minutes(5)) {
    self.keys = keys
    self.tolerance = tolerance
  }

  /// The webhook's id, if one of the keys signed exactly this body, lately.
  package func verify(headers: [HTTPHeader], body: [UInt8], now: Instant) throws(SignatureFault) -> String {
    let id = try value(of: WebhookHeader.id, in: headers)
    let timestamp = try value(of: WebhookHeader.timestamp, in: headers)
    let signatures = try value(of: WebhookHeader.signature, in: headers)
    // An id with a full stop could be read as another id and another timestamp.
    guard !id.contains(".") else { throw .malformedID }
    guard let seconds = Int64(timestamp), String(seconds) == timestamp, abs(seconds) < Self.lastSecond else { throw .malformedTimestamp }
    let age = now - Instant(seconds: seconds)
    guard age <= tolerance else { throw .tooOld }
    guard Span(microseconds: -age.microseconds) <= tolerance else { throw .fromTheFuture }
    let expected = keys.map { WebhookSigner.code(id: id, timestamp: timestamp, body: body, key: $0) }
    for signature in signatures.split(separator: " ").prefix(Self.signatureLimit) where signature.hasPrefix("v1,") {
      guard let code = Base64.decode(signature.dropFirst(3)) else { continue }
      if expected.contains(where: { Digest.equal($0, code) }) { return id }
    }
    throw .noMatch
  }

  /// Signatures looked at in one header, so that a long list costs nothing.
  package static let signatureLimit = 16

  /// The end of the year 9999.
  private static let lastSecond: Int64 = 253_402_300_800

  private func value(of name: String, in headers: [HTTPHeader]) throws(SignatureFault) -> String {
    let found = headers.filter { HTTPHeader.sameName($0.name, name) }
    guard let first = found.first, !first.value.isEmpty else { throw .missingHeader(name) }
    guard found.count == 1 else { throw .repeatedHeader(name) }
    return first.value
  }
}

/// Why a webhook is not believed.
package enum SignatureFault: Error, Hashable, Sendable, CustomStringConvertible {
  case missingHeader(String)
  case repeatedHeader(String)
  case malformedID
  case malformedTimestamp
  case tooOld
  case fromTheFuture
  case noMatch

  package var description: String {
    switch self {
    case .missingHeader(let name): "the header \(name) is missing"
    case .repeatedHeader(let name): "the header \(name) stands there more than once"
    case .malformedID: "the webhook-id holds a full stop"
    case .malformedTimestamp: "the webhook-timestamp is not a number of seconds"
    case .tooOld: "the webhook-timestamp is too old: it may be a replay, or one of the two clocks is wrong"
    case .fromTheFuture: "the webhook-timestamp is in the future: one of the two clocks is wrong"
    case .noMatch: "no signature matches: the body was changed on the way, or the two sides hold different secrets"
    }
  }
}

extension StringProtocol {
  /// Without blanks and line ends at either end, as a secret read from a file has.
  var trimmingSpace: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[first...last])
  }
}
