internal import Events
internal import Transport

extension StreamWalk {
  /// What an answer's status means.
  enum Judgement {
    case success
    case skip
    case restart
    case shrink(reason: String)
    case wait(String, FeedFailure.Cause, atLeast: Duration)
    case failed(FeedFailure)
  }

  /// The feed's own rules first, then: 2xx good; 429, 408, 425 and 5xx wait; the rest fails.
  func judge(_ response: HTTPResponse) -> Judgement {
    let status = response.status
    if (200..<300).contains(status) { return .success }
    for rule in errorRules where rule.status == status {
      guard rule.body.isEmpty || String(decoding: response.body, as: UTF8.self).contains(rule.body) else { continue }
      switch rule.action {
      case .skip: return .skip
      case .restart: return .restart
      case .retry: return waiting(response)
      case .refresh: return .failed(refused(response))
      case .shrink: return .shrink(reason: "the vendor answered \(status)")
      case .fail:
        return .failed(
          failure(.unexpectedAnswer, "the vendor answered \(status)\(Self.excerpt(response))", "see the vendor's documentation"))
      }
    }
    switch status {
    case 429, 408, 425, 500...599: return waiting(response)
    case 401, 403: return .failed(refused(response))
    case 300..<400:
      return .failed(
        failure(.unexpectedAnswer, "the vendor answered \(status), a redirect, which is not followed", "correct base_url"))
    case 404:
      return .failed(
        failure(.unexpectedAnswer, "there is nothing at \(askedPath) (404)", "check base_url and the stream's path"))
    default:
      return .failed(
        failure(
          .unexpectedAnswer, "the vendor answered \(status)\(Self.excerpt(response))", "compare the request with the vendor's documentation"
        ))
    }
  }

  private func waiting(_ response: HTTPResponse) -> Judgement {
    // A vendor that limits rates without saying for how long means a second rather than a quarter.
    let least = Backoff.retryAfter(response) ?? (response.status == 429 ? .seconds(1) : .zero)
    return .wait("the vendor answered \(response.status)", .unavailable, atLeast: least)
  }

  private func refused(_ response: HTTPResponse) -> FeedFailure {
    let secret = secretName.map { "the secret \($0)" } ?? "the feed's auth: (it names no secret)"
    let advice = response.status == 401 ? "is right and not expired" : "has the scopes named at the top of the feed's file"
    return failure(.unauthorized, "the vendor refuses the credential (\(response.status))", "check that \(secret) \(advice)")
  }

  /// The beginning of an error's text, on one line.
  private static func excerpt(_ response: HTTPResponse) -> String {
    let text = PlainText.strip(String(decoding: response.body.prefix(2000), as: UTF8.self))
    return text.isEmpty ? "" : ": " + text.prefix(200)
  }

  /// A next URL that stays with the host the credential is for.
  func sameOrigin(_ url: String) -> Result<String, FeedFailure> {
    guard let base = try? RequestTarget(baseURL) else { return .failure(failure(.unexpectedAnswer, "base_url is no URL", "correct it")) }
    if url.hasPrefix("/"), !url.hasPrefix("//") {
      return .success((base.isSecure ? "https://" : "http://") + base.host + (base.port.map { ":\($0)" } ?? "") + url)
    }
    guard let target = try? RequestTarget(url), target.isSecure == base.isSecure, target.host == base.host, target.port == base.port else {
      return .failure(
        failure(
          .unexpectedAnswer, "the next page is said to be on another host", "only URLs below \(base.shown(hidingPath: true)) are followed"))
    }
    return .success(url)
  }
}
