package import Events
package import Features

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
    /// A stream no longer gets on, or does again.
    case staleness(StreamStaleness)
    /// A person says that what looks like an outage of a system is none.
    case outageAccepted(system: String)
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
  /// What the engine was told of this occurrence before and must take back; nil where this is the first it hears of it.
  package let supersedes: Superseded?

  package init(record: Record, account: AccountKey, person: PersonKey?, observedAt: Instant, supersedes: Superseded? = nil) {
    self.record = record
    self.account = account
    self.person = person
    self.observedAt = observedAt
    self.supersedes = supersedes
  }
}

/// What an occurrence was before its source told it otherwise.
package struct Superseded: Hashable, Sendable {
  package let record: Record
  package let account: AccountKey
  package let person: PersonKey?

  package init(record: Record, account: AccountKey, person: PersonKey?) {
    self.record = record
    self.account = account
    self.person = person
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
  /// Who is telling, as in records; empty in logs of before it was kept.
  package let system: String
  /// Where between the two nothing is known.
  package let holes: [Hole]
  /// Whether absence means zero for every paying account.
  package let coversCustomers: Bool

  package init(
    stream: String, kinds: [Kind], knownFrom: Instant, completeThrough: Instant, system: String = "", holes: [Hole] = [],
    coversCustomers: Bool = false
  ) {
    self.stream = stream
    self.kinds = kinds
    self.knownFrom = knownFrom
    self.completeThrough = completeThrough
    self.system = system
    self.holes = holes
    self.coversCustomers = coversCustomers
  }
}

/// How a stream's polls get on.
package struct StreamStaleness: Hashable, Sendable {
  /// `stripe.events`
  package let stream: String
  /// Its last success, or when it was first tried; nil once it gets on again.
  package let since: Instant?
  /// What stops it, in words for ops; nil where no poll has failed.
  package let error: String?

  package init(stream: String, since: Instant?, error: String?) {
    self.stream = stream
    self.since = since
    self.error = error
  }
}
