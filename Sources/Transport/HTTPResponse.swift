/// A complete answer. Redirects (3xx) and errors (4xx, 5xx) are answers too: judging them is the caller's part.
package struct HTTPResponse: Sendable, Equatable {
  /// The status code, 200 to 599 as a rule.
  package let status: Int

  /// The fields in the order received. Trailers are not among them.
  package let headers: [HTTPHeader]

  /// The body after decompression, at most the request's `bodyCap` bytes. Empty where the body was spooled.
  package let body: [UInt8]

  /// The body in a file, where the request asked for that and a good answer had one.
  package let spooled: BodyFile?

  package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = [], spooled: BodyFile? = nil) {
    self.status = status
    self.headers = headers
    self.body = body
    self.spooled = spooled
  }

  /// The first value of the named field, whatever the case of its name.
  package func header(_ name: String) -> String? {
    headers.first { HTTPHeader.sameName($0.name, name) }?.value
  }

  /// Every value of the named field, in the order received.
  package func headerValues(_ name: String) -> [String] {
    headers.filter { HTTPHeader.sameName($0.name, name) }.map(\.value)
  }
}
