import ConfigFiles
import Console
import Delivery
import Events
import Feeds
import Logging
import Metrics
import Store
import Synchronization

/// The push feeds that share one address: what is pushed is stored, and only then answered.
struct PushListener: Sendable {
  let host: String
  let port: Int
  private let receivers: [PushReceiver]
  private let logger: Logger

  /// One listener for each address that enabled push feeds name, in order of address.
  ///
  /// - Throws: `SecretError` if a sender's secret is not to be had.
  static func all(
    _ connectors: [Connector], secrets: SecretSource, store: EventStore, wakeEngine: @escaping @Sendable () -> Void, logger: Logger
  ) throws -> [PushListener] {
    var byAddress: [String: [(feed: PushFeed, receiver: PushReceiver)]] = [:]
    for connector in connectors where connector.isEnabled {
      guard case .push(let feed) = connector.source else { continue }
      let receiver = try PushReceiver(connector, feed, secrets: secrets, store: store, wakeEngine: wakeEngine, logger: logger)
      byAddress["\(feed.host) \(feed.port)", default: []].append((feed, receiver))
    }
    return byAddress.sorted { $0.key < $1.key }.compactMap { _, feeds in
      feeds.first.map { PushListener(host: $0.feed.host, port: $0.feed.port, receivers: feeds.map(\.receiver), logger: logger) }
    }
  }

  /// The listener's server; it logs where it listens.
  var server: PushServer {
    let routes = receivers.map { receiver -> (String, PushServer.Receive) in
      let receive: PushServer.Receive = { body, header in await receiver.receive(body, code: header(receiver.feed.signature.header)) }
      return (receiver.feed.path, receive)
    }
    return PushServer(
      host: host, port: port, routes: Dictionary(routes) { $1 },
      limits: .init(bodyBytes: PushLimits.bodyBytes, requestTime: PushLimits.requestTime, connections: PushLimits.connections),
      logger: logger, answered: { path, status in count(path, status) })
  }

  /// What is asked for where no feed is counts as nobody's.
  private func count(_ path: String, _ status: Int) {
    let feed = receivers.first { $0.feed.path == path }?.connector.name ?? "none"
    Counter(label: "bellwether_push_requests_total", dimensions: [("feed", feed), ("status", String(status))]).increment()
  }

  func listening(at port: Int) {
    for receiver in receivers {
      logger.info(
        "push feed is listening",
        metadata: [
          "feed": .string(receiver.connector.name), "push.host": .string(host), "push.port": .stringConvertible(port),
          "push.path": .string(receiver.feed.path),
        ])
    }
  }
}

/// One push feed: judges a request, stores what it brings, answers.
final class PushReceiver: Sendable {
  let connector: Connector
  let feed: PushFeed
  private let intake: PushIntake
  private let store: EventStore
  private let wakeEngine: @Sendable () -> Void
  private let logger: Logger
  /// By stream: when its first push came.
  private let knownFrom = Mutex<[String: Instant]>([:])

  init(
    _ connector: Connector, _ feed: PushFeed, secrets: SecretSource, store: EventStore, wakeEngine: @escaping @Sendable () -> Void,
    logger: Logger
  ) throws {
    self.connector = connector
    self.feed = feed
    self.store = store
    self.wakeEngine = wakeEngine
    var logger = logger
    logger[metadataKey: "feed"] = .string(connector.name)
    self.logger = logger
    let signature = feed.signature
    let authentication = MessageAuthentication(
      keys: try secrets.values(signature.secret.name),
      algorithm: MessageAuthentication.Algorithm(rawValue: signature.algorithm) ?? .sha256,
      encoding: MessageAuthentication.Encoding(rawValue: signature.encoding) ?? .hex)
    intake = PushIntake(feed, system: connector.system, verify: { authentication.isValid($0, for: $1) })
  }

  /// The answer to a request; success only after what it brought is committed.
  func receive(_ body: [UInt8], code: String?) async -> PushAnswer {
    let now = WallClock.now()
    switch intake.take(body: body, code: code, at: now) {
    case .refused(let refusal):
      logger.warning(
        "push refused", metadata: ["status": .stringConvertible(refusal.status), "reason": .string(refusal.message)])
      return PushAnswer(status: refusal.status, text: refusal.message)
    case .records(let batches):
      do {
        let results = try await store.commit(try await pages(batches, at: now), at: now)
        wakeEngine()
        let new = results.reduce(0) { $0 + $1.new }
        let known = results.reduce(0) { $0 + $1.duplicate }
        Counter(label: "bellwether_feed_records_total", dimensions: [("feed", connector.name)]).increment(by: new + known)
        return PushAnswer(status: 200, text: "\(new) stored, \(known) known already")
      } catch {
        logger.error("push could not be stored", metadata: ["error": .string("\(error)")])
        return PushAnswer(
          status: 503, text: "what was sent could not be stored; send it again", retryAfter: PushLimits.retryAfter.components.seconds)
      }
    }
  }

  /// What a push feed knows ends with its latest push: a sender that has gone silent is not a customer that has.
  private func pages(_ batches: [PushIntake.Batch], at now: Instant) async throws -> [Page] {
    var pages: [Page] = []
    for batch in batches {
      let name = "\(connector.name).\(batch.stream.name)"
      var page = Page(
        stream: name, system: connector.system, records: batch.records, kinds: batch.stream.completes, observedAt: now,
        lag: batch.stream.lag)
      if !batch.stream.completes.isEmpty {
        page.knownFrom = try await firstPush(name, at: now)
        // A watermark for every push would make every push a step of its own: a minute is fine enough.
        let minute = Span.minutes(1).microseconds
        let through = Int64(floorDividing: (now - batch.stream.lag).microseconds, by: minute) * minute
        page.completeThrough = max(Instant(microseconds: through), page.knownFrom ?? now)
      }
      pages.append(page)
    }
    return pages
  }

  private func firstPush(_ stream: String, at now: Instant) async throws -> Instant {
    if let known = knownFrom.withLock({ $0[stream] }) { return known }
    let stored = try await store.streamState(stream)?.knownFrom ?? now
    return knownFrom.withLock { known in
      let first = known[stream] ?? stored
      known[stream] = first
      return first
    }
  }
}
