import ConfigFiles
import Events
import Feeds
import Synchronization
import Testing
import Transport

@Suite struct BudgetTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func feed(_ name: String, host: String = "https://api.example.com", budget: String?, pages: Int = 8) throws -> Connector {
    try connector(
      """
      name: \(name)
      enabled: true
      base_url: \(host)
      \(budget.map { "budget: \($0)" } ?? "poll: 15m")
      streams:
        - name: things
          request: { path: /\(name) }
          records: data
          paging: { token: next, query: page }
          map: [{ kind: pulse, id: id, at: at }]
      """)
  }

  /// Endless pages up to a number.
  private func vendor(pages: Int) -> ScriptedVendor {
    ScriptedVendor { request, _ in
      let page = Int(query(request)["page"] ?? "1") ?? 1
      return answer(["data": [thing(page)], "next": page < pages ? JSON(page + 1) : nil])
    }
  }

  /// Whether no stretch of `per` holds more than `requests` moments.
  private func keeps(_ window: RequestBudget, _ moments: [Duration]) -> Bool {
    let length = Duration.microseconds(window.per.microseconds)
    return moments.indices.allSatisfy { $0 < window.requests || moments[$0] - moments[$0 - window.requests] >= length }
  }

  @Test func aPollKeepsEveryWindow() async throws {
    let vendor = vendor(pages: 30)
    let budgets = HostBudgets(now: vendor.clock)
    let feed = try feed("a", budget: "[{ requests: 4, per: 10s }, { requests: 10, per: 60s }]")
    let report = try await vendor.poller(feed, secrets: [:], budgets: budgets).poll(at: now, cursors: [:]) { _ in }
    #expect(report.failures.isEmpty)
    #expect(report.records == 30)
    let moments = vendor.asked.map(\.at)
    #expect(keeps(RequestBudget(requests: 4, per: .seconds(10)), moments))
    #expect(keeps(RequestBudget(requests: 10, per: .seconds(60)), moments))
    #expect(moments.prefix(4).allSatisfy { $0 == .zero }, "what is free is used at once")
    #expect(moments.last == .seconds(140), "and no longer waited than the windows ask: \(moments)")
    #expect(report.budget.map(\.used) == [2, 10])
    #expect(report.budget.map(\.budget.requests) == [4, 10])
  }

  @Test(arguments: 0..<20) func noStretchOfAWindowHoldsMoreThanItMay(seed: Int) {
    var random = SeededRandom(state: UInt64(seed))
    let windows = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      RequestBudget(requests: .random(in: 1...9, using: &random), per: .seconds(.random(in: 1...40, using: &random)))
    }
    var ledger = RequestLedger()
    ledger.add(windows)
    var now = Duration.zero
    var moments: [Duration] = []
    for _ in 0..<400 {
      now += .milliseconds(Int.random(in: 0...3, using: &random) == 0 ? Int.random(in: 0...20_000, using: &random) : 0)
      guard let wait = ledger.take(at: now, atMost: .seconds(100_000)) else {
        Issue.record("no place")
        return
      }
      #expect(wait >= .zero)
      moments.append(now + wait)
    }
    #expect(moments == moments.sorted(), "first come, first served; seed \(seed)")
    for window in windows { #expect(keeps(window, moments), "seed \(seed): \(window)") }
  }

  @Test func feedsOfOneHostShareAndOthersDoNot() async throws {
    let vendor = vendor(pages: 3)
    let budgets = HostBudgets(now: vendor.clock)
    let pollers = [
      vendor.poller(try feed("a", budget: "{ requests: 3, per: 10s }"), secrets: [:], budgets: budgets),
      vendor.poller(try feed("b", host: "https://API.example.com:443/v2", budget: nil), secrets: [:], budgets: budgets),
      vendor.poller(try feed("c", host: "https://api.example.com:8443", budget: nil), secrets: [:], budgets: budgets),
    ]
    for poller in pollers { #expect(try await poller.poll(at: now, cursors: [:]) { _ in }.failures.isEmpty) }
    #expect(
      vendor.asked.map(\.at) == [.zero, .zero, .zero, .seconds(10), .seconds(10), .seconds(10), .seconds(10), .seconds(10), .seconds(10)])
    #expect(budgets.use(of: "https://api.example.com").map(\.used) == [3])
    #expect(budgets.use(of: "https://api.example.com:8443").isEmpty)
  }

  @Test func noFeedStarves() {
    var ledger = RequestLedger()
    ledger.add([RequestBudget(requests: 1, per: .seconds(1))])
    // Two feeds that each ask again as soon as their last request is sent.
    var due: [Duration] = [.zero, .zero]
    var counts = [0, 0]
    for _ in 0..<100 {
      let feed = due[0] <= due[1] ? 0 : 1
      due[feed] += ledger.take(at: due[feed], atMost: .seconds(300)) ?? .zero
      counts[feed] += 1
    }
    #expect(abs(counts[0] - counts[1]) <= 2, "\(counts)")
  }

  @Test func aBudgetSpentForLongEndsThePollWithItsCursor() async throws {
    let vendor = vendor(pages: 5)
    let budgets = HostBudgets(now: vendor.clock)
    let poller = vendor.poller(try feed("a", budget: "{ requests: 2, per: 1h }"), secrets: [:], budgets: budgets)
    var cursor = JSON.null
    let report = try await poller.poll(at: now, cursors: [:]) { cursor = $0.cursor }
    #expect(report.records == 2)
    #expect(report.failures.map(\.message) == ["the budget of 2 requests in 1h is used up"])
    #expect(report.failures.map(\.cause) == [.unavailable])
    #expect(vendor.asked.count == 2)
    #expect(vendor.slept.isEmpty)
    vendor.pass(.seconds(3600))
    let next = try await poller.poll(at: now, cursors: ["things": cursor]) { _ in }
    #expect(next.records == 2)
    #expect(vendor.urls.last == "https://api.example.com/a?page=4")
  }

  @Test(arguments: [(300, true), (301, false)]) func waitsAtMostAsLongAsAPollMay(seconds: Int, isWaitedFor: Bool) async throws {
    let vendor = vendor(pages: 2)
    let budgets = HostBudgets(now: vendor.clock)
    let feed = try feed("a", budget: "{ requests: 1, per: \(seconds)s }")
    let report = try await vendor.poller(feed, secrets: [:], budgets: budgets).poll(at: now, cursors: [:]) { _ in }
    #expect(report.failures.isEmpty == isWaitedFor)
  }

  @Test func requestsForTokensCountToo() async throws {
    let vendor = ScriptedVendor { request, _ in
      request.url.hasSuffix("/token") ? answer(["access_token": "a"]) : answer(["data": [thing(1)]])
    }
    let budgets = HostBudgets(now: vendor.clock)
    let feed = try connector(
      """
      name: crm
      base_url: https://login.crm.example
      auth: { oauth2: { grant: client_credentials, client_id: a, client_secret: b, token_url: https://login.crm.example/token } }
      budget: { requests: 1, per: 30s }
      streams: [{ name: a, request: { path: /a }, records: data, map: [{ kind: pulse, id: id, at: at }] }]
      """)
    _ = try await vendor.poller(feed, secrets: ["a": "x", "b": "y"], budgets: budgets).poll(at: now, cursors: [:]) { _ in }
    #expect(vendor.asked.map(\.at) == [.zero, .seconds(30)])
  }

  @Test(arguments: [
    ("{ requests: 100000, per: 1d }", nil), ("{ requests: 100001, per: 1d }", "requests is a whole number from 1 to 100000"),
    ("{ requests: 0, per: 1d }", "requests is a whole number"), ("{ requests: 1, per: 0s }", "per is between 1s and 1d"),
    ("{ requests: 1, per: 25h }", "per is between 1s and 1d"), ("{ requests: 1 }", "no per"), ("{ per: 1s }", "no requests"),
    ("[{ requests: 1, per: 1s }, { requests: 2, per: 2s }, { requests: 3, per: 3s }, { requests: 4, per: 4s }]", nil),
    (
      "[{ requests: 1, per: 1s }, { requests: 2, per: 2s }, { requests: 3, per: 3s }, { requests: 4, per: 4s }, { requests: 5, per: 5s }]",
      "more than 4 windows"
    ), ("10 per second", "a budget is a mapping"),
  ])
  func aBudgetIsChecked(yaml: String, fault: String?) {
    var diagnostics = Diagnostics()
    let text = """
      name: a
      base_url: https://api.example.com
      budget: \(yaml)
      streams: [{ name: a, request: { path: /a }, records: data, map: [{ kind: pulse, id: id, at: at }] }]
      """
    _ = Connector(file: SourceFile(path: "a.yaml", text: text), environment: Environment([:]), into: &diagnostics)
    #expect(diagnostics.hasErrors == (fault != nil), "\(diagnostics.rendered())")
    if let fault { #expect(diagnostics.rendered().contains(fault), "\(diagnostics.rendered())") }
  }
}
