package import Engine
package import Events

/// What is posted: one account's alerts in a CloudEvents 1.0 envelope, structured mode.
///
/// ```
/// {"specversion":"1.0","id":"msg_…","source":"/bellwether","type":"com.bellwether.finding.opened","subject":"account:12",
///  "time":"2026-03-21T00:00:00Z","datacontenttype":"application/json","sequence":"000000000042",
///  "data":{"headline":"…","account":{…},"notices":[{…alert…},…]}}
/// ```
package struct Envelope: Hashable, Sendable {
  /// The delivery's id, equal to its `webhook-id`: stable across retries.
  package let id: String
  /// Rises with each delivery about this account to this sink, from 1; a receiver may drop what comes out of order.
  package let sequence: Int64
  /// Business time of the latest notice.
  package let time: Instant
  /// The leading alert first; never empty.
  package let alerts: [Alert]

  package static let contentType = "application/cloudevents+json"
  package static let source = "/bellwether"

  /// - Parameter alerts: one account's alerts in the order they were written; nil if there is none.
  package init?(id: String, sequence: Int64, time: Instant, alerts: [Alert]) {
    guard !alerts.isEmpty else { return nil }
    self.id = id
    self.sequence = sequence
    self.time = time
    let ranked = alerts.enumerated().sorted { Self.order($0.element, $0.offset) < Self.order($1.element, $1.offset) }
    self.alerts = ranked.map(\.element)
  }

  /// The type of event: that of the leading alert.
  package var type: String { alerts.first?.change.eventType ?? "" }

  /// `account:12`; `feed:stripe.events` or `cut:segment/SMB` where no account is concerned.
  package var subject: String {
    alerts.first.map { $0.account.key == .none ? $0.subject.description : Subject.account($0.account.key).description } ?? ""
  }

  /// One line for all: the account, the leading title, and how many more there are.
  package var headline: String {
    guard let first = alerts.first else { return "" }
    let more = alerts.count > 1 ? " (and \(alerts.count - 1) more)" : ""
    return "\(first.account.name): \(first.change.prefix)\(first.title)\(more)"
  }

  package var json: JSON {
    [
      "specversion": "1.0", "id": .text(id), "source": .text(Self.source), "type": .text(type), "subject": .text(subject),
      "time": JSON(time), "datacontenttype": "application/json", "sequence": .text(Self.sequenceText(sequence)),
      "data": [
        "headline": .text(headline), "account": alerts.first?.json["account"] ?? .null, "notices": .list(alerts.map(\.json)),
      ],
    ]
  }

  /// The exact bytes that are signed and sent; equal envelopes give equal bytes.
  package var body: [UInt8] { json.serializedBytes() }

  /// Reads a body. A receiver of its own kind: `headline` is made anew, unknown members are passed over.
  package init(parsing body: [UInt8]) throws(EnvelopeError) {
    let json: JSON
    do { json = try JSON(parsing: body) } catch { throw .notJSON(error.description) }
    guard json["specversion"].text == "1.0" else { throw .member("specversion") }
    guard let id = json["id"].text, !id.isEmpty else { throw .member("id") }
    guard let sequence = json["sequence"].text.flatMap({ Int64($0) }) else { throw .member("sequence") }
    guard let time = json["time"].text.flatMap(Instant.init(iso8601:)) else { throw .member("time") }
    guard let notices = json["data"]["notices"].list, !notices.isEmpty else { throw .member("data.notices") }
    self.id = id
    self.sequence = sequence
    self.time = time
    do { alerts = try notices.map { (notice) throws(FieldError) in try Alert(json: notice) } } catch { throw .alert(error) }
  }

  /// Fixed width, since the extension's values are compared as texts (CloudEvents extension `sequence`).
  private static func sequenceText(_ sequence: Int64) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
  }

  /// Bad news before good, then the gravest, then the earliest written.
  private static func order(_ alert: Alert, _ index: Int) -> (Int, Int, Int) {
    let news =
      switch alert.change {
      case .opened, .escalated: 0
      case .verdictChanged: alert.caseVerdict == "healthy" ? 2 : 0
      case .caseOpened, .tierChanged: 1
      case .resolved: 2
      }
    let levels = Alert.Level.allCases.reversed()
    return (news, levels.enumerated().first { $0.element == alert.level }?.offset ?? 0, index)
  }
}

extension Alert.Change {
  /// The CloudEvents type.
  package var eventType: String {
    switch self {
    case .opened: "com.bellwether.finding.opened"
    case .escalated: "com.bellwether.finding.escalated"
    case .resolved: "com.bellwether.finding.resolved"
    case .caseOpened: "com.bellwether.case.opened"
    case .verdictChanged: "com.bellwether.case.judged"
    case .tierChanged: "com.bellwether.tier.changed"
    }
  }

  /// What stands before a title that was written for the finding's opening.
  var prefix: String {
    switch self {
    case .opened, .caseOpened, .verdictChanged, .tierChanged: ""
    case .escalated: "worse: "
    case .resolved: "over: "
    }
  }
}

/// Why a body is no envelope of ours.
package enum EnvelopeError: Error, Hashable, CustomStringConvertible {
  case notJSON(String)
  case member(String)
  case alert(FieldError)

  package var description: String {
    switch self {
    case .notJSON(let reason): "the body is \(reason)"
    case .member(let name): "the envelope has no usable \(name)"
    case .alert(let error): "an alert in the envelope cannot be read: \(error)"
    }
  }
}
