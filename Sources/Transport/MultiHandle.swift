internal import CLibcurl

/// The owner of one multi handle: the connection pool and the transfers in it.
///
/// Every transfer must have been removed before it goes. All its calls belong to one thread, except `WakeUp`'s.
struct MultiHandle: ~Copyable {
  private let raw: UnsafeMutableRawPointer

  init?(limits: TransportLimits) {
    guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let raw = curl_multi_init() else { return nil }
    self.raw = raw
    shim_multi_set_long(raw, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.connections)
    shim_multi_set_long(raw, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerHost)
    shim_multi_set_long(raw, CURLMOPT_MAXCONNECTS, limits.idleConnections)
    shim_multi_set_long(raw, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
  }

  deinit { curl_multi_cleanup(raw) }

  var wakeUp: WakeUp { WakeUp(multi: raw) }

  func add(_ easy: borrowing EasyHandle) -> CURLMcode { curl_multi_add_handle(raw, easy.raw) }

  func remove(_ easy: borrowing EasyHandle) { curl_multi_remove_handle(raw, easy.raw) }

  /// Does what can be done without waiting.
  func perform() -> CURLMcode {
    var running: Int32 = 0
    return curl_multi_perform(raw, &running)
  }

  /// Waits until a transfer can go on, `WakeUp` is called, or the time is over.
  func wait(milliseconds: Int) -> CURLMcode {
    curl_multi_poll(raw, nil, 0, Int32(clamping: milliseconds), nil)
  }

  /// The next transfer that ended, by its easy handle, which is still in the multi handle.
  func nextFinished() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
    var left: Int32 = 0
    while let message = curl_multi_info_read(raw, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      return (easy, shim_message_result(message))
    }
    return nil
  }
}

/// Ends a multi handle's wait from any thread.
struct WakeUp: @unchecked Sendable {
  // Its guard is the lock of the queue that keeps it and drops it before the multi handle goes; and `curl_multi_wakeup` is the one call
  // that libcurl allows from any thread.

  fileprivate let multi: UnsafeMutableRawPointer

  func callAsFunction() { curl_multi_wakeup(multi) }
}
