package import Events

/// What a request to a push feed means: records to store, or a refusal. No input or output of its own.
package struct PushIntake: Sendable {
  /// Whether a code was made for a body by somebody who knows the secret.
  package typealias Verify = @Sendable (_ code: String, _ body: [UInt8]) -> Bool

  /// What came of a request.
  package enum Outcome: Sendable {
    /// To be stored in one transaction, and only then answered.
    case records([Batch])
    case refused(Refusal)
  }

  /// The records of one stream.
  package struct Batch: Sendable {
    package let stream: LocalStream
    package let records: [Record]
  }

  /// An answer other than success.
  package struct Refusal: Error, Hashable, Sendable {
    /// An HTTP status.
    package let status: Int
    /// What the sender is told; says nothing of why a signature was not believed.
    package let message: String
  }

  private let feed: PushFeed
  private let system: String
  private let verify: Verify

  package init(_ feed: PushFeed, system: String, verify: @escaping Verify) {
    self.feed = feed
    self.system = system
    self.verify = verify
  }

  /// Judges a request.
  ///
  /// A batch is all or nothing: one message that does not fit refuses it whole, so that the sender's own record of what failed is right.
  ///
  /// - Parameters:
  ///   - body: the very bytes that came.
  ///   - code: the value of the signature's header; nil where it is missing.
  ///   - now: business time.
  package func take(body: [UInt8], code: String?, at now: Instant) -> Outcome {
    do throws(Refusal) {
      guard body.count <= PushLimits.bodyBytes else {
        throw Refusal(status: 413, message: "at most \(PushLimits.bodyBytes) bytes are taken at once")
      }
      guard let code, verify(code, body) else { throw Refusal(status: 401, message: "the signature is missing or not valid") }
      guard String(validating: body, as: UTF8.self) != nil else { throw Refusal(status: 400, message: "the body is not UTF-8") }
      let answer: JSON
      do { answer = try JSON(parsing: body) } catch { throw Refusal(status: 400, message: "the body is \(error)") }
      var batches: [Batch] = []
      for stream in feed.streams { if let batch = try batch(stream, answer, at: now) { batches.append(batch) } }
      return .records(batches)
    } catch {
      return .refused(error)
    }
  }

  /// The messages, each once.
  private func messages(_ stream: LocalStream, in answer: JSON) throws(Refusal) -> [JSON] {
    let found = stream.selection.lazy.map { $0.value(in: answer) }.first { !$0.isNull } ?? .null
    let messages = found.list ?? [found]
    guard messages.count <= PushLimits.messages else {
      throw Refusal(status: 413, message: "at most \(PushLimits.messages) messages are taken at once, not \(messages.count)")
    }
    var seen: Set<String> = []
    var once: [JSON] = []
    for (number, message) in zip(1..., messages) {
      guard message.object != nil else { throw Refusal(status: 400, message: "message \(number) is no object") }
      guard let id = feed.id.value(in: message).scalarText, !id.isEmpty, id.utf8.count <= PushLimits.idBytes else {
        throw Refusal(status: 400, message: "message \(number) has no \(feed.id.text), or one of more than \(PushLimits.idBytes) bytes")
      }
      if seen.insert(id).inserted { once.append(message) }
    }
    return once
  }

  private func batch(_ stream: LocalStream, _ answer: JSON, at now: Instant) throws(Refusal) -> Batch? {
    var records: [Record] = []
    for message in try messages(stream, in: answer) {
      let page = stream.map(message, at: now, system: system)
      if let fault = page.rejected.first {
        throw Refusal(status: 400, message: "message \(feed.id.value(in: message).scalarText ?? ""): \(fault.path): \(fault.message)")
      }
      records += page.records
    }
    guard records.count <= PushLimits.records else {
      throw Refusal(status: 413, message: "at most \(PushLimits.records) records are taken at once, not \(records.count)")
    }
    return records.isEmpty ? nil : Batch(stream: stream, records: records)
  }
}
