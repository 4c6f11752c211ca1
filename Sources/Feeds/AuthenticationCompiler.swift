internal import ConfigFiles
internal import Transport

/// Reads `auth:`.
struct AuthenticationCompiler {
  /// Whether the feed may speak to private addresses, and then without TLS.
  let allowPrivate: Bool

  private static let forms = ["bearer", "basic", "header", "query", "oauth2"]

  func authentication(_ node: Node, into diagnostics: inout Diagnostics) -> Authentication {
    if node.text == "none" { return .none }
    guard var auth = MappingReader(node, what: "auth", into: &diagnostics) else { return .none }
    defer { auth.finish(into: &diagnostics) }
    guard let form = Self.forms.first(where: { node[$0] != nil }), let value = auth.optional(form) else {
      for form in Self.forms { _ = auth.optional(form) }
      diagnostics.report(
        .missingKey, "auth names no way to authenticate", at: node.range, hint: "known here: \(Self.forms.joined(separator: ", "))")
      return .none
    }
    if form == "bearer" { return secretName(value, into: &diagnostics).map { .bearer(secret: $0) } ?? .none }
    guard var reader = MappingReader(value, what: "\(form) auth", into: &diagnostics) else { return .none }
    defer { reader.finish(into: &diagnostics) }
    switch form {
    case "basic": return basic(&reader, into: &diagnostics) ?? .none
    case "oauth2": return oauth2(&reader, into: &diagnostics).map { .oauth2($0) } ?? .none
    default:
      let name = reader.requiredText("name", into: &diagnostics)
      let secret = self.secret("secret", &reader, into: &diagnostics)
      guard let name, let secret else { return .none }
      return form == "header" ? .header(name: name, secret: secret) : .query(name: name, secret: secret)
    }
  }

  /// `user:` and `secret:`; `secret:` and `password:`, where the secret is the user name; `user_secret:` and `secret:`.
  private func basic(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Authentication? {
    let secret = self.secret("secret", &reader, into: &diagnostics)
    let userNode = reader.optional("user")
    let user = userNode?.text(for: "user", into: &diagnostics)
    let userSecret = reader.optional("user_secret").flatMap { secretName($0, into: &diagnostics) }
    let password = reader.text("password", into: &diagnostics)
    guard let secret, userNode?.isUnresolved != true else { return nil }
    switch (user, userSecret, password) {
    case (let user?, nil, nil): return .basic(user: .plain(user), password: .secret(secret))
    case (nil, let userSecret?, nil): return .basic(user: .secret(userSecret), password: .secret(secret))
    case (nil, nil, let password?): return .basic(user: .secret(secret), password: .plain(password))
    default:
      diagnostics.report(
        .missingKey, "basic auth needs one of user, user_secret and password beside its secret", at: reader.node.range,
        hint: "write user: NAME where the secret is the password, or password: \"\" where the secret is the user name")
      return nil
    }
  }

  private func oauth2(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> OAuth2? {
    _ = reader.required("grant", into: &diagnostics)
    let grantName = reader.choice("grant", among: ["refresh_token", "client_credentials"], into: &diagnostics)
    let tokenURL = reader.required("token_url", into: &diagnostics).flatMap { self.tokenURL($0, into: &diagnostics) }
    let clientID = secret("client_id", &reader, into: &diagnostics)
    let isByClient = grantName == "client_credentials"
    let clientSecret =
      isByClient
      ? secret("client_secret", &reader, into: &diagnostics)
      : reader.optional("client_secret").flatMap { secretName($0, into: &diagnostics) }
    var grant = OAuth2.Grant.clientCredentials
    if !isByClient, grantName != nil {
      guard let first = secret("refresh_token", &reader, into: &diagnostics) else { return nil }
      grant = .refreshToken(first)
    } else if reader.optional("refresh_token") != nil {
      diagnostics.report(
        .badAuthentication, "client_credentials uses no refresh token", at: reader.range(ofKey: "refresh_token"), hint: "remove it")
    }
    let scope = reader.text("scope", into: &diagnostics)
    let place = reader.choice("client_in", as: OAuth2.ClientPlace.self, into: &diagnostics) ?? .body
    if place == .header, clientSecret == nil {
      diagnostics.report(
        .badAuthentication, "client_in: header needs a client_secret", at: reader.range(ofKey: "client_in"), hint: "add client_secret:")
    }
    let base = reader.optional("base_url").flatMap { answeredBase($0, into: &diagnostics) }
    guard let tokenURL, let clientID else { return nil }
    return OAuth2(
      grant: grant, tokenURL: tokenURL, clientID: clientID, clientSecret: clientSecret, scope: scope, clientPlace: place, base: base)
  }

  private func tokenURL(_ node: Node, into diagnostics: inout Diagnostics) -> String? {
    guard let text = node.text(for: "token_url", into: &diagnostics) else { return nil }
    do throws(URLFault) {
      let target = try RequestTarget(text)
      guard target.isSecure || allowPrivate, !text.contains("#") else { throw .notHTTP }
      return text
    } catch {
      let what = error == .notHTTP ? "is no https URL" : error.rawValue
      diagnostics.report(
        .badURL, "token_url \(what): \(text)", at: node.range,
        hint: "write it as https://host/path; http is for hosts inside your network, with allow_private: true")
      return nil
    }
  }

  private func answeredBase(_ node: Node, into diagnostics: inout Diagnostics) -> OAuth2.AnsweredBase? {
    guard var reader = MappingReader(node, what: "base_url of a token answer", into: &diagnostics) else { return nil }
    let path = reader.required("path", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    _ = reader.required("under", into: &diagnostics)
    let domains = reader.list("under", into: &diagnostics).compactMap { domain($0, into: &diagnostics) }
    reader.finish(into: &diagnostics)
    guard let path, !domains.isEmpty else { return nil }
    return OAuth2.AnsweredBase(path: path, domains: domains)
  }

  /// A domain that somebody can own: `com` alone would let every host in.
  private func domain(_ node: Node, into diagnostics: inout Diagnostics) -> String? {
    guard let text = node.text(for: "under", into: &diagnostics)?.lowercased() else { return nil }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    let isDomain = labels.allSatisfy { label in
      !label.isEmpty && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }
    if isDomain, labels.count > 1, labels.last?.contains(where: \.isLetter) == true { return text }
    diagnostics.report(
      .badAuthentication, "under names domains of the vendor, not \(text)", at: node.range, hint: "write [salesforce.com, force.com]")
    return nil
  }

  private func secret(_ key: String, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> SecretName? {
    reader.required(key, into: &diagnostics).flatMap { secretName($0, into: &diagnostics) }
  }

  private func secretName(_ node: Node, into diagnostics: inout Diagnostics) -> SecretName? {
    guard let name = node.text(for: "the secret", into: &diagnostics) else { return nil }
    guard SecretSource.isName(name), !name.hasPrefix("sk_"), !name.hasPrefix("pat-"), !name.hasPrefix("phx_") else {
      diagnostics.report(
        .badSecretName, "auth names its secret; this is no name", at: node.range,
        hint: "write a name such as stripe_api_key here, and keep the secret itself in the credentials folder or the environment")
      return nil
    }
    return SecretName(name: name, range: node.range)
  }
}
