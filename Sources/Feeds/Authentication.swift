package import ConfigFiles

/// How requests say who is asking; holds the secrets' names, never their values.
package enum Authentication: Sendable {
  case none
  case bearer(secret: SecretName)
  case basic(user: Word, password: Word)
  case header(name: String, secret: SecretName)
  case query(name: String, secret: SecretName)
  case oauth2(OAuth2)

  /// A half of HTTP's Basic credentials: some vendors want their key as the user name, some as the password.
  package enum Word: Sendable {
    case plain(String)
    case secret(SecretName)

    var secret: SecretName? { if case .secret(let name) = self { name } else { nil } }
  }

  /// The secrets it takes, in the order of the feed file.
  package var secrets: [SecretName] {
    switch self {
    case .none: []
    case .bearer(let secret), .header(_, let secret), .query(_, let secret): [secret]
    case .basic(let user, let password): [user.secret, password.secret].compactMap { $0 }
    case .oauth2(let oauth2): oauth2.secrets
    }
  }

  /// The query parameter that carries the secret, which a vendor may repeat in the URL of the next page.
  var secretParameter: String? { if case .query(let name, _) = self { name } else { nil } }
}

/// An access token got from the vendor in exchange for longer-lived secrets (RFC 6749).
package struct OAuth2: Sendable {
  package enum Grant: Sendable {
    /// The secret is the first refresh token; one that the vendor puts in its place is kept in the token folder.
    case refreshToken(SecretName)
    case clientCredentials
  }

  /// Where the client's id and secret go in the token request (RFC 6749 §2.3.1).
  package enum ClientPlace: String, CaseIterable, Sendable {
    case body
    case header
  }

  /// The API's base URL, as the token answer tells it.
  package struct AnsweredBase: Sendable {
    package let path: JSONPath
    /// Lower-case domains; the base is https on one of them or below.
    package let domains: [String]
  }

  package let grant: Grant
  package let tokenURL: String
  package let clientID: SecretName
  package let clientSecret: SecretName?
  package let scope: String?
  package let clientPlace: ClientPlace
  package let base: AnsweredBase?

  var refreshToken: SecretName? { if case .refreshToken(let name) = grant { name } else { nil } }

  var secrets: [SecretName] { [clientID, clientSecret, refreshToken].compactMap { $0 } }
}

/// The name of a credential and where a file mentions it.
package struct SecretName: Sendable {
  package let name: String
  package let range: SourceRange
}

extension Connector {
  /// The values of the secrets that the feed names, by name.
  ///
  /// - Throws: `SecretError` for the first that is not to be had.
  package func secrets(from source: SecretSource) throws(SecretError) -> [String: Secret] {
    var values: [String: Secret] = [:]
    for secret in authentication.secrets { values[secret.name] = try source.value(secret.name) }
    return values
  }

  /// Reports each secret that has no value; only what is enabled needs them.
  package func checkSecrets(in source: SecretSource, into diagnostics: inout Diagnostics) {
    guard isEnabled else { return }
    for secret in authentication.secrets {
      do {
        _ = try source.value(secret.name)
      } catch {
        diagnostics.report(.missingSecret, "the secret \(error.name) \(error.message)", at: secret.range, hint: error.hint)
      }
    }
  }
}
