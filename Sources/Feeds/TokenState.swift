internal import ConfigFiles

/// What requests carry while an access token lasts.
struct Access: Sendable {
  /// Counts the access tokens of one process, so that a refused one can be told from its successor.
  let number: Int
  let token: Secret
  /// The API's base URL that came with it.
  let baseURL: String
}

/// Where a feed stands with its access token: none, one being got, one in use. No input or output of its own.
///
/// Whoever is told `.ask` asks the vendor and then says how it went, with `grant` or `giveUp`; meanwhile all others are told `.wait`.
/// So however many requests want a token, one refresh is under way.
struct TokenState: Sendable {
  enum Step: Sendable {
    case use(Access)
    case ask
    case wait
  }

  /// An access token is replaced this long before its end, or after nine tenths of a short life.
  static let margin = Duration.seconds(60)

  private var access: Access?
  private var usableUntil: Duration?
  private var count = 0
  private(set) var isAsking = false

  /// - Parameters:
  ///   - now: by a clock that never goes back.
  ///   - refused: the number of an access token that the vendor refused; it is not used again.
  mutating func next(at now: Duration, insteadOf refused: Int?) -> Step {
    if isAsking { return .wait }
    if let access, access.number != refused, usableUntil.map({ now < $0 }) ?? true { return .use(access) }
    access = nil
    isAsking = true
    return .ask
  }

  /// - Parameter asked: when the vendor was asked, since a life counts from then at the earliest.
  mutating func grant(_ grant: TokenGrant, asked: Duration) -> Access {
    count += 1
    let access = Access(number: count, token: grant.accessToken, baseURL: grant.baseURL)
    self.access = access
    usableUntil = grant.lifetime.map { asked + $0 - min(Self.margin, $0 / 10) }
    isAsking = false
    return access
  }

  mutating func giveUp() { isAsking = false }

  /// The access token in use, for redaction.
  var token: Secret? { access?.token }
}
