package import Engine
package import Events

/// A notice waiting for its deliveries.
package struct StoredNotice: Hashable, Sendable {
  package let key: Int64
  package let notice: Notice

  package init(key: Int64, notice: Notice) {
    self.key = key
    self.notice = notice
  }
}

/// A delivery as the dispatcher makes it: from here on its bytes never change.
package struct NewDelivery: Hashable, Sendable {
  /// The `webhook-id`, the same for every attempt.
  package let id: String
  package let sink: String
  package let account: AccountKey
  /// Which of the account's deliveries to this sink it is; the receiver tells old from new by it.
  package let sequence: Int64
  /// The notices it carries.
  package let notices: [Int64]
  /// The body exactly as it is to be sent.
  package let body: [UInt8]
  /// Business time.
  package let createdAt: Instant

  package init(
    id: String, sink: String, account: AccountKey, sequence: Int64, notices: [Int64], body: [UInt8], createdAt: Instant
  ) {
    self.id = id
    self.sink = sink
    self.account = account
    self.sequence = sequence
    self.notices = notices
    self.body = body
    self.createdAt = createdAt
  }
}

/// Where a delivery stands.
package enum DeliveryState: String, CaseIterable, Sendable {
  case pending, delivered, dead
}

/// A delivery with its attempts so far.
package struct StoredDelivery: Hashable, Sendable {
  package let key: Int64
  package let delivery: NewDelivery
  package let state: DeliveryState
  package let attempts: Int
  /// Wall time before which it is not to be tried again.
  package let nextAttemptAt: Instant
  /// Wall time; nil before the first attempt.
  package let lastAttemptAt: Instant?
  package let lastStatus: Int?
  package let lastError: String?
}

/// How an attempt to deliver ended.
package enum AttemptOutcome: Hashable, Sendable {
  case delivered(status: Int)
  /// To be tried again at a wall time.
  case retry(at: Instant, error: String, status: Int?)
  /// Given up.
  case dead(error: String, status: Int?)
}

/// How many deliveries stand where, and how many notices wait.
package struct OutboxCounts: Hashable, Sendable {
  package let notices: Int
  package let pending: Int
  package let delivered: Int
  package let dead: Int

  package init(notices: Int, pending: Int, delivered: Int, dead: Int) {
    self.notices = notices
    self.pending = pending
    self.delivered = delivered
    self.dead = dead
  }
}
