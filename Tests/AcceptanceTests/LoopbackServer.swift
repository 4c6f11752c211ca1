import Events
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Transport

/// A request as a test's own server sees it.
struct LoopbackRequest: Sendable {
  let method: String
  /// Without the query.
  let path: String
  let headers: [HTTPHeader]
  let body: [UInt8]
}

/// A server on loopback that answers as a test likes.
enum LoopbackServer {
  typealias Respond = @Sendable (LoopbackRequest) async -> (status: Int, body: JSON)

  struct NotListening: Error {}

  static let silence = Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
  private static let bodyLimit = 1 << 20

  /// Serves while `body` runs, which is given the origin, such as `http://127.0.0.1:4711`.
  static func serving<T>(_ respond: @escaping Respond, _ body: (String) async throws -> T) async throws -> T {
    let (ports, port) = AsyncStream<Int>.makeStream()
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { port.finish() }
        let server = try HTTPServerBuilder.http1().buildServer(
          configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
          eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: silence,
          responder: { request, writer, _ in try await answer(request, writer, respond) },
          onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) })
        try await server.run()
      }
      guard let port = await ports.first(where: { _ in true }) else { throw NotListening() }
      let value = try await body("http://127.0.0.1:\(port)")
      group.cancelAll()
      return value
    }
  }

  private static func answer(_ request: Request, _ writer: consuming ResponseWriter, _ respond: Respond) async throws {
    var request = request
    let body = Array(buffer: try await request.collectBody(upTo: bodyLimit))
    let path = String((request.head.path ?? "/").prefix { $0 != "?" })
    let headers = request.head.headerFields.map { HTTPHeader($0.name.rawName, $0.value) }
    let (status, json) = await respond(LoopbackRequest(method: request.head.method.rawValue, path: path, headers: headers, body: body))
    let bytes = json.isNull ? [] : json.serializedBytes()
    var head = HTTPTypes.HTTPResponse(status: .init(code: status))
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = String(bytes.count)
    try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
