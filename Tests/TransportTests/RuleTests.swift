import Testing
import Transport

@Suite struct AddressTests {
  @Test(arguments: [
    ("0.0.0.0", AddressRange.unspecified), ("0.255.255.255", .unspecified), ("10.0.0.0", .privateUse), ("10.255.255.255", .privateUse),
    ("100.64.0.0", .shared), ("100.127.255.255", .shared), ("127.0.0.1", .loopback), ("127.255.255.255", .loopback),
    ("169.254.169.254", .linkLocal), ("172.16.0.0", .privateUse), ("172.31.255.255", .privateUse), ("192.168.255.255", .privateUse),
    ("192.0.2.1", .documentation), ("198.51.100.1", .documentation), ("203.0.113.1", .documentation), ("198.19.255.255", .reserved),
    ("224.0.0.1", .multicast), ("239.255.255.255", .multicast), ("240.0.0.0", .reserved), ("255.255.255.255", .reserved),
    ("::", .unspecified), ("::1", .loopback), ("::ffff:10.0.0.1", .ipv4InIPv6), ("::ffff:8.8.8.8", .ipv4InIPv6),
    ("::127.0.0.1", .ipv4InIPv6), ("64:ff9b::10.0.0.1", .privateUse), ("64:ff9b:1::1", .reserved), ("2002:7f00:1::", .ipv4InIPv6),
    ("fc00::1", .uniqueLocal), ("fdff::1", .uniqueLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .reserved),
    ("ff02::1", .multicast), ("2001:db8::1", .documentation), ("3fff::1", .documentation), ("2001::1", .reserved),
    ("2001:1ff::1", .reserved), ("100::1", .reserved), ("4000::1", .reserved),
  ])
  func nonPublicAddressesAreNamed(text: String, range: AddressRange) throws {
    #expect(try #require(PeerAddress(text: text)).nonPublicRange == range)
  }

  @Test(arguments: [
    "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
    "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "3ffe::1", "64:ff9b::8.8.8.8",
  ])
  func publicAddressesPass(text: String) throws {
    #expect(try #require(PeerAddress(text: text)).nonPublicRange == nil)
  }

  @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "host", "256.0.0.1", "[::1]"])
  func otherTextIsNoAddress(text: String) {
    #expect(PeerAddress(text: text) == nil)
  }

  @Test(arguments: ["203.0.113.7", "2001:db8::1:0:0:1", "::1"])
  func descriptionReadsBack(text: String) throws {
    #expect(try #require(PeerAddress(text: text)).description == text)
  }
}

@Suite struct RequestTargetTests {
  @Test(arguments: [
    ("https://api.example.com", "https://api.example.com/"),
    ("HTTPS://api.example.com:8443/v1/events?limit=100&key=s3cret#top", "https://api.example.com:8443/v1/events"),
    ("http://h?token=s3cret", "http://h/"),
    ("http://[2001:db8::1]:80/x#s3cret", "http://[2001:db8::1]:80/x"),
    ("https://hooks.example.com/services/T0/B0/Ab3dEf6hIjKlMnOpQrStUv", "https://hooks.example.com/services/T0/B0/…"),
    ("https://h/v1/subscription_schedules", "https://h/v1/subscription_schedules"),
    ("https://h/a@b/c", "https://h/a@b/c"),
  ])
  func shownWithoutSecrets(url: String, shown: String) throws {
    #expect(try RequestTarget(url).shown(hidingPath: false) == shown)
  }

  @Test func pathIsHiddenOnRequest() throws {
    #expect(try RequestTarget("https://h:1/a/b?c").shown(hidingPath: true) == "https://h:1/…")
  }

  @Test(arguments: [
    ("", URLFault.notHTTP), ("ftp://h/", .notHTTP), ("file:///etc/passwd", .notHTTP), ("//h/", .notHTTP), ("https:/h", .notHTTP),
    ("https://", .noHost), ("https:///path", .noHost), ("https://:80/", .noHost), ("https://u:p@h/", .credentials),
    ("https://h@evil/", .credentials), ("https://h/a b", .illegalCharacter), ("https://h/\r\nX: y", .illegalCharacter),
    ("https://h\\@evil/", .illegalCharacter), ("https://hé/", .illegalCharacter), ("https://h%2e/", .illegalHost),
    ("https://[::1/", .illegalHost), ("https://[zz]/", .illegalHost), ("https://[fe80::1%25eth0]/", .illegalHost),
    ("https://h:0/", .illegalPort), ("https://h:65536/", .illegalPort), ("https://h:/", .illegalPort), ("https://h:+1/", .illegalPort),
    ("https://[::1]x/", .illegalPort),
  ])
  func faultIsNamed(url: String, fault: URLFault) {
    #expect(throws: fault) { try RequestTarget(url) }
  }

  @Test func lengthHoldsAtTheLimitAndOnePastIt() throws {
    let base = "https://h/"
    let longest = base + String(repeating: "p", count: TransportLimits.urlBytes - base.utf8.count)
    #expect(try RequestTarget(longest).host == "h")
    #expect(throws: URLFault.tooLong) { try RequestTarget(longest + "p") }
  }

  @Test func errorNamesNothingOfAnUnreadableURL() async {
    let error = await failure(CurlClient(), HTTPRequest(url: "https://user:hunter2@h/p"))
    #expect(error?.description == "GET (unreadable URL): the URL holds a user name or password")
    #expect(error?.isTransient == false)
  }
}

