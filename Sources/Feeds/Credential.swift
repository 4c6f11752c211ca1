internal import ConfigFiles
internal import Transport

/// Adds what says who is asking to requests, and to nothing else.
struct Credential: Sendable {
  private enum Form: Sendable {
    case none
    case header(String, Secret)
    case query(String, Secret)
    case tokens(TokenSource)
  }

  private let form: Form
  /// What may not show anywhere, access tokens aside.
  private let secrets: [Secret]

  /// A secret that is not among the given leaves requests without a credential; the vendor's refusal then names it.
  ///
  /// - Parameter tokens: makes the source of access tokens, where the authentication wants one.
  init(_ authentication: Authentication, secrets: [String: Secret], tokens: (OAuth2) -> TokenSource) {
    var known = authentication.secrets.compactMap { secrets[$0.name] }
    switch authentication {
    case .none: form = .none
    case .bearer(let name): form = secrets[name.name].map { .header("Authorization", Secret("Bearer " + $0.revealed)) } ?? .none
    case .header(let header, let name): form = secrets[name.name].map { .header(header, $0) } ?? .none
    case .query(let parameter, let name): form = secrets[name.name].map { .query(parameter, $0) } ?? .none
    case .oauth2(let oauth2): form = .tokens(tokens(oauth2))
    case .basic(let user, let password):
      if let user = Self.text(user, secrets), let password = Self.text(password, secrets) {
        let pair = Secret(base64("\(user):\(password)"))
        known.append(pair)
        form = .header("Authorization", Secret("Basic " + pair.revealed))
      } else {
        form = .none
      }
    }
    self.secrets = known
  }

  private static func text(_ word: Authentication.Word, _ secrets: [String: Secret]) -> String? {
    switch word {
    case .plain(let text): text
    case .secret(let name): secrets[name.name]?.revealed
    }
  }

  /// The access token to use now; nil where requests carry none.
  func access(insteadOf refused: Access? = nil) async throws -> Access? {
    guard case .tokens(let source) = form else { return nil }
    return try await source.access(insteadOf: refused?.number)
  }

  func apply(_ access: Access?, to request: inout HTTPRequest) {
    switch form {
    case .none: break
    case .header(let name, let value): request.headers.append(HTTPHeader(name, value.revealed))
    case .query(let name, let value):
      request.url += (request.url.contains("?") ? "&" : "?") + "\(name)=" + RequestTemplate.percentEncoded(value.revealed)
    case .tokens:
      if let access { request.headers.append(HTTPHeader("Authorization", "Bearer " + access.token.revealed)) }
    }
  }

  /// What takes every secret and token of this feed out of a text.
  var redaction: Redaction {
    guard case .tokens(let source) = form else { return Redaction(secrets) }
    return Redaction(secrets + source.tokens)
  }
}
