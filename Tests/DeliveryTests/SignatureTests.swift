import Delivery
import Events
import Testing
import Transport

@Suite struct SignatureTests {
  /// The example of the Standard Webhooks specification; checked apart with Python's `hmac`.
  @Test func signsAsTheSpecificationsExample() throws {
    let key = try SigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    let headers = WebhookSigner(keys: [key]).headers(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Instant(seconds: 1_614_265_330), body: Array(#"{"test": 2432232314}"#.utf8))
    #expect(
      headers == [
        HTTPHeader("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), HTTPHeader("webhook-timestamp", "1614265330"),
        HTTPHeader("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
      ])
  }

  @Test func digestsAsFIPS180SaysForAbc() {
    #expect(Digest.sha256(Array("abc".utf8)).hexText == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest.sha256([]).hexText == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  /// RFC 4231, test cases 1 and 6 (a key longer than the block).
  @Test func authenticatesAsRFC4231() {
    #expect(
      Digest.hmacSHA256(Array("Hi There".utf8), key: Array(repeating: 0x0B, count: 20)).hexText
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      Digest.hmacSHA256(
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8), key: Array(repeating: 0xAA, count: 131)
      ).hexText == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  private static let now = Instant(seconds: 1_774_000_000)
  private static let body = Array(#"{"a":1}"#.utf8)

  private func verify(
    with verifierKeys: [SigningKey], signedBy keys: [SigningKey], body: [UInt8] = body, at now: Instant = now,
    change: ([HTTPHeader]) -> [HTTPHeader] = { $0 }
  ) -> Result<String, SignatureFault> {
    let headers = WebhookSigner(keys: keys).headers(id: "msg_1", at: Self.now, body: Self.body)
    return Result { () throws(SignatureFault) in
      try WebhookVerifier(keys: verifierKeys).verify(headers: change(headers), body: body, now: now)
    }
  }

  @Test func eitherKeyVerifiesWhileOneIsReplaced() {
    let old = SigningKey.random()
    let new = SigningKey.random()
    let other = SigningKey.random()
    #expect(verify(with: [old], signedBy: [new, old]) == .success("msg_1"))
    #expect(verify(with: [new], signedBy: [new, old]) == .success("msg_1"))
    #expect(verify(with: [new, old], signedBy: [old]) == .success("msg_1"))
    #expect(verify(with: [other], signedBy: [new, old]) == .failure(.noMatch))
  }

  @Test func aChangedBodyIsRefused() {
    for index in Self.body.indices {
      var body = Self.body
      body[index] ^= 1
      #expect(verify(with: [Sample.key], signedBy: [Sample.key], body: body) == .failure(.noMatch))
    }
    #expect(verify(with: [Sample.key], signedBy: [Sample.key], body: Self.body + [0x20]) == .failure(.noMatch))
  }

  @Test(arguments: [(300, nil), (301, SignatureFault.tooOld), (-300, nil), (-301, .fromTheFuture)] as [(Int64, SignatureFault?)])
  func anOldOrEarlyTimestampIsRefused(seconds: Int64, fault: SignatureFault?) {
    let result = verify(with: [Sample.key], signedBy: [Sample.key], at: Self.now + .seconds(seconds))
    #expect(result == fault.map { .failure($0) } ?? .success("msg_1"))
  }

  @Test(
    arguments: [
      ("webhook-id", "msg_2", .noMatch), ("webhook-id", "msg.1", .malformedID), ("webhook-id", nil, .missingHeader("webhook-id")),
      ("webhook-timestamp", "1774000001", .noMatch), ("webhook-timestamp", "soon", .malformedTimestamp),
      ("webhook-timestamp", "9223372036854775807", .malformedTimestamp), ("webhook-timestamp", "+1774000000", .malformedTimestamp),
      ("webhook-signature", "v1,AAAA", .noMatch), ("webhook-signature", "v1,", .noMatch), ("webhook-signature", "v2,g0hM", .noMatch),
      ("webhook-signature", "", .missingHeader("webhook-signature")),
    ] as [(String, String?, SignatureFault)])
  func aForgedHeaderIsRefused(name: String, value: String?, fault: SignatureFault) {
    let result = verify(with: [Sample.key], signedBy: [Sample.key]) { headers in
      headers.filter { $0.name != name } + (value.map { [HTTPHeader(name, $0)] } ?? [])
    }
    #expect(result == .failure(fault))
  }

  @Test func headerNamesIgnoreCaseAndMayNotRepeat() {
    let upper = verify(with: [Sample.key], signedBy: [Sample.key]) { $0.map { HTTPHeader($0.name.uppercased(), $0.value) } }
    #expect(upper == .success("msg_1"))
    let twice = verify(with: [Sample.key], signedBy: [Sample.key]) { $0 + [HTTPHeader("Webhook-Id", "msg_1")] }
    #expect(twice == .failure(.repeatedHeader("webhook-id")))
  }

  @Test func aSignatureBeyondTheLimitIsNotLookedAt() {
    let pad = Array(repeating: "v1,AAAA", count: WebhookVerifier.signatureLimit - 1).joined(separator: " ")
    func padded(_ pad: String) -> Result<String, SignatureFault> {
      verify(with: [Sample.key], signedBy: [Sample.key]) { headers in
        headers.map { $0.name == "webhook-signature" ? HTTPHeader($0.name, pad + " " + $0.value) : $0 }
      }
    }
    #expect(padded(pad) == .success("msg_1"))
    #expect(padded(pad + " v1,AAAA") == .failure(.noMatch))
  }
}

@Suite struct SigningKeyTests {
  @Test(
    arguments: [
      ("secret", .prefix), ("whsec_", .length(0)), ("whsec_a", .base64), ("whsec_!!!!", .base64), ("whsec_AAAA", .length(3)),
      ("whsec_" + Base64.encode([UInt8](repeating: 1, count: 15)), .length(15)),
      ("whsec_" + Base64.encode([UInt8](repeating: 1, count: 129)), .length(129)),
    ] as [(String, SigningKeyError)])
  func aTextThatIsNoKeyIsRefused(text: String, error: SigningKeyError) {
    #expect(throws: error) { try SigningKey(text) }
    #expect(!error.description.contains("AAAA"))
  }

  @Test(arguments: [16, 24, 32, 64, 128])
  func aKeyIsReadBack(count: Int) throws {
    let text = "whsec_" + Base64.encode(Digest.randomBytes(count))
    #expect(try SigningKey(text + "\n").secretText == text)
  }

  @Test func aKeyDoesNotShowItself() {
    let key = SigningKey.random()
    var dumped = ""
    dump(key, to: &dumped)
    #expect("\(key) \(String(reflecting: key))" == "••• •••")
    #expect(!dumped.contains("bytes"))
  }
}

@Suite struct Base64Tests {
  /// RFC 4648 §10.
  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")])
  func encodesAsRFC4648(plain: String, coded: String) {
    #expect(Base64.encode(plain.utf8) == coded)
    #expect(Base64.decode(coded) == Array(plain.utf8))
    #expect(Base64.decode(String(coded.filter { $0 != "=" })) == Array(plain.utf8))
  }

  @Test(arguments: ["Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9v", "Zm9v=", "Zm-_", "Z=g="])
  func whatIsNotBase64IsRefused(text: String) { #expect(Base64.decode(text) == nil) }

  @Test func everyLengthComesBack() {
    for count in 0..<200 {
      let bytes = Digest.randomBytes(count)
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}
