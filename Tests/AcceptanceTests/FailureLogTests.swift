import Events
import Testing
import bellwether

@Suite struct FailureLogTests {
  private let start = Instant(seconds: 1_700_000_000)

  @Test func `a failure is told when it comes, when it changes and when it has lasted another hour`() {
    var log = FailureLog()
    let hour = FailureLog.reminder
    let moment = Span(microseconds: 1)
    let told = [
      log.tells("down", of: "tickets", at: start), log.tells("down", of: "tickets", at: start + hour - moment),
      log.tells("down", of: "tickets", at: start + hour), log.tells("down", of: "tickets", at: start + hour + hour - moment),
      log.tells("refused", of: "tickets", at: start + hour + hour), log.tells("down", of: "tickets", at: start + hour + hour + moment),
      log.tells("down", of: "users", at: start + hour + hour + moment),
    ]
    #expect(told == [true, false, true, false, true, true, true])
  }

  @Test func `a recovery is told once, and only after a failure`() {
    var log = FailureLog()
    var told = [log.hasRecovered("tickets")]
    _ = log.tells("down", of: "tickets", at: start)
    told += [log.hasRecovered("users"), log.hasRecovered("tickets"), log.hasRecovered("tickets")]
    #expect(told == [false, false, true, false])
    let again = log.tells("down", of: "tickets", at: start)
    #expect(again, "what comes back is news")
  }
}
