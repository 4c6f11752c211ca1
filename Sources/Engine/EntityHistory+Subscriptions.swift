package import Events
package import Features
package import Revenue

extension EntityHistory {
  /// The subscriptions as the ledger reads them, with all their versions.
  package var subscriptions: [SubscriptionTimeline] { subscriptions(through: .distantFuture) }

  /// The same without versions of a later time.
  package func subscriptions(through now: Instant) -> [SubscriptionTimeline] {
    timelines(of: .subscription).compactMap { timeline in
      let versions = timeline.versions.prefix { $0.at <= now }.map {
        SubscriptionVersion(at: $0.at, fields: $0.fields, observedAt: $0.observedAt)
      }
      return versions.isEmpty ? nil : SubscriptionTimeline(id: timeline.id, versions: versions)
    }
  }
}
