package import Events
import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The simulated vendors over HTTP on loopback, and their clock.
///
/// Serves `/stripe/**`, `/hubspot/**`, `/zendesk/**` and `/posthog/**`, each as its vendor would answer under that base URL, and
/// `GET /clock` and `POST /clock/advance {"to": ISO 8601}`, which answer `{"now", "end"}`. Time stands still between advances.
package final class SimulationServer: Service, Sendable {
  /// The secrets that feeds must present, by the names under which they ask for them.
  package static var credentials: [String: String] { VendorCredentials.secrets }

  package static let host = "127.0.0.1"
  /// The longest request body that is read, in bytes.
  package static let bodyLimit = 1 << 20

  package let vendors: VendorWorld
  private let faults: FaultRates
  private let requestedPort: Int
  private let logger: Logger
  private let state: Mutex<ServerState>
  private let boundPort = PortPromise()

  /// - Parameter port: 0 lets the system choose; `port()` tells which it chose.
  package init(
    _ world: SimulatedWorld, port: Int = 0, faults: FaultRates = FaultRates(),
    logger: Logger
  ) {
    vendors = VendorWorld(world)
    self.faults = faults
    requestedPort = port
    self.logger = logger
    state = Mutex(ServerState(start: world.start, end: world.end))
  }

  /// Serves until shut down gracefully or cancelled.
  package func run() async throws {
    do {
      let server = try HTTPServerBuilder.http1().buildServer(
        configuration: ServerConfiguration(address: .hostname(Self.host, port: requestedPort)),
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
        responder: { [self] request, writer, _ in
          let response = try await answer(request)
          try await writer.write(response: Self.head(of: response), body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.body)))
        },
        onServerRunning: { [self] channel in boundPort.fulfil(channel.localAddress?.port ?? requestedPort) })
      try await server.run()
      boundPort.fail()
    } catch {
      boundPort.fail()
      throw error
    }
  }

  /// The port on which it listens, as soon as it does.
  package func port() async throws -> Int { try await boundPort.value() }
}

// MARK: - Clock and register

extension SimulationServer {
  /// The business time.
  package var now: Instant { state.withLock { $0.now } }
  package var end: Instant { vendors.world.end }

  /// Moves business time on, never back and never beyond the end; gives the time then.
  @discardableResult
  package func advance(to instant: Instant) -> Instant { state.withLock { $0.advance(to: instant) } }

  /// Where surveys, intent and enrichment are told: lists of these names, each `GET /{kind}?since=`.
  package func signalsURL() async throws -> String { "http://\(Self.host):\(try await port())/signals" }

  /// Every record that went out in a successful page so far, each once, in order.
  package var served: [ServedRecord] { state.withLock { $0.served }.sorted() }

  /// The environment under which the shipped feeds find this server and fill in what it has on record.
  package func environment() async throws -> [String: String] {
    let origin = "http://\(Self.host):\(try await port())"
    var variables = [
      "BELLWETHER_ALLOW_PRIVATE": "true", "BELLWETHER_START": "\(SimulationOptions.usageHistoryDays)d",
      "ZENDESK_EMAIL": VendorCredentials.zendeskEmail, "POSTHOG_PROJECT": "1",
      // Budgets go by the wall clock, which simulated time outruns.
      "HUBSPOT_REQUESTS_PER_SECOND": "100000", "STRIPE_REQUESTS_PER_SECOND": "100000",
      "ZENDESK_EXPORTS_PER_MINUTE": "100000", "POSTHOG_QUERIES_PER_HOUR": "100000",
    ]
    for vendor in Vendor.allCases { variables["\(vendor.rawValue.uppercased())_URL"] = "\(origin)/\(vendor.rawValue)" }
    return variables
  }
}

// MARK: - Requests

extension SimulationServer {
  private func answer(_ request: Request) async throws -> VendorResponse {
    let target = request.head.path ?? "/"
    let parts = target.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.first == "clock" { return try await answerClock(request, target) }
    if parts.first == "signals" {
      let now = state.withLock { $0.now }
      let rest = "/" + (parts.count > 1 ? String(parts[1]) : "")
      return vendors.respondWithSignals(VendorRequest(vendor: .hubspot, target: rest, authorization: nil), now: now)
    }
    guard let name = parts.first, let vendor = Vendor(rawValue: String(name)) else {
      return VendorResponse(status: 404, ["error": "no simulated vendor under this path"])
    }
    let body = try await collect(request)
    let (number, now) = state.withLock { $0.admit() }
    let fault = faults.fault(ofRequest: number, seed: vendors.world.options.seed)
    if case .slow(let milliseconds) = fault { try await Task.sleep(for: .milliseconds(milliseconds)) }
    if let response = VendorResponse.replacing(fault) { return response }
    let authority = request.head.authority ?? Self.host
    let response = vendors.respond(
      VendorRequest(
        vendor: vendor, method: request.head.method.rawValue, target: "/" + (parts.count > 1 ? String(parts[1]) : ""),
        authorization: request.head.headerFields[.authorization], body: body, origin: "http://\(authority)/\(vendor.rawValue)"),
      now: now)
    if response.status == 200 { state.withLock { $0.note(response.served) } }
    return response
  }

  private func answerClock(_ request: Request, _ target: String) async throws -> VendorResponse {
    switch (request.head.method, target) {
    case (.get, "/clock"): return VendorResponse(state.withLock { $0.clock })
    case (.post, "/clock/advance"):
      guard let body = try? JSON(parsing: try await collect(request)), let instant = body["to"].text.flatMap(Instant.init(iso8601:)) else {
        return VendorResponse(status: 400, ["error": "a body such as {\"to\": \"2025-01-31T08:00:00Z\"} is expected"])
      }
      advance(to: instant)
      return VendorResponse(state.withLock { $0.clock })
    default: return VendorResponse(status: 404, ["error": "the clock answers GET /clock and POST /clock/advance"])
    }
  }

  private func collect(_ request: Request) async throws -> [UInt8] {
    var request = request
    return Array(buffer: try await request.collectBody(upTo: Self.bodyLimit))
  }

  private static func head(of response: VendorResponse) -> HTTPResponse {
    var head = HTTPResponse(status: HTTPResponse.Status(code: response.status))
    for (name, value) in response.headers {
      if let name = HTTPField.Name(name) { head.headerFields[name] = value }
    }
    head.headerFields[.contentLength] = String(response.body.count)
    return head
  }
}

/// A port that becomes known once, or never.
private final class PortPromise: Sendable {
  private enum State {
    case waiting([CheckedContinuation<Int, any Error>])
    case known(Int)
    case failed
  }

  private let state = Mutex(State.waiting([]))

  func fulfil(_ port: Int) {
    let waiters: [CheckedContinuation<Int, any Error>] = state.withLock { state in
      guard case .waiting(let waiters) = state else { return [] }
      state = .known(port)
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: port) }
  }

  /// After this a port that was never known never will be.
  func fail() {
    let waiters: [CheckedContinuation<Int, any Error>] = state.withLock { state in
      guard case .waiting(let waiters) = state else { return [] }
      state = .failed
      return waiters
    }
    for waiter in waiters { waiter.resume(throwing: SimulationServerError.stopped) }
  }

  func value() async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      state.withLock { state in
        switch state {
        case .waiting(let waiters): state = .waiting(waiters + [continuation])
        case .known(let port): continuation.resume(returning: port)
        case .failed: continuation.resume(throwing: SimulationServerError.stopped)
        }
      }
    }
  }
}

package enum SimulationServerError: Error, CustomStringConvertible {
  case stopped

  package var description: String { "the simulated vendors stopped before they listened; see the error of their run" }
}
