import ConfigFiles
import Delivery
import Testing

@Suite struct MessageAuthenticationTests {
  /// RFC 2202 (SHA-1) and RFC 4231 (SHA-256), second test case of each.
  @Test(arguments: [
    (MessageAuthentication.Algorithm.sha1, MessageAuthentication.Encoding.hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (.sha1, .base64, "7/zfauXrL6LSdBbV8YTfnCWafHk="),
    (.sha256, .hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (.sha256, .hex, "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"),
    (.sha256, .base64, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
  ])
  func `the published codes are believed`(
    algorithm: MessageAuthentication.Algorithm, encoding: MessageAuthentication.Encoding, code: String
  ) {
    let body = Array("what do ya want for nothing?".utf8)
    let keys = [Secret("another"), Secret("Jefe")]
    #expect(MessageAuthentication(keys: keys, algorithm: algorithm, encoding: encoding).isValid(code, for: body))
    #expect(!MessageAuthentication(keys: [keys[0]], algorithm: algorithm, encoding: encoding).isValid(code, for: body))
    #expect(!MessageAuthentication(keys: keys, algorithm: algorithm, encoding: encoding).isValid(code, for: body + [32]))
  }

  @Test(arguments: ["", "0", "zz", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38", "sha256=", "\u{0}"])
  func `what is no code is not believed`(code: String) {
    let authentication = MessageAuthentication(keys: [Secret("Jefe")], algorithm: .sha256, encoding: .hex)
    #expect(!authentication.isValid(code, for: Array("what do ya want for nothing?".utf8)))
  }
}
