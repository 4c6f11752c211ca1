import ConfigFiles
import Events
import Foundation
import Transport

/// Business time: what windows, holds, cursors and company days run on.
///
/// Wall time, which governs timeouts, retries and signatures, is never read from here.
enum BusinessClock: Sendable {
  /// The machine's own clock.
  case machine
  /// A simulator's clock, moved on only when we say that all work up to now is done.
  case simulated(SimulatedClock)

  func now() async throws -> Instant {
    switch self {
    case .machine: WallClock.now()
    case .simulated(let clock): try await clock.read().now
    }
  }
}

/// The machine's clock; the only place that reads it.
enum WallClock {
  static func now() -> Instant { Instant(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded(.down))) }
}

/// Speaks to a simulator's `/clock`.
struct SimulatedClock: Sendable {
  struct Reading: Sendable {
    let now: Instant
    let end: Instant
  }

  let url: String
  let client: CurlClient

  func read() async throws -> Reading {
    try await reading(HTTPRequest(url: url, allowPrivate: true))
  }

  /// Moves business time on, at most to `instant`; it never goes back.
  func advance(to instant: Instant) async throws -> Reading {
    let body = JSON.object(["to": JSON(instant)]).serializedBytes()
    return try await reading(
      HTTPRequest(
        method: "POST", url: url + "/advance", headers: [HTTPHeader("content-type", "application/json")], body: body,
        allowPrivate: true))
  }

  private func reading(_ request: HTTPRequest) async throws -> Reading {
    let response: HTTPResponse
    do { response = try await client.send(request) } catch {
      // Shutdown ends the transfer, and is no fault of the simulator.
      throw error.reason == .cancelled || error.reason == .stopped ? CancellationError() : error
    }
    let answer = try JSON(parsing: response.body)
    guard response.status == 200, let now = answer["now"].text.flatMap(Instant.init(iso8601:)),
      let end = answer["end"].text.flatMap(Instant.init(iso8601:))
    else { throw ClockError(url: url, status: response.status) }
    return Reading(now: now, end: end)
  }
}

struct ClockError: Error, CustomStringConvertible {
  let url: String
  let status: Int

  var description: String { "the simulated clock at \(url) answered \(status) and no time: start the simulator first" }
}