@Suite struct AnswerIntakeTests {
  private func intake(_ lines: [String], cap: Int = 1000) -> (AnswerIntake, [Bool]) {
    var intake = AnswerIntake(headerCap: cap, bodyCap: 10)
    let taken = lines.map { line in Array(line.utf8).withUnsafeBytes { intake.takeHeader($0) } }
    return (intake, taken)
  }

  @Test func fieldsAreTrimmedFoldedAndKeptInOrder() {
    let (intake, _) = intake(["HTTP/1.1 200 OK\r\n", "A:  x \t\r\n", "B:\r\n", "C: y\r\n", "  z\r\n", "nonsense\r\n", "A: w:v\n", "\r\n"])
    #expect(intake.headers == [HTTPHeader("A", "x"), HTTPHeader("B", ""), HTTPHeader("C", "y z"), HTTPHeader("A", "w:v")])
    #expect(intake.hasBegunBody)
  }

  @Test func interimAnswersAndTrailersAreDropped() {
    let (intake, _) = intake(["HTTP/1.1 103 Early\r\n", "L: 1\r\n", "\r\n", "HTTP/2 200\r\n", "A: 1\r\n", "\r\n", "T: trailer\r\n"])
    #expect(intake.headers == [HTTPHeader("A", "1")])
  }

  @Test func fieldThatLooksLikeAStatusLineIsAField() {
    let (intake, _) = intake(["HTTP/1.1 200 OK\r\n", "A: 1\r\n", "HTTP/1.1: 2\r\n", "\r\n"])
    #expect(intake.headers == [HTTPHeader("A", "1"), HTTPHeader("HTTP/1.1", "2")])
  }

  @Test(arguments: [
    ("HTTP/1.1 204 No Content\r\n", 204), ("HTTP/2 200\r\n", 200), ("HTTP/1.1  404\r\n", 404), ("HTTP/1.1\r\n", 0), ("HTTP/1.1 x\r\n", 0),
  ])
  func statusIsRead(line: String, status: Int) {
    #expect(intake([line]).0.status == status)
  }

  @Test func latin1IsRead() {
    var intake = AnswerIntake(headerCap: 100, bodyCap: 0)
    for line in [Array("HTTP/1.1 200 OK".utf8), Array("A: ".utf8) + [0xE9, 0x0D, 0x0A]] {
      _ = line.withUnsafeBytes { intake.takeHeader($0) }
    }
    #expect(intake.headers == [HTTPHeader("A", "é")])
  }

  @Test func headerCapHoldsAtTheLimitAndOnePastIt() {
    let lines = ["HTTP/1.1 200 OK\r\n", "A: 1\r\n", "\r\n"]
    let size = lines.reduce(0) { $0 + $1.utf8.count }
    #expect(intake(lines, cap: size).1 == [true, true, true])
    let (past, taken) = intake(lines, cap: size - 1)
    #expect(taken == [true, true, false])
    #expect(past.overflow == .headers)
  }

  @Test func bodyCapHoldsAtTheLimitAndOnePastIt() {
    var intake = AnswerIntake(headerCap: 0, bodyCap: 10)
    let taken = [6, 4, 1].map { count in [UInt8](repeating: 1, count: count).withUnsafeBytes { intake.takeBody($0) } }
    #expect(taken == [true, true, false])
    #expect(intake.overflow == .body)
    #expect(intake.body.count == 10)
  }
}

@Suite struct InboxTests {
  @Test func onlyTheFirstCommandWakesTheLoop() {
    var inbox = Inbox<Int>(limit: 10)
    let admissions = [inbox.submit(1), inbox.submit(2)]
    #expect(admissions == [.accepted(wake: true), .accepted(wake: false)])
    let wakes = inbox.cancel(1)
    #expect(!wakes)
    let drained = inbox.drain()
    #expect(drained.commands.count == 3)
    let wakesAgain = inbox.cancel(2)
    #expect(wakesAgain)
  }

  /// The loop may wait only then: a command that it missed would stay for as long as nothing else came.
  @Test func isQuietOnlyWithNothingToDo() {
    var inbox = Inbox<Int>(limit: 10)
    var quiet = [inbox.isQuiet]
    _ = inbox.submit(1)
    quiet.append(inbox.isQuiet)
    _ = inbox.drain()
    quiet.append(inbox.isQuiet)
    _ = inbox.cancel(1)
    quiet.append(inbox.isQuiet)
    _ = inbox.drain()
    _ = inbox.stop()
    quiet.append(inbox.isQuiet)
    #expect(quiet == [true, false, true, false, false])
  }

  @Test func limitHoldsUntilJobsFinish() {
    var inbox = Inbox<Int>(limit: 2)
    var admissions = [inbox.submit(1), inbox.submit(2), inbox.submit(3)]
    _ = inbox.drain()
    admissions.append(inbox.submit(3))
    inbox.finished(1)
    admissions.append(inbox.submit(3))
    #expect(admissions == [.accepted(wake: true), .accepted(wake: false), .full, .full, .accepted(wake: true)])
  }

  @Test func stoppedInboxHandsOutWhatItHolds() {
    var inbox = Inbox<Int>(limit: 2)
    _ = inbox.submit(1)
    let wakes = [inbox.stop(), inbox.stop(), inbox.cancel(1)]
    #expect(wakes == [true, false, false])
    var refusals = [inbox.submit(2)]
    let (commands, isStopping) = inbox.drain()
    #expect(commands.count == 1)
    #expect(isStopping)
    #expect(!inbox.hasEnded)
    inbox.end()
    #expect(inbox.hasEnded)
    refusals.append(inbox.submit(2))
    #expect(refusals == [.stopped, .stopped])
  }
}
