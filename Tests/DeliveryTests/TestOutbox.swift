import Delivery
import Engine
import Events
import Foundation
import Logging
import Store
import Synchronization
import Testing
import Transport

/// A store of one test's own, a clock it moves, and a receiver that misbehaves as told.
final class TestOutbox: Sendable {
  let store: EventStore
  let clock = TestClock()
  let receiver: TestReceiver
  let sink: Sink
  private let folder: URL

  init(showsPeople: Bool = false, answers: [TestReceiver.Answer] = []) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "delivery-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try EventStore(path: folder.appending(path: "bellwether.db").path, access: .exclusive)
    receiver = TestReceiver(clock: clock, answers: answers)
    sink = Sink(name: "team", url: "https://hooks.example.com/secret", secrets: ["key"], showsPeople: showsPeople)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// What the engine's transaction 2 would write.
  func write(_ alerts: [Alert], at: Instant = Instant(seconds: 1_774_000_000)) async throws {
    let step = try await store.appendTick(at: at)
    let notices = alerts.enumerated().map {
      Notice(step: step, ordinal: $0.offset, account: $0.element.account.key, at: at, topic: "finding", content: $0.element.json)
    }
    try await store.apply(FoldOutcome(position: step, portfolio: .null, notices: notices))
  }

  func dispatcher(
    catalog: SinkCatalog? = nil, schedule: RetrySchedule = RetrySchedule(), clock: DeliveryClock? = nil, send: Dispatcher.Send? = nil,
    atStage: @escaping @Sendable (Dispatcher.Stage) async throws -> Void = { _ in }
  ) -> Dispatcher {
    Dispatcher(
      store: store, send: send ?? receiver.send, catalog: catalog ?? SinkCatalog(single: sink),
      signers: ["team": WebhookSigner(keys: [Sample.key])], schedule: schedule,
      clock: clock ?? self.clock.wall, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, atStage: atStage)
  }
}

/// Wall time that moves only when told.
final class TestClock: Sendable {
  private let time = Mutex(Instant(seconds: 1_790_000_000))

  var now: Instant { time.withLock { $0 } }
  func advance(to instant: Instant) { time.withLock { $0 = max($0, instant) } }

  var wall: DeliveryClock {
    DeliveryClock(now: { self.now }, sleep: { _ in try await Task.sleep(for: .seconds(3600)) })
  }
}

/// Takes posts as a receiver would, and answers by a script; when the script is at its end, with success.
final class TestReceiver: Sendable {
  enum Answer: Hashable, Sendable {
    /// Refuses before it takes anything.
    case status(Int, retryAfter: String? = nil)
    /// Takes the delivery, but the answer is lost on the way.
    case lost
    /// Takes the delivery and says so.
    case taken
  }

  struct Post: Hashable, Sendable {
    let at: Instant
    let id: String
    let timestamp: String
    let signature: String
    let body: [UInt8]
  }

  private struct State {
    var script: [Answer]
    var receiver = WebhookReceiver(keys: [Sample.key])
    var posts: [Post] = []
    var receptions: [WebhookReceiver.Reception] = []
  }

  private let clock: TestClock
  private let state: Mutex<State>

  init(clock: TestClock, answers: [Answer]) {
    self.clock = clock
    state = Mutex(State(script: answers.reversed()))
  }

  var posts: [Post] { state.withLock { $0.posts } }
  var receptions: [WebhookReceiver.Reception] { state.withLock { $0.receptions } }
  /// Deliveries taken for the first time.
  var taken: [Envelope] { receptions.compactMap { if case .new(let envelope) = $0 { envelope } else { nil } } }

  var send: Dispatcher.Send {
    { try self.answer($0, at: self.clock.now) }
  }

  func answer(_ request: HTTPRequest, at now: Instant) throws -> HTTPResponse {
    let answer = state.withLock { state in
      func header(_ name: String) -> String { request.headers.first { $0.name == name }?.value ?? "" }
      let body = request.body ?? []
      state.posts.append(
        Post(
          at: now, id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"), body: body))
      let answer = state.script.popLast() ?? .taken
      if answer == .taken || answer == .lost {
        state.receptions.append(state.receiver.receive(headers: request.headers, body: body, now: now))
      }
      return answer
    }
    switch answer {
    case .taken: return HTTPResponse(status: 204)
    case .lost: throw TransportError(.connectionLost(received: 0), target: "POST https://hooks.example.com/…")
    case .status(let status, let retryAfter):
      return HTTPResponse(status: status, headers: retryAfter.map { [HTTPHeader("Retry-After", $0)] } ?? [])
    }
  }
}
