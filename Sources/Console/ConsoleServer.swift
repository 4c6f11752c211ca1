package import Hummingbird
package import Logging

/// Whether the daemon can do its work, and why not.
package struct Readiness: Sendable {
  package let isReady: Bool
  /// One line a person can act on: `ready`, `feeds: 1 of 4 failing: stripe: …`.
  package let reasons: [String]

  package init(isReady: Bool, reasons: [String]) {
    self.isReady = isReady
    self.reasons = reasons
  }
}

/// The daemon's own HTTP side: `/-/healthy`, `/-/ready`, `/metrics`.
///
/// Answers only requests whose Host names this machine's loopback, so that no web page can reach it by rebinding a name.
package struct ConsoleServer: Sendable {
  package let host: String
  package let port: Int
  private let metrics: PrometheusRegistry
  private let readiness: @Sendable () async -> Readiness
  private let logger: Logger

  package init(
    host: String, port: Int, metrics: PrometheusRegistry, logger: Logger, readiness: @escaping @Sendable () async -> Readiness
  ) {
    self.host = host
    self.port = port
    self.metrics = metrics
    self.logger = logger
    self.readiness = readiness
  }

  /// The server as a service; it stops accepting when the group shuts down.
  ///
  /// - Parameter onListening: told the bound port, which differs from `port` where that is 0.
  package func application(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) -> some ApplicationProtocol {
    let router = Router()
    router.add(middleware: LoopbackHostOnly())
    router.get("/-/healthy") { _, _ in "alive\n" }
    router.get("/-/ready") { [readiness] _, _ in
      let state = await readiness()
      return Self.plain(state.isReady ? .ok : .serviceUnavailable, state.reasons.joined(separator: "\n") + "\n")
    }
    router.get("/metrics") { [metrics] _, _ in
      Self.plain(.ok, metrics.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    return Application(
      router: router, configuration: .init(address: .hostname(host, port: port), serverName: nil),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) }, logger: logger)
  }

  private static func plain(_ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8") -> Response {
    Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}

/// Refuses requests that reached this socket under a foreign name.
private struct LoopbackHostOnly<Context: RequestContext>: RouterMiddleware {
  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    let name = request.head.authority ?? ""
    let bare = name.hasPrefix("[") ? String(name.prefix { $0 != "]" }) + "]" : String(name.prefix { $0 != ":" })
    guard ["127.0.0.1", "localhost", "[::1]"].contains(bare) else {
      throw HTTPError(.misdirectedRequest, message: "ask for this server as localhost or 127.0.0.1")
    }
    return try await next(request, context)
  }
}
