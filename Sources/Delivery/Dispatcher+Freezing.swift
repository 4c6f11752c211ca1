import Engine
import Events
import Logging
import Store
import Synchronization

extension Dispatcher {
  /// Makes deliveries of every notice that waits, one for each account and sink, and settles what no sink wants to hear alone.
  ///
  /// Returns at once with 0 while another call is at it.
  ///
  /// - Returns: the number of deliveries written.
  /// - Throws: what the store throws; then nothing of the batch is written.
  @discardableResult
  package func freezePending() async throws -> Int {
    guard state.withLock({ enter(&$0.isFreezing) }) else { return 0 }
    defer { state.withLock { $0.isFreezing = false } }
    var count = 0
    while true {
      let notices = try await store.pendingNotices(limit: Self.noticesPerFreeze)
      guard !notices.isEmpty else { break }
      try await atStage(.freezing(notices: notices.count))
      let batch = try await batch(of: notices)
      try await store.freeze(batch.deliveries, settling: batch.unwanted)
      count += batch.deliveries.count
    }
    if count > 0 { wake() }
    return count
  }

  private func batch(of notices: [StoredNotice]) async throws -> (deliveries: [NewDelivery], unwanted: [Int64]) {
    var deliveries: [NewDelivery] = []
    for account in Set(notices.map(\.notice.account)).sorted() {
      let own = notices.filter { $0.notice.account == account }
      deliveries += freeze(own.compactMap(readable), of: account, after: try await store.lastDeliverySequence(of: account))
    }
    let carried = Set(deliveries.flatMap(\.notices))
    return (deliveries, notices.map(\.key).filter { !carried.contains($0) })
  }

  private struct Item {
    let key: Int64
    let at: Instant
    let alert: Alert
  }

  /// A notice that cannot be read must not hold up the others.
  private func readable(_ stored: StoredNotice) -> Item? {
    do {
      return Item(key: stored.key, at: stored.notice.at, alert: try Alert(json: stored.notice.content))
    } catch {
      logger.error("a notice cannot be read and is passed over", metadata: ["notice.key": "\(stored.key)", "error": "\(error)"])
      return nil
    }
  }

  private func freeze(_ items: [Item], of account: AccountKey, after last: Int64) -> [NewDelivery] {
    var deliveries: [NewDelivery] = []
    for (sink, heard) in catalog.parcels(of: items.map(\.alert)) {
      var sequence = last
      for start in stride(from: 0, to: heard.count, by: Self.noticesPerDelivery) {
        let chosen = heard[start..<min(start + Self.noticesPerDelivery, heard.count)].map { items[$0] }
        sequence += 1
        if let delivery = delivery(of: chosen, to: sink, account: account, sequence: sequence) { deliveries.append(delivery) }
      }
    }
    return deliveries
  }

  private func delivery(of items: [Item], to sink: Sink, account: AccountKey, sequence: Int64) -> NewDelivery? {
    let time = items.map(\.at).max() ?? .distantPast
    let alerts = items.map { sink.showsPeople ? $0.alert : $0.alert.hidingPeople() }
    let id = makeID()
    return Envelope(id: id, sequence: sequence, time: time, alerts: alerts).map {
      NewDelivery(
        id: id, sink: sink.name, account: account, sequence: sequence, notices: items.map(\.key), body: $0.body, createdAt: time)
    }
  }
}

/// Whether a flag was down; raises it.
func enter(_ flag: inout Bool) -> Bool {
  defer { flag = true }
  return !flag
}
