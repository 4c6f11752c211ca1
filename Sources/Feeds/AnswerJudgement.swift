internal import Events
internal import Transport

extension StreamWalk {
  /// What an answer's status means.
  enum Judgement {
    case success
    case skip
    case restart
    case shrink(reason: String)
    case wait(String, FeedFailure.Cause, Backoff.Pause)
    case failed(FeedFailure)
  }

  /// The feed's own rules first, then: 2xx good, unless it is a web page; 429, 408, 425 and 5xx wait; the rest fails.
  func judge(_ response: HTTPResponse) -> Judgement {
    let status = response.status
    if let rule = rule(for: response) { return judge(response, by: rule) }
    if (200..<300).contains(status) {
      guard WebPage.isOne(response.body) else { return .success }
      return .wait("the vendor answered with a web page, not JSON", .unexpectedAnswer, Backoff.Pause())
    }
    switch status {
    case 429, 408, 425, 500...599: return waiting(response)
    case 401, 403: return .failed(refused(response))
    case 300..<400:
      return .failed(
        failure(.unexpectedAnswer, "the vendor answered \(status), a redirect, which is not followed", "correct base_url"))
    case 404:
      return .failed(
        failure(.unexpectedAnswer, "there is nothing at \(baseURL)\(askedPath) (404)", "check base_url and the stream's path"))
    default:
      return .failed(
        failure(
          .unexpectedAnswer, "the vendor answered \(status)\(Self.excerpt(response))", "compare the request with the vendor's documentation"
        ))
    }
  }

  private func judge(_ response: HTTPResponse, by rule: Connector.ErrorRule) -> Judgement {
    switch rule.action {
    case .skip: .skip
    case .restart: .restart
    case .retry: waiting(response)
    case .refresh: .failed(refused(response))
    case .shrink: .shrink(reason: "the vendor answered \(response.status)")
    case .fail:
      .failed(
        failure(.unexpectedAnswer, "the vendor answered \(response.status)\(Self.excerpt(response))", "see the vendor's documentation"))
    }
  }

  private func rule(for response: HTTPResponse) -> Connector.ErrorRule? {
    let rules = errorRules.filter { $0.status == response.status }
    guard let first = rules.first else { return nil }
    if first.body.isEmpty { return first }
    let body = String(decoding: response.body, as: UTF8.self)
    return rules.first { $0.body.isEmpty || body.contains($0.body) }
  }

  /// Whether a new access token could help: a 401 for which the feed has no rule, or one whose rule says so.
  func isRefusal(ofToken response: HTTPResponse) -> Bool {
    rule(for: response).map { $0.action == .refresh } ?? (response.status == 401)
  }

  /// Whether a piece of the answer may come into a message for people; what holds records never does.
  func mayQuote(_ response: HTTPResponse) -> Bool {
    !(200..<300).contains(response.status) || rule(for: response)?.action == .fail
  }

  private func waiting(_ response: HTTPResponse) -> Judgement {
    let isRateLimit = response.status == 429
    var pause = Backoff.Pause()
    if let asked = Backoff.retryAfter(response) ?? rateReset.flatMap({ isRateLimit ? Backoff.reset($0, in: response) : nil }) {
      pause.atLeast = asked
    } else if isRateLimit {
      pause.first = Backoff.firstRateLimitWait
    }
    return .wait("the vendor answered \(response.status)", .unavailable, pause)
  }

  /// The failure of a stream that would wait past the poll's limit.
  func pausedTooLong(_ reason: String) -> FeedFailure {
    failure(
      .unavailable, "\(reason); this poll has waited \(Poller.pauseLimit.components.seconds) s for the vendor",
      "the next poll goes on from the same place; a budget: in the feed's file keeps below the vendor's limit")
  }

