/// A complete answer. Redirects (3xx) and errors (4xx, 5xx) are answers too: judging them is the caller's part.
package struct HTTPResponse: Sendable, Equatable {
  /// The status code, 200 to 599 as a rule.
  package let status: Int

  /// The fields in the order received. Trailers are not among them.
  package let headers: [HTTPHeader]

  /// The body after decompression, at most the request's `bodyCap` bytes.
  package let body: [UInt8]

  package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
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
