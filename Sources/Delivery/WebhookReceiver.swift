package import Events
package import Transport

/// The receiving side of a sink: believes what is signed, and tells first deliveries from repeats.
///
/// Used by the demo and by tests, and a model for receivers of one's own: commit what `receive` calls new, then answer.
package struct WebhookReceiver: Sendable {
  private let verifier: WebhookVerifier
  private let memoryLimit: Int
  /// Digest of the body each id came with first.
  private var seen: [String: [UInt8]] = [:]
  private var order: [String] = []

  /// Ids remembered at most; sends of one id lie less than four days apart.
  package static let defaultMemoryLimit = 100_000

  package init(keys: [SigningKey], tolerance: Span = .minutes(5), memoryLimit: Int = Self.defaultMemoryLimit) {
    verifier = WebhookVerifier(keys: keys, tolerance: tolerance)
    self.memoryLimit = max(1, memoryLimit)
  }

  package enum Reception: Hashable, Sendable {
    /// Seen for the first time.
    case new(Envelope)
    /// A repeat of an id already taken, with the same body: answer as the first time, do nothing.
    case repeated(id: String)
    case refused(Refusal)

    /// The HTTP status to answer with.
    package var status: Int {
      switch self {
      case .new, .repeated: 204
      case .refused(.signature): 401
      case .refused(.envelope), .refused(.idMismatch), .refused(.changedBody): 400
      }
    }
  }

  package enum Refusal: Hashable, Sendable, CustomStringConvertible {
    case signature(SignatureFault)
    case envelope(EnvelopeError)
    /// The signed header and the envelope name different ids.
    case idMismatch
    /// An id that came before, with another body: the sender broke its promise.
    case changedBody

    package var description: String {
      switch self {
      case .signature(let fault): fault.description
      case .envelope(let error): error.description
      case .idMismatch: "webhook-id and the envelope's id differ"
      case .changedBody: "this webhook-id came before with another body"
      }
    }
  }

  /// Judges one request.
  ///
  /// - Parameter now: wall time.
  package mutating func receive(headers: [HTTPHeader], body: [UInt8], now: Instant) -> Reception {
    let id: String
    do { id = try verifier.verify(headers: headers, body: body, now: now) } catch { return .refused(.signature(error)) }
    let digest = Digest.sha256(body)
    if let first = seen[id] { return first == digest ? .repeated(id: id) : .refused(.changedBody) }
    let envelope: Envelope
    do { envelope = try Envelope(parsing: body) } catch { return .refused(.envelope(error)) }
    guard envelope.id == id else { return .refused(.idMismatch) }
    remember(id, digest)
    return .new(envelope)
  }

  private mutating func remember(_ id: String, _ digest: [UInt8]) {
    seen[id] = digest
    order.append(id)
    // Half is dropped at a time, so that forgetting costs nothing per webhook.
    if order.count > memoryLimit {
      let dropped = order.count - memoryLimit / 2
      for old in order.prefix(dropped) { seen[old] = nil }
      order.removeFirst(dropped)
    }
  }
}
