import Testing
import Transport

@Suite(.timeLimit(.minutes(10))) struct LifeCycleTests {
  let server: FaultyServer

  init() throws { server = try FaultyServer() }

  @Test func cancellationReturnsAtOnceAndClosesTheConnection() async throws {
    let client = CurlClient()
    let request = server.request("hang", totalTimeout: .seconds(60))
    let (error, took) = await withTaskGroup { group in
      group.addTask { await failure(client, request) }
      try? await server.until("the request has come") { $0.hanging == 1 }
      let started = ContinuousClock.now
      group.cancelAll()
      let error = await group.next() ?? nil
      return (error, started.duration(to: .now))
    }
    #expect(error?.reason == .cancelled)
    #expect(took < .seconds(30))
    try await server.until("the connection is given up") { $0.abandoned == 1 }
    #expect(try await client.send(server.request("plain")).status == 200)
  }

  @Test func cancelledTaskSendsNothing() async throws {
    let client = CurlClient()
    let request = server.request("hang", totalTimeout: .seconds(60))
    let error = await withTaskGroup(of: TransportError?.self) { group in
      group.cancelAll()
      group.addTask { await failure(client, request) }
      return await group.next() ?? nil
    }
    #expect(error?.reason == .cancelled)
  }

  @Test func cancellingAtAnyMomentAnswersEveryCallerOnce() async throws {
    let client = CurlClient()
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(state: seed)
    for _ in 0..<100 {
      let delay = Int.random(in: 0...40, using: &random)
      let request = server.request("bytes?n=1000")
      let ended = await withTaskGroup { group in
        for _ in 0..<4 {
          group.addTask {
            do throws(TransportError) {
              return try await client.send(request).status == 200
            } catch {
              return error.reason == .cancelled
            }
          }
        }
        for _ in 0..<delay { await Task.yield() }
        group.cancelAll()
        return await group.reduce(into: [Bool]()) { $0.append($1) }
      }
      #expect(ended == [true, true, true, true], "seed \(seed)")
    }
  }

  @Test func shutDownAnswersPendingRequestsAndClosesConnections() async throws {
    var limits = TransportLimits()
    limits.connectionsPerHost = 4
    let client = CurlClient(limits: limits)
    let request = server.request("hang", totalTimeout: .seconds(60))
    let reasons = await withTaskGroup { group in
      for _ in 0..<10 { group.addTask { await failure(client, request)?.reason } }
      try? await server.until("four requests hang, six wait in line") { $0.hanging == 4 }
      await client.shutDown()
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(reasons == [TransportError.Reason?](repeating: .stopped, count: 10))
    try await server.until("only the probe is connected") { $0.open == 1 }
    #expect(await failure(client, request)?.reason == .stopped)
    await client.shutDown()
  }

  @Test func droppedClientClosesItsConnections() async throws {
    do {
      let client = CurlClient()
      #expect(try await client.send(server.request("plain")).status == 200)
      #expect(try await server.counts().open == 2)
    }
    try await server.until("only the probe is connected") { $0.open == 1 }
  }

  @Test func onePendingRequestTooManyIsRefused() async throws {
    var limits = TransportLimits()
    limits.pendingRequests = 2
    let client = CurlClient(limits: limits)
    let request = server.request("hang", totalTimeout: .seconds(60))
    await withTaskGroup { group in
      for _ in 0..<2 { group.addTask { _ = await failure(client, request) } }
      try? await server.until("both hang") { $0.hanging == 2 }
      #expect(await failure(client, request)?.reason == .busy(limit: 2))
      group.cancelAll()
    }
    #expect(try await client.send(server.request("plain")).status == 200)
  }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
