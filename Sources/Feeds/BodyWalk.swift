package import Events
package import Transport

extension StreamWalk {
  /// The most records of a body that are handed over as one page.
  package static let bodyPageLimit = 1000

  /// Takes some records of the body of an answer for which `receive` said `.body`.
  ///
  /// The cursor stays until the last of them: a body that breaks off is read again from its beginning, and what was stored of it is
  /// known by its ids.
  package mutating func take(_ records: [DecodedRecord], of response: HTTPResponse, isLast: Bool, now: Instant) -> Outcome {
    var list: [JSON] = []
    var rejected: [RejectedRecord] = []
    for record in records {
      switch record.content {
      case .fault(let message): rejected.append(reject(record, message))
      case .record(let json) where stream.decoding.format != .json: list.append(json)
      case .record(let document):
        guard let found = stream.records(in: document) else {
          return fail(
            .unexpectedAnswer, "\(record.entry.map { "the entry \($0)" } ?? "the answer") holds no list at \(stream.selection.description)",
            "compare the stream's records: with the vendor's answer; the cursor stays")
        }
        list += found
      }
    }
    let page = ReadPage(
      answer: .null, records: list, links: response.headerValues("Link"), date: date(of: response, now: now), url: askedURL,
      token: position.walk?.token, size: nil)
    var mapped = stream.map(news(in: page), of: .null, answerDate: page.date, system: system)
    mapped.rejected = rejected + mapped.rejected
    guard isLast else { return .page(records: mapped.records, rejected: mapped.rejected) }
    backoff.reset()
    return land(page, mapped)
  }

  private func reject(_ record: DecodedRecord, _ message: String) -> RejectedRecord {
    let kind = stream.mappings.first?.kind ?? .usage
    let place = (record.entry.map { "\($0), " } ?? "") + "line \(record.line)"
    return RejectedRecord(stream: stream.name, kind: kind, sourceID: nil, path: place, message: message)
  }

  /// Takes the news that a body cannot be read further.
  package mutating func receive(_ failure: DecodeFailure) -> Outcome {
    guard failure.isTransient else { return fail(.unexpectedAnswer, failure.description, failure.hint) }
    return wait(reason: failure.description, cause: .unexpectedAnswer, atLeast: .zero)
  }
}
