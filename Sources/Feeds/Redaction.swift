internal import ConfigFiles
internal import Events
internal import Transport

/// Takes secrets out of texts that a vendor wrote, since some repeat in an error what they were sent.
struct Redaction: Sendable {
  /// Longest first, so that a secret that begins with another goes whole.
  private let secrets: [Secret]

  /// Shorter secrets are left alone: they would take pieces out of words, and guessing them needs no log.
  static let shortest = 4

  init(_ secrets: some Sequence<Secret>) {
    let forms = secrets.filter { $0.revealed.utf8.count >= Self.shortest }.flatMap { secret in
      // As it is, as it stands in a URL, in base64, and in JSON with its slashes escaped or not.
      [
        secret.revealed, RequestTemplate.percentEncoded(secret.revealed), base64(secret.revealed),
        Self.inJSON(secret), Self.inJSON(secret).replacing("/", with: "\\/"),
      ]
    }
    self.secrets = Set(forms).sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }.map { Secret($0) }
  }

  private static func inJSON(_ secret: Secret) -> String { String(JSON.text(secret.revealed).serialized().dropFirst().dropLast()) }

  func text(_ text: String) -> String {
    secrets.reduce(text) { text, secret in text.contains(secret.revealed) ? text.replacing(secret.revealed, with: "•••") : text }
  }

  func response(_ response: HTTPResponse) -> HTTPResponse {
    let body = String(decoding: response.body, as: UTF8.self)
    return HTTPResponse(
      status: response.status, headers: response.headers, body: Array(text(body).utf8), spooled: response.spooled)
  }

  func failure(_ failure: FeedFailure) -> FeedFailure {
    FeedFailure(
      feed: failure.feed, stream: failure.stream, cause: failure.cause, message: text(failure.message), hint: text(failure.hint))
  }
}

/// RFC 4648 §4.
func base64(_ text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  let bytes = Array(text.utf8)
  var result = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
    for place in 0..<4 { result.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : "=") }
  }
  return result
}
