internal import ConfigFiles
internal import Events
internal import Transport

/// Why no access token could be had; shows no token and no secret, and nothing the vendor wrote but error names known here.
struct TokenFailure: Error, Hashable, Sendable {
  let cause: FeedFailure.Cause
  let message: String
  let hint: String
}

/// What a token answer grants.
struct TokenGrant: Sendable {
  let accessToken: Secret
  /// A refresh token in place of the one that was sent.
  let refreshToken: Secret?
  /// How long the vendor says that the access token lives.
  let lifetime: Duration?
  /// The API's base URL, checked.
  let baseURL: String
}

/// One exchange with a vendor's token endpoint (RFC 6749 §4.4, §6): the request, and what its answer means.
struct TokenRequest: Sendable {
  let oauth2: OAuth2
  /// The feed's own base URL: the API's where the answer names none.
  let baseURL: String
  let allowPrivate: Bool
  let secrets: [String: Secret]

  /// The most bytes of a token answer.
  static let answerByteLimit = 64 * 1024
  /// The most bytes of one token.
  static let tokenByteLimit = 16 * 1024

  enum Judgement: Sendable {
    case granted(TokenGrant)
    /// Worth asking again: why, and after how long at least.
    case wait(TokenFailure, atLeast: Duration)
    case failed(TokenFailure)
  }

  /// - Parameter refreshToken: nil for the client's own credentials.
  func request(refreshToken: Secret?) -> HTTPRequest {
    var form: [(String, String)] = [("grant_type", refreshToken == nil ? "client_credentials" : "refresh_token")]
    if let refreshToken { form.append(("refresh_token", refreshToken.revealed)) }
    if let scope = oauth2.scope { form.append(("scope", scope)) }
    var headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded"), HTTPHeader("Accept", "application/json")]
    let id = value(oauth2.clientID)
    let secret = oauth2.clientSecret.map(value)
    if oauth2.clientPlace == .header, let secret {
      let pair = RequestTemplate.percentEncoded(id) + ":" + RequestTemplate.percentEncoded(secret)
      headers.append(HTTPHeader("Authorization", "Basic " + base64(pair)))
    } else {
      form.append(("client_id", id))
      if let secret { form.append(("client_secret", secret)) }
    }
    let body = form.map { "\($0)=\(RequestTemplate.percentEncoded($1))" }.joined(separator: "&")
    return HTTPRequest(
      method: "POST", url: oauth2.tokenURL, headers: headers, body: Array(body.utf8), bodyCap: Self.answerByteLimit,
      allowPrivate: allowPrivate)
  }

  private func value(_ name: SecretName) -> String { secrets[name.name]?.revealed ?? "" }

  func judge(_ response: HTTPResponse) -> Judgement {
    switch response.status {
    case 200..<300: return grant(response)
    case 408, 425, 429, 500...599:
      let failure = TokenFailure(
        cause: .unavailable, message: "the token endpoint answered \(response.status)", hint: "it is asked again at the next poll")
      return .wait(failure, atLeast: Backoff.retryAfter(response) ?? .zero)
    case 300..<400:
      return refusal("the token endpoint answered \(response.status), a redirect, which is not followed", "correct token_url")
    default: return .failed(refused(response))
    }
  }

  private func refusal(_ message: String, _ hint: String) -> Judgement {
    .failed(TokenFailure(cause: .unexpectedAnswer, message: message, hint: hint))
  }

  // MARK: What was granted

  private func grant(_ response: HTTPResponse) -> Judgement {
    guard let answer = try? JSON(parsing: response.body), answer.object != nil else {
      let what = WebPage.isOne(response.body) ? "with a web page, not JSON" : "with something that is no JSON object"
      let failure = TokenFailure(
        cause: .unexpectedAnswer, message: "the token endpoint answered \(what)",
        hint: "check that token_url is right and open to this machine")
      return .wait(failure, atLeast: .zero)
    }
    guard let accessToken = Self.token(answer["access_token"]) else {
      return refusal(
        "the token answer has no access_token that can be sent", "compare token_url and grant with the vendor's documentation")
    }
    if let type = answer["token_type"].text, type.lowercased() != "bearer" {
      return refusal("the token is not of type Bearer", "only Bearer tokens are spoken here")
    }
    let refreshToken = Self.token(answer["refresh_token"])
    if refreshToken == nil, answer["refresh_token"].known != nil {
      return refusal("the token answer has a refresh_token that is no token", "authorise again, and tell the vendor")
    }
    switch base(answer) {
    case .failure(let failure): return .failed(failure)
    case .success(let base):
      return .granted(
        TokenGrant(
          accessToken: accessToken, refreshToken: oauth2.refreshToken == nil ? nil : refreshToken,
          lifetime: Self.lifetime(answer["expires_in"]), baseURL: base))
    }
  }