  private func refused(_ response: HTTPResponse) -> FeedFailure {
    guard case .oauth2(let oauth2) = authentication else {
      let names = authentication.secrets.map(\.name)
      guard !names.isEmpty else {
        return failure(.unauthorized, "the vendor wants a credential (\(response.status)), and the feed has none", "add auth: to the feed")
      }
      let secret = "the secret \(names.joined(separator: " and "))"
      let advice = response.status == 401 ? "is right and not expired" : "has the scopes named at the top of the feed's file"
      return failure(.unauthorized, "the vendor refuses the credential (\(response.status))", "check that \(secret) \(advice)")
    }
    let what = response.status == 403 ? "the access token" : "a new access token as well"
    return failure(
      .unauthorized, "the vendor refuses \(what) (\(response.status))",
      "check that the client \(oauth2.clientID.name) has the scopes named at the top of the feed's file and that it is not blocked")
  }

  /// The beginning of an error's text, on one line.
  private static func excerpt(_ response: HTTPResponse) -> String {
    let text = PlainText.strip(String(decoding: response.body.prefix(2000), as: UTF8.self))
    return text.isEmpty ? "" : ": " + text.prefix(200)
  }

  /// A next URL that stays with the host the credential is for, without the credential where that was a part of the URL.
  func sameOrigin(_ url: String) -> Result<String, FeedFailure> {
    guard let base = try? RequestTarget(baseURL) else { return .failure(failure(.unexpectedAnswer, "base_url is no URL", "correct it")) }
    let absolute = url.hasPrefix("/") && !url.hasPrefix("//") ? base.origin + url : url
    guard let target = try? RequestTarget(absolute), target.isSameOrigin(as: base) else {
      return .failure(
        failure(
          .unexpectedAnswer, "the next page is said to be on another host", "only URLs below \(base.shown(hidingPath: true)) are followed"))
    }
    return .success(authentication.secretParameter.map { Self.url(absolute, without: $0) } ?? absolute)
  }

  /// Secrets go into no cursor: requests get them afresh.
  private static func url(_ url: String, without parameter: String) -> String {
    guard let mark = url.firstIndex(of: "?") else { return url }
    let parameters = url[url.index(after: mark)...].split(separator: "&").filter { !$0.hasPrefix(parameter + "=") }
    return url[..<mark] + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
  }

  /// Asks another base URL from here on, for the same page.
  ///
  /// The URL of a next page moves along: the token of one host is for no other.
  mutating func moveBase(to newBase: String) {
    baseURL = newBase
    if stream.paging.followsLinks, let link = position.walk?.token {
      let moved = atBase(link)
      position.walk?.token = moved
    }
    if let waiting = followUp, waiting.current.paging.followsLinks, let link = waiting.token {
      let moved = atBase(link)
      followUp?.token = moved
    }
  }

  private func atBase(_ link: JSON) -> JSON {
    guard let url = link.text, let old = try? RequestTarget(url), let base = try? RequestTarget(baseURL), !old.isSameOrigin(as: base)
    else { return link }
    return .text(base.origin + url.dropFirst(old.origin.count))
  }
}

/// Pages for people, which proxies and maintenance screens send in place of JSON.
enum WebPage {
  static func isOne(_ body: [UInt8]) -> Bool {
    // Most answers show with their first byte that they are none; spaces and a byte order mark may stand before a page.
    if let first = body.first(where: { $0 > 0x20 }), first != UInt8(ascii: "<"), first < 0x80 { return false }
    let start = String(decoding: body.prefix(512), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    return start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
  }
}

extension RequestTarget {
  /// Whether scheme, host and port are the same; what a credential is for.
  func isSameOrigin(as other: RequestTarget) -> Bool {
    isSecure == other.isSecure && host.lowercased() == other.host.lowercased() && effectivePort == other.effectivePort
  }

  /// Scheme, host and port, the port only where it is written.
  var origin: String { (isSecure ? "https://" : "http://") + host + (port.map { ":\($0)" } ?? "") }

  var effectivePort: Int { port ?? (isSecure ? 443 : 80) }
}
