internal import Events
internal import Transport

/// How long to wait before the same request is sent again. Wall time: nothing here knows business time.
struct Backoff: Sendable {
  /// How often one request is sent before the poll gives up on its stream.
  static let attemptLimit = 6
  /// The longest wait within a poll; a vendor that asks for more is asked again at the next poll.
  static let longestWait = Duration.seconds(300)
  static let firstWait = Duration.milliseconds(250)
  /// The first wait where a vendor limits rates without saying for how long.
  static let firstRateLimitWait = Duration.seconds(2)

  /// What decides the next wait.
  struct Pause: Hashable, Sendable {
    /// Doubled with each attempt.
    var first = Backoff.firstWait
    /// What the vendor asks for.
    var atLeast = Duration.zero
  }

  private(set) var attempts = 0
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  mutating func reset() { attempts = 0 }

  /// Counts a failed attempt; the wait before the next, or nil where there is none left.
  ///
  /// The first wait, doubled with each attempt, of which between half and all is waited, so that many clients do not come back at once.
  mutating func next(_ pause: Pause) -> Duration? {
    attempts += 1
    guard attempts < Self.attemptLimit else { return nil }
    let full = pause.first * (1 << (attempts - 1))
    let jittered = full / 2 + (full / 2) * random.thousandths() / 1000
    return max(jittered, pause.atLeast)
  }

  /// The wait an answer asks for: seconds, or a date read against the answer's own `Date`.
  static func retryAfter(_ response: HTTPResponse) -> Duration? {
    guard let text = response.header("Retry-After") else { return nil }
    if let seconds = Fixed(text) { return .microseconds(max(0, seconds.millionths)) }
    guard let until = HTTPDate.parse(text), let date = response.header("Date").flatMap(HTTPDate.parse) else { return nil }
    return .microseconds(max(0, (until - date).microseconds))
  }

  /// The wait until the moment in a header, in seconds since 1970 and read against the answer's own `Date`.
  ///
  /// Nil where it says nothing: it is missing, no number, or over already.
  static func reset(_ header: String, in response: HTTPResponse) -> Duration? {
    guard let end = response.header(header).flatMap({ Fixed($0) }), let date = response.header("Date").flatMap(HTTPDate.parse) else {
      return nil
    }
    let wait = Int128(end.millionths) - Int128(date.microseconds)
    return wait > 0 ? .microseconds(Int64(clamping: wait)) : nil
  }
}

/// The generator of Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
struct SplitMix: Sendable {
  private var state: UInt64

  init(state: UInt64) { self.state = state }

  /// 0 to 1000.
  mutating func thousandths() -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % 1001)
  }
}