  /// Visible ASCII, as RFC 6749 has it in appendix A.12.
  private static func token(_ json: JSON) -> Secret? {
    guard let text = json.text, (1...tokenByteLimit).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return Secret(text)
  }

  /// Seconds, which some vendors write as a text; anything else says nothing.
  private static func lifetime(_ json: JSON) -> Duration? {
    guard let text = json.scalarText, let seconds = Fixed(text), seconds > .zero else { return nil }
    return .microseconds(seconds.millionths)
  }

  // MARK: Where the API is

  /// The feed's own base URL, or the answer's where it stays with the vendor.
  private func base(_ answer: JSON) -> Result<String, TokenFailure> {
    guard let rule = oauth2.base, let found = rule.path.value(in: answer).known else { return .success(baseURL) }
    guard var text = found.text, let target = try? RequestTarget(text), !text.contains("?"), !text.contains("#"), isAllowed(target, rule)
    else {
      let under = rule.domains.joined(separator: ", ")
      return .failure(
        TokenFailure(
          cause: .unexpectedAnswer, message: "the token answer's \(rule.path.text) is no https URL under \(under)",
          hint: "nothing was sent there; if the host is the vendor's, add its domain to under:"))
    }
    while text.hasSuffix("/") { text.removeLast() }
    return .success(text)
  }

  private func isAllowed(_ target: RequestTarget, _ rule: OAuth2.AnsweredBase) -> Bool {
    let known = [baseURL, oauth2.tokenURL].compactMap { try? RequestTarget($0) }
    if known.contains(where: { $0.isSameOrigin(as: target) }) { return true }
    let host = target.host.lowercased()
    return target.isSecure && target.port ?? 443 == 443 && rule.domains.contains { host == $0 || host.hasSuffix("." + $0) }
  }
}

extension TokenRequest {
  /// The error names of RFC 6749 §5.2, and of vendors that add their own.
  private static let knownErrors = [
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    "access_denied", "inactive_user", "inactive_org", "rate_limit_exceeded", "invalid_client_id", "invalid_app_access",
  ]

  private func refused(_ response: HTTPResponse) -> TokenFailure {
    let status = response.status
    let error = (try? JSON(parsing: response.body))?["error"].text
    let client = ([oauth2.clientID] + [oauth2.clientSecret].compactMap { $0 }).map(\.name).joined(separator: " and ")
    switch error {
    case "invalid_grant":
      guard let first = oauth2.refreshToken else {
        return TokenFailure(
          cause: .unauthorized, message: "the vendor grants the client nothing (invalid_grant)",
          hint: "see with the vendor whether the client \(client) may ask for itself")
      }
      return TokenFailure(
        cause: .unauthorized, message: "the vendor no longer accepts the refresh token (invalid_grant)",
        hint:
          "authorise Bellwether anew with the vendor and put the new refresh token into the secret \(first.name); it replaces the one kept")
    case "invalid_client", "invalid_client_id":
      return TokenFailure(
        cause: .unauthorized, message: "the vendor does not know the client (\(error ?? ""))", hint: "check the secrets \(client)")
    case let error? where Self.knownErrors.contains(error):
      return TokenFailure(
        cause: .unauthorized, message: "the vendor gives no access token (\(status), \(error))",
        hint: "compare grant, scope and the client's rights with the vendor's documentation")
    default:
      let page = WebPage.isOne(response.body) ? " with a web page" : ""
      return TokenFailure(
        cause: status == 401 || status == 403 ? .unauthorized : .unexpectedAnswer, message: "the token endpoint answered \(status)\(page)",
        hint: "check token_url and the secrets \(client)")
    }
  }
}
