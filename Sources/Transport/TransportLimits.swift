/// The bounds of one client. What a single request may override stands in `HTTPRequest`.
package struct TransportLimits: Sendable {
  /// Connections open at once, over all hosts; more requests wait in line.
  package var connections: Int = 64

  /// Connections open at once to one host.
  package var connectionsPerHost: Int = 6

  /// Idle connections kept for reuse.
  package var idleConnections: Int = 64

  /// Requests accepted and not yet answered; one more fails with `busy`.
  package var pendingRequests: Int = 4096

  /// Bytes of one answer's header block, interim answers and trailers included.
  package var headerBytes: Int = 64 * 1024

  package init() {}

  /// The longest URL that is sent, in bytes.
  package static let urlBytes = 16 * 1024

  /// The most bytes of header names and values a request may carry.
  package static let requestHeaderBytes = 64 * 1024
}
