import Engine
import Events
import Rules
import Testing

/// A person's judgement beside the computed score.
@Suite struct PulseTests {
  private func engine(_ level: String, reason: String? = nil) throws -> Engine {
    var engine = try Engine()
    try engine.step(.records([subscribed(at: day(1))]), at: day(1))
    try engine.known(.ticket, through: day(2))
    var fields: [String: Value] = ["level": .text(level)]
    if let reason { fields["reason"] = .text(reason) }
    try engine.step(.records([told(.pulse, "p", at: day(3), fields)]), at: day(3))
    return engine
  }

  private func band(_ engine: Engine) -> String? { engine.fold.accounts[AccountKey(1)]?.score["risk"]["band"].text }
  private func computed(_ engine: Engine) -> String? { engine.fold.accounts[AccountKey(1)]?.score["pulse"]["computed_band"].text }

  @Test func raisesTheBandAndTheComputedOneStandsBeside() throws {
    let engine = try engine("high")
    #expect(band(engine) == "high")
    #expect(computed(engine) == "none")
  }

  @Test(arguments: [("renewed by word", "none"), (nil, "at_risk")])
  func lowersOnlyWithAReason(_ reason: String?, _ expected: String) throws {
    var engine = try engine("healthy", reason: reason)
    try engine.step(.records([told(.ticket, "t1", at: day(9), [:]), told(.ticket, "t2", at: day(9), [:])]), at: day(9))
    let isFiring = engine.firing("many_tickets")
    #expect(isFiring)
    #expect(band(engine) == expected)
    #expect(computed(engine) == "at_risk")
  }

  @Test func lowersForThirtyDaysAndRaisesForNinety() throws {
    var low = try engine("healthy", reason: "renewed by word")
    var high = try engine("high")
    // A ticket a day keeps the finding open.
    for n in Int64(4)...40 {
      try low.step(.records([told(.ticket, "t\(n)", at: day(n), [:]), told(.ticket, "u\(n)", at: day(n), [:])]), at: day(n))
      if n < 33 { #expect(band(low) == "none", "day \(n)") }
      try high.known(.ticket, through: day(n))
    }
    #expect(band(low) == "at_risk")
    #expect(band(high) == "high")
    try high.known(.ticket, through: day(95))
    try high.step(.records([told(.ticket, "x", at: day(95), [:])]), at: day(95))
    #expect(band(high) == "none")
  }
}
