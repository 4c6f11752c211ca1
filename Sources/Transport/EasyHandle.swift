internal import CLibcurl

/// A libcurl call that failed; the code is libcurl's own.
struct CurlFault: Error, Equatable {
  let code: CURLcode

  static func check(_ code: CURLcode) throws(CurlFault) {
    guard code == CURLE_OK else { throw CurlFault(code: code) }
  }

  /// libcurl's constant text for the code. It never holds a part of the URL.
  var message: String { String(cString: curl_easy_strerror(code)) }
}

/// The owner of one easy handle and of the buffer libcurl writes its last error to.
///
/// It must have left its multi handle before it goes.
struct EasyHandle: ~Copyable {
  let raw: UnsafeMutableRawPointer
  private let errorBuffer: UnsafeMutablePointer<CChar>

  init?() {
    guard let raw = curl_easy_init() else { return nil }
    self.raw = raw
    errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    shim_set_error_buffer(raw, errorBuffer)
  }

  deinit {
    curl_easy_cleanup(raw)
    errorBuffer.deallocate()
  }

  func set(_ option: CURLoption, _ value: Int) throws(CurlFault) {
    try CurlFault.check(shim_set_long(raw, option, value))
  }

  func set(_ option: CURLoption, _ value: String) throws(CurlFault) {
    try CurlFault.check(shim_set_string(raw, option, value))
  }

  /// Gives the handle a body of its own: libcurl copies the bytes, and must be told how many first.
  func setBody(_ body: [UInt8]) throws(CurlFault) {
    try CurlFault.check(shim_set_offset(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
    // With no bytes the pointer may be nil, which libcurl would read as "take the body from the read callback", that is from stdin.
    let bytes = body.isEmpty ? [0] : body
    try CurlFault.check(bytes.withUnsafeBytes { shim_set_pointer(raw, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) })
  }

  func status() -> Int {
    var value = 0
    shim_get_long(raw, CURLINFO_RESPONSE_CODE, &value)
    return value
  }

  /// Whether the connection stood and the request was about to be sent.
  func isConnected() -> Bool {
    var microseconds: curl_off_t = 0
    shim_get_offset(raw, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
    return microseconds > 0
  }

  /// What the last failed `connect` said, as the system puts it.
  func systemError() -> String? {
    var number = 0
    shim_get_long(raw, CURLINFO_OS_ERRNO, &number)
    return number == 0 ? nil : String(systemError: Int32(truncatingIfNeeded: number))
  }

  /// libcurl's own words on the last failure, or the empty string.
  func errorText() -> String { String(cString: errorBuffer) }
}

/// The owner of a list of header lines. libcurl reads it until the transfer ends.
struct HeaderLines: ~Copyable {
  private(set) var raw: UnsafeMutablePointer<curl_slist>?

  init(_ lines: [String]) throws(CurlFault) {
    raw = nil
    for line in lines {
      guard let longer = curl_slist_append(raw, line) else {
        curl_slist_free_all(raw)
        raw = nil
        throw CurlFault(code: CURLE_OUT_OF_MEMORY)
      }
      raw = longer
    }
  }

  deinit { curl_slist_free_all(raw) }

  /// The lines for a request, in libcurl's notation: `Name: value`, `Name;` for an empty value, `Name:` to leave a default out.
  static func notation(headers: [HTTPHeader], hasBody: Bool) -> [String] {
    var lines = headers.map { $0.value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "\($0.name);" : "\($0.name): \($0.value)" }
    // Large bodies would wait a second for a `100 Continue` that few servers send.
    lines.append("Expect:")
    if hasBody, !headers.contains(where: { HTTPHeader.sameName($0.name, "Content-Type") }) {
      // libcurl would call any body a submitted form.
      lines.append("Content-Type:")
    }
    return lines
  }
}
