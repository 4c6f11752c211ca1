internal import CLibcurl
import Glibc

/// A checked request on its way to the loop, with the place its outcome goes to.
struct TransferJob: Sendable {
  typealias Outcome = Result<HTTPResponse, TransportError>

  let id: UInt64
  let request: HTTPRequest
  let target: RequestTarget
  let deadline: ContinuousClock.Instant
  let answer: CheckedContinuation<Outcome, Never>

  func fail(_ reason: TransportError.Reason) {
    answer.resume(returning: .failure(TransportError(reason, target: target.name(of: request))))
  }
}

/// One exchange in progress. It lives on the loop's thread only, and libcurl's callbacks find it through a pointer.
final class Transfer {
  let job: TransferJob
  let easy: EasyHandle
  private let lines: HeaderLines
  private var intake: AnswerIntake
  private var refusal: TransportError.Reason?
  private var spooled: SpoolWriter?
  /// When the peer last sent something, or the transfer began.
  private var lastSign = ContinuousClock.now

  init(_ job: TransferJob, client: ClientSettings) throws(CurlFault) {
    self.job = job
    let bodyCap = job.request.spool == nil ? job.request.bodyCap : HTTPRequest.Spool.errorBodyCap
    intake = AnswerIntake(headerCap: client.limits.headerBytes, bodyCap: bodyCap)
    let notation = HeaderLines.notation(headers: job.request.headers, hasBody: job.request.body != nil)
    lines = try HeaderLines(notation)
    guard let easy = EasyHandle() else { throw CurlFault(code: CURLE_FAILED_INIT) }
    self.easy = easy
    try setConnection(client)
    try setRequest()
    try setCallbacks()
  }

  private func setConnection(_ client: ClientSettings) throws(CurlFault) {
    try easy.set(CURLOPT_URL, job.request.url)
    try easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
    try easy.set(CURLOPT_PROXY, "")
    try easy.set(CURLOPT_NOSIGNAL, 1)
    // Without this, giving up on a transfer whose name lookup hangs would wait for the resolver and stall every other transfer.
    try easy.set(CURLOPT_QUICK_EXIT, 1)
    try easy.set(CURLOPT_CONNECTTIMEOUT_MS, job.request.connectTimeout.wholeMilliseconds)
    try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    try easy.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = client.trustedCertificates { try easy.set(CURLOPT_CAINFO, file) }
  }

  private func setRequest() throws(CurlFault) {
    let request = job.request
    try easy.set(CURLOPT_FOLLOWLOCATION, 0)
    try easy.set(CURLOPT_ACCEPT_ENCODING, request.spool == nil ? "" : "gzip")
    try easy.set(CURLOPT_USERAGENT, ClientSettings.userAgent)
    switch request.method {
    case "HEAD": try easy.set(CURLOPT_NOBODY, 1)
    case "POST", "PUT", "PATCH": try easy.setBody(request.body ?? [])
    default: if let body = request.body { try easy.setBody(body) }
    }
    if request.method != "HEAD" { try easy.set(CURLOPT_CUSTOMREQUEST, request.method) }
    try CurlFault.check(shim_set_headers(easy.raw, lines.raw))
  }

