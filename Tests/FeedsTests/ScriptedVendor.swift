import ConfigFiles
import Events
import Feeds
import Foundation
import Synchronization
import Testing
import Transport

/// A vendor that answers by a script, with a clock that only waiting moves.
final class ScriptedVendor: Sendable {
  struct Asked: Sendable {
    let request: HTTPRequest
    let at: Duration
  }

  private struct State {
    var asked: [Asked] = []
    var slept: [Duration] = []
    var now = Duration.zero
  }

  private let state = Mutex(State())
  private let answerer: @Sendable (HTTPRequest, Int) async throws -> HTTPResponse

  /// - Parameter answerer: given each request and how many came before it.
  init(_ answerer: @escaping @Sendable (HTTPRequest, Int) async throws -> HTTPResponse) { self.answerer = answerer }

  var asked: [Asked] { state.withLock(\.asked) }
  var urls: [String] { asked.map(\.request.url) }
  var slept: [Duration] { state.withLock(\.slept) }
  var clock: HostBudgets.Clock { { self.state.withLock(\.now) } }
  /// The requests for tokens.
  var tokenRequests: [HTTPRequest] { asked.map(\.request).filter { $0.url.hasSuffix("/token") } }

  func pass(_ duration: Duration) { state.withLock { $0.now += duration } }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let index = state.withLock { state in
      state.asked.append(Asked(request: request, at: state.now))
      return state.asked.count - 1
    }
    return try await answerer(request, index)
  }

  func poller(
    _ feed: Connector, secrets: [String: String], tokens: TokenFolder = TokenFolder(path: "/nonexistent/tokens"),
    budgets: HostBudgets? = nil
  ) -> Poller {
    Poller(
      connector: feed, secrets: secrets.mapValues { Secret($0) }, tokens: tokens, budgets: budgets, seed: 7, now: clock,
      send: { try await self.send($0) },
      sleep: { duration in
        self.state.withLock { state in
          state.slept.append(duration)
          state.now += duration
        }
      })
  }
}

/// The form fields of a token request.
func form(_ request: HTTPRequest) -> [String: String] {
  let items = URLComponents(string: "x:?" + String(decoding: request.body ?? [], as: UTF8.self))?.queryItems ?? []
  return Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
}

func header(_ name: String, of request: HTTPRequest?) -> String? { request?.headers.first { HTTPHeader.sameName($0.name, name) }?.value }

/// A folder that is gone when the test is over.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "bellwether-tokens-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var tokens: String { path + "/tokens" }
}

/// A feed that asks with access tokens; `oauth2` is what stands below that key besides the client's id and the token's URL.
func tokenFeed(
  _ oauth2: String = "grant: refresh_token, client_secret: the_client_secret, refresh_token: the_refresh_token",
  base: String? = nil, paging: String = "{ next_url: next }", extra: String = ""
) throws -> Connector {
  try connector(
    """
    name: crm
    enabled: true
    base_url: https://login.crm.example/api
    auth: { oauth2: { \(oauth2), client_id: the_client_id, token_url: "https://login.crm.example/token"\(base.map { ", base_url: \($0)" } ?? "") } }
    streams:
      - name: things
        request: { path: /things }
        records: data
        paging: \(paging)
        map: [{ kind: pulse, id: id, at: at }]
    \(extra.isEmpty ? "" : "    " + extra)
    """)
}

let clientSecrets = ["the_client_id": "cl1ent-id", "the_client_secret": "cl1ent-s3cret", "the_refresh_token": "r3fresh-0"]

func thing(_ id: Int) -> JSON { ["id": JSON(id), "at": "2026-03-01T00:00:00Z"] }
