import Events
import Feeds
import Synchronization
import Testing

@Suite struct PushIntakeTests {
  private let now = instant("2026-03-01T12:00:00Z")

  /// The shipped Segment feed, whose sender's code is `right`.
  private func take(_ body: String, code: String? = "right") throws -> PushIntake.Outcome {
    try take(Array(body.utf8), code: code)
  }

  private func take(_ body: [UInt8], code: String? = "right") throws -> PushIntake.Outcome {
    let connector = try shippedFeed("segment")
    guard case .push(let feed) = connector.source else { throw WrongSource() }
    return PushIntake(feed, system: connector.system, verify: { code, _ in code == "right" }).take(
      body: body, code: code, at: now)
  }

  private struct WrongSource: Error {}

  private func records(_ body: String) throws -> [Record] {
    guard case .records(let batches) = try take(body) else {
      Issue.record("refused: \(try take(body))")
      return []
    }
    return batches.flatMap(\.records)
  }

  private func refusal(_ body: String, code: String? = "right") throws -> PushIntake.Refusal? {
    guard case .refused(let refusal) = try take(body, code: code) else { return nil }
    return refusal
  }

  private func track(_ id: String, _ extra: String = "") -> String {
    #"{"type":"track","messageId":"\#(id)","timestamp":"2026-03-01T11:00:00Z","userId":"u1","event":"Report Exported","context":{"groupId":"g1"}\#(extra)}"#
  }

  @Test func `track is usage, identify a contact, group an account`() throws {
    let usage = try #require(try records(track("m1", #","properties":{"quantity":3}"#)).first)
    #expect(usage.kind == .usage && usage.id == "m1" && usage.account == "g1" && usage.person == "u1" && usage.system == "segment")
    #expect(usage.fields["name"]?.text == "Report Exported" && usage.fields["quantity"]?.number == Fixed(3))
    let anonymous = try #require(
      try records(#"{"type":"track","messageId":"m2","timestamp":"2026-03-01T11:00:00Z","anonymousId":"x","event":"Seen"}"#).first)
    #expect(anonymous.person == nil && anonymous.account == nil)
    let contact = try #require(
      try records(
        #"{"type":"identify","messageId":"m3","timestamp":"2026-03-01T11:00:00Z","userId":"u1","context":{"groupId":"g1"},"#
          + #""traits":{"email":"ada@alder.example","firstName":"Ada","lastName":"Holm"}}"#
      ).first)
    #expect(contact.kind == .contact && contact.id == "u1" && contact.account == "g1" && contact.fields["name"]?.text == "Ada Holm")
    let account = try #require(
      try records(#"{"type":"group","messageId":"m4","timestamp":"2026-03-01T11:00:00Z","groupId":"g1","traits":{"name":"Alder"}}"#).first)
    #expect(account.kind == .account && account.id == "g1" && account.fields["name"]?.text == "Alder")
  }

  @Test func `other types and people without an id are taken and make nothing`() throws {
    #expect(try records(#"{"type":"page","messageId":"m1","timestamp":"2026-03-01T11:00:00Z"}"#).isEmpty)
    #expect(try records(#"{"type":"identify","messageId":"m1","timestamp":"2026-03-01T11:00:00Z","anonymousId":"x"}"#).isEmpty)
  }

  @Test func `a batch is a list, and a message that stands in it twice counts once`() throws {
    let found = try records("{\"batch\":[\(track("m1")),\(track("m2")),\(track("m1"))]}")
    #expect(found.map(\.id) == ["m1", "m2"])
    #expect(try records("[\(track("m1"))]").map(\.id) == ["m1"])
  }

  @Test(arguments: [nil, "", "wrong"] as [String?])
  func `a wrong code is refused, and nothing says why`(code: String?) throws {
    let refusal = try #require(try refusal(track("m1"), code: code))
    #expect(refusal.status == 401 && refusal.message == "the signature is missing or not valid")
    #expect(try self.refusal("not json", code: code)?.status == 401, "the body was read before the signature was believed")
  }

  @Test(arguments: [
    "", "{", "5", "null", "[5]", #"{"type":"track","timestamp":"2026-03-01T11:00:00Z"}"#,
    #"{"type":"track","messageId":"m","timestamp":"soon","event":"x"}"#, #"{"batch":{"type":"track"}}"#,
  ])
  func `what cannot be understood is a 400`(body: String) throws { #expect(try refusal(body)?.status == 400, "\(body)") }

  @Test func `a body that is not UTF-8 is a 400`() throws {
    // A lone continuation byte within a text that would be stored.
    let body = Array(track("m1").utf8).flatMap { $0 == UInt8(ascii: "R") ? [$0, 0x80] : [$0] }
    guard case .refused(let refusal) = try take(body) else {
      Issue.record("it was taken")
      return
    }
    #expect(refusal.status == 400 && refusal.message == "the body is not UTF-8")
    #expect(try records(track("m1").replacing("Report", with: "Bericht für Ärzte")).count == 1)
  }

  @Test func `messages are counted from one`() throws {
    #expect(try refusal("[5]")?.message == "message 1 is no object")
    #expect(try refusal("[\(track("m1")),{\"type\":\"track\"}]")?.message.hasPrefix("message 2 has no messageId") == true)
  }

  @Test func `one bad message refuses its batch`() throws {
    let refusal = try refusal("{\"batch\":[\(track("m1")),{\"type\":\"track\",\"messageId\":\"m2\",\"timestamp\":\"soon\"}]}")
    #expect(refusal?.status == 400 && refusal?.message.contains("m2") == true && refusal?.message.contains("usage.at") == true)
  }

  @Test(arguments: [(PushLimits.messages, nil), (PushLimits.messages + 1, 413)] as [(Int, Int?)])
  func `the limit of messages holds`(count: Int, status: Int?) throws {
    let body = "[" + (0..<count).map { track("m\($0)") }.joined(separator: ",") + "]"
    #expect(try refusal(body)?.status == status)
  }

  @Test(arguments: [(PushLimits.bodyBytes, nil), (PushLimits.bodyBytes + 1, 413)] as [(Int, Int?)])
  func `the limit of bytes holds`(count: Int, status: Int?) throws {
    let body = track("m1")
    #expect(try refusal(body + String(repeating: " ", count: count - body.utf8.count))?.status == status)
  }

  @Test(arguments: [(PushLimits.idBytes, nil), (PushLimits.idBytes + 1, 400)] as [(Int, Int?)])
  func `the limit of a message's id holds`(count: Int, status: Int?) throws {
    #expect(try refusal(track(String(repeating: "m", count: count)))?.status == status)
  }
}
