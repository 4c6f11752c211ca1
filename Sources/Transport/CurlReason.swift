internal import CLibcurl

/// Sorts libcurl's codes into the transport's closed set of causes, where the code alone decides.
enum CurlReason {
  /// `detail` is libcurl's own text; it is used only where it cannot hold a part of the URL beyond the host.
  static func of(_ code: CURLcode, detail: String) -> TransportError.Reason {
    let message = CurlFault(code: code).message
    switch code {
    case CURLE_URL_MALFORMAT: return .badURL(.illegalHost)
    case CURLE_COULDNT_RESOLVE_HOST: return .resolve
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CRL_BADFILE,
      CURLE_SSL_CLIENTCERT:
      return .tls(detail: detail.isEmpty ? message : detail)
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return .malformedAnswer(detail: message)
    default: return .other(code: Int(code.rawValue), message: message)
    }
  }
}
