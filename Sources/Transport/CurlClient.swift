import Foundation

/// What every transfer of one client shares.
struct ClientSettings: Sendable {
  let limits: TransportLimits
  let trustedCertificates: String?

  /// Sent where the request names no `User-Agent`; some vendors refuse requests without one.
  static let userAgent = "Bellwether"
}

/// Sends HTTP requests over one pool of kept-alive connections, driven by libcurl on a thread of its own.
///
/// Redirects are not followed, proxy variables are ignored, and addresses that are not public are refused unless a request allows
/// them. Make one client per process and share it. Dropping the last reference stops it as `stop` does.
package final class CurlClient: Sendable {
  private let queue: TransferQueue

  /// Starts the thread. `trustedCertificates` is a PEM file of CA certificates to use in place of the system's.
  package init(limits: TransportLimits = TransportLimits(), trustedCertificates: String? = nil) {
    let queue = TransferQueue(limit: limits.pendingRequests)
    let settings = ClientSettings(limits: limits, trustedCertificates: trustedCertificates)
    self.queue = queue
    // The thread holds the queue and not the client, so that a forgotten client still goes.
    let thread = Thread { TransferLoop.run(queue: queue, settings: settings) }
    thread.name = "transport"
    thread.start()
  }

  deinit { queue.stop() }

  /// Sends a request and returns the whole answer, whatever its status.
  ///
  /// Cancelling the task ends the transfer at once with `cancelled`. A `GET` that fails on a reused connection before any answer
  /// came is sent again by libcurl on a new one, and so is a `POST`: give it an id the receiver can recognise.
  package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let deadline = ContinuousClock.now + (request.spool?.totalTimeout ?? request.totalTimeout)
    let target = try Self.check(request)
    let id = queue.newID()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { answer in
        submit(TransferJob(id: id, request: request, target: target, deadline: deadline, answer: answer))
      }
    } onCancel: {
      queue.cancel(id)
    }
    return try outcome.get()
  }

  /// Refuses new requests and ends pending ones with `stopped`, without waiting for it.
  package func stop() { queue.stop() }

  /// Stops, and returns once every connection is closed and the thread has nothing left to do.
  package func shutDown() async {
    queue.stop()
    await queue.untilEnded()
  }

  private func submit(_ job: TransferJob) {
    switch queue.submit(job) {
    case .accepted: break
    case .full: return job.fail(.busy(limit: queue.limit))
    case .stopped: return job.fail(.stopped)
    }
    // A cancellation that came before the submission found nothing to cancel.
    if Task.isCancelled { queue.cancel(job.id) }
  }

  /// Refuses what must not be sent.
  private static func check(_ request: HTTPRequest) throws(TransportError) -> RequestTarget {
    guard HeaderRule.isMethod(request.method) else { throw TransportError(.badMethod, target: RequestTarget.unreadable) }
    let target: RequestTarget
    do {
      target = try RequestTarget(request.url)
    } catch {
      throw TransportError(.badURL(error), target: "\(request.method) \(RequestTarget.unreadable)")
    }
    if let (name, fault) = HeaderRule.firstFault(request.headers) {
      throw TransportError(.badHeader(name: name, fault: fault), target: target.name(of: request))
    }
    return target
  }
}
