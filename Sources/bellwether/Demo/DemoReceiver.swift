import Delivery
import Events
import Hummingbird
import Logging
import Synchronization
import Transport

/// A webhook receiver on loopback: believes only what is signed, keeps what it got, and tells who listens.
final class DemoReceiver: Sendable {
  /// A webhook as it came over the wire.
  struct Reception: Sendable {
    let headers: [(name: String, value: String)]
    let body: String
    let envelope: Envelope
  }

  private let state: Mutex<State>
  private let logger: Logger
  private let onAlert: @Sendable (Envelope) -> Void

  private struct State {
    var receiver: WebhookReceiver
    var receptions: [Reception] = []
    var refusals: [String] = []
  }

  /// The most bytes of a webhook that are read.
  private static let bodyLimit = 1 << 20

  init(key: SigningKey, logger: Logger, onAlert: @escaping @Sendable (Envelope) -> Void) {
    state = Mutex(State(receiver: WebhookReceiver(keys: [key])))
    self.logger = logger
    self.onAlert = onAlert
  }

  /// In order of arrival, repeats left out.
  var receptions: [Reception] { state.withLock { $0.receptions } }
  var refusals: [String] { state.withLock { $0.refusals } }

  func application(onListening: @escaping @Sendable (Int) async -> Void) -> some ApplicationProtocol {
    let router = Router()
    router.post("/alerts") { [self] request, _ in
      let buffer = try await request.body.collect(upTo: Self.bodyLimit)
      let headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
      return HTTPResponse.Status(code: take(headers, Array(buffer.readableBytesView)))
    }
    return Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { await onListening($0.localAddress?.port ?? 0) }, logger: logger)
  }

  private func take(_ headers: [(name: String, value: String)], _ body: [UInt8]) -> Int {
    let reception = state.withLock { state in
      let reception = state.receiver.receive(headers: headers.map { HTTPHeader($0.name, $0.value) }, body: body, now: WallClock.now())
      switch reception {
      case .new(let envelope):
        state.receptions.append(Reception(headers: headers, body: String(decoding: body, as: UTF8.self), envelope: envelope))
      case .repeated: break
      case .refused(let refusal): state.refusals.append(refusal.description)
      }
      return reception
    }
    if case .new(let envelope) = reception { onAlert(envelope) }
    return reception.status
  }
}
