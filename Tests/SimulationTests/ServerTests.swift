import Events
import Foundation
import Logging
import Simulation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct ServerTests {
  private func fetch(
    _ url: String, method: String = "GET", authorization: String? = nil, body: String? = nil
  ) async throws -> (status: Int, headers: [String: String], body: JSON) {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.httpMethod = method
    request.setValue(authorization, forHTTPHeaderField: "Authorization")
    request.httpBody = body.map { Data($0.utf8) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let answer = try #require(response as? HTTPURLResponse)
    let headers = answer.allHeaderFields.reduce(into: [String: String]()) { $0["\($1.key)"] = "\($1.value)" }
    return (answer.statusCode, headers, (try? JSON(parsing: [UInt8](data))) ?? .null)
  }

  private func serving(
    _ faults: FaultRates = .none, _ body: (SimulationServer, String) async throws -> Void
  ) async throws {
    let world = SimulatedWorld(SimulationOptions(seed: 4, accounts: 24), only: [.story])
    let server = SimulationServer(world, faults: faults, logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await body(server, "http://\(SimulationServer.host):\(try await server.port())")
      group.cancelAll()
    }
  }

  @Test func itServesVendorsAndClockOverSockets() async throws {
    try await serving { server, origin in
      let clock = try await fetch("\(origin)/clock")
      #expect(clock.body["now"] == JSON(server.vendors.world.start) && clock.body["end"] == JSON(server.end))

      let target = server.now + .hours(12)
      let moved = try await fetch("\(origin)/clock/advance", method: "POST", body: #"{"to":"\#(target.iso8601)"}"#)
      #expect(moved.body["now"] == JSON(target) && server.now == target)
      _ = try await fetch("\(origin)/clock/advance", method: "POST", body: #"{"to":"2001-01-01T00:00:00Z"}"#)
      #expect(server.now == target)
      #expect(server.advance(to: .distantFuture) == server.end)

      let stripe = try #require(try await server.environment()["STRIPE_URL"])
      #expect(try await fetch("\(stripe)/v1/invoices").status == 401)
      #expect(server.served.isEmpty)
      let authorization = VendorCredentials.authorization(for: .stripe)
      let invoices = try await fetch("\(stripe)/v1/invoices?limit=5", authorization: authorization)
      #expect(invoices.status == 200 && invoices.body["data"].list?.count == 5)
      #expect(invoices.headers["Date"]?.hasSuffix("05:00:00 GMT") == true)
      #expect(Set(server.served.map(\.id)) == Set(invoices.body["data"].list?.compactMap { $0["id"].text } ?? []))

      let posthog = try #require(try await server.environment()["POSTHOG_URL"])
      let query = #"{"query":{"kind":"HogQLQuery","query":"SELECT uuid FROM events ORDER BY timestamp LIMIT 3"}}"#
      let rows = try await fetch(
        "\(posthog)/api/projects/1/query", method: "POST", authorization: VendorCredentials.authorization(for: .posthog), body: query)
      #expect(rows.body["results"].list?.count == 3)
      #expect(try await fetch("\(origin)/unicorn").status == 404)
    }
  }

  @Test func faultsReachTheClient() async throws {
    try await serving(FaultRates(tooManyRequests: 500, internalErrors: 500, slowAnswers: 0)) { server, origin in
      var statuses: Set<Int> = []
      for _ in 0..<20 {
        let answer = try await fetch("\(origin)/stripe/v1/events", authorization: VendorCredentials.authorization(for: .stripe))
        statuses.insert(answer.status)
        if answer.status == 429 { #expect(answer.headers["Retry-After"] == "1") }
      }
      #expect(statuses == [429, 500])
      #expect(server.served.isEmpty)
    }
  }
}