  private func setCallbacks() throws(CurlFault) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    try CurlFault.check(shim_set_pointer(easy.raw, CURLOPT_PRIVATE, context))
    try CurlFault.check(shim_set_header_callback(easy.raw, onHeader, context))
    try CurlFault.check(shim_set_body_callback(easy.raw, onBody, context))
    try CurlFault.check(shim_set_open_socket_callback(easy.raw, onOpenSocket, context))
    try CurlFault.check(shim_set_before_request_callback(easy.raw, onBeforeRequest, context))
  }

  /// The transfer an easy handle in the multi handle belongs to.
  static func of(_ easy: UnsafeMutableRawPointer) -> Transfer? {
    var context: UnsafeMutableRawPointer?
    shim_get_pointer(easy, CURLINFO_PRIVATE, &context)
    return context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: The end

  func finish(_ code: CURLcode) {
    let isCutError = job.request.spool != nil && refusal == nil && intake.overflow == .body
    guard code == CURLE_OK || isCutError else { return job.fail(reason(for: code)) }
    let file = spooled.take()?.finished(encoding: encoding ?? .identity)
    let response = HTTPResponse(status: easy.status(), headers: intake.headers, body: intake.body, spooled: file)
    job.answer.resume(returning: .success(response))
  }

  /// When the transfer's time is over. It only ever moves away.
  var deadline: ContinuousClock.Instant {
    guard let spool = job.request.spool else { return job.deadline }
    return min(job.deadline, lastSign + spool.idleTimeout)
  }

  func timeOut(now: ContinuousClock.Instant) {
    guard let spool = job.request.spool else { return job.fail(.timeout(phase, after: job.request.totalTimeout)) }
    if job.deadline <= now { return job.fail(.timeout(phase, after: spool.totalTimeout)) }
    job.fail(phase == .body ? .stalled(after: spool.idleTimeout, received: received) : .timeout(phase, after: spool.idleTimeout))
  }

  private var received: Int { spooled?.count ?? intake.body.count }

  private var phase: TransportError.TimeoutPhase {
    if intake.hasBegunBody { return .body }
    return easy.isConnected() ? .answer : .connect
  }

  private func reason(for code: CURLcode) -> TransportError.Reason {
    if code == CURLE_WRITE_ERROR, let refusal { return refusal }
    switch intake.overflow {
    case .headers: return .headersTooLarge(cap: intake.headerCap)
    case .body: return .bodyTooLarge(cap: intake.bodyCap)
    case nil: break
    }
    switch code {
    case CURLE_COULDNT_CONNECT, CURLE_ABORTED_BY_CALLBACK:
      return refusal ?? .connect(detail: easy.systemError() ?? CurlFault(code: code).message)
    case CURLE_OPERATION_TIMEDOUT:
      // libcurl keeps the time for connecting; the loop keeps the time for the whole.
      return .timeout(.connect, after: job.request.connectTimeout)
    case CURLE_OUT_OF_MEMORY where !intake.hasBegunBody && intake.hasBegun:
      // So libcurl reports a single header line beyond its own bound of 100 KB.
      return .headersTooLarge(cap: intake.headerCap)
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      return .connectionLost(received: received)
    default:
      return CurlReason.of(code, detail: easy.errorText())
    }
  }

  // MARK: Callbacks

  fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    guard job.request.spool != nil else { return intake.takeHeader(line) }
    lastSign = .now
    let wasTaken = intake.takeHeader(line)
    // Known since the status line, and so in time for libcurl's decoder: what goes into the file stays encoded.
    if isGood { return wasTaken && shim_set_long(easy.raw, CURLOPT_HTTP_CONTENT_DECODING, 0) == CURLE_OK }
    return wasTaken
  }

  fileprivate func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard let spool = job.request.spool else { return intake.takeBody(piece) }
    lastSign = .now
    return isGood ? write(piece, to: spool) : intake.takeBeginning(piece)
  }

  /// How the answer says its body is encoded; nil if in a way that was not asked for.
  private var encoding: BodyFile.Encoding? {
    switch intake.header("Content-Encoding")?.lowercased() {
    case nil, "identity": .identity
    case "gzip", "x-gzip": .gzip
    default: nil
    }
  }

  private var isGood: Bool { (200..<300).contains(intake.status) }

  /// Puts a piece into the file, on the loop's own thread. The system takes it into its cache at the speed of memory; when the disk
  /// falls behind, this thread waits for it and the network waits for this thread, which is the brake that is wanted: a second
  /// thread would need a bounded queue between the two, and would come to the same stop as soon as that is full. The other
  /// transfers of this client wait as well, for as long as the disk makes anybody wait.
  private func write(_ piece: UnsafeRawBufferPointer, to spool: HTTPRequest.Spool) -> Bool {
    do throws(FileFault) {
      if spooled == nil {
        guard encoding != nil else {
          refusal = .malformedAnswer(detail: "its body is encoded as something other than gzip, which alone was asked for")
          return false
        }
        spooled = try SpoolWriter(folder: spool.folder, cap: spool.cap)
      }
      guard spooled?.hasRoom(for: piece.count) == true else {
        refusal = .bodyTooLarge(cap: spool.cap)
        return false
      }
      try spooled?.write(piece)
      return true
    } catch {
      refusal = .spool(folder: spool.folder, detail: error.description)
      return false
    }
  }

  /// Judges a peer before anything is sent to it; a refusal is kept for the error.
  fileprivate func admits(_ address: @autoclosure () -> PeerAddress?, named name: @autoclosure () -> String) -> Bool {
    guard !job.request.allowPrivate else { return true }
    guard let range = address().map(\.nonPublicRange) ?? .unreadable else { return true }
    refusal = .refusedAddress(address: name(), range: range)
    return false
  }
}

// libcurl guarantees the context to be what was set with the callback: the transfer, alive until it has left the multi handle.

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func onHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return transfer(context)?.takeHeader(line) == true ? line.count : Int(CURL_WRITEFUNC_ERROR)
}

private func onBody(_ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
  let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return transfer(context)?.takeBody(piece) == true ? piece.count : Int(CURL_WRITEFUNC_ERROR)
}

/// Called for each address libcurl is about to try, after name lookup: nothing can change between this check and the connection.
private func onOpenSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let transfer = transfer(context), let address else { return CURL_SOCKET_BAD }
  let bytes = UnsafeRawBufferPointer(start: shim_socket_address(address), count: Int(address.pointee.addrlen))
  let peer = PeerAddress(family: address.pointee.family, bytes: bytes)
  guard transfer.admits(peer, named: peer?.description ?? "family \(address.pointee.family)") else { return CURL_SOCKET_BAD }
  // Programs this process starts must not inherit the connection.
  return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
}

/// Called before each request is sent: a connection opened by a request that may use private addresses must not serve one that
/// may not.
private func onBeforeRequest(
  _ context: UnsafeMutableRawPointer?, _ peer: UnsafeMutablePointer<CChar>?, _ local: UnsafeMutablePointer<CChar>?,
  _ peerPort: Int32, _ localPort: Int32
) -> Int32 {
  guard let transfer = transfer(context), let peer else { return CURL_PREREQFUNC_ABORT }
  let isAdmitted = transfer.admits(PeerAddress(text: String(cString: peer)), named: String(cString: peer))
  return isAdmitted ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
