import ConfigFiles
import Delivery
import Events
import Foundation
import Logging
import Simulation
import Synchronization
import Testing
import Transport

/// The daemon over a simulated company from the first day to the last, killed and started again on the way.
struct CompanyRun: Sendable {
  /// Where it is killed.
  enum Place: String, CaseIterable, Sendable {
    case pageReceived = "page_received"
    case betweenTransactions = "between_transactions"
    case noticeToDelivery = "before_freezing"
    case postUnanswered = "post_unanswered"

    /// How many passages it gets from one start to the next kill. The upper bounds spread thirty or so kills over a run; the lower
    /// ones let some starts die at what killed the start before.
    var passages: ClosedRange<Int> {
      switch self {
      case .pageReceived: 2...60
      case .betweenTransactions: 1...8
      case .noticeToDelivery: 1...3
      case .postUnanswered: 1...20
      }
    }
  }

  let folder: TemporaryFolder
  let store: StoreFile
  let served: [ServedRecord]
  let posts: [AlertReceiver.Post]
  let refusals: [String]
  let kills: Int

  /// Twenty-four accounts over six months; the daemon is there for the last two, in which most of what is planted shows. With a rule
  /// that speaks of most accounts every few days that is enough to be killed at.
  static let world = SimulatedWorld(SimulationOptions(seed: 21, accounts: 24, months: 6))
  private static let daysBefore = 120
  /// How many days before it begins feeds fill in.
  private static let history = 60
  /// A run that needs more starts than this makes no headway.
  private static let startLimit = 200

  private static let chattyRule = """
    rules:
      - id: busier_day
        about: risk
        category: usage
        title: "{{ uses }} uses after {{ used_before }} the day before"
        let:
          uses: count(usage, 1d)
          used_before: count(usage, 1d, before 1d)
        when: uses > used_before
        clear: uses <= used_before
        hold: 0d
        level: medium
        evidence:
          - uses: "{{ uses }} uses on the day"
        action: "Nothing."
    """

  /// The same world without a kill, made once for all who compare with it or read its store.
  static func undisturbed() async throws -> CompanyRun { try await shared.value }

  // A task, because several tests ask for it at once and one answer serves all.
  private static let shared = Task { try await CompanyRun(killedAt: nil, seed: 0) }

  init(killedAt place: Place?, seed: UInt64) async throws {
    let folder = try TemporaryFolder()
    let key = SigningKey.random()
    let receiver = AlertReceiver(key: key)
    let server = SimulationServer(Self.world, logger: LoopbackServer.silence)
    server.advance(to: Self.world.start + .days(Int64(Self.daysBefore)))
    let config = try folder.copyConfiguration(
      enabling: ["sinks", "feeds/stripe", "feeds/hubspot", "feeds/zendesk", "feeds/posthog"])
    try folder.write(Self.chattyRule, to: "config/rules/chatty.yaml")
    let storePath = folder.path("company.sqlite")
    var random = SeededRandom(seed: seed)
    kills = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let port = try await server.port()
      let kills = try await LoopbackServer.serving(receiver.take) { origin in
        var environment = try await Self.environment(of: server)
        environment["BELLWETHER_WEBHOOK_URL"] = "\(origin)/alerts"
        environment["BELLWETHER_WEBHOOK_SECRET"] = key.secretText
        let arguments = ["run", "--config", config, "--store", storePath, "--port", "0", "--log-level", "warning"]
        let clock = ["--clock", "http://\(SimulationServer.host):\(port)/clock"]
        return try await Self.runToTheEnd(
          arguments + clock, environment, receiver, in: folder, place: place, random: &random)
      }
      group.cancelAll()
      return kills
    }
    self.folder = folder
    store = StoreFile(path: storePath)
    served = server.served
    posts = receiver.posts
    refusals = receiver.refusals
    #expect(server.now == server.end, "simulated time stopped at \(server.now)")
  }

  private static func environment(of server: SimulationServer) async throws -> [String: String] {
    var variables = try await server.environment()
    for (name, value) in SimulationServer.credentials { variables[SecretSource.variable(for: name)] = value }
    for feed in ["STRIPE", "HUBSPOT", "ZENDESK", "POSTHOG"] { variables["\(feed)_POLL"] = "12h" }
    variables["BELLWETHER_START"] = (world.options.start + daysBefore - history).description
    return variables
  }

  /// Gives the number of kills.
  private static func runToTheEnd(
    _ arguments: [String], _ environment: [String: String], _ receiver: AlertReceiver, in folder: TemporaryFolder, place: Place?,
    random: inout SeededRandom
  ) async throws -> Int {
    for kills in 0..<startLimit {
      var environment = environment
      let passages: Int? = if let place { Int.random(in: place.passages, using: &random) } else { nil }
      let victim = Promise<Child>()
      receiver.expect(victim, killedAtPost: place == .postUnanswered ? passages : nil)
      if let place, let passages, place != .postUnanswered { environment["BELLWETHER_FAILPOINT"] = "\(place.rawValue):\(passages)" }
      let child = try Child(arguments, environment: environment, in: folder)
      victim.fulfil(child)
      switch await child.ended(within: .seconds(240)) {
      case .status(0): return kills
      case .signal(SIGKILL) where place != nil: continue
      case let exit: throw UnexpectedEnd(exit: exit, log: String(child.errorText.suffix(2_000)))
      }
    }
    throw UnexpectedEnd(exit: .signal(SIGKILL), log: "killed \(startLimit) times without coming to the end")
  }

  struct UnexpectedEnd: Error {
    let exit: Exit
    let log: String
  }
}

/// The other end of the webhooks, in the tests' own process: keeps every post, and may kill its sender before it answers.
final class AlertReceiver: Sendable {
  struct Post: Sendable {
    let id: String
    let body: [UInt8]
  }

  private struct State {
    var judge: WebhookReceiver
    var posts: [Post] = []
    var refusals: [String] = []
    var sender = Promise<Child>()
    /// Posts left until the sender is killed.
    var postsLeft: Int?
  }

  private let state: Mutex<State>

  init(key: SigningKey) { state = Mutex(State(judge: WebhookReceiver(keys: [key]))) }

  /// In order of arrival, repeats included.
  var posts: [Post] { state.withLock { $0.posts } }
  var refusals: [String] { state.withLock { $0.refusals } }

  /// A new sender begins, to be killed at its nth post, counted from 1.
  func expect(_ sender: Promise<Child>, killedAtPost number: Int?) {
    state.withLock { state in
      state.sender = sender
      state.postsLeft = number
    }
  }

  func take(_ request: LoopbackRequest) async -> (status: Int, body: JSON) {
    let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    let (status, victim) = state.withLock { state in
      let reception = state.judge.receive(headers: request.headers, body: request.body, now: now)
      if case .refused(let refusal) = reception { state.refusals.append(refusal.description) }
      let id = request.headers.first { HTTPHeader.sameName($0.name, WebhookHeader.id) }?.value ?? ""
      state.posts.append(Post(id: id, body: request.body))
      state.postsLeft = state.postsLeft.map { $0 - 1 }
      return (reception.status, state.postsLeft == 0 ? state.sender : nil)
    }
    if let victim {
      let sender = await victim.value()
      sender.send(SIGKILL)
      // Nobody may be left to read an answer.
      _ = await sender.ended()
    }
    return (status, .null)
  }
}

/// SplitMix64, so that a failing run can be had again from its printed seed.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
