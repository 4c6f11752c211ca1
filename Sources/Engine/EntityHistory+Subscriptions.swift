import Events
package import Features
package import Revenue

extension EntityHistory {
  /// The subscriptions as the ledger reads them, with all their versions.
  package var subscriptions: [SubscriptionTimeline] {
    timelines(of: .subscription).map { timeline in
      let versions = timeline.versions.map { SubscriptionVersion(at: $0.at, fields: $0.fields, observedAt: $0.observedAt) }
      return SubscriptionTimeline(id: timeline.id, versions: versions)
    }
  }
}
