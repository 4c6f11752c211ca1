package import Events

/// One entry of the log: what the engine folds, in order of `sequence`.
package struct Step: Hashable, Sendable {
  package let sequence: Int64
  /// Business time at which we learned it; never before the step that precedes it.
  package let at: Instant
  package let content: Content

  package init(sequence: Int64, at: Instant, content: Content) {
    self.sequence = sequence
    self.at = at
    self.content = content
  }

  package enum Content: Hashable, Sendable {
    /// What a page of a feed or a file brought, or what a new link brought home, in the order it was stored.
    case records([LinkedRecord])
    /// An account's records anew, after a link was undone or moved, or persons became one.
    case rebuild(Rebuild)
    /// A stream is now known over a range for the kinds it completes.
    case watermark(Watermark)
    /// The rules and the catalogue in force from here on, by digest.
    case activation(digest: String)
    /// Nothing but the passing of time.
    case tick
  }
}

/// A record with the account and person it belongs to, as the links stood.
package struct LinkedRecord: Hashable, Sendable {
  package let record: Record
  package let account: AccountKey
  package let person: PersonKey?
  /// When we learned it.
  package let observedAt: Instant

  package init(record: Record, account: AccountKey, person: PersonKey?, observedAt: Instant) {
    self.record = record
    self.account = account
    self.person = person
    self.observedAt = observedAt
  }
}

/// A part of the records that are an account's from here on; the parts follow each other in the log, at one instant.
package struct Rebuild: Hashable, Sendable {
  package let account: AccountKey
  /// In the order they were stored.
  package let records: [LinkedRecord]
  /// The first part: what the account held before is gone.
  package let begins: Bool
  /// The last part: the account is evaluated, once.
  package let ends: Bool

  package init(account: AccountKey, records: [LinkedRecord], begins: Bool, ends: Bool) {
    self.account = account
    self.records = records
    self.begins = begins
    self.ends = ends
  }
}

/// How far a stream is known.
package struct Watermark: Hashable, Sendable {
  /// `stripe.events`
  package let stream: String
  /// The kinds this stream completes.
  package let kinds: [Kind]
  package let knownFrom: Instant
  package let completeThrough: Instant

  package init(stream: String, kinds: [Kind], knownFrom: Instant, completeThrough: Instant) {
    self.stream = stream
    self.kinds = kinds
    self.knownFrom = knownFrom
    self.completeThrough = completeThrough
  }
}
