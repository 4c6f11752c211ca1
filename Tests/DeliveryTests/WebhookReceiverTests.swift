import Delivery
import Engine
import Events
import Testing
import Transport

@Suite struct WebhookReceiverTests {
  private let now = Instant(seconds: 1_774_000_000)

  private func signed(_ body: [UInt8], id: String, at now: Instant, key: SigningKey = Sample.key) -> [HTTPHeader] {
    WebhookSigner(keys: [key]).headers(id: id, at: now, body: body)
  }

  @Test func aRepeatIsToldFromANewDelivery() throws {
    var receiver = WebhookReceiver(keys: [Sample.key])
    let envelope = try Sample.envelope(id: "msg_1")
    let body = envelope.body
    #expect(receiver.receive(headers: signed(body, id: "msg_1", at: now), body: body, now: now) == .new(envelope))
    // The answer was lost and the sender tries again, with a fresh timestamp.
    let later = now + .minutes(5)
    #expect(receiver.receive(headers: signed(body, id: "msg_1", at: later), body: body, now: later) == .repeated(id: "msg_1"))
  }

  @Test func whatIsNotSignedLeavesNoTrace() throws {
    var receiver = WebhookReceiver(keys: [Sample.key])
    let envelope = try Sample.envelope(id: "msg_1")
    let headers = signed(envelope.body, id: "msg_1", at: now, key: .random())
    let reception = receiver.receive(headers: headers, body: envelope.body, now: now)
    #expect(reception == .refused(.signature(.noMatch)))
    #expect(reception.status == 401)
    #expect(receiver.receive(headers: signed(envelope.body, id: "msg_1", at: now), body: envelope.body, now: now) == .new(envelope))
  }

  @Test func anIdWithAnotherBodyIsRefused() throws {
    var receiver = WebhookReceiver(keys: [Sample.key])
    let first = try Sample.envelope(id: "msg_1").body
    let second = try Sample.envelope(id: "msg_1", sequence: 2).body
    _ = receiver.receive(headers: signed(first, id: "msg_1", at: now), body: first, now: now)
    #expect(receiver.receive(headers: signed(second, id: "msg_1", at: now), body: second, now: now) == .refused(.changedBody))
  }

  @Test func theSignedIdMustBeTheEnvelopes() throws {
    var receiver = WebhookReceiver(keys: [Sample.key])
    let body = try Sample.envelope(id: "msg_1").body
    #expect(receiver.receive(headers: signed(body, id: "msg_2", at: now), body: body, now: now) == .refused(.idMismatch))
    let text = Array("hello".utf8)
    let reception = receiver.receive(headers: signed(text, id: "msg_3", at: now), body: text, now: now)
    #expect(reception.status == 400)
  }

  @Test func memoryIsBoundedAndKeepsTheLatest() throws {
    var receiver = WebhookReceiver(keys: [Sample.key], memoryLimit: 4)
    func receive(_ number: Int) throws -> WebhookReceiver.Reception {
      let body = try Sample.envelope(id: "msg_\(number)").body
      return receiver.receive(headers: signed(body, id: "msg_\(number)", at: now), body: body, now: now)
    }
    for number in 1...4 { #expect(try receive(number).status == 204) }
    #expect(try receive(1) == .repeated(id: "msg_1"))
    _ = try receive(5)
    #expect(try receive(5) == .repeated(id: "msg_5"))
    #expect(try receive(4) == .repeated(id: "msg_4"))
    guard case .new = try receive(1) else {
      Issue.record("the oldest id is still remembered")
      return
    }
  }
}
