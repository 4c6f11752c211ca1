internal import HTTPTypes
package import Hummingbird
package import Logging
internal import NIOCore

/// What a sender is answered.
package struct PushAnswer: Hashable, Sendable {
  /// An HTTP status.
  package let status: Int
  /// One line.
  package let text: String
  /// Seconds after which the sender may try again.
  package let retryAfter: Int64?

  package init(status: Int, text: String, retryAfter: Int64? = nil) {
    self.status = status
    self.text = text
    self.retryAfter = retryAfter
  }
}

/// A listener for senders that push, apart from the console: another port, and nothing there but the paths of feeds.
package struct PushServer: Sendable {
  /// A request to one path: its raw body, and its header fields by name.
  package typealias Receive = @Sendable (_ body: [UInt8], _ header: (String) -> String?) async -> PushAnswer

  /// Hears of every answer, also where no feed was asked: the path, and the status.
  package typealias Answered = @Sendable (_ path: String, _ status: Int) -> Void

  package let host: String
  package let port: Int
  private let routes: [String: Receive]
  private let limits: Limits
  private let answered: Answered
  private let logger: Logger

  /// What one request and all of them together may cost.
  package struct Limits: Sendable {
    let bodyBytes: Int
    let requestTime: Duration
    let connections: Int

    package init(bodyBytes: Int, requestTime: Duration, connections: Int) {
      self.bodyBytes = bodyBytes
      self.requestTime = requestTime
      self.connections = connections
    }
  }

  /// - Parameter routes: by path.
  package init(host: String, port: Int, routes: [String: Receive], limits: Limits, logger: Logger, answered: @escaping Answered) {
    self.host = host
    self.port = port
    self.routes = routes
    self.limits = limits
    self.answered = answered
    self.logger = logger
  }

  /// The server as a service; it stops accepting when the group shuts down.
  ///
  /// - Parameter onListening: told the bound port, which differs from `port` where that is 0.
  package func application(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) -> some ApplicationProtocol {
    let router = Router(context: PushContext.self)
    router.add(middleware: AnswerWatch(answered: answered))
    for (path, receive) in routes {
      router.post(RouterPath(path)) { [limits] request, context in await Self.answer(request, context.channel, limits, receive) }
    }
    // Whoever falls silent in the middle of a request is told so before the connection counts as idle.
    let seconds = 2 * limits.requestTime.components.seconds
    return Application(
      router: router, server: .http1(configuration: .init(idleTimeout: .seconds(seconds))),
      configuration: .init(
        address: .hostname(host, port: port), serverName: nil, availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) }, logger: logger)
  }

  private static func answer(_ request: Request, _ channel: any Channel, _ limits: Limits, _ receive: Receive) async -> Response {
    let headers = request.headers
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes { return tooLarge(limits, channel) }
    let body: [UInt8]
    switch await collect(request, limits) {
    case .whole(let bytes): body = bytes
    case .tooLarge: return tooLarge(limits, channel)
    case .tooSlow: return closing(408, "the request took longer than \(limits.requestTime.components.seconds) s", channel)
    case .broken: return closing(400, "the body did not come whole", channel)
    }
    let answer = await receive(body) { name in HTTPField.Name(name).flatMap { headers[$0] } }
    var response = plain(answer.status, answer.text)
    if let seconds = answer.retryAfter { response.headers[.retryAfter] = String(seconds) }
    return response
  }

  private enum Collected: Sendable {
    case whole([UInt8])
    case tooLarge
    case tooSlow
    case broken
  }

  /// The body, unless it is too large or drips in for too long.
  private static func collect(_ request: Request, _ limits: Limits) async -> Collected {
    await withTaskGroup(of: Collected.self) { group in
      group.addTask {
        var request = request
        do { return .whole(Array(buffer: try await request.collectBody(upTo: limits.bodyBytes))) } catch is NIOTooManyBytesError {
          return .tooLarge
        } catch {
          return (error as? any HTTPResponseError)?.status == .contentTooLarge ? .tooLarge : .broken
        }
      }
      group.addTask {
        try? await Task.sleep(for: limits.requestTime)
        return .tooSlow
      }
      let first = await group.next() ?? .broken
      group.cancelAll()
      return first
    }
  }

  private static func tooLarge(_ limits: Limits, _ channel: any Channel) -> Response {
    closing(413, "at most \(limits.bodyBytes) bytes are taken at once", channel)
  }

  /// An answer to what is not read to its end. Whoever goes on sending is cut off once the answer had its time to arrive.
  private static func closing(_ status: Int, _ text: String, _ channel: any Channel) -> Response {
    channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    var response = plain(status, text)
    response.headers[.connection] = "close"
    return response
  }

  private static func plain(_ status: Int, _ text: String) -> Response {
    Response(
      status: .init(code: status), headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}

/// A request's context that knows its connection.
private struct PushContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: Source) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Sees what every request is answered, wherever that is decided.
private struct AnswerWatch: RouterMiddleware {
  let answered: PushServer.Answered

  func handle(
    _ request: Request, context: PushContext, next: (Request, PushContext) async throws -> Response
  ) async throws -> Response {
    let path = context.endpointPath ?? request.uri.path
    do {
      let response = try await next(request, context)
      answered(path, response.status.code)
      return response
    } catch let error as any HTTPResponseError {
      answered(path, error.status.code)
      throw error
    }
  }
}
