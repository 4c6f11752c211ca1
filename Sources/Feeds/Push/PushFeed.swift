internal import ConfigFiles
internal import Events

/// A feed whose sender brings its records to a listener of ours.
package struct PushFeed: Sendable {
  /// The address the listener binds, and its port; 0 lets the system choose.
  package let host: String
  package let port: Int
  /// The path that requests are posted to.
  package let path: String
  package let signature: Signature
  /// Where a message's own id stands, by which one that is sent again is known.
  let id: JSONPath
  package let streams: [LocalStream]
  /// Where `listen` or `path` stands in its file.
  let range: SourceRange

  /// How a sender proves that it knows the secret: HMAC over the raw body.
  package struct Signature: Sendable {
    /// The name of the header field that holds the code.
    package let header: String
    /// The name of the secret, which may hold several lines while it is being replaced.
    package let secret: SecretName
    /// `sha1` or `sha256`.
    package let algorithm: String
    /// `hex` or `base64`.
    package let encoding: String
  }

  /// Where the listener stands unless the file says otherwise: on loopback.
  static let defaultListen = "127.0.0.1:8788"
}

/// The limits of push feeds, by name.
package enum PushLimits {
  /// Bytes of a request's body.
  package static let bodyBytes = 1 << 20
  /// Messages of one request.
  package static let messages = 1_000
  /// Records that one request's messages may make.
  package static let records = 10_000
  /// Bytes of a message's id.
  package static let idBytes = 256
  /// Wall time a sender has for its request.
  package static let requestTime = Duration.seconds(10)
  /// Connections served at once; more wait in the system's queue.
  package static let connections = 256
  /// Wall time after which a sender may try again when the store could not take what it sent.
  package static let retryAfter = Duration.seconds(30)
}
