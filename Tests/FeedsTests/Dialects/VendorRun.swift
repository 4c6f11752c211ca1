import ConfigFiles
import Events
import Feeds
import Foundation
import Synchronization
import Testing
import Transport

/// A vendor's API over records held in memory: what it answers is decided by the request, its records and the time alone.
protocol VendorDialect: Sendable {
  mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse
}

/// Polls a feed against a dialect as the daemon does, and keeps the cursors between polls.
final class VendorRun<Dialect: VendorDialect>: Sendable {
  /// What one poll brought.
  struct Poll {
    var records: [Record] = []
    var report = PollReport()

    /// The records of a kind, in the order they came.
    func lines(_ kind: Kind) -> [JSON] { records.filter { $0.kind == kind }.map(\.json) }

    func ids(_ kind: Kind) -> [String] { records.filter { $0.kind == kind }.map(\.id) }
  }

  private struct State {
    var dialect: Dialect
    var now = Instant(seconds: 0)
    var requests: [HTTPRequest] = []
    var cursors: [String: JSON] = [:]
    var slept: [Duration] = []
  }

  private let poller: Poller
  private let state: Shared<State>
  private let tokens = FileManager.default.temporaryDirectory.appendingPathComponent("tokens-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: tokens) }

  init(_ feed: Connector, _ dialect: Dialect, secrets: [String: String]) {
    let state = Shared(State(dialect: dialect))
    self.state = state
    // No budgets: they are kept by the wall clock, which does not move here.
    poller = Poller(
      connector: feed, secrets: secrets.mapValues { Secret($0) }, tokens: TokenFolder(path: tokens), budgets: nil, seed: 7,
      send: { request in
        state.value.withLock { state in
          state.requests.append(request)
          let answer = state.dialect.answer(request, at: state.now)
          return HTTPResponse(status: answer.status, headers: answer.headers + [HTTPHeader("Date", httpDate(state.now))], body: answer.body)
        }
      }, sleep: { duration in state.value.withLock { $0.slept.append(duration) } })
  }

  /// Changes what the vendor holds.
  func change(_ change: (inout Dialect) -> Void) { state.value.withLock { change(&$0.dialect) } }

  /// The requests since the last call.
  func requests() -> [HTTPRequest] {
    state.value.withLock { state in
      defer { state.requests = [] }
      return state.requests
    }
  }

  /// How long the poller has waited, wait by wait.
  var slept: [Duration] { state.value.withLock(\.slept) }

  /// One poll of every stream. Records that do not fit unless `rejecting`, and failures unless `failing`, fail the test.
  func poll(at now: Instant, failing: Bool = false, rejecting: Bool = false) async throws -> Poll {
    var poll = Poll()
    let cursors = state.value.withLock { state in
      state.now = now
      return state.cursors
    }
    poll.report = try await poller.poll(at: now, cursors: cursors) { page in
      poll.records.append(contentsOf: page.records)
      #expect(rejecting || page.rejected.isEmpty, "\(page.rejected)")
      state.value.withLock { $0.cursors[page.stream] = page.cursor }
    }
    if !failing { #expect(poll.report.failures.isEmpty, "\(poll.report.failures)") }
    return poll
  }
}

/// A value that a poller's closures and a test share.
private final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }
}

extension HTTPRequest {
  /// The URL's path, decoded.
  var path: String { URLComponents(string: url)?.path ?? "" }

  /// The query's parameters in order, decoded.
  var parameters: [(name: String, value: String)] { (URLComponents(string: url)?.queryItems ?? []).map { ($0.name, $0.value ?? "") } }

  func parameter(_ name: String) -> String? { parameters.last { $0.name == name }?.value }

  func header(_ name: String) -> String? { headers.last { HTTPHeader.sameName($0.name, name) }?.value }

  /// The body as JSON; null where it is none.
  var json: JSON { (try? JSON(parsing: body ?? [])) ?? .null }

  /// The parameters of a form in the body, decoded.
  var form: [String: String] {
    let items = URLComponents(string: "?" + String(decoding: body ?? [], as: UTF8.self).replacing("+", with: "%20"))?.queryItems ?? []
    return Dictionary(items.map { ($0.name, $0.value ?? "") }) { $1 }
  }
}

extension JSON {
  /// The object with some members in place of its own.
  func with(_ members: [String: JSON]) -> JSON { .object((object ?? [:]).merging(members) { $1 }) }
}
