package import Events

/// What one answer of a feed, or one stretch of a file, brought; stored whole or not at all.
package struct Page: Sendable {
  /// `stripe.events`
  package var stream: String
  package var system: String
  /// In the order they are to be stored.
  package var records: [Record]
  /// Where the stream goes on from; nil leaves the stored cursor as it is.
  package var cursor: JSON?
  /// The kinds this stream completes.
  package var kinds: [Kind]
  /// Whether the stream tells of every paying account, so that absence means zero.
  package var coversCustomers: Bool
  /// The stream is known from here on; nil leaves what is stored. Later than the stored `completeThrough`, it ends a hole that begins
  /// there.
  package var knownFrom: Instant?
  /// Nothing up to here is still to come; nil leaves what is stored, and it never goes back.
  package var completeThrough: Instant?
  /// Business time at which we learned it.
  package var observedAt: Instant
  /// How long after a record's own time its source shows it.
  package var lag: Span

  package init(
    stream: String, system: String, records: [Record], cursor: JSON? = nil, kinds: [Kind] = [], coversCustomers: Bool = false,
    knownFrom: Instant? = nil, completeThrough: Instant? = nil, observedAt: Instant, lag: Span = .seconds(0)
  ) {
    self.stream = stream
    self.system = system
    self.records = records
    self.cursor = cursor
    self.kinds = kinds
    self.coversCustomers = coversCustomers
    self.knownFrom = knownFrom
    self.completeThrough = completeThrough
    self.observedAt = observedAt
    self.lag = lag
  }
}

/// What became of a page.
package struct CommitResult: Hashable, Sendable {
  package let stream: String
  /// Records stored for the first time, or with new content.
  package let new: Int
  /// Records that told nothing new.
  package let duplicate: Int
  /// Of the new ones, those that belong to no account yet.
  package let unlinked: Int
}
